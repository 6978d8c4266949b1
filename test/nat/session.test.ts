/**
 * The session table against a slow twin, both directions; chains are long because the tables are tiny.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type NewSession, NO_SESSION, portPair, type SessionId, swapPorts } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from './fresh-state.ts';

const CAPACITY = 8;

/** Few values a field, so that keys share fields and often everything. */
const near = fc.constantFrom(0x0a000001, 0x0a000002, 0x8a000001 | 0);
const far = fc.constantFrom(0x0a020205, 0x0a020206);
const ports = fc.constantFrom(portPair(1024, 80), portPair(65_535, 80), portPair(80, 1024));
const protocol = fc.constantFrom(6, 17, 1);
const outside = fc.constantFrom(1, 2, 3);

interface Key {
  near: number;
  far: number;
  ports: number;
  protocol: number;
  outside: number;
}
const key: fc.Arbitrary<Key> = fc.record({ near, far, ports, protocol, outside });

const step = fc.record({ do: fc.constantFrom('insert', 'insert', 'remove', 'refresh'), key });

/** The outside tuple of a key: 32 bytes of addresses. */
function outsideOf({ outside: n, near: host }: Key): Int32Array {
  return Int32Array.of(0x20010db8, 5, 0, n, 0x20010db8, host, n, 0x80);
}

function session(from: Key): NewSession {
  return {
    protocol: from.protocol,
    insideNear: from.near,
    insideFar: from.far,
    insidePorts: from.ports,
    outsidePorts: swapPorts(from.ports) ^ from.far,
    outside: outsideOf(from),
    delta: 0xfedc,
    addressDelta: 0x8001,
    bib: 3,
    mapping: 4,
    state: 5,
    pathMtu: 0,
    deadline: -7,
  };
}

function text({ near: n, far: f, ports: p, protocol: x }: Key): string {
  return `${n} ${f} ${p} ${x}`;
}

/** The table, asked by key. */
class Asked {
  readonly sessions = freshState({ sessions: CAPACITY }).sessions;
  readonly #view = new DataView(new ArrayBuffer(32));

  inside(k: Key): SessionId {
    return this.sessions.lookupInside(k.near, k.far, k.ports, k.protocol);
  }

  outside(k: Key): SessionId {
    outsideOf(k).forEach((word, i) => {
      this.#view.setInt32(i * 4, word);
    });
    return this.sessions.lookupOutside(this.#view, 0, 16, session(k).outsidePorts, k.protocol);
  }
}

/** The same with a Map, which compares every step. */
class Twin {
  readonly #asked = new Asked();
  readonly #known = new Map<string, { key: Key; id: SessionId; deadline: number }>();
  #clock = 0;

  step(what: string, k: Key): void {
    const known = this.#known.get(text(k));
    if (what === 'insert' && known === undefined) this.#insert(k);
    if (what === 'remove' && known) {
      this.#asked.sessions.remove(known.id);
      this.#known.delete(text(k));
    }
    if (what === 'refresh' && known) {
      known.deadline = ++this.#clock;
      this.#asked.sessions.refresh(known.id, known.deadline);
    }
    assert.is(this.#asked.inside(k), this.#known.get(text(k))?.id ?? NO_SESSION);
    this.#compare();
  }

  #insert(k: Key): void {
    const id = this.#asked.sessions.insert(session(k));
    assert.is(id === NO_SESSION, this.#known.size === CAPACITY, 'refused if and only if full');
    if (id !== NO_SESSION) this.#known.set(text(k), { key: k, id, deadline: -7 });
  }

  #compare(): void {
    for (const { key: k, id, deadline } of this.#known.values()) {
      assert.is(this.#asked.inside(k), id);
      assert.is(this.#asked.outside(k), id);
      assert.is(this.#asked.sessions.deadline(id), deadline);
    }
    assert.is(this.#asked.sessions.rows.used(), this.#known.size);
  }
}

tests('session table', {
  'like a Map, from inside and from outside, full or not': () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const twin = new Twin();
        for (const { do: what, key: k } of steps) twin.step(what, k);
      }),
      { numRuns: 200 },
    );
  },

  'every field comes back as it was given': () => {
    const { sessions } = new Asked();
    const given = session({ near: -1, far: -2, ports: portPair(65_535, 65_534), protocol: 17, outside: 1 });
    const id = sessions.insert(given);
    assert.equal(
      {
        protocol: sessions.protocol(id),
        insideNear: sessions.insideNear(id),
        insideFar: sessions.insideFar(id),
        insidePorts: sessions.insidePorts(id),
        outsidePorts: sessions.outsidePorts(id),
        delta: sessions.delta(id),
        addressDelta: sessions.addressDelta(id),
        bib: sessions.bib(id),
        mapping: sessions.mapping(id),
        state: sessions.state(id),
        deadline: sessions.deadline(id),
      },
      {
        protocol: 17,
        insideNear: -1,
        insideFar: -2,
        insidePorts: given.insidePorts,
        outsidePorts: given.outsidePorts,
        delta: 0xfedc,
        addressDelta: 0x8001,
        bib: 3,
        mapping: 4,
        state: 5,
        deadline: -7,
      },
    );
    sessions.setState(id, 6);
    assert.is(sessions.state(id), 6);
  },

  'outside addresses are written as SNAT then real, or reversed': () => {
    const { sessions } = new Asked();
    const k = { near: 1, far: 2, ports: 3, protocol: 6, outside: 2 };
    const id = sessions.insert(session(k));
    const view = new DataView(new ArrayBuffer(64));
    const words = (at: number) => Array.from({ length: 8 }, (_, i) => view.getInt32(at + i * 4));
    const expected = Array.from(outsideOf(k));
    sessions.writeOutside(id, view, 8);
    assert.equal(words(8), expected);
    sessions.writeOutsideReversed(id, view, 16);
    assert.equal(words(16), [...expected.slice(4), ...expected.slice(0, 4)]);
  },

  'two sessions that had the same row differ in their stamp': () => {
    const { sessions } = new Asked();
    const stamps = new Set<number>();
    for (let i = 0; i <= CAPACITY; i++) {
      const id = sessions.insert(session({ near: i, far: 2, ports: 3, protocol: 6, outside: 2 }));
      stamps.add(sessions.stamp(id));
      sessions.remove(id);
    }
    assert.is(stamps.size, CAPACITY + 1);
  },

  'buckets follow from a secret': () => {
    const order = (seed: number) => {
      const { sessions, segment } = freshState({ sessions: 64 }, [], [seed, 0, 0, 0]);
      for (let i = 0; i < 64; i++)
        sessions.insert(session({ near: i, far: 2, ports: 3, protocol: 6, outside: 2 }));
      const [first = 0] = segment.layout.session.buckets;
      return segment.words.slice(first, first + 128).join();
    };
    assert.is(order(1), order(1));
    assert.is.not(order(1), order(2));
  },

  'halves of a port pair': () => {
    assert.is(portPair(0xffff, 1) >>> 0, 0xffff0001);
    assert.is(swapPorts(portPair(0x8001, 0x1234)), portPair(0x1234, 0x8001));
  },
});
