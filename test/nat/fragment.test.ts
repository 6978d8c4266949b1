/**
 * Which session the fragments of a datagram belong to, against a slow twin (RFC 6146 §3.4).
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type FragmentKey, newFragmentKey } from '../../src/nat/fragment.ts';
import { NO_ROW } from '../../src/nat/rows.ts';
import { NO_SESSION, type SessionId } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from './fresh-state.ts';
import { checkRows } from './invariants.ts';

const CAPACITY = 4;

function key(meta: number, identification: number, ...addresses: number[]): FragmentKey {
  const made = newFragmentKey();
  made.meta = meta;
  made.identification = identification;
  made.addresses.set(addresses);
  return made;
}

const some = fc.record({
  meta: fc.constantFrom(0x40011, 0x40006, 0x60000),
  identification: fc.constantFrom(0, -1),
  address: fc.nat(15), // more than buckets: some keys share one
  session: fc.integer({ min: 0, max: 9 }),
  at: fc.integer({ min: 0, max: 9 }),
});

/** Fragments with a Map beside them, which compares every step. */
class Twin {
  readonly #state = freshState({ fragments: CAPACITY });
  readonly #known = new Map<string, { key: FragmentKey; session: number; deadline: number }>();

  insert(name: string, k: FragmentKey, session: number, deadline: number): void {
    const { fragments } = this.#state;
    const isFull = !this.#known.has(name) && this.#known.size === CAPACITY;
    fragments.insert(k, session as SessionId, session + 100, deadline);
    const gone = [...this.#known].filter(([, each]) => fragments.lookup(each.key) === NO_ROW);
    assert.is(gone.length, isFull ? 1 : 0, 'one gives way if and only if there is no room');
    for (const [each] of gone) this.#known.delete(each);
    this.#known.set(name, { key: k, session, deadline });
  }

  sweep(now: number): void {
    assert.is(this.#state.fragments.sweep(now, 0, CAPACITY), 0);
    for (const [name, { deadline }] of this.#known) if (deadline <= now) this.#known.delete(name);
  }

  compare(name: string, k: FragmentKey): void {
    const { fragments, segment } = this.#state;
    const row = fragments.lookup(k);
    const known = this.#known.get(name);
    assert.is(row !== NO_ROW, known !== undefined);
    assert.is(fragments.session(row), known?.session ?? NO_SESSION);
    if (known) assert.is(fragments.sessionStamp(row), known.session + 100);
    checkRows(this.#state, fragments.rows, segment.layout.fragment, 'fragment');
  }
}

tests('fragments', {
  'like a Map with deadlines; an older datagram of the same key is overwritten': () => {
    const steps = fc.array(fc.record({ sweep: fc.boolean(), of: some }), { maxLength: 50 });
    fc.assert(
      fc.property(steps, (all) => {
        const twin = new Twin();
        for (const { sweep, of } of all) {
          const k = key(of.meta, of.identification, 0, 0, 0, 0, 0, 0, 0, of.address);
          const name = `${of.meta} ${of.identification} ${of.address}`;
          if (sweep) twin.sweep(of.at);
          else twin.insert(name, k, of.session, of.at);
          twin.compare(name, k);
        }
      }),
      { numRuns: 200 },
    );
  },

  'in a full table the oldest gives way, again and again': () => {
    const { fragments } = freshState({ fragments: CAPACITY });
    for (let i = 0; i < 3 * CAPACITY; i++) {
      fragments.insert(key(1, i), i as SessionId, 0, 0);
      const alive = Array.from({ length: i + 1 }, (_, k) => k).filter(
        (k) => fragments.lookup(key(1, k)) !== NO_ROW,
      );
      assert.equal(alive, Array.from({ length: i + 1 }, (_, k) => k).slice(-CAPACITY));
    }
  },

  'a sweep is bounded': () => {
    const { fragments } = freshState({ fragments: CAPACITY });
    for (let i = 0; i < CAPACITY; i++) fragments.insert(key(1, i), 0 as SessionId, 0, 0);
    assert.is(fragments.sweep(1, 0, 3), 3);
    assert.is(fragments.rows.used(), 1);
    assert.is(fragments.sweep(1, 3, 3), 0);
    assert.is(fragments.rows.used(), 0);
  },

  'every word of the key counts': () => {
    const { fragments } = freshState({ fragments: CAPACITY });
    fragments.insert(key(1, 2, 1, 2, 3, 4, 5, 6, 7, 8), 0 as SessionId, 0, 0);
    assert.ok(fragments.lookup(key(1, 2, 1, 2, 3, 4, 5, 6, 7, 8)) !== NO_ROW);
    assert.is(fragments.lookup(key(2, 2, 1, 2, 3, 4, 5, 6, 7, 8)), NO_ROW);
    assert.is(fragments.lookup(key(1, 3, 1, 2, 3, 4, 5, 6, 7, 8)), NO_ROW);
    for (let i = 0; i < 8; i++) {
      const addresses = [1, 2, 3, 4, 5, 6, 7, 8];
      addresses[i] = 9;
      assert.is(fragments.lookup(key(1, 2, ...addresses)), NO_ROW);
    }
  },
});
