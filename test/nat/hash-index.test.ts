/**
 * Hash chains: every row once, whatever is removed; a reader that stands on a removed row still comes to the end.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { newFragmentKey } from '../../src/nat/fragment.ts';
import { bucketCount, finish, HashIndex, mix } from '../../src/nat/hash-index.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { FIRST_FIELD, HEAD_WORDS, markWords, NO_ROW, Rows } from '../../src/nat/rows.ts';
import { portPair, type SessionId } from '../../src/nat/session.ts';
import { table, tests } from '../helpers/table.ts';
import { bytes, freshState, MEMBERS } from './fresh-state.ts';

const LINK = 1;
const CAPACITY = 4;

function make(): { index: HashIndex; rows: Rows } {
  const first = HEAD_WORDS + markWords(CAPACITY);
  const buckets = first + CAPACITY * FIRST_FIELD;
  const words = new Int32Array(buckets + bucketCount(CAPACITY));
  const rows = new Rows(words, { head: 0, marks: HEAD_WORDS, rows: first, capacity: CAPACITY }, FIRST_FIELD);
  rows.rebuild(() => false);
  return { rows, index: new HashIndex(words, buckets, rows, LINK) };
}

function chain(index: HashIndex, hash: number): number[] {
  const rows: number[] = [];
  for (let row = index.first(hash); row !== NO_ROW; row = index.next(row)) rows.push(row);
  return rows;
}

tests('hash index', {
  'chains are what a Map of lists would be, newest first': () => {
    const hash = fc.constantFrom(0, 1, 8, -8, 0x7fffffff); // 0, 8 and -8 share a bucket
    fc.assert(
      fc.property(fc.array(fc.record({ row: fc.nat(CAPACITY - 1), hash }), { maxLength: 30 }), (steps) => {
        const { index } = make();
        const linked = new Map<number, number>(); // row → hash, in the order of linking
        for (const step of steps) {
          const known = linked.get(step.row);
          if (known === undefined) {
            index.insert(step.hash, step.row);
            linked.set(step.row, step.hash);
          } else {
            index.remove(known, step.row);
            index.remove(known, step.row); // not in the chain any more: left alone
            linked.delete(step.row);
          }
          for (let bucket = 0; bucket < bucketCount(CAPACITY); bucket++) {
            const wanted = [...linked].filter(([, each]) => (each & 7) === bucket).map(([row]) => row);
            assert.equal(chain(index, bucket), wanted.reverse());
          }
        }
      }),
    );
  },

  'a reader on a removed row finds the rest of its chain': () => {
    const { index } = make();
    for (const row of [0, 1, 2]) index.insert(5, row);
    const stands = index.next(index.first(5)); // on row 1
    index.remove(5, stands);
    assert.is(index.next(stands), 0);
    assert.equal(chain(index, 5), [2, 0]);
  },

  'clear forgets all buckets': () => {
    const { index } = make();
    index.insert(0, 0);
    index.insert(7, 1);
    index.clear();
    for (let bucket = 0; bucket < 8; bucket++) assert.equal(chain(index, bucket), []);
  },
});

table(
  'buckets: a power of two, at most half full',
  [
    { name: '1', capacity: 1, buckets: 2 },
    { name: '4', capacity: 4, buckets: 8 },
    { name: '5', capacity: 5, buckets: 16 },
    { name: '262144', capacity: 262_144, buckets: 524_288 },
  ],
  ({ capacity, buckets }) => assert.is(bucketCount(capacity), buckets),
);

tests('hashes', {
  'keys that follow each other spread over the buckets, in whichever field': () => {
    const KEYS = 4096;
    const BUCKETS = 1024;
    const fields: ((i: number) => number)[] = [
      (i) => mix(mix(1, i), 7),
      (i) => mix(mix(1, 7), i),
      (i) => mix(mix(1, i << 16), 7),
      (i) => mix(mix(1, 7), i << 16),
      (i) => mix(mix(1, i << 20), i),
    ];
    for (const field of fields) {
      const load = new Array<number>(BUCKETS).fill(0);
      for (let i = 0; i < KEYS; i++) load[finish(field(i)) & (BUCKETS - 1)]! += 1;
      assert.ok(Math.max(...load) <= 16, `${Math.max(...load)} keys in one bucket of 4 on average`);
    }
  },

  'buckets of every table follow from a secret of the segment': () => {
    const filled = (...seeds: number[]) => {
      const { segment, ...state } = freshState({ fragments: 32 }, MEMBERS, seeds);
      const key = newFragmentKey();
      for (let i = 0; i < 12; i++) {
        state.mappings.insert(i, bytes(`2001:db8::${i}`), MappingKind.Dynamic, 0, 0);
        state.bibs.insert(6, i, portPair(i, i), 0, 0);
        state.clients.insert(i, 0);
        key.identification = i;
        state.fragments.insert(key, 0 as SessionId, 0, 0);
      }
      const { mapping, bib, client, fragment } = segment.layout;
      return [mapping, bib, client, fragment].flatMap(({ buckets, capacity }) =>
        buckets.map((at) => segment.words.slice(at, at + bucketCount(capacity)).join()),
      );
    };
    const [mine, others] = [filled(1, 2, 3, 4), filled(5, 6, 7, 8)];
    assert.equal(mine, filled(1, 2, 3, 4));
    for (const [i, each] of mine.entries()) assert.is.not(each, others[i]);
  },
});
