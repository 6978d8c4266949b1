import * as assert from 'uvu/assert';
import { RateLimit } from '../../src/dns46/rate.ts';
import { tests } from '../helpers/table.ts';

tests('queries per second [83]', {
  '0 is no limit'() {
    const rate = new RateLimit(0, 0);
    for (let i = 0; i < 1000; i++) assert.is(rate.take(0), true);
  },
  'one second of burst, then nothing'() {
    const rate = new RateLimit(3, 0);
    assert.equal(
      [1, 2, 3, 4].map(() => rate.take(0)),
      [true, true, true, false],
    );
  },
  'a token is back after 1/N s, not 1 ms earlier'() {
    const rate = new RateLimit(2, 0);
    rate.take(0);
    rate.take(0);
    assert.is(rate.take(499), false);
    assert.is(rate.take(500), true);
    assert.is(rate.take(501), false);
  },
  'the bucket holds one second, however long it was quiet'() {
    const rate = new RateLimit(2, 0);
    assert.equal(
      [1, 2, 3].map(() => rate.take(3_600_000)),
      [true, true, false],
    );
  },
});
