/** Leases of SNAT addresses over a group whose clock the test holds, and the journal of sessions. */
import * as assert from 'uvu/assert';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { TcpState } from '../../src/nat/tcp-state.ts';
import { BEAT_MS, LEASE_MS } from '../../src/store/group.ts';
import { Leases } from '../../src/store/leases.ts';
import { SessionJournal } from '../../src/store/session-journal.ts';
import { readSession } from '../../src/store/session-record.ts';
import { StoreLost } from '../../src/store/store.ts';
import { tests } from '../helpers/table.ts';
import { type Flow, Flows, TCP, UDP } from '../nat/flows.ts';
import { bytes, freshState, MEMBERS } from '../nat/fresh-state.ts';
import { GroupWorld } from './group-world.ts';

const A = '2001:db8:5::1';
const B = '2001:db8:5::2';

/** A gateway: its leases, and what it was told to do. */
class Member {
  readonly said: string[] = [];
  readonly leases: Leases;
  isIdle = false;
  /** Cannot be taken over, for a reason of its own. */
  broken = '';
  fails = false;
  /** What it had while it loaded sessions. */
  heldMeanwhile: string[] = [];

  constructor(world: GroupWorld, name: string, home: readonly string[]) {
    this.leases = new Leases(world.group(name), home, {
      gained: async (address, isHome) => {
        if (this.fails) throw new StoreLost();
        if (address === this.broken) throw new Error('of its own');
        this.heldMeanwhile = this.held;
        this.said.push(`gained ${address} ${isHome ? 'home' : 'inherited'}`);
      },
      isAddress: (address) => address.includes(':'),
      lost: (address) => this.said.push(`lost ${address}`),
      leaving: async (address) => void this.said.push(`leaving ${address} ${world.held(address)?.gateway}`),
      left: (address) => this.said.push(`left ${address} ${world.held(address)?.gateway}`),
      returned: (address) => this.said.push(`returned ${address} ${world.held(address)?.gateway}`),
      isIdle: () => this.isIdle,
    });
  }

  get held(): string[] {
    return this.leases.view().flatMap(({ address, isHeld }) => (isHeld ? [address] : []));
  }
}

const orphaned = (world: GroupWorld, address: string): void =>
  void world.journals.set(address, new Map([['s', 'r']]));

tests('leases of SNAT addresses', {
  'two gateways with one pool: an address has one of them': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A, B]), new Member(world, 'other', [A, B])];
    for (let i = 0; i < 10; i++) {
      await one.leases.beat();
      await other.leases.beat();
      world.nowMs += 1000;
    }
    assert.equal([one.held, other.held], [[A, B], []]);
    assert.equal(
      one.said,
      [`gained ${A} home`, `gained ${B} home`],
      'once each, however often they are prolonged',
    );
    assert.equal(other.said, [`lost ${A}`, `lost ${B}`], 'and the other is told so once');
  },
  'an address counts as held once its sessions are loaded': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A, B]);
    await one.leases.beat();
    assert.equal([one.heldMeanwhile, one.held], [[A], [A, B]]);
  },
  'a gateway that stops: the other has its addresses after the lease, not 1 ms earlier': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [A])];
    await one.leases.beat();
    world.nowMs = LEASE_MS - 1;
    await other.leases.beat();
    assert.equal(other.held, []);
    world.nowMs = LEASE_MS;
    await other.leases.beat();
    assert.equal(other.held, [A]);
  },
  'the one that was held back meanwhile loses it, with an older token': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [A])];
    await one.leases.beat();
    const token = one.leases.tokenOf(A);
    world.nowMs = LEASE_MS;
    await other.leases.beat();
    await one.leases.beat();
    assert.is(one.said.at(-1), `lost ${A}`);
    assert.is(one.leases.tokenOf(A), null);
    assert.ok((other.leases.tokenOf(A) ?? 0) > (token ?? 0));
    assert.is(
      await world.group('one').write(A, token ?? 0, { put: [['s', 'r']], remove: [] }),
      false,
      'fenced',
    );
  },
  'a store that cannot be reached changes nothing': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A]);
    await one.leases.beat();
    world.isLost = true;
    world.nowMs = 10 * LEASE_MS;
    await one.leases.beat().then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.name, 'StoreLost'),
    );
    assert.equal(one.held, [A]);
    world.isLost = false;
    await one.leases.beat();
    assert.equal(one.held, [A], 'nobody took it');
  },
  'an orphan with sessions is inherited, one without is not': async () => {
    const world = new GroupWorld();
    const [dead, other] = [new Member(world, 'dead', [A, B]), new Member(world, 'other', [])];
    await dead.leases.beat();
    orphaned(world, A);
    world.nowMs = LEASE_MS;
    await other.leases.beat();
    assert.equal(other.said, [`gained ${A} inherited`]);
  },
  'an heir that starts again goes on with what it inherited, and gives back what its home waits for':
    async () => {
      const world = new GroupWorld();
      orphaned(world, A);
      await new Member(world, 'heir', [B]).leases.beat();
      const token = world.held(A)?.token;
      const again = new Member(world, 'heir', [B]);
      await again.leases.beat();
      assert.equal(again.said, [`gained ${B} home`, `gained ${A} inherited`]);
      assert.is(again.leases.tokenOf(A), token);
      await again.leases.beat();
      assert.is(again.said.length, 2);
      await new Member(world, 'home', [A]).leases.beat();
      const third = new Member(world, 'heir', [B]);
      await third.leases.beat();
      assert.is(third.said.at(-1), `returned ${A} undefined`);
      assert.equal(third.held, [B]);
    },
  'a takeover that the store left half done, and another has the address then: what was done is undone':
    async () => {
      const world = new GroupWorld();
      const [heir, home] = [new Member(world, 'heir', []), new Member(world, 'home', [A])];
      orphaned(world, A);
      heir.fails = true;
      await heir.leases.beat().then(
        () => assert.unreachable(),
        (error: Error) => assert.is(error.name, 'StoreLost'),
      );
      world.nowMs = LEASE_MS;
      await home.leases.beat();
      heir.fails = false;
      await heir.leases.beat();
      await heir.leases.beat();
      assert.equal([heir.said, home.held], [[`lost ${A}`], [A]], 'once');
    },
  'a home address that cannot be taken: the other one and the orphans do not wait for it': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A, B]);
    one.broken = A;
    orphaned(world, '2001:db8:5::3');
    await one.leases.beat().catch((error: Error) => void one.said.push(error.message));
    assert.equal(one.said, [`gained ${B} home`, 'gained 2001:db8:5::3 inherited', 'of its own']);
  },
  'for a lease after an outage nobody inherits': async () => {
    const world = new GroupWorld();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    other.leases.hesitate();
    for (let step = 0; step < LEASE_MS / BEAT_MS; step++) await other.leases.beat();
    assert.equal(other.held, []);
    await other.leases.beat();
    assert.equal(other.held, [A]);
  },
  'its home is back: journal first, then the lease, then its sessions end here': async () => {
    const world = new GroupWorld();
    const [home, other] = [new Member(world, 'home', [A]), new Member(world, 'other', [])];
    orphaned(world, A);
    await other.leases.beat();
    await home.leases.beat();
    assert.equal(home.held, []);
    await other.leases.beat();
    assert.equal(other.said.slice(1), [
      `leaving ${A} other`,
      `left ${A} undefined`,
      `returned ${A} undefined`,
    ]);
    await other.leases.beat();
    assert.equal(other.held, [], 'its home waits: not inherited again');
    await home.leases.beat();
    assert.equal(home.held, [A]);
  },
  'one that nothing uses any more is released': async () => {
    const world = new GroupWorld();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    await other.leases.beat();
    world.journals.delete(A);
    other.isIdle = true;
    await other.leases.beat();
    assert.equal(other.held, []);
    assert.is(world.held(A), undefined);
    assert.equal(other.said.slice(1), [`leaving ${A} other`, `left ${A} undefined`]);
  },
  'one that nothing uses, though its journal has sessions, is not taken again until another one had it':
    async () => {
      const world = new GroupWorld();
      const [home, other] = [new Member(world, 'home', [A]), new Member(world, 'other', [])];
      orphaned(world, A);
      other.isIdle = true;
      for (let i = 0; i < 3; i++) await other.leases.beat();
      const gained = () => other.said.filter((line) => line.startsWith('gained')).length;
      assert.is(gained(), 1);
      await home.leases.beat();
      await other.leases.beat();
      world.nowMs = LEASE_MS;
      await other.leases.beat();
      assert.is(gained(), 2);
    },
  'one that cannot be taken over keeps no other from it': async () => {
    const world = new GroupWorld();
    const other = new Member(world, 'other', []);
    for (const address of [A, B]) orphaned(world, address);
    other.broken = A;
    await other.leases.beat().catch((error: Error) => void other.said.push(error.message));
    assert.equal(other.said, [`gained ${B} inherited`, 'of its own']);
  },
  'a takeover that lasts longer than a lease: what is held stays held': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [A])];
    await one.leases.beat();
    for (let i = 0; i < 10; i++) {
      world.nowMs += BEAT_MS;
      await one.leases.hold();
      await other.leases.beat();
    }
    assert.equal([one.held, other.held], [[A], []]);
    assert.is(one.leases.tokenOf(A), world.held(A)?.token);
    assert.is(one.said.length, 1);
  },
  'what could not be taken over is tried again': async () => {
    const world = new GroupWorld();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    other.fails = true;
    await other.leases.beat().catch(() => {});
    assert.equal(other.held, []);
    other.fails = false;
    await other.leases.beat();
    assert.equal(other.said, [`gained ${A} inherited`]);
  },
  'a store that refuses writes for longer than a lease: nobody is robbed, whoever asks first': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [B])];
    await one.leases.beat();
    await other.leases.beat();
    for (const address of [A, B]) orphaned(world, address);
    world.refusal = 'NOREPLICAS Not enough good replicas to write.';
    for (let i = 0; i < 8; i++) {
      world.nowMs += BEAT_MS;
      for (const { leases } of [one, other]) await leases.beat().catch(() => {});
    }
    world.refusal = null;
    for (const { leases } of [other, one]) await leases.beat();
    assert.equal([one.held, other.held], [[A], [B]]);
  },
  'of one pool the one that had it keeps it over an outage, whoever asks first': async () => {
    const world = new GroupWorld();
    const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [A])];
    await one.leases.beat();
    await other.leases.beat();
    world.nowMs = 10 * LEASE_MS;
    for (const { leases } of [one, other]) leases.hesitate();
    await other.leases.beat();
    await one.leases.beat();
    assert.equal([one.held, other.held], [[A], []]);
  },
  'cut off: what another one took meanwhile is asked for at once': async () => {
    const world = new GroupWorld();
    const [home, heir] = [new Member(world, 'home', [A]), new Member(world, 'heir', [B])];
    await home.leases.beat();
    orphaned(world, A);
    world.nowMs = LEASE_MS;
    await heir.leases.beat();
    home.leases.hesitate();
    for (let steps = 0; steps < 2; steps++) {
      await home.leases.beat();
      await heir.leases.beat();
    }
    await home.leases.beat();
    assert.equal([home.held, heir.held], [[A], [B]]);
  },
  'a step that waits for the store while everything is given away takes nothing, wherever it is':
    async () => {
      for (let answers = 0; answers < 60; answers++) {
        const world = new GroupWorld();
        const [one, other] = [new Member(world, 'one', [A]), new Member(world, 'other', [])];
        await one.leases.beat();
        await other.leases.beat();
        for (const address of [A, B]) orphaned(world, address);
        const step = one.leases.beat();
        for (let i = 0; i < answers; i++) await null;
        const draining = one.leases.drain();
        await step;
        assert.is((await draining)?.[0], A);
        assert.equal([one.held, world.held(A), world.held(B)], [[], undefined, undefined], `${answers}`);
      }
    },
  'a drain without another gateway that is alive changes nothing; an end does not ask': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A]);
    await one.leases.beat();
    assert.is(await one.leases.drain(), null);
    assert.equal([one.held, one.leases.isDraining], [[A], false]);
    assert.equal(await one.leases.leave(), [A]);
    assert.is(world.gateways.size, 0);
  },
  'a drain that fails gives nothing away for good': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A, B]);
    await one.leases.beat();
    world.isLost = true;
    await one.leases.drain().then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.name, 'StoreLost'),
    );
    world.isLost = false;
    world.nowMs = 2 * LEASE_MS;
    await one.leases.beat();
    assert.equal([one.held, world.held(A)?.gateway], [[A, B], 'one']);
  },
  'drained: everything is given away, and not taken again': async () => {
    const world = new GroupWorld();
    const one = new Member(world, 'one', [A, B]);
    await one.leases.beat();
    await new Member(world, 'other', []).leases.beat();
    assert.equal(await one.leases.drain(), [A, B]);
    await one.leases.beat();
    assert.equal([one.held, world.held(A)], [[], undefined]);
    const elsewhere = (): boolean[] => one.leases.view().map(({ isElsewhere }) => isElsewhere);
    assert.equal(elsewhere(), [false, false], 'nobody has taken them yet');
    await new Member(world, 'other', [B]).leases.beat();
    await one.leases.beat();
    assert.equal(elsewhere(), [false, true]);
    world.nowMs = LEASE_MS;
    await one.leases.beat();
    assert.equal(elsewhere(), [false, false]);
  },
});

const SERVER = 0x0a020205;
const FLOW: Flow = { protocol: TCP, near: 0x0a000001, nearPort: 4000, far: SERVER, farPort: 80 };
const ROWS = 64;

function stand() {
  const world = new GroupWorld();
  const state = freshState({ sessions: ROWS });
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  const group = world.group('one');
  const journal = new SessionJournal(state, group);
  const flows = new Flows(state);
  const joinAll = (): void => MEMBERS.forEach((_, member) => void journal.join(member));
  const leases = new Leases(group, MEMBERS, {
    gained: async () => joinAll(),
    isAddress: () => true,
    lost: () => {},
    leaving: async () => {},
    left: () => {},
    returned: () => {},
    isIdle: () => false,
  });
  const tokenOf = (address: string): number | null => leases.tokenOf(address);
  const written = (): [string, string][] => [...world.journals.values()].flatMap((one) => [...one]);
  const open = (more: Partial<Flow> = {}, tcpState: TcpState = TcpState.Established) => {
    const id = flows.open({ ...FLOW, ...more });
    state.sessions.setState(id, tcpState);
    return id;
  };
  const step = async (): Promise<void> => {
    journal.look(ROWS);
    await journal.flush(tokenOf);
  };
  return { world, state, journal, leases, written, open, step, tokenOf, joinAll };
}

tests('journal of sessions', {
  'an established session is written, with all that makes it again; its end removes it': async () => {
    const { leases, open, state, step, written } = stand();
    await leases.beat();
    const id = open();
    await step();
    const [[key = '', rest = ''] = []] = written();
    const record = readSession(key, rest);
    assert.equal(record && { ...record, real: [...record.real] }, {
      protocol: TCP,
      outsidePort: state.sessions.outsidePorts(id) >>> 16,
      farPort: 80,
      real: [0x20010db8, 0x00640000, 0, 0x80],
      insideNear: 0x0a000001,
      insideFar: SERVER,
      insidePort: 4000,
      state: TcpState.Established,
    });
    state.locked(() => state.endSession(id));
    await step();
    assert.equal(written(), []);
  },
  'what opens, ends, or is no TCP is not written; half-closed is': async () => {
    const { leases, open, step, written } = stand();
    await leases.beat();
    open({ nearPort: 1 }, TcpState.InitInside);
    open({ nearPort: 2 }, TcpState.Transitory);
    open({ nearPort: 3 }, TcpState.FinBoth);
    open({ nearPort: 4, protocol: UDP });
    await step();
    assert.equal(written(), []);
    open({ nearPort: 5 }, TcpState.FinInside);
    await step();
    assert.is(written().length, 1);
  },
  'a connection that came and went between two looks costs nothing': async () => {
    const { leases, open, state, step, world } = stand();
    await leases.beat();
    const id = open();
    state.locked(() => state.endSession(id));
    await step();
    assert.is(world.journals.size, 0);
  },
  'a row that another session has now: the old one is removed, the new one written': async () => {
    const { leases, open, state, step, written } = stand();
    await leases.beat();
    const ids = Array.from({ length: ROWS }, (_, n) => open({ farPort: n + 1 }));
    await step();
    assert.is(written().length, ROWS);
    state.locked(() => state.endSession(ids[0]!));
    assert.is(open({ farPort: 9999 }), ids[0]);
    await step();
    assert.is(written().length, ROWS);
    assert.ok(written().some(([key, rest]) => readSession(key, rest)?.farPort === 9999));
    assert.not(written().some(([key, rest]) => readSession(key, rest)?.farPort === 1));
  },
  "connections that are made anew in each other's rows keep their records": async () => {
    const { leases, open, state, step, written } = stand();
    await leases.beat();
    const ids = Array.from({ length: ROWS }, (_, n) => open({ farPort: n + 1 }));
    await step();
    state.locked(() => [1, 0].forEach((n) => void state.endSession(ids[n]!)));
    assert.equal([open({ farPort: 1 }), open({ farPort: 2 })], [ids[1], ids[0]]);
    await step();
    assert.is(written().length, ROWS);
    state.locked(() => ids.forEach((id) => void state.endSession(id)));
    await step();
    assert.is(written().length, 0);
  },
  'a session that was made from a record: that is left as it is until the session ends; the row may have had another':
    async () => {
      const { journal, leases, open, state, step, world, written } = stand();
      await leases.beat();
      const ids = Array.from({ length: ROWS }, (_, n) => open({ farPort: n + 1 }));
      await step();
      const [id = 0 as SessionId] = ids;
      const before = new Map(written());
      state.locked(() => state.endSession(id));
      assert.is(open({ farPort: 9999 }), id);
      const [journalOfIt] = [...world.journals.values()];
      journalOfIt?.set('its record', 'as it was');
      const member = state.bibs.member(state.sessions.bib(id));
      journal.adopted(member, 'its record', { id, stamp: state.sessions.stamp(id) }, true);
      assert.ok(journal.isWritten(id));
      await step();
      const after = new Map(written());
      assert.is(after.get('its record'), 'as it was');
      assert.is(after.size, ROWS, 'nothing is written for it');
      const [[gone = ''] = []] = [...before].filter(([key]) => !after.has(key));
      assert.is(readSession(gone, before.get(gone) ?? '')?.farPort, 1, 'what the row had before is removed');
      state.locked(() => state.endSession(id));
      await step();
      assert.not.ok(new Map(written()).has('its record'));
    },
  'a session that was made from a record and has ended since: that is removed, unless the connection was made anew':
    async () => {
      const { journal, leases, open, state, step, world, written } = stand();
      await leases.beat();
      const session = { id: open(), stamp: 0 };
      session.stamp = state.sessions.stamp(session.id);
      const member = state.bibs.member(state.sessions.bib(session.id));
      await step();
      const [[key = '', rest = ''] = []] = written();
      const [journalOfIt] = [...world.journals.values()];
      state.locked(() => state.endSession(session.id));
      await step();
      journalOfIt?.set(key, rest);
      journal.adopted(member, key, session, false);
      await step();
      assert.equal(written(), []);
      open({ nearPort: 4001 }); // has the row
      open();
      await step();
      journal.adopted(member, key, session, false);
      await step();
      assert.ok(new Map(written()).has(key));
    },
  'nothing new: nothing is written': async () => {
    const { leases, open, step, world } = stand();
    await leases.beat();
    open();
    await step();
    const [address = ''] = [...world.journals.keys()];
    world.journals.get(address)?.clear();
    await step();
    assert.is(world.journals.get(address)?.size, 0);
  },
  'the store lost its memory: all is written again': async () => {
    const { journal, leases, open, step, world, written } = stand();
    await leases.beat();
    open();
    await step();
    world.journals.clear();
    journal.again();
    await step();
    assert.is(written().length, 1);
  },
  'begun anew: what ended meanwhile is not left behind': async () => {
    const { journal, leases, open, state, step, written } = stand();
    await leases.beat();
    const ids = [open({ farPort: 1 }), open({ farPort: 2 })];
    await step();
    state.locked(() => state.endSession(ids[0]!));
    journal.again();
    state.locked(() => state.endSession(ids[1]!));
    open({ farPort: 3 });
    await step();
    assert.equal(
      written().map(([key, rest]) => readSession(key, rest)?.farPort),
      [3],
    );
  },
  'what changed in an outage longer than the lease is written with the next token': async () => {
    const { leases, open, state, step, world, written } = stand();
    await leases.beat();
    const gone = open({ farPort: 1 });
    await step();
    world.isLost = true;
    open({ farPort: 2 });
    state.locked(() => state.endSession(gone));
    await step().catch(() => {});
    world.isLost = false;
    world.nowMs = 10 * LEASE_MS;
    await step(); // with the old token
    await leases.beat();
    await step();
    assert.equal(
      written().map(([key, rest]) => readSession(key, rest)?.farPort),
      [2],
    );
  },
  'what was written, and what the journal never had, are told apart, also after another gateway took over':
    async () => {
      const { journal, leases, open, step } = stand();
      await leases.beat();
      const before = open({ farPort: 1 });
      await step();
      const waiting = open({ farPort: 2 });
      journal.look(ROWS);
      for (const member of MEMBERS.keys()) journal.leave(member);
      const later = open({ farPort: 3 });
      journal.look(ROWS);
      assert.equal(
        [before, waiting, later].map((id) => journal.isWritten(id)),
        [true, false, false],
      );
    },
  'what another gateway has is not written; with the lease, all of it': async () => {
    const { journal, leases, open, step, joinAll, written } = stand();
    open();
    await step();
    await leases.beat();
    await step();
    assert.is(written().length, 1);
    for (const member of MEMBERS.keys()) journal.leave(member);
    open({ farPort: 81 });
    await step();
    assert.is(written().length, 1);
    joinAll();
    await step();
    assert.is(written().length, 2);
  },
  'what could not be written waits': async () => {
    const { journal, leases, open, tokenOf, world, written } = stand();
    await leases.beat();
    open();
    journal.look(ROWS);
    world.isLost = true;
    await journal.flush(tokenOf).then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.name, 'StoreLost'),
    );
    world.isLost = false;
    await journal.flush(tokenOf);
    assert.is(written().length, 1);
  },
  'a bounded step looks at so many rows, and goes round': async () => {
    const { journal, leases, open, tokenOf, written } = stand();
    await leases.beat();
    for (let n = 0; n < ROWS; n++) open({ farPort: n + 1 });
    for (let done = 16; done <= ROWS; done += 16) {
      journal.look(16);
      await journal.flush(tokenOf);
      assert.is(written().length, done);
    }
  },
});
