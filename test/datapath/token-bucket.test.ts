/**
 * RFC 1812 §4.3.2.8, RFC 4443 §2.4(f): as many at once as the rate says, then one by one.
 */
import * as assert from 'uvu/assert';
import { TokenBucket } from '../../src/datapath/token-bucket.ts';
import { table } from '../helpers/table.ts';

/** When each event is asked for, ms, and the answers. */
table(
  '[85] rate 2',
  [
    { name: '[85] two at once, no third', at: [0, 0, 0], want: [true, true, false] },
    { name: '[85] the third 499 ms later', at: [0, 0, 499], want: [true, true, false] },
    { name: '[85] the third 500 ms later', at: [0, 0, 500], want: [true, true, true] },
    { name: '[85] what 499 ms gave is not lost', at: [0, 0, 499, 500], want: [true, true, false, true] },
    {
      name: '[85] a second later two again',
      at: [0, 0, 1000, 1000, 1000],
      want: [true, true, true, true, false],
    },
    {
      name: '[85] an hour later not more',
      at: [0, 0, 3.6e6, 3.6e6, 3.6e6],
      want: [true, true, true, true, false],
    },
    {
      name: '[85] the clock wraps',
      at: [2 ** 31 - 1, 2 ** 31 - 1, -(2 ** 31) + 498, -(2 ** 31) + 499],
      want: [true, true, false, true],
    },
  ],
  (row) => {
    const bucket = new TokenBucket(2);
    assert.equal(
      row.at.map((now) => bucket.take(now)),
      row.want,
    );
  },
);

table('[85] rate 0', [{ name: 'never' }], () => {
  const bucket = new TokenBucket(0);
  assert.not(bucket.take(0) || bucket.take(1000) || bucket.take(1_000_000));
});
