/**
 * BIB entries and clients against slow twins.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { NO_ROW } from '../../src/nat/rows.ts';
import { portPair } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from './fresh-state.ts';

const CAPACITY = 6;

interface Entry {
  protocol: number;
  address: number;
  port: number;
}
const entry: fc.Arbitrary<Entry> = fc.record({
  protocol: fc.constantFrom(6, 17, 1),
  address: fc.constantFrom(0x0a000001, -2),
  port: fc.constantFrom(0, 53, 65_535),
});
const step = fc.record({ insert: fc.boolean(), entry });

/** A function of the key, so that the twin needs no second map: inside → outside is one to one. */
function outsidePort({ address, port }: Entry): number {
  return (port ^ (address === -2 ? 0x8000 : 0)) & 0xffff;
}

/** BIB entries with a Map beside them, which compares every step. */
class BibTwin {
  readonly #bibs = freshState({ sessions: CAPACITY }).bibs;
  readonly #known = new Map<string, { entry: Entry; row: number }>();

  step(insert: boolean, e: Entry): void {
    const name = JSON.stringify(e);
    const known = this.#known.get(name);
    if (insert && known === undefined) this.#insert(name, e);
    if (!insert && known) {
      this.#bibs.remove(known.row);
      this.#known.delete(name);
    }
    const row = this.#known.get(name)?.row ?? NO_ROW;
    assert.is(this.#bibs.lookupInside(e.protocol, e.address, e.port), row);
    assert.is(this.#bibs.lookupOutside(e.protocol, 1, outsidePort(e)), row);
    assert.is(this.#bibs.lookupOutside(e.protocol, 0, outsidePort(e)), NO_ROW, 'of another member');
    for (const each of this.#known.values()) this.#compare(each.entry, each.row);
  }

  #insert(name: string, e: Entry): void {
    const row = this.#bibs.insert(e.protocol, e.address, portPair(e.port, outsidePort(e)), 1, 9);
    assert.is(row === NO_ROW, this.#known.size === CAPACITY, 'refused if and only if full');
    if (row !== NO_ROW) this.#known.set(name, { entry: e, row });
  }

  #compare(e: Entry, row: number): void {
    const bibs = this.#bibs;
    assert.equal(
      [bibs.protocol(row), bibs.insideAddress(row), bibs.insidePort(row)],
      [e.protocol, e.address, e.port],
    );
    assert.equal([bibs.outsidePort(row), bibs.member(row), bibs.client(row)], [outsidePort(e), 1, 9]);
  }
}

tests('BIB, RFC 6146 §3.1', {
  'like a Map, by inside and by outside transport address': () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const twin = new BibTwin();
        for (const { insert, entry: e } of steps) twin.step(insert, e);
      }),
      { numRuns: 200 },
    );
  },
});

const client = fc.constantFrom(1, 2, 3, 4, 5, -6);

/** Clients with a Map of how many BIB entries each has. */
class ClientTwin {
  readonly #clients = freshState({ clients: 4 }).clients;
  readonly #known = new Map<number, number>();

  step(address: number, change: number): void {
    const count = this.#known.get(address) ?? 0;
    assert.is(this.#clients.lookup(address) === NO_ROW, count === 0);
    if (count > 0 || change > 0) this.#change(address, change, count);
    for (const each of this.#known.keys()) assert.is(this.#clients.address(this.#clients.lookup(each)), each);
    assert.is(this.#clients.rows.used(), this.#known.size);
  }

  #change(address: number, change: number, count: number): void {
    const row = count > 0 ? this.#clients.lookup(address) : this.#clients.insert(address, 1);
    assert.is(row === NO_ROW, count === 0 && this.#known.size === 4, 'refused if and only if full');
    if (row === NO_ROW) return;
    this.#clients.addBibs(row, change);
    if (count + change === 0) this.#known.delete(address);
    else this.#known.set(address, count + change);
  }
}

tests('clients', {
  'like a Map; a client goes with its last BIB entry': () => {
    const steps = fc.array(fc.record({ address: client, change: fc.constantFrom(1, -1) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const twin = new ClientTwin();
        for (const { address, change } of all) twin.step(address, change);
      }),
      { numRuns: 200 },
    );
  },

  'a new client starts without sessions, whatever its row was': () => {
    const { clients } = freshState({ clients: 1 });
    const row = clients.insert(1, 0);
    clients.addBibs(row, +1);
    clients.addSessions(row, +5);
    clients.addBibs(row, -1);
    assert.is(clients.sessions(clients.insert(2, 0)), 0);
  },
});
