/** Leases of SNAT addresses over a group whose clock the test holds, and the journal of sessions. */
import * as assert from 'uvu/assert';
import { MappingKind } from '../../src/nat/mapping.ts';
import { TcpState } from '../../src/nat/tcp-state.ts';
import {
  BEAT_MS,
  type GatewayGroup,
  type JournalChanges,
  LEASE_MS,
  type LeaseClaim,
} from '../../src/store/group.ts';
import { Leases } from '../../src/store/leases.ts';
import { SessionJournal } from '../../src/store/session-journal.ts';
import { readSession } from '../../src/store/session-record.ts';
import { StoreLost } from '../../src/store/store.ts';
import { tests } from '../helpers/table.ts';
import { type Flow, Flows, TCP, UDP } from '../nat/flows.ts';
import { bytes, freshState, MEMBERS } from '../nat/fresh-state.ts';

const A = '2001:db8:5::1';
const B = '2001:db8:5::2';

/** The rules of the scripts, in memory (the scripts themselves are asked in test/e2e/redis-store.test.ts). */
class World {
  nowMs = 0;
  fence = 0;
  isLost = false;
  readonly leases = new Map<string, { gateway: string; token: number; untilMs: number }>();
  readonly wants = new Map<string, number>();
  readonly journals = new Map<string, Map<string, string>>();

  group(gateway: string): GatewayGroup {
    return {
      lease: async (claims) => {
        if (this.isLost) throw new StoreLost();
        return claims.map((claim) => this.#lease(gateway, claim));
      },
      release: async (address) => {
        if (this.held(address)?.gateway === gateway) this.leases.delete(address);
      },
      orphans: async () => [...this.journals.keys()].filter((address) => !this.held(address)),
      write: async (address, token, changes) => {
        if (this.isLost) throw new StoreLost();
        return this.#write(gateway, address, token, changes);
      },
      read: async (address) => Object.fromEntries(this.journals.get(address) ?? []),
    };
  }

  held(address: string) {
    const lease = this.leases.get(address);
    return lease && lease.untilMs > this.nowMs ? lease : undefined;
  }

  #lease(gateway: string, { address, isHome }: LeaseClaim): number {
    const held = this.held(address);
    const isWanted = (this.wants.get(address) ?? 0) > this.nowMs;
    if (held?.gateway === gateway) {
      held.untilMs = this.nowMs + LEASE_MS;
      return !isHome && isWanted ? -held.token : held.token;
    }
    if (held) {
      if (isHome) this.wants.set(address, this.nowMs + LEASE_MS);
      return 0;
    }
    if (!isHome && isWanted) return 0;
    this.leases.set(address, { gateway, token: ++this.fence, untilMs: this.nowMs + LEASE_MS });
    return this.fence;
  }

  #write(gateway: string, address: string, token: number, { put, remove }: JournalChanges): boolean {
    const held = this.held(address);
    if (held?.gateway !== gateway || held.token !== token) return false;
    const journal = this.journals.get(address) ?? new Map<string, string>();
    this.journals.set(address, journal);
    for (const [key, rest] of put) journal.set(key, rest);
    for (const key of remove) journal.delete(key);
    if (journal.size === 0) this.journals.delete(address);
    return true;
  }
}

/** A gateway: its leases, and what it was told to do. */
class Member {
  readonly said: string[] = [];
  readonly leases: Leases;
  isIdle = false;
  fails = false;

  constructor(world: World, name: string, home: readonly string[]) {
    this.leases = new Leases(world.group(name), home, {
      gained: async (address, isHome) => {
        if (this.fails) throw new StoreLost();
        this.said.push(`gained ${address} ${isHome ? 'home' : 'inherited'}`);
      },
      lost: (address) => this.said.push(`lost ${address}`),
      returning: async (address) =>
        void this.said.push(`returning ${address} ${world.held(address)?.gateway}`),
      returned: (address) => this.said.push(`returned ${address} ${world.held(address)?.gateway}`),
      isIdle: () => this.isIdle,
    });
  }

  get held(): string[] {
    return this.leases.view().flatMap(({ address, isHeld }) => (isHeld ? [address] : []));
  }
}

const orphaned = (world: World, address: string): void =>
  void world.journals.set(address, new Map([['s', 'r']]));

tests('leases of SNAT addresses', {
  'two gateways with one pool: an address has one of them': async () => {
    const world = new World();
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
  'a gateway that stops: the other has its addresses after the lease, not 1 ms earlier': async () => {
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
    const [dead, other] = [new Member(world, 'dead', [A, B]), new Member(world, 'other', [])];
    await dead.leases.beat();
    orphaned(world, A);
    world.nowMs = LEASE_MS;
    await other.leases.beat();
    assert.equal(other.said, [`gained ${A} inherited`]);
  },
  'for a lease after an outage nobody inherits': async () => {
    const world = new World();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    other.leases.hesitate();
    for (let step = 0; step < LEASE_MS / BEAT_MS; step++) await other.leases.beat();
    assert.equal(other.held, []);
    await other.leases.beat();
    assert.equal(other.held, [A]);
  },
  'its home is back: journal first, then the lease, then its sessions end here': async () => {
    const world = new World();
    const [home, other] = [new Member(world, 'home', [A]), new Member(world, 'other', [])];
    orphaned(world, A);
    await other.leases.beat();
    await home.leases.beat();
    assert.equal(home.held, []);
    await other.leases.beat();
    assert.equal(other.said.slice(1), [`returning ${A} other`, `returned ${A} undefined`]);
    await other.leases.beat();
    assert.equal(other.held, [], 'its home waits: not inherited again');
    await home.leases.beat();
    assert.equal(home.held, [A]);
  },
  'one that nothing uses any more is released': async () => {
    const world = new World();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    await other.leases.beat();
    world.journals.delete(A);
    other.isIdle = true;
    await other.leases.beat();
    assert.equal(other.held, []);
    assert.is(world.held(A), undefined);
  },
  'what could not be taken over is tried again': async () => {
    const world = new World();
    const other = new Member(world, 'other', []);
    orphaned(world, A);
    other.fails = true;
    await other.leases.beat().catch(() => {});
    assert.equal(other.held, []);
    other.fails = false;
    await other.leases.beat();
    assert.equal(other.said, [`gained ${A} inherited`]);
  },
  'drained: everything is given away, and not taken again': async () => {
    const world = new World();
    const one = new Member(world, 'one', [A, B]);
    await one.leases.beat();
    assert.equal(await one.leases.drain(), [A, B]);
    await one.leases.beat();
    assert.equal([one.held, world.held(A)], [[], undefined]);
  },
});

const SERVER = 0x0a020205;
const FLOW: Flow = { protocol: TCP, near: 0x0a000001, nearPort: 4000, far: SERVER, farPort: 80 };
const ROWS = 64;

function stand() {
  const world = new World();
  const state = freshState({ sessions: ROWS });
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  const group = world.group('one');
  const journal = new SessionJournal(state, group);
  const flows = new Flows(state);
  const leases = new Leases(group, MEMBERS, {
    gained: async () => {},
    lost: () => {},
    returning: async () => {},
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
  return { world, state, journal, leases, written, open, step, tokenOf };
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
  'without the lease nothing is written, nor waits for it': async () => {
    const { journal, leases, open, state, step, written } = stand();
    const id = open();
    await step();
    assert.equal(written(), []);
    await leases.beat();
    await step();
    assert.equal(written(), [], 'who takes the lease begins anew');
    journal.again();
    await step();
    assert.is(written().length, 1);
    state.locked(() => state.endSession(id));
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
