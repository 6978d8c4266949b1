/**
 * Mappings against a slow twin, and their lifetimes to the second (checklist 82).
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { MAPPING_REST_SEC } from '../../src/nat/lifetimes.ts';
import { MappingKind, type MappingTable } from '../../src/nat/mapping.ts';
import { NO_ROW } from '../../src/nat/rows.ts';
import { table, tests } from '../helpers/table.ts';
import { bytes, freshState } from './fresh-state.ts';
import { checkRows } from './invariants.ts';

const CAPACITY = 6;
const v4 = fc.constantFrom(0x0a020201, 0x0a020202, 0x0a020203, 0x0a020204, 0xfffffffe, 0x80000000, 0);
const v6 = fc.constantFrom('2001:db8::1', '2001:db8::2', '2001:db8:0:1::1', 'fd00::1');
const step = fc.record({
  do: fc.constantFrom('insert', 'insert', 'negative', 'remove', 'quarantine'),
  v4,
  v6,
  kind: fc.constantFrom(MappingKind.Dynamic, MappingKind.Static),
});

interface Known {
  row: number;
  v6: string | null;
  kind: number;
}

function live({ kind }: Known): boolean {
  return kind === MappingKind.Dynamic || kind === MappingKind.Static;
}

/** Mappings with a Map beside them, which compares every step. */
class Twin {
  readonly #state = freshState({ mappings: CAPACITY });
  readonly #mappings = this.#state.mappings;
  readonly #known = new Map<number, Known>();

  insert(address: number, real: string, kind: MappingKind): void {
    if (!this.#known.has(address)) {
      this.#add(address, this.#mappings.insert(address, bytes(real), kind, 60, 0), real, kind);
    }
  }

  insertNegative(address: number): void {
    if (!this.#known.has(address)) {
      this.#add(address, this.#mappings.insertNegative(address, 5), null, MappingKind.Negative);
    }
  }

  remove(address: number): void {
    const known = this.#known.get(address);
    if (known) this.#mappings.remove(known.row);
    this.#known.delete(address);
  }

  quarantine(address: number): void {
    const known = this.#known.get(address);
    if (!known || !live(known)) return;
    this.#mappings.quarantine(known.row, 0);
    known.kind = MappingKind.Resting;
  }

  compare(address: number, real: string): void {
    for (const [at, each] of this.#known) {
      assert.is(this.#mappings.lookup4(at), each.row);
      assert.is(this.#mappings.lookup4(at | 0), each.row, 'signed or not');
      assert.is(this.#mappings.v4(each.row), at);
      assert.is(this.#mappings.kind(each.row), each.kind);
    }
    assert.is(this.#mappings.lookup4(address), this.#known.get(address)?.row ?? NO_ROW);
    const rows = [...this.#known.values()]
      .filter((each) => live(each) && each.v6 === real)
      .map((each) => each.row);
    const found = this.#mappings.lookup6(bytes(real));
    assert.ok(rows.length === 0 ? found === NO_ROW : rows.includes(found));
    checkRows(this.#state, this.#mappings.rows, this.#state.segment.layout.mapping, 'mapping');
  }

  #add(address: number, row: number, real: string | null, kind: number): void {
    assert.is(row === NO_ROW, this.#known.size === CAPACITY, 'refused if and only if full');
    if (row !== NO_ROW) this.#known.set(address, { row, v6: real, kind });
  }
}

tests('mapping table', {
  'like a Map, by synthetic v4 and by real v6': () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const twin = new Twin();
        for (const { do: what, v4: address, v6: real, kind } of steps) {
          if (what === 'insert') twin.insert(address, real, kind);
          else if (what === 'negative') twin.insertNegative(address);
          else if (what === 'remove') twin.remove(address);
          else twin.quarantine(address);
          twin.compare(address, real);
        }
      }),
      { numRuns: 200 },
    );
  },

  'what was given comes back': () => {
    const { mappings } = freshState();
    const row = mappings.insert(0xfffffffe, bytes('2001:db8::ff:8001'), MappingKind.Static, 0xffffffff, 7);
    const copy = new Uint8Array(16);
    mappings.copyV6(row, copy);
    assert.equal(copy, bytes('2001:db8::ff:8001'));
    assert.is(mappings.timeoutSec(row), 0xffffffff);
    assert.is(mappings.lastUsedSec(row), 7);
  },

  'counts by kind': () => {
    const { mappings } = freshState();
    mappings.insert(1, bytes('::1'), MappingKind.Static, 0, 0);
    mappings.insert(2, bytes('::2'), MappingKind.Dynamic, 0, 0);
    mappings.quarantine(mappings.insert(3, bytes('::3'), MappingKind.Dynamic, 0, 0), 0);
    mappings.insertNegative(4, 0);
    assert.equal(mappings.counts(), { dynamic: 1, static: 1, resting: 1 });
    assert.is(mappings.size(), 4);
  },

  // A worker forgets a remembered miss at the moment when the main thread has looked it up to do the same.
  'removing a row that is gone already changes nothing': () => {
    const state = freshState({ mappings: 2 });
    const { mappings } = state;
    const row = mappings.insertNegative(1, 0);
    mappings.remove(row);
    mappings.remove(row);
    checkRows(state, mappings.rows, state.segment.layout.mapping, 'mapping');
    mappings.insertNegative(2, 0);
    mappings.insertNegative(3, 0);
    assert.is(mappings.insertNegative(4, 0), NO_ROW);
  },
});

const NOW = 1_700_000_000;

interface Life {
  name: string;
  make: (mappings: MappingTable) => number;
  /** Last second in which it lives, or null when it never ends. */
  until: number | null;
}

function dynamic(mappings: MappingTable, timeoutSec: number): number {
  return mappings.insert(1, bytes('2001:db8::1'), MappingKind.Dynamic, timeoutSec, NOW);
}

/** A change of a new row. */
function with_(timeoutSec: number, change: (mappings: MappingTable, row: number) => void): Life['make'] {
  return (mappings) => {
    const row = dynamic(mappings, timeoutSec);
    change(mappings, row);
    return row;
  };
}

table<Life>(
  'life of a mapping',
  [
    { name: 'its timeout of inactivity', make: (m) => dynamic(m, 60), until: NOW + 60 },
    { name: 'timeout 0 is never', make: (m) => dynamic(m, 0), until: null },
    { name: 'timeout ffffffff is never', make: (m) => dynamic(m, 0xffffffff), until: null },
    {
      name: 'a configured one never ends',
      make: (m) => m.insert(1, bytes('2001:db8::1'), MappingKind.Static, 60, NOW),
      until: null,
    },
    {
      name: 'a touch starts it again',
      make: with_(60, (m, row) => m.touch(row, NOW + 50)),
      until: NOW + 110,
    },
    {
      name: '[82] not before the last answer is forgotten',
      make: with_(60, (m, row) => m.noteAnswer(row, NOW + 180)),
      until: NOW + 180,
    },
    {
      name: 'an earlier answer does not shorten that',
      make: with_(60, (m, row) => {
        m.noteAnswer(row, NOW + 180);
        m.noteAnswer(row, NOW + 90);
      }),
      until: NOW + 180,
    },
    {
      name: '[82] not while a session uses it',
      make: with_(60, (m, row) => m.addSessions(row, +1, NOW)),
      until: null,
    },
    {
      name: 'inactivity counts from the end of its last session',
      make: with_(60, (m, row) => {
        m.addSessions(row, +1, NOW);
        m.addSessions(row, -1, NOW + 1000);
      }),
      until: NOW + 1060,
    },
    {
      name: '[82] a freed address rests',
      make: with_(60, (m, row) => m.quarantine(row, NOW)),
      until: NOW + MAPPING_REST_SEC - 1,
    },
  ],
  ({ make, until }) => {
    const { mappings } = freshState();
    const row = make(mappings);
    const isOver = (nowSec: number): boolean => {
      const out: number[] = [];
      mappings.expired(nowSec, 0, mappings.capacity, out);
      return out.includes(row);
    };
    if (until === null) {
      assert.not(isOver(NOW + 2 ** 31));
    } else {
      assert.equal([isOver(until - 1), isOver(until), isOver(until + 1)], [false, false, true]);
    }
  },
);

tests('sweep of mappings', {
  'looks at as many rows as it may, and comes round': () => {
    const { mappings } = freshState({ mappings: 8 });
    for (let i = 0; i < 8; i++) mappings.insert(i, bytes(`2001:db8::${i}`), MappingKind.Dynamic, 1, NOW);
    const out: number[] = [];
    let from = 0;
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      from = mappings.expired(NOW + 9, from, 3, out);
      seen.push(out.length, from);
    }
    assert.equal(seen, [3, 3, 6, 6, 8, 0]);
    assert.equal(out, [0, 1, 2, 3, 4, 5, 6, 7]);
  },
  'a remembered miss is not its business': () => {
    const { mappings } = freshState();
    mappings.insertNegative(1, 0);
    const out: number[] = [];
    mappings.expired(NOW, 0, mappings.capacity, out);
    assert.equal(out, []);
  },
});
