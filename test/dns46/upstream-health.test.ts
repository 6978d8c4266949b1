import * as assert from 'uvu/assert';
import { FAILURES_TO_DOWN, UpstreamHealth } from '../../src/dns46/upstream-health.ts';
import { tests } from '../helpers/table.ts';

tests('trust in an upstream', {
  'after a question in vain others go first, until it answers one'() {
    const health = new UpstreamHealth();
    assert.is(health.isTrusted, true);
    assert.is(health.failed('a'), null);
    assert.equal([health.isTrusted, health.isDown], [false, false]);
    assert.is(health.answered(), null, 'it never was down');
    assert.is(health.isTrusted, true);
  },
  'down is said once, up is said once'() {
    const health = new UpstreamHealth();
    health.probeFailed();
    const said = Array.from({ length: FAILURES_TO_DOWN + 1 }, (_, i) => health.failed(`n${i}`));
    assert.equal(said, [null, 'down', null, null]);
    assert.equal([health.isTrusted, health.isDown], [false, true]);
    assert.is(health.answered(), 'up');
    assert.is(health.answered(), null);
    assert.is(health.isTrusted, true);
  },
  'one name in vain, however often, is not down'() {
    const health = new UpstreamHealth();
    for (let i = 0; i < 10; i++) assert.is(health.failed('foo.local'), null);
    assert.is(health.probeFailed(), null);
    assert.is(health.isDown, false);
  },
  'many names in vain are not down as long as probes are answered'() {
    const health = new UpstreamHealth();
    for (let i = 0; i < 10; i++) {
      assert.is(health.failed(`n${i}`), null);
      assert.is(health.probeAnswered(), null);
    }
    assert.equal([health.isTrusted, health.isDown], [false, false], 'but others go first');
  },
  'one name and our own questions in vain are down'() {
    const health = new UpstreamHealth();
    health.failed('a');
    assert.equal([health.probeFailed(), health.probeFailed()], [null, 'down']);
  },
  'an answer between makes failures start again'() {
    const health = new UpstreamHealth();
    health.failed('a');
    health.probeFailed();
    health.answered();
    assert.equal([health.failed('b'), health.probeFailed()], [null, null]);
  },
  'an answer to a probe brings back one that was down'() {
    const health = new UpstreamHealth();
    health.failed('a');
    health.probeFailed();
    health.probeFailed();
    assert.is(health.probeAnswered(), 'up');
    assert.is(health.isTrusted, true);
  },
});
