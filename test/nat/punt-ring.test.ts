/**
 * The ring of questions of a worker, against a plain queue.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { PuntRing } from '../../src/nat/punt-ring.ts';
import { PUNT_RING_ENTRIES } from '../../src/nat/segment.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from './fresh-state.ts';

function drained(ring: PuntRing): number[] {
  const out = new Set<number>();
  ring.drain(out);
  return [...out];
}

tests('punt ring', {
  'every question arrives once, unsigned, in order': () => {
    const { segment } = freshState();
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 20 })),
        (rounds) => {
          const [worker, main] = [new PuntRing(segment, 1), new PuntRing(segment, 1)];
          for (const asked of rounds) {
            for (const v4 of asked) assert.ok(worker.push(v4 | 0));
            assert.equal(drained(main), [...new Set(asked)]);
          }
          assert.equal(drained(main), []);
        },
      ),
    );
  },

  'a full ring loses the newcomer, and has room again when it is drained': () => {
    const ring = new PuntRing(freshState().segment, 0);
    for (let i = 0; i < PUNT_RING_ENTRIES; i++) assert.ok(ring.push(i));
    assert.not(ring.push(-1));
    assert.is(drained(ring).length, PUNT_RING_ENTRIES);
    assert.ok(ring.push(-1));
    assert.equal(drained(ring), [0xffffffff]);
  },

  'its numbers may wrap': () => {
    const { segment } = freshState();
    const at = segment.puntRing(0);
    segment.words[at] = 0x7ffffffe;
    segment.words[at + 16] = 0x7ffffffe;
    const ring = new PuntRing(segment, 0);
    for (let i = 0; i < PUNT_RING_ENTRIES; i++) assert.ok(ring.push(i));
    assert.not(ring.push(0));
    assert.equal(
      drained(ring),
      Array.from({ length: PUNT_RING_ENTRIES }, (_, i) => i),
    );
  },

  'rings of two workers are strangers; clear forgets one': () => {
    const { segment } = freshState();
    const [a, b] = [new PuntRing(segment, 0), new PuntRing(segment, 1)];
    a.push(1);
    b.push(2);
    a.clear();
    assert.equal([drained(a), drained(b)], [[], [2]]);
  },
});
