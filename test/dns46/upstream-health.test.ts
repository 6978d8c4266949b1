import * as assert from 'uvu/assert';
import { FAILURES_TO_DOWN, REST_MS, UpstreamHealth } from '../../src/dns46/upstream-health.ts';
import { tests } from '../helpers/table.ts';

tests('trust in an upstream', {
  'after a failure others go first, until the rest is over'() {
    const health = new UpstreamHealth();
    assert.is(health.resting(0), false);
    health.failed(1000);
    assert.is(health.resting(1000 + REST_MS - 1), true);
    assert.is(health.resting(1000 + REST_MS), false);
    assert.is(health.resting(1000 + REST_MS + 1), false);
  },
  'down is said once, up is said once'() {
    const health = new UpstreamHealth();
    const said = Array.from({ length: FAILURES_TO_DOWN + 2 }, (_, i) => health.failed(i));
    assert.equal(said, [null, null, 'down', null, null]);
    assert.is(health.answered(), 'up');
    assert.is(health.answered(), null);
  },
  'a reply between makes failures start again'() {
    const health = new UpstreamHealth();
    health.failed(0);
    health.failed(0);
    assert.is(health.answered(), null, 'it never was down');
    assert.is(health.resting(0), false);
    assert.is(health.failed(0), null);
  },
});
