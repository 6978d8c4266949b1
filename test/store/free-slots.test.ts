/** Free slots against a slow twin: a set that is walked. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { FreeSlots } from '../../src/store/free-slots.ts';
import { tests } from '../helpers/table.ts';

type Step = readonly ['take' | 'give' | 'next', number];

const sizes = [1, 31, 32, 33, 1023, 1024, 1025, 40_000];

tests('free slots', {
  'property: as a set that is walked, whatever its size, [81]'() {
    const step = fc.tuple(fc.constantFrom('take', 'give', 'next'), fc.nat(40_000)) as fc.Arbitrary<Step>;
    fc.assert(
      fc.property(fc.constantFrom(...sizes), fc.array(step, { maxLength: 100 }), (size, steps) => {
        const slots = new FreeSlots(size);
        const taken = new Set<number>();
        for (const [verb, n] of steps) {
          const slot = n % size;
          if (verb === 'next') assert.is(slots.next(slot), walk(size, taken, slot));
          else {
            slots[verb](slot);
            if (verb === 'take') taken.add(slot);
            else taken.delete(slot);
          }
          assert.is(slots.count, size - taken.size);
        }
      }),
    );
  },
  'none at all'() {
    const slots = new FreeSlots(0);
    assert.equal([slots.next(0), slots.count], [-1, 0]);
  },
  'the last one of 65,534 is found from everywhere, then none'() {
    const slots = new FreeSlots(65_534);
    for (let slot = 0; slot < 65_534; slot++) if (slot !== 40_000) slots.take(slot);
    assert.equal(
      [0, 39_999, 40_000].map((from) => slots.next(from)),
      [40_000, 40_000, 40_000],
    );
    assert.is(slots.next(40_001), -1);
    slots.take(40_000);
    assert.equal([slots.next(0), slots.count], [-1, 0]);
  },
});

function walk(size: number, taken: ReadonlySet<number>, from: number): number {
  for (let slot = from; slot < size; slot++) if (!taken.has(slot)) return slot;
  return -1;
}
