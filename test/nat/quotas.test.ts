/**
 * No inside host can take everything from the others (RFC 6888 REQ-4, REQ-5), whoever floods: with ports, with sessions, or
 * from outside.
 */
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { Refusal } from '../../src/nat/nat46-resolver.ts';
import type { Geometry } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { Flows, ICMP, TCP, UDP } from './flows.ts';
import { bytes, freshState, MEMBERS, SEEDS } from './fresh-state.ts';
import { checkInvariants } from './invariants.ts';

const SERVER = 0x0a020205;
const SERVER_V6 = '2001:db8:64::80';
const OTHER_V6 = '2001:db8:64::81';
const CLIENT = 0x0a000001;
const NEIGHBOUR = 0x0a000002;
const FLOW = { protocol: TCP, near: CLIENT, nearPort: 5000, far: SERVER, farPort: 443 };

/** One SNAT address, which all hosts share. */
function mapped(geometry: Partial<Geometry> = {}): NatState {
  const state = freshState(geometry, [MEMBERS[0]], SEEDS, Filtering.EndpointIndependent);
  state.mappings.insert(SERVER, bytes(SERVER_V6), MappingKind.Dynamic, 0, 0);
  state.mappings.insert(SERVER + 1, bytes(OTHER_V6), MappingKind.Dynamic, 0, 0);
  return state;
}

/** How often each answer was given; sessions count as one. */
function answers(ids: readonly SessionId[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const id of ids) {
    const name =
      id >= 0 ? 'granted' : (Object.entries(Refusal).find(([, code]) => code === (id as number))?.[0] ?? '?');
    sums[name] = (sums[name] ?? 0) + 1;
  }
  return sums;
}

tests('ports of one inside host, RFC 6888 REQ-4', {
  '[60] as many as it may have, of all protocols together; what it has goes on': () => {
    const state = mapped();
    const flows = new Flows(state, { maxClientPorts: 3 });
    const first = [TCP, UDP, ICMP].map((protocol) => flows.open({ ...FLOW, protocol, farPort: 0 }));
    assert.equal(answers(first), { granted: 3 });
    assert.is(flows.open({ ...FLOW, nearPort: 5001 }), Refusal.ClientQuota);
    assert.ok(flows.open({ ...FLOW, farPort: 80 }) >= 0, 'another destination needs no other port');
    assert.ok(flows.open({ ...FLOW, near: NEIGHBOUR, nearPort: 5001 }) >= 0, 'another host has its own');
    state.endSession(first[1] as SessionId);
    assert.ok(flows.open({ ...FLOW, nearPort: 5001 }) >= 0, 'one ended, one may begin');
    checkInvariants(state);
  },

  '[60] a refusal takes no port, and no failure is counted of the pool': () => {
    const state = mapped();
    const flows = new Flows(state, { maxClientPorts: 1 });
    flows.open(FLOW);
    for (let port = 1; port < 50; port++)
      assert.is(flows.open({ ...FLOW, nearPort: port }), Refusal.ClientQuota);
    assert.equal([state.pool.inUse(0, 0), state.pool.allocFail(0, 0)], [1, 0]);
    checkInvariants(state);
  },

  '[49] [60] half of an address for each: one host cannot exhaust the address that it shares': () => {
    const state = mapped({ sessions: 70_000, clients: 4 });
    const flows = new Flows(state, { maxClientPorts: 32_768 });
    const said = Array.from({ length: 64_000 }, (_, i) => flows.open({ ...FLOW, nearPort: 1024 + i }));
    assert.equal(answers(said), { granted: 32_768, ClientQuota: 64_000 - 32_768 });
    const others = Array.from({ length: 2000 }, (_, i) =>
      flows.open({ ...FLOW, near: NEIGHBOUR, nearPort: 1024 + i }),
    );
    assert.equal(answers(others), { granted: 2000 });
  },
});

tests('a SYN flood', {
  '[49] from one inside host: its share is used up, the table is not, and nobody loses a session': () => {
    const state = mapped({ sessions: 512, clients: 8 });
    const flows = new Flows(state, { maxClientSessions: 256, maxClientPorts: 256 });
    const before = flows.open({ ...FLOW, near: NEIGHBOUR, nearPort: 4000 });
    const flood = Array.from({ length: 5000 }, (_, i) =>
      flows.open({ ...FLOW, nearPort: 1024 + (i % 4000), farPort: i & 0xffff }),
    );
    assert.equal(answers(flood), { granted: 256, ClientQuota: 5000 - 256 });
    const after = Array.from({ length: 200 }, (_, i) =>
      flows.open({ ...FLOW, near: NEIGHBOUR, nearPort: 5000 + i }),
    );
    assert.equal(answers(after), { granted: 200 });
    assert.is(flows.find({ ...FLOW, near: NEIGHBOUR, nearPort: 4000 }), before);
    checkInvariants(state);
  },

  '[49] from many inside hosts: the table is full and refuses, nothing is pushed out': () => {
    const state = mapped({ sessions: 128, clients: 64 });
    const flows = new Flows(state, { maxClientSessions: 64 });
    const first = flows.open({ ...FLOW, near: NEIGHBOUR });
    const flood = Array.from({ length: 1000 }, (_, i) =>
      flows.open({ ...FLOW, near: 0x0b000000 + (i % 50), nearPort: i }),
    );
    assert.equal(answers(flood), { granted: 127, TableFull: 1000 - 127 });
    assert.is(flows.find({ ...FLOW, near: NEIGHBOUR }), first);
    checkInvariants(state);
  },

  '[49] [60] from outside to the port of one inside host: counted as that host’s, others are not touched':
    () => {
      const state = mapped({ sessions: 256 });
      const flows = new Flows(state, { maxClientSessions: 32 });
      flows.open(FLOW);
      const flood = Array.from({ length: 1000 }, (_, i) =>
        flows.openOutside(TCP, MEMBERS[0], 5000, OTHER_V6, i + 1),
      );
      assert.equal(answers(flood), { granted: 31, ClientQuota: 1000 - 31 });
      assert.ok(flows.open({ ...FLOW, near: NEIGHBOUR, nearPort: 5001 }) >= 0);
      checkInvariants(state);
    },
});
