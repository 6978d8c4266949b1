/**
 * Who gets a session, with which outside tuple, and who is refused (RFC 6146 §3.5 mirrored, RFC 4787, RFC 6888).
 */
import * as assert from 'uvu/assert';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { Refusal } from '../../src/nat/nat46-resolver.ts';
import { portPair, type SessionId } from '../../src/nat/session.ts';
import { table, tests } from '../helpers/table.ts';
import { type Flow, Flows, ICMP, TCP, UDP } from './flows.ts';
import { bytes, copyOf, freshState, MEMBERS } from './fresh-state.ts';
import { checkInvariants } from './invariants.ts';

const SERVER = 0x0a020205;
const SERVER_V6 = '2001:db8:64::80';
const OTHER = 0x0a020206;
const OTHER_V6 = '2001:db8:64::81';
const CLIENT = 0x0a000001;

const FLOW: Flow = { protocol: UDP, near: CLIENT, nearPort: 5000, far: SERVER, farPort: 53 };

function mapped(...args: Parameters<typeof freshState>): NatState {
  const state = freshState(...args);
  state.mappings.insert(SERVER, bytes(SERVER_V6), MappingKind.Dynamic, 0, 0);
  state.mappings.insert(OTHER, bytes(OTHER_V6), MappingKind.Static, 0, 0);
  return state;
}

/** SNAT member and port that a session has on the outside. */
function outsideOf(state: NatState, id: SessionId): { member: number; port: number } {
  assert.ok(id >= 0, `refused: ${id}`);
  return { member: state.bibs.member(state.sessions.bib(id)), port: state.sessions.outsidePorts(id) >>> 16 };
}

tests('from inside, RFC 6146 §3.5 mirrored', {
  '[39] [47] a session has both tuples, and is found from both sides': () => {
    const state = mapped();
    const flows = new Flows(state);
    const id = flows.open(FLOW);
    const { member, port } = outsideOf(state, id);
    assert.is(port, 5000, 'port kept while it is free');
    assert.is(flows.find(FLOW), id);
    assert.is(flows.findOutside(UDP, MEMBERS[member]!, 5000, SERVER_V6, 53), id);
    assert.is(state.sessions.insidePorts(id), portPair(5000, 53));
    assert.is(flows.resolver.created, 1);
    checkInvariants(state);
  },

  'asked again, the same session and nothing new': () => {
    const state = mapped();
    const flows = new Flows(state);
    const id = flows.open(FLOW);
    assert.is(flows.open(FLOW), id);
    assert.is(flows.resolver.created, 1);
    checkInvariants(state);
  },

  '[51] [58] endpoint-independent mapping: one outside port for all destinations (RFC 4787 REQ-1, RFC 5382 REQ-1)':
    () => {
      for (const protocol of [TCP, UDP, ICMP]) {
        const state = mapped();
        const flows = new Flows(state);
        const farPort = protocol === ICMP ? 0 : 53;
        const ids = [SERVER, OTHER].map((far) => flows.open({ ...FLOW, protocol, far, farPort }));
        if (protocol !== ICMP) ids.push(flows.open({ ...FLOW, protocol, farPort: 54 }));
        assert.is(new Set(ids).size, ids.length);
        assert.is(new Set(ids.map((id) => JSON.stringify(outsideOf(state, id)))).size, 1);
        checkInvariants(state);
      }
    },

  '[52] paired pooling: one SNAT address for all ports and protocols of a host (RFC 4787 REQ-2)': () => {
    const state = mapped();
    const flows = new Flows(state);
    for (let near = 1; near <= 8; near++) {
      const members = [TCP, UDP, ICMP].flatMap((protocol) =>
        [1000, 2000].map((nearPort) => {
          const farPort = protocol === ICMP ? 0 : 53;
          return outsideOf(state, flows.open({ protocol, near, nearPort, far: SERVER, farPort })).member;
        }),
      );
      assert.is(new Set(members).size, 1);
    }
    checkInvariants(state);
  },

  '[53] two hosts with one source port get two outside ports (RFC 4787 REQ-3, RFC 5382 REQ-7)': () => {
    const state = mapped({ members: 1 }, [MEMBERS[0]]);
    const flows = new Flows(state);
    const ports = [1, 2, 3].map((near) => outsideOf(state, flows.open({ ...FLOW, near })).port);
    assert.is(ports[0], 5000);
    assert.is(new Set(ports).size, 3);
    checkInvariants(state);
  },

  '[53] the same port of two protocols is kept for both': () => {
    const state = mapped();
    const flows = new Flows(state);
    assert.is(outsideOf(state, flows.open(FLOW)).port, 5000);
    assert.is(outsideOf(state, flows.open({ ...FLOW, protocol: TCP })).port, 5000);
    assert.is(outsideOf(state, flows.open({ ...FLOW, protocol: ICMP, farPort: 0 })).port, 5000);
  },

  '[39] [60] a session past its deadline is made anew, not prolonged; its UDP port rests': () => {
    const state = mapped();
    const flows = new Flows(state);
    const first = flows.open(FLOW, 0, 100);
    const stamp = state.sessions.stamp(first);
    const again = flows.open(FLOW, 100, 200);
    assert.is.not(state.sessions.stamp(again), stamp);
    assert.is.not(outsideOf(state, again).port, 5000);
    assert.is(flows.resolver.created, 2);
    checkInvariants(state);
  },

  'two synthetic addresses of one real v6 from one port: the first goes on, the second is refused': () => {
    const state = mapped();
    state.mappings.insert(SERVER + 9, bytes(SERVER_V6), MappingKind.Static, 0, 0);
    const flows = new Flows(state);
    const first = flows.open(FLOW, 0, 100);
    const alias = { ...FLOW, far: SERVER + 9 };
    assert.is(flows.open(alias, 99, 200), Refusal.PoolExhausted, 'replies could belong to either');
    assert.is(flows.find(FLOW), first);
    assert.ok(
      flows.open({ ...alias, farPort: 54 }, 99, 200) >= 0,
      'another port of the server is another flow',
    );
    assert.ok(flows.open({ ...alias, nearPort: 5001 }, 99, 200) >= 0, 'and so is another port of the client');
    checkInvariants(state);
    assert.ok(flows.open(alias, 100, 200) >= 0, 'the first is over');
    assert.is(flows.find(FLOW), -1);
    checkInvariants(state);
  },

  '[39] the last session of a host takes its BIB entry, port and pairing with it (RFC 6146 §3.1)': () => {
    const state = mapped();
    const flows = new Flows(state);
    const ids = [53, 54].map((farPort) => flows.open({ ...FLOW, protocol: TCP, farPort }));
    state.endSession(ids[0]!);
    assert.is(state.bibs.rows.used(), 1);
    state.endSession(ids[1]!);
    assert.equal([state.bibs.rows.used(), state.clients.rows.used(), state.sessions.rows.used()], [0, 0, 0]);
    checkInvariants(state);
  },
});

tests('from outside', {
  '[54] any mapped host reaches an existing BIB entry (endpoint-independent filtering, RFC 4787 §5)': () => {
    const state = mapped();
    const flows = new Flows(state);
    const { member, port } = outsideOf(state, flows.open(FLOW));
    const id = flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 999);
    assert.ok(id >= 0);
    assert.is(flows.find({ ...FLOW, far: OTHER, farPort: 999 }), id, 'seen as its synthetic address');
    assert.is(flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 999), id);
    checkInvariants(state);
  },

  'nobody listens: no BIB entry': () => {
    const state = mapped();
    const flows = new Flows(state);
    const { member, port } = outsideOf(state, flows.open(FLOW));
    const ask = (protocol: number, near: string, nearPort: number) =>
      flows.openOutside(protocol, near, nearPort, OTHER_V6, 999);
    assert.is(ask(UDP, MEMBERS[member]!, port + 1), Refusal.NoBib);
    assert.is(ask(TCP, MEMBERS[member]!, port), Refusal.NoBib);
    assert.is(ask(UDP, MEMBERS[1 - member]!, port), Refusal.NoBib);
    assert.is(ask(UDP, '2001:db8:5::99', port), Refusal.NoBib, 'not a SNAT address at all');
    checkInvariants(state);
  },

  'a sender without synthetic address could not be seen inside': () => {
    const state = mapped();
    const flows = new Flows(state);
    const { member, port } = outsideOf(state, flows.open(FLOW));
    assert.is(flows.openOutside(UDP, MEMBERS[member]!, port, '2001:db8::bad', 1), Refusal.SenderUnmapped);
    state.mappings.quarantine(state.mappings.lookup4(OTHER), 0);
    assert.is(flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 1), Refusal.SenderUnmapped);
    checkInvariants(state);
  },

  '[49] counts against the quota of the inside host': () => {
    const state = mapped();
    const flows = new Flows(state, { maxClientSessions: 2 });
    const { member, port } = outsideOf(state, flows.open(FLOW));
    assert.ok(flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 1) >= 0);
    assert.is(flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 2), Refusal.ClientQuota);
    checkInvariants(state);
  },

  'a full table refuses and loses nothing': () => {
    const state = mapped({ sessions: 1 });
    const flows = new Flows(state);
    const { member, port } = outsideOf(state, flows.open(FLOW));
    assert.is(flows.openOutside(UDP, MEMBERS[member]!, port, OTHER_V6, 1), Refusal.TableFull);
    assert.ok(flows.find(FLOW) >= 0);
    checkInvariants(state);
  },
});

interface Refused {
  name: string;
  /** @returns what the resolver says to FLOW */
  ask: () => { state: NatState; said: number };
  says: number;
}

function ask(state: NatState, options = {}, flow = FLOW): { state: NatState; said: number } {
  return { state, said: new Flows(state, options).open(flow) };
}

const ONLY_10 = { inside: [{ network: 0x0a000000, mask: 0xff000000 | 0 }] };
const ONLY_192 = { inside: [{ network: 0xc0a80000 | 0, mask: 0xffff0000 | 0 }] };

table<Refused>(
  'refused, and nothing is left behind',
  [
    {
      name: 'nothing known of the address: ask the store',
      ask: () => ask(freshState()),
      says: Refusal.NoMapping,
    },
    {
      name: 'the store has none, as remembered',
      ask: () => {
        const state = freshState();
        state.mappings.insertNegative(SERVER, 1);
        return ask(state);
      },
      says: Refusal.Unmapped,
    },
    {
      name: 'remembered until its millisecond: then ask again',
      ask: () => {
        const state = freshState();
        state.mappings.insertNegative(SERVER, 0);
        const result = ask(state);
        assert.is(state.mappings.lookup4(SERVER), -1, 'forgotten');
        return result;
      },
      says: Refusal.NoMapping,
    },
    {
      name: 'the address rests',
      ask: () => {
        const state = mapped();
        state.mappings.quarantine(state.mappings.lookup4(SERVER), 0);
        return ask(state);
      },
      says: Refusal.Unmapped,
    },
    { name: '[50] not an inside prefix', ask: () => ask(mapped(), ONLY_192), says: Refusal.NotInside },
    {
      name: '[50] not an inside prefix, and the address unknown: the store is not asked for strangers',
      ask: () => ask(freshState(), ONLY_192),
      says: Refusal.NotInside,
    },
    {
      name: '[48] [55] hairpin: the real address is one of our SNAT addresses',
      ask: () => {
        const state = freshState();
        state.mappings.insert(SERVER, bytes(MEMBERS[1]), MappingKind.Static, 0, 0);
        return ask(state);
      },
      says: Refusal.Hairpin,
    },
    { name: '[62] no SNAT address at all', ask: () => ask(mapped({}, [])), says: Refusal.PoolExhausted },
  ],
  ({ ask: question, says }) => {
    const { state, said } = question();
    assert.is(said, says);
    assert.equal([state.sessions.rows.used(), state.bibs.rows.used(), state.clients.rows.used()], [0, 0, 0]);
    checkInvariants(state);
  },
);

tests('bounds', {
  '[50] inside prefixes: both of them, and addresses above 2^31': () => {
    const both = { inside: [...ONLY_10.inside, ...ONLY_192.inside] };
    for (const near of [0x0a000001, 0x0affffff, 0xc0a80001, 0xc0a8ffff]) {
      assert.ok(ask(mapped(), both, { ...FLOW, near }).said >= 0);
    }
    for (const near of [0x09ffffff, 0x0b000000, 0xc0a7ffff, 0xc0a90000]) {
      assert.is(ask(mapped(), both, { ...FLOW, near }).said, Refusal.NotInside);
    }
    const all = { inside: [{ network: 0, mask: 0 }] };
    assert.ok(ask(mapped(), all, { ...FLOW, near: 0xc6336401 }).said >= 0);
  },

  '[49] [60] quota: one host cannot have all; others are not touched (RFC 6888 REQ-5)': () => {
    const state = mapped();
    const flows = new Flows(state, { maxClientSessions: 3 });
    const said = [1, 2, 3, 4, 5].map((farPort) => flows.open({ ...FLOW, farPort }));
    assert.equal(
      said.map((id) => (id >= 0 ? 'granted' : id)),
      ['granted', 'granted', 'granted', Refusal.ClientQuota, Refusal.ClientQuota],
    );
    assert.ok(flows.open({ ...FLOW, near: CLIENT + 1 }) >= 0);
    state.endSession(said[0]!);
    assert.ok(flows.open({ ...FLOW, farPort: 9 }) >= 0, 'one ended, one may begin');
    checkInvariants(state);
  },

  '[52] [62] pool exhausted: a paired host stays paired and is refused, a new one goes to a member with room':
    () => {
      const state = mapped({ clients: 64 });
      const flows = new Flows(state);
      const first = outsideOf(state, flows.open({ ...FLOW, protocol: TCP }));
      for (let port = 1024; port < 65_536; port++) {
        if (port !== first.port) state.pool.claim(first.member, 0, port);
      }
      const paired = flows.open({ ...FLOW, protocol: TCP, nearPort: 5001 });
      assert.is(paired, Refusal.PoolExhausted);
      assert.ok(state.pool.allocFail(first.member, 0) > 0);
      assert.ok(flows.open({ ...FLOW, protocol: TCP, farPort: 99 }) >= 0, 'an existing BIB entry goes on');
      for (let near = 100; near < 110; near++) {
        const { member } = outsideOf(state, flows.open({ ...FLOW, protocol: TCP, near, nearPort: 5001 }));
        assert.is(member, 1 - first.member);
      }
    },

  '[49] [62] full tables refuse without using up what there is to be had': () => {
    const full: [string, Parameters<typeof freshState>[0], (i: number) => Partial<Flow>][] = [
      ['sessions', { sessions: 2, clients: 16 }, (i) => ({ near: i, nearPort: 5000 + i })],
      ['clients', { sessions: 16, clients: 2 }, (i) => ({ near: i, nearPort: 5000 + i })],
    ];
    for (const [name, geometry, flowOf] of full) {
      const state = mapped(geometry);
      const flows = new Flows(state);
      for (let i = 0; i < 2; i++) assert.ok(flows.open({ ...FLOW, ...flowOf(i) }) >= 0);
      const before = copyOf(state).segment.words;
      for (let i = 2; i < 50; i++) assert.is(flows.open({ ...FLOW, ...flowOf(i) }), Refusal.TableFull, name);
      assert.is(
        state.segment.words.findIndex((word, at) => word !== before[at]),
        -1,
        `${name}: not a bit has changed`,
      );
    }
  },

  'a refusal is below every row, and no two are the same': () => {
    const codes = Object.values(Refusal);
    assert.is(new Set(codes).size, codes.length);
    assert.ok(codes.every((code) => code < -1));
  },
});
