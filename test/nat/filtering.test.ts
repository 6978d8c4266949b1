/**
 * Who from outside may use a BIB entry that is there (RFC 4787 §5, REQ-8; RFC 5382 REQ-3), against a slow twin that looks
 * at every session.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { isPast } from '../../src/nat/lifetimes.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { Refusal } from '../../src/nat/nat46-resolver.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { table, tests } from '../helpers/table.ts';
import { Flows, TCP, UDP } from './flows.ts';
import { bytes, freshState, MEMBERS, SEEDS, words } from './fresh-state.ts';
import { checkInvariants, validRows } from './invariants.ts';

const SYNTHETIC = [0x0a020205, 0x0a020206];
const REAL = ['2001:db8:64::80', '2001:db8:64::81'];
const CLIENT = 0x0a000001;

function mapped(filtering: Filtering, sessions = 64): NatState {
  const state = freshState({ sessions }, [MEMBERS[0]], SEEDS, filtering);
  for (const [i, v4] of SYNTHETIC.entries()) {
    state.mappings.insert(v4, bytes(REAL[i] ?? '::'), MappingKind.Dynamic, 0, 0);
  }
  return state;
}

/** One inside host with one port, and what outside hosts try on it. */
class Door {
  readonly state: NatState;
  readonly flows: Flows;
  readonly #protocol: number;

  constructor(filtering: Filtering, protocol = UDP, sessions = 64) {
    this.state = mapped(filtering, sessions);
    this.flows = new Flows(this.state);
    this.#protocol = protocol;
  }

  /** From inside to port `farPort` of a host. */
  open(host: number, farPort: number, now: number, deadline: number): SessionId {
    const flow = {
      protocol: this.#protocol,
      near: CLIENT,
      nearPort: 5000,
      far: SYNTHETIC[host] ?? 0,
      farPort,
    };
    return this.flows.open(flow, now, deadline);
  }

  /** The same from outside, at the port that the only BIB entry has now: a port that was given back rests. */
  knock(host: number, farPort: number, now: number): SessionId {
    const { bibs } = this.state;
    const [bib] = validRows(bibs.rows);
    const port = bib === undefined ? 5000 : bibs.outsidePort(bib);
    return this.flows.openOutside(this.#protocol, MEMBERS[0], port, REAL[host] ?? '::', farPort, now);
  }
}

interface Row {
  name: string;
  filtering: Filtering;
  /** Whether these may enter: the host that was dialled from another port, and another host. */
  samePeer: boolean;
  otherPeer: boolean;
}

const ROWS: readonly Row[] = [
  {
    name: '[54] endpoint-independent: every mapped host',
    filtering: Filtering.EndpointIndependent,
    samePeer: true,
    otherPeer: true,
  },
  {
    name: '[54] address-dependent: the host that was dialled, from any of its ports',
    filtering: Filtering.AddressDependent,
    samePeer: true,
    otherPeer: false,
  },
  {
    name: '[49] [54] address-and-port-dependent: nobody else',
    filtering: Filtering.AddressAndPortDependent,
    samePeer: false,
    otherPeer: false,
  },
];

table(
  'filtering, RFC 4787 §5; the same for TCP, RFC 5382 REQ-3',
  ROWS,
  ({ filtering, samePeer, otherPeer }) => {
    for (const protocol of [UDP, TCP]) {
      const door = new Door(filtering, protocol);
      const id = door.open(0, 53, 0, 1000);
      assert.is(door.knock(0, 53, 1), id, 'the dialled port always answers');
      const said = [door.knock(0, 99, 1), door.knock(1, 53, 1)];
      assert.equal(
        said.map((answer) => answer >= 0),
        [samePeer, otherPeer],
      );
      for (const answer of said) assert.ok(answer >= 0 || answer === Refusal.Filtered);
      checkInvariants(door.state);
    }
  },
);

tests('address-dependent filtering', {
  '[54] a session counts until its deadline: -1, 0, +1 ms': () => {
    for (const [now, enters] of [
      [999, true],
      [1000, false],
      [1001, false],
    ] as const) {
      const door = new Door(Filtering.AddressDependent);
      door.open(1, 53, 0, 5000); // keeps the BIB entry
      door.open(0, 53, 0, 1000);
      assert.is(door.knock(0, 99, now) >= 0, enters, `${now} ms`);
      checkInvariants(door.state);
    }
  },

  '[54] of several sessions with a host any one is enough, the oldest as well': () => {
    for (const longest of [0, 1, 2]) {
      const door = new Door(Filtering.AddressDependent);
      for (let i = 0; i < 3; i++) door.open(0, 50 + i, 0, i === longest ? 5000 : 1000);
      assert.ok(door.knock(0, 99, 2000) >= 0);
      checkInvariants(door.state);
    }
  },

  '[54] a host that entered is a peer like one that was dialled; one whose sessions ended is none': () => {
    const door = new Door(Filtering.AddressDependent);
    const dialled = door.open(0, 53, 0, 5000);
    door.open(1, 53, 0, 5000);
    const entered = door.knock(0, 99, 0);
    door.state.endSession(dialled);
    const next = door.knock(0, 98, 0);
    assert.ok(next >= 0);
    door.state.endSession(entered);
    door.state.endSession(next);
    assert.is(door.knock(0, 97, 0), Refusal.Filtered);
    checkInvariants(door.state);
  },

  '[54] of another protocol or another port of the host, a session is no reason': () => {
    const door = new Door(Filtering.AddressDependent, UDP);
    door.open(0, 53, 0, 5000);
    const tcp = { protocol: TCP, near: CLIENT, nearPort: 5000, far: SYNTHETIC[1] ?? 0, farPort: 53 };
    door.flows.open(tcp, 0, 5000);
    door.flows.open({ ...tcp, protocol: UDP, nearPort: 5001 }, 0, 5000);
    assert.is(door.knock(1, 99, 1), Refusal.Filtered);
    assert.is(door.flows.openOutside(UDP, MEMBERS[0], 5001, REAL[0] ?? '', 99, 1), Refusal.Filtered);
  },

  '[49] however many sessions are past their deadline, one packet clears a few of them': () => {
    const door = new Door(Filtering.AddressDependent, UDP, 200);
    door.open(1, 1, 0, 1_000_000);
    for (let port = 1; port <= 100; port++) door.open(0, port, 0, 1000);
    const before = door.state.sessions.rows.used();
    assert.is(door.knock(0, 999, 2000), Refusal.Filtered);
    const cleared = before - door.state.sessions.rows.used();
    assert.ok(cleared > 0 && cleared <= 32, `${cleared} cleared`);
    checkInvariants(door.state);
  },

  '[54] like a twin that looks at every session': () => {
    const step = fc.record({
      do: fc.constantFrom('open', 'knock', 'knock', 'end', 'wait'),
      host: fc.nat(1),
      farPort: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const door = new Door(Filtering.AddressDependent);
        let now = 0;
        for (const { do: what, host, farPort } of steps) {
          if (what === 'open') door.open(host, farPort, now, now + 100);
          if (what === 'wait') now += 40;
          if (what === 'end') endFirst(door.state, farPort);
          if (what !== 'knock') continue;
          const expected = mayEnter(door.state, host, now);
          assert.is(door.knock(host, farPort, now) >= 0, expected);
          checkInvariants(door.state);
        }
      }),
      { numRuns: 200 },
    );
  },
});

function endFirst(state: NatState, which: number): void {
  const row = validRows(state.sessions.rows)[which];
  if (row !== undefined) state.endSession(row as SessionId);
}

/** There is only one BIB entry. */
function mayEnter({ segment, sessions }: NatState, host: number, now: number): boolean {
  const real = words(REAL[host] ?? '::');
  return validRows(sessions.rows).some((row) => {
    const id = row as SessionId;
    const far = sessions.outsideAt(id) + 4;
    return !isPast(sessions.deadline(id), now) && real.every((word, i) => segment.words[far + i] === word);
  });
}
