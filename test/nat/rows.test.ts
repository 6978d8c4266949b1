/**
 * Rows of a table: handed out oldest first, never twice, and only whole ones count.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { FIRST_FIELD, HEAD_WORDS, markWords, NO_ROW, Rows, VALID } from '../../src/nat/rows.ts';
import { tests } from '../helpers/table.ts';

const STRIDE = FIRST_FIELD + 1;

function make(capacity: number): { rows: Rows; words: Int32Array } {
  const first = HEAD_WORDS + markWords(capacity);
  const words = new Int32Array(first + capacity * STRIDE);
  const rows = new Rows(words, { head: 0, marks: HEAD_WORDS, rows: first, capacity }, STRIDE);
  rows.rebuild(() => true);
  return { rows, words };
}

/** What tells rows in use apart, before and after a start that drops every third. */
function checkUse(rows: Rows, used: ReadonlySet<number>): void {
  const { capacity } = rows;
  const inOrder = [...used].sort((a, b) => a - b);
  assert.equal([...rows.inUse()], inOrder);
  assert.equal(
    Array.from({ length: capacity }, (_, row) => rows.isMarked(row)),
    Array.from({ length: capacity }, (_, row) => used.has(row)),
  );
  rows.rebuild((row) => row % 3 > 0);
  const kept = inOrder.filter((row) => row % 3 > 0);
  assert.equal([...rows.inUse()], kept);
  for (let from = 0; from <= capacity; from += 7)
    assert.is(rows.next(from, capacity), kept.find((row) => row >= from) ?? capacity);
  const again = new Set(Array.from({ length: capacity - kept.length }, () => rows.take()));
  assert.is(rows.take(), NO_ROW);
  assert.is(new Set([...again, ...kept]).size, capacity, 'each row once');
}

tests('rows of a table', {
  'a removed row comes back last: a reader may still stand on it': () => {
    const { rows } = make(3);
    const order: number[] = [];
    for (let i = 0; i < 7; i++) {
      const row = rows.take();
      rows.publish(row);
      order.push(row);
      rows.give(row);
    }
    assert.equal(order, [0, 1, 2, 0, 1, 2, 0]);
  },

  'a full table has no row; one that was given is had again': () => {
    const { rows } = make(2);
    const [a, b] = [rows.take(), rows.take()];
    assert.equal([a, b, rows.take()], [0, 1, NO_ROW]);
    assert.is(rows.used(), 2);
    rows.publish(a);
    rows.give(a);
    assert.equal([rows.take(), rows.take()], [a, NO_ROW]);
  },

  'a row is valid from publish to give': () => {
    const { rows } = make(1);
    const row = rows.take();
    assert.not(rows.isValid(row));
    rows.publish(row);
    assert.ok(rows.isValid(row));
    rows.give(row);
    assert.not(rows.isValid(row));
    assert.not(rows.isValid(NO_ROW));
    assert.not(rows.isValid(1));
  },

  'most used stays, used does not': () => {
    const { rows } = make(4);
    const taken = [rows.take(), rows.take(), rows.take()];
    for (const row of taken) {
      rows.publish(row);
      rows.give(row);
    }
    assert.equal([rows.used(), rows.mostUsed()], [0, 3]);
  },

  'rebuild keeps whole rows that the caller wants, all others are free': () => {
    const { rows, words } = make(4);
    for (let i = 0; i < 3; i++) rows.publish(rows.take());
    rows.take(); // never published
    words[rows.base(3) + VALID] = 0;
    rows.rebuild((row) => row !== 1);
    assert.equal(
      [0, 1, 2, 3].map((row) => rows.isValid(row)),
      [true, false, true, false],
    );
    assert.is(rows.used(), 2);
    assert.equal([rows.take(), rows.take(), rows.take()], [3, 1, NO_ROW], 'nobody had 3');
  },

  'a start touches no row that nobody had': () => {
    const { rows, words } = make(100);
    rows.publish(rows.take());
    words[rows.base(1) + VALID] = 46; // as no row of ours would be: whoever looks at it writes 0
    rows.rebuild(() => true);
    assert.is(words[rows.base(1) + VALID], 46);
    assert.is(rows.take(), 1);
  },

  'like a plain queue, in any order of taking and giving': () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }), // more than two words of bits
        fc.array(fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 69 })), { maxLength: 200 }),
        (capacity, steps) => {
          const { rows } = make(capacity);
          const free = Array.from({ length: capacity }, (_, row) => row);
          const used = new Set<number>();
          for (const step of steps) {
            if (step < 0) {
              const wanted = free.shift() ?? NO_ROW;
              assert.is(rows.take(), wanted);
              if (wanted === NO_ROW) continue;
              rows.publish(wanted);
              used.add(wanted);
            } else if (used.delete(step)) {
              rows.give(step);
              free.push(step);
            }
            assert.is(rows.used(), used.size);
            assert.is(rows.isFull(), free.length === 0);
          }
          checkUse(rows, used);
        },
      ),
    );
  },
});
