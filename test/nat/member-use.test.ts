/** Who may have new sessions on a SNAT address that another gateway has, had, or gets; and sessions that come from there. */
import * as assert from 'uvu/assert';
import { type Adopted, adopt } from '../../src/nat/adoption.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { Refusal } from '../../src/nat/nat46-resolver.ts';
import { MemberUse, NO_MEMBER } from '../../src/nat/port-pool.ts';
import { TcpState } from '../../src/nat/tcp-state.ts';
import { table, tests } from '../helpers/table.ts';
import { type Flow, Flows, TCP, UDP } from './flows.ts';
import { bytes, copyOf, freshState, MEMBERS, words } from './fresh-state.ts';
import { checkInvariants } from './invariants.ts';

const SERVER = 0x0a020205;
const SERVER_V6 = '2001:db8:64::80';
const CLIENT = 0x0a000001;
const FLOW: Flow = { protocol: UDP, near: CLIENT, nearPort: 5000, far: SERVER, farPort: 53 };
const OTHERS = '2001:db8:9::1';

function mapped(members: readonly string[] = MEMBERS): NatState {
  const state = freshState({ members: 3 }, members);
  state.mappings.insert(SERVER, bytes(SERVER_V6), MappingKind.Dynamic, 0, 0);
  return state;
}

const memberOf = (state: NatState, id: number): number => state.bibs.member(state.sessions.bib(id as never));

tests('SNAT addresses that this gateway does not have', {
  'none is open: refused, and nothing is left of the attempt': () => {
    const state = mapped();
    for (const member of [0, 1]) state.pool.setUse(member, MemberUse.Closed);
    assert.is(new Flows(state).open(FLOW), Refusal.NoLease);
    assert.is(state.clients.rows.used() + state.bibs.rows.used() + state.sessions.rows.used(), 0);
  },
  'a new host goes to an open one, wherever its search begins': () => {
    for (const closed of [0, 1]) {
      const state = mapped();
      state.pool.setUse(closed, MemberUse.Closed);
      const flows = new Flows(state);
      for (let near = 1; near <= 8; near++)
        assert.is(memberOf(state, flows.open({ ...FLOW, near })), 1 - closed);
      checkInvariants(state);
    }
  },
  'a host that is paired with a closed one: refused, also from a port that it has; its sessions go on':
    () => {
      const state = mapped();
      const flows = new Flows(state);
      const id = flows.open(FLOW);
      state.pool.setUse(memberOf(state, id), MemberUse.Closed);
      assert.is(
        flows.open({ ...FLOW, nearPort: 5001 }),
        Refusal.NoLease,
        'not even on the other: paired pooling',
      );
      assert.is(flows.open({ ...FLOW, farPort: 54 }), Refusal.NoLease);
      assert.is(flows.open(FLOW), id);
      state.pool.setUse(memberOf(state, id), MemberUse.Open);
      assert.ok(flows.open({ ...FLOW, farPort: 54 }) >= 0);
      checkInvariants(state);
    },
  'an inherited one goes on with the ports it has, and gives out no other: the host is paired anew': () => {
    const state = mapped([MEMBERS[0]]);
    const member = state.pool.append(words(OTHERS), MemberUse.Inherited);
    const flows = new Flows(state);
    for (let near = 1; near <= 8; near++)
      assert.is(memberOf(state, flows.open({ ...FLOW, near: 100 + near })), 0);
    assert.ok(adopt(state, adopted(member)));
    const tcp = { ...FLOW, protocol: TCP, nearPort: 4000 };
    assert.is(memberOf(state, flows.open({ ...tcp, farPort: 81 })), member, 'the port it has');
    for (let nearPort = 5001; nearPort < 5009; nearPort++)
      assert.is(memberOf(state, flows.open({ ...FLOW, nearPort })), 0);
    assert.is(state.pool.inUse(member, 0) + state.pool.inUse(member, 1), 1);
    checkInvariants(state);
  },
  'without an open one, a host that is paired with an inherited one is refused': () => {
    const state = mapped([]);
    assert.ok(adopt(state, adopted(state.pool.append(words(OTHERS), MemberUse.Inherited))));
    assert.is(new Flows(state).open({ ...FLOW, nearPort: 5001 }), Refusal.NoLease);
    checkInvariants(state);
  },
  'from outside, a closed one is refused as well; its sessions go on': () => {
    const state = mapped();
    const flows = new Flows(state);
    const id = flows.open(FLOW);
    const [member, port] = [memberOf(state, id), state.sessions.outsidePorts(id) >>> 16];
    const near = MEMBERS[member]!;
    state.pool.setUse(member, MemberUse.Closed);
    assert.is(flows.openOutside(UDP, near, port, SERVER_V6, 54), Refusal.NoLease);
    assert.is(flows.openOutside(UDP, near, port, SERVER_V6, 53), id);
    state.pool.setUse(member, MemberUse.Open);
    assert.ok(flows.openOutside(UDP, near, port, SERVER_V6, 54) >= 0);
  },
  'all open ones are full: exhausted, not without a lease': () => {
    const state = mapped();
    state.pool.setUse(1, MemberUse.Closed);
    for (let port = 1024; port < 65_536; port++) state.pool.claim(0, 1, port);
    assert.is(new Flows(state).open(FLOW), Refusal.PoolExhausted);
  },
  'a pool without room takes no more': () => {
    const state = freshState({ members: 2 });
    assert.is(state.pool.append(words(OTHERS), MemberUse.Closed), NO_MEMBER);
    assert.is(state.pool.size(), 2);
  },
  'after a restart all that are configured are open': () => {
    const state = mapped();
    state.pool.setUse(0, MemberUse.Closed);
    const after = copyOf(state);
    after.pool.configure(MEMBERS.map(words));
    assert.is(after.pool.use(0), MemberUse.Open);
  },
});

function adopted(member: number, more: Partial<Adopted> = {}): Adopted {
  return {
    protocol: TCP,
    member,
    insideNear: CLIENT,
    insideFar: SERVER,
    insidePort: 4000,
    outsidePort: 4444,
    farPort: 80,
    real: words(SERVER_V6),
    state: TcpState.Established,
    deadline: 7_440_000,
    ...more,
  };
}

tests('sessions of another gateway', {
  'are found from both sides, translate alike, and hold what a session holds': () => {
    const origin = mapped();
    const flows = new Flows(origin);
    const first = flows.open({ ...FLOW, protocol: TCP, nearPort: 4000, farPort: 80 });
    const port = origin.sessions.outsidePorts(first) >>> 16;
    const state = mapped([OTHERS]);
    const at = origin.pool.addressAt(memberOf(origin, first));
    const member = state.pool.append(origin.segment.words.slice(at, at + 4), MemberUse.Inherited);
    assert.ok(adopt(state, adopted(member, { outsidePort: port })));
    const here = new Flows(state);
    const id = here.find({ ...FLOW, protocol: TCP, nearPort: 4000, farPort: 80 });
    assert.is(here.findOutside(TCP, MEMBERS[memberOf(origin, first)]!, port, SERVER_V6, 80), id);
    assert.is(state.sessions.delta(id), origin.sessions.delta(first));
    assert.is(state.sessions.addressDelta(id), origin.sessions.addressDelta(first));
    assert.is(state.sessions.state(id), TcpState.Established);
    assert.is(state.mappings.sessions(state.sessions.mapping(id)), 1);
    checkInvariants(state);
    state.locked(() => state.endSession(id));
    assert.is(state.pool.inUse(member, 0), 0);
    checkInvariants(state);
  },
  'a second one of the same host shares its BIB entry': () => {
    const state = mapped();
    assert.ok(adopt(state, adopted(0)));
    assert.ok(adopt(state, adopted(0, { farPort: 81 })));
    assert.is(state.bibs.rows.used(), 1);
    checkInvariants(state);
  },
  'one that leaves from elsewhere here ends: what was leased last is right': () => {
    for (const more of [{ outsidePort: 4445 }, { member: 1 }]) {
      const state = mapped();
      assert.ok(adopt(state, adopted(0)));
      assert.ok(adopt(state, adopted(0, more)));
      const id = new Flows(state).find({ ...FLOW, protocol: TCP, nearPort: 4000, farPort: 80 });
      const { member, outsidePort } = adopted(0, more);
      assert.equal([memberOf(state, id), state.sessions.outsidePorts(id) >>> 16], [member, outsidePort]);
      assert.is(state.sessions.rows.used(), 1);
      checkInvariants(state);
    }
  },
  'one that is here already is not made twice': () => {
    const state = mapped();
    assert.ok(adopt(state, adopted(0)));
    assert.ok(adopt(state, adopted(0)));
    assert.is(state.sessions.rows.used(), 1);
    checkInvariants(state);
  },
});

table(
  'sessions of another gateway that cannot go on here',
  [
    { name: 'the mapping is unknown', more: { insideFar: SERVER + 1 } },
    { name: 'the mapping is of another host now', more: { real: words('2001:db8:64::99') } },
    {
      name: 'the host opened another port of its own from there',
      before: { ...FLOW, protocol: TCP, nearPort: 4000 },
    },
    { name: 'the port is taken', claim: 4444 },
  ] as { name: string; more?: Partial<Adopted>; before?: Flow; claim?: number }[],
  ({ more = {}, before, claim }) => {
    const state = mapped([MEMBERS[0]]);
    if (before) new Flows(state).open(before);
    if (claim !== undefined) state.pool.claim(0, 0, claim);
    const sessions = state.sessions.rows.used();
    assert.is(adopt(state, adopted(0, more)), null);
    assert.is(state.sessions.rows.used(), sessions);
    assert.is(state.bibs.rows.used(), sessions);
    if (claim === undefined) checkInvariants(state);
  },
);
