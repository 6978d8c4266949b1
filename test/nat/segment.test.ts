/**
 * The file that outlives the process: what is read again, and what is refused.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { bucketCount } from '../../src/nat/hash-index.ts';
import {
  byteLength,
  COUNTER_SLOTS,
  type Geometry,
  layout,
  mismatch,
  readGeometry,
  Segment,
  type TableLayout,
  VERSION,
} from '../../src/nat/segment.ts';
import { table, tests } from '../helpers/table.ts';
import { SMALL } from './fresh-state.ts';

const HEADER_BYTES = 256;
const geometry: fc.Arbitrary<Geometry> = fc.record({
  sessions: fc.integer({ min: 1, max: 300 }),
  mappings: fc.integer({ min: 1, max: 300 }),
  clients: fc.integer({ min: 1, max: 300 }),
  fragments: fc.integer({ min: 1, max: 300 }),
  members: fc.integer({ min: 0, max: 4 }),
  workers: fc.integer({ min: 1, max: 8 }),
});

function file(of: Geometry): ArrayBuffer {
  const buffer = new ArrayBuffer(byteLength(of));
  new Segment(buffer, of).format(Int32Array.of(1, 2, 3, 4));
  return buffer;
}

function header(buffer: ArrayBuffer, spoil: (words: Int32Array) => void = () => {}): ArrayBuffer {
  const copy = buffer.slice(0, HEADER_BYTES);
  spoil(new Int32Array(copy));
  return copy;
}

/** [start, words] of everything in a layout. */
function regions(of: Geometry): [number, number][] {
  const { mapping, bib, session, client, fragment, members, puntRings, bindingRing, counters } = layout(of);
  const parts = (each: TableLayout, stride: number): [number, number][] => [
    [each.head, 5],
    [each.marks, Math.ceil(each.capacity / 32)],
    ...each.buckets.map((at): [number, number] => [at, bucketCount(each.capacity)]),
    [each.rows, each.capacity * stride],
  ];
  return [
    [0, 64],
    ...parts(mapping, 16),
    ...parts(bib, 16),
    ...parts(session, 32),
    ...parts(client, 16),
    ...parts(fragment, 16),
    [members, of.members * (16 + 9 * 2048)],
    [puntRings, of.workers * (32 + 1024)],
    [bindingRing, 32 + 16 * bucketCount(Math.min(of.sessions, 16_384))],
    [counters, (of.workers + 1) * 512],
  ];
}

tests('segment', {
  'nothing overlaps, everything is inside, every part starts on a pair of cache lines': () => {
    fc.assert(
      fc.property(geometry, (of) => {
        let end = 0;
        for (const [start, words] of regions(of)) {
          assert.ok(start >= end, 'after the one before');
          assert.is(start % 32, 0);
          end = start + words;
        }
        assert.ok(end <= layout(of).words);
      }),
    );
  },

  'a file says what it was made with': () => {
    fc.assert(
      fc.property(geometry, (of) => {
        const buffer = file(of);
        assert.equal(readGeometry(header(buffer), buffer.byteLength), { ...of });
      }),
    );
  },

  'seeds are those of the format, counters those of the worker': () => {
    const segment = new Segment(file(SMALL), SMALL);
    assert.equal(
      [0, 1, 2, 3].map((which) => segment.seed(which)),
      [1, 2, 3, 4],
    );
    segment.floats[segment.counters(2) + COUNTER_SLOTS - 1] = 1.5;
    assert.is(segment.floats.at(-1), 1.5, 'the last counter of the main thread is the end of the file');
  },
});

table<{ name: string; spoil?: (words: Int32Array) => void; size?: number; says: string }>(
  'a file that cannot be used says why',
  [
    { name: 'of no length', size: 0, says: 'empty' },
    { name: 'of zeros: made and not yet formatted', spoil: (words) => words.fill(0), says: 'empty' },
    { name: 'of another program', spoil: (words) => words.fill(0x20202020), says: 'magic' },
    {
      name: 'whose format was interrupted',
      spoil: (words) => {
        words[0] = 0;
      },
      says: 'magic',
    },
    {
      name: 'of another version',
      spoil: (words) => {
        words[1] = VERSION + 1;
      },
      says: 'version',
    },
    { name: 'shorter than a header', size: 255, says: 'size' },
    { name: 'cut short', size: byteLength(SMALL) - 4, says: 'size' },
    { name: 'too long', size: byteLength(SMALL) + 4, says: 'size' },
    { name: 'of absurd geometry', spoil: (words) => words.fill(-1, 2, 8), says: 'size' },
    { name: 'of enormous geometry', spoil: (words) => words.fill(0x7fffffff, 2, 8), says: 'size' },
  ],
  ({ spoil, size, says }) => {
    assert.is(readGeometry(header(file(SMALL), spoil), size ?? byteLength(SMALL)), says);
  },
);

table(
  'a file of another geometry says which',
  Object.keys(SMALL).map((name) => ({ name })),
  ({ name }) => {
    const field = name as keyof Geometry;
    assert.is(mismatch(SMALL, SMALL), null);
    const wanted = { ...SMALL, [field]: SMALL[field] + 1 };
    assert.is(mismatch(SMALL, wanted), `geometry: ${field} ${SMALL[field]}, now ${SMALL[field] + 1}`);
  },
);
