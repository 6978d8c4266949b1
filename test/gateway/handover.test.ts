/** Handing over when the store fails in the middle: nothing is lost that another gateway, or this one, could go on with. */
import pino from 'pino';
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { Handover } from '../../src/gateway/handover.ts';
import { TCP_ESTABLISHED_MS, UDP_MS } from '../../src/nat/lifetimes.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { MemberUse } from '../../src/nat/port-pool.ts';
import { NO_SESSION, type SessionId } from '../../src/nat/session.ts';
import { TcpState } from '../../src/nat/tcp-state.ts';
import { BEAT_MS, LEASE_MS } from '../../src/store/group.ts';
import { StoreLost } from '../../src/store/store.ts';
import { tests } from '../helpers/table.ts';
import { Flows, TCP, UDP } from '../nat/flows.ts';
import { bytes, freshState } from '../nat/fresh-state.ts';
import { GroupWorld } from '../store/group-world.ts';

const A = '2001:db8:5::1';
const B = '2001:db8:5::2';
const C = '2001:db8:5::3';
const SERVER = 0x0a020205;
const FLOW = { protocol: TCP, near: 0x0a000001, nearPort: 4000, far: SERVER, farPort: 80 };

function freshTables(home: string): NatState {
  const state = freshState({ members: 4, sessions: 64 }, [home]);
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  return state;
}

/** A gateway whose beats the test gives. */
function stand(world: GroupWorld, name: string, home: string, state = freshTables(home)) {
  let nowMs = 0;
  const directory = {
    isMapped: true,
    isLost: false,
    mayAnswer: Promise.resolve(),
  };
  const repelled: string[] = [];
  const said: string[] = [];
  const handover = new Handover({
    group: world.group(name),
    state,
    directory: {
      storeProblem: 'h:1 refuses',
      resolve: async () => {
        await directory.mayAnswer;
        return directory.isMapped;
      },
      get: async () => {
        if (directory.isLost) throw new StoreLost();
        return null;
      },
    },
    members: [bytes(home)],
    inside: [{ network: 0x0a000000, mask: -(2 ** 24) }],
    attract: () => {},
    repel: (address) => void repelled.push(address),
    nowMs: () => nowMs,
    log: pino({ base: null }, { write: (line) => void said.push(JSON.parse(line).msg) }),
  });
  const beat = async (): Promise<void> => {
    await handover.start();
    await handover.stop(AbortSignal.abort());
  };
  const open = (flow = FLOW, deadline = nowMs + TCP_ESTABLISHED_MS): void => {
    const id = new Flows(state).open(flow, nowMs, deadline);
    state.sessions.setState(id, TcpState.Established);
  };
  const find = (flow = FLOW): SessionId => new Flows(state).find(flow);
  const end = (flow = FLOW): void => state.locked(() => state.endSession(find(flow)));
  const pass = (ms: number): void => {
    nowMs += ms;
    world.nowMs += ms;
  };
  /** Questions to the store are open from now on. @returns answers them, or fails them */
  const holdAnswers = (): ((error?: Error) => void) => {
    let goOn: (error?: Error) => void = () => {};
    directory.mayAnswer = new Promise<void>((resolve, reject) => {
      goOn = (error) => {
        directory.mayAnswer = Promise.resolve();
        if (error) reject(error);
        else resolve();
      };
    });
    return goOn;
  };
  const stop = (until = new AbortController().signal): Promise<void> => handover.stop(until);
  return { beat, directory, end, find, handover, holdAnswers, open, pass, repelled, said, state, stop };
}

/** A gateway at A that ended with a session in its journal. */
async function orphaned(world: GroupWorld): Promise<void> {
  const dead = stand(world, 'dead', A);
  await dead.beat();
  dead.open();
  await dead.stop();
  assert.is(world.journals.get(A)?.size, 1);
}

/** An heir in the middle of a beat that takes A over: a question to the store is open. `goOn` answers it, or fails it. */
async function inTakeover() {
  const world = new GroupWorld();
  const heir = stand(world, 'heir', B);
  await heir.beat();
  await stand(world, 'third', C).beat();
  await orphaned(world);
  const goOn = heir.holdAnswers();
  void heir.beat();
  await turns();
  assert.is(world.held(A)?.gateway, 'heir');
  assert.is(leased(heir), 1);
  return { world, heir, goOn };
}

/** An heir whose takeover of A an outage broke off when one of two records had become a session. */
async function halfTaken() {
  const world = new GroupWorld();
  await orphaned(world);
  const heir = stand(world, 'heir', B);
  const records = world.journals.get(A) ?? new Map<string, string>();
  const [key = '', rest = ''] = [...records][0] ?? [];
  records.set(
    key.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
    rest,
  );
  const goOn = heir.holdAnswers();
  const taking = heir.beat();
  await turns();
  goOn();
  const fails = heir.holdAnswers();
  await turns();
  assert.is.not(heir.find(FLOW), NO_SESSION);
  fails(new StoreLost());
  await taking;
  return { heir, key, records, world };
}

/** Whatever needs no answer is over. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const OTHER = { ...FLOW, nearPort: 4001 };
const SILENT = { ...FLOW, nearPort: 4002 };
const DATAGRAMS = { ...FLOW, protocol: UDP, farPort: 53 };

/** A gateway at A that was killed with three sessions, and an heir that went on with two of them until one ended. */
async function takenOver() {
  const world = new GroupWorld();
  const dead = stand(world, 'home', A);
  await dead.beat();
  for (const flow of [FLOW, OTHER]) dead.open(flow);
  dead.open(DATAGRAMS, UDP_MS);
  await written(dead, world);
  world.nowMs = LEASE_MS;
  const heir = stand(world, 'heir', B);
  await heir.beat();
  assert.is(heir.state.sessions.rows.used(), 2);
  heir.end(OTHER);
  return { world, dead, heir };
}

/** What is in the tables of the only gateway is in the journal then. */
async function written({ beat }: ReturnType<typeof stand>, world: GroupWorld): Promise<void> {
  world.leases.clear();
  await beat();
}

const leased = ({ said }: { said: readonly string[] }): number =>
  said.filter((line) => line === 'SNAT address leased').length;

tests('handover', {
  'a store that is there, and does not answer for as long as a lease, is said once; one that is lost says it itself':
    async () => {
      const world = new GroupWorld();
      const gateway = stand(world, 'one', A);
      const said = (): number => gateway.said.filter((line) => line.startsWith('leases of SNAT')).length;
      for (const [fail, lines] of [
        [{ isLate: true }, [0, 0, 0, 0]],
        [{ isLate: false, isLost: true }, [0, 0, 0, 0, 0, 0]],
        [{ isLate: true }, [0, 0, 0, 0, 1, 1]],
      ] as const) {
        Object.assign(world, fail);
        for (const wanted of lines) {
          await gateway.beat();
          assert.is(said(), wanted);
        }
      }
    },
  'a drain that fails says so in a line, and leaves the address open': async () => {
    for (const [fail, why] of [
      [{ isLost: true }, 'the store cannot be reached: h:1 refuses'],
      [{ refusal: 'NOREPLICAS Not enough good replicas.' }, 'NOREPLICAS Not enough good replicas.'],
    ] as const) {
      const world = new GroupWorld();
      const one = stand(world, 'one', A);
      await one.beat();
      one.open();
      await stand(world, 'two', B).beat();
      Object.assign(world, fail);
      const error = await one.handover.drain().then(assert.unreachable as () => null, (it: unknown) => it);
      assert.ok(error instanceof Nat46Error && error.code === 'NAT46_STORE');
      const remedy = 'the gateway goes on as before; try again when the store works';
      assert.is(error.message, `drain: ${why}; ${remedy}`);
      assert.is(one.state.pool.use(0), MemberUse.Open);
      world.isLost = false;
      world.refusal = null;
      assert.equal(await one.handover.drain(), { addresses: [A], sessions: 1 });
      assert.is(one.state.pool.use(0), MemberUse.Closed);
      assert.equal(one.repelled, [A]);
    }
  },
  'a drain without another gateway that is alive is refused, and changes nothing': async () => {
    const world = new GroupWorld();
    const one = stand(world, 'one', A);
    const two = stand(world, 'two', B);
    const refused = async ({ handover }: typeof one): Promise<void> => {
      const error = await handover.drain().then(assert.unreachable as () => null, (it: unknown) => it);
      assert.ok(error instanceof Nat46Error && error.code === 'NAT46_RUNTIME');
      assert.match(
        error.message,
        /^drain: no other data gateway of this subnet is alive; nothing was changed/,
      );
    };
    await one.beat();
    await refused(one);
    assert.equal([world.held(A)?.gateway, one.state.pool.use(0)], ['one', MemberUse.Open]);
    await two.beat();
    one.pass(LEASE_MS); // two was killed
    await one.beat();
    await refused(one);
    await two.beat();
    assert.equal((await one.handover.drain()).addresses, [A]);
    await refused(two); // who is drained is no other
    assert.equal((await one.handover.drain()).addresses, [], 'twice is harmless');
    await stand(world, 'three', C).beat();
    await two.stop();
    await stand(world, 'three', C).beat();
    assert.equal([...world.gateways.keys()], ['three'], 'nor who stopped');
  },
  'a beat while a drain looks for another gateway: its name and its addresses do not come back': async () => {
    const world = new GroupWorld();
    const one = stand(world, 'one', A);
    await one.beat();
    one.open();
    await stand(world, 'two', B).beat();
    let answer = (): void => {};
    world.resigning = new Promise((resolve) => {
      answer = resolve;
    });
    const draining = one.handover.drain();
    await turns();
    await one.beat();
    assert.equal([...world.gateways.keys()], ['two']);
    answer();
    assert.equal((await draining).addresses, [A]);
    await turns();
    assert.equal([world.held(A), leased(one)], [undefined, 1]);
    assert.is(world.journals.get(A)?.size, 1);
  },
  'a gateway that stops counts no longer as alive, though it was alone': async () => {
    const world = new GroupWorld();
    const one = stand(world, 'one', A);
    await one.beat();
    await one.stop();
    assert.equal([...world.gateways.keys()], []);
  },
  'a drain while a beat takes an address over waits for it, and gives that one away too': async () => {
    const { heir, world, goOn } = await inTakeover();
    const draining = heir.handover.drain();
    await turns();
    assert.is(world.held(B)?.gateway, 'heir', 'nothing is given away before');
    goOn();
    assert.equal((await draining).addresses, [B, A]);
    assert.is(leased(heir), 2, 'each was taken once');
    assert.is(world.journals.get(A)?.size, 1);
  },
  'a beat that fails is not the failure of the drain that waits for it': async () => {
    const { heir, goOn } = await inTakeover();
    const draining = heir.handover.drain();
    await turns();
    goOn(new StoreLost());
    assert.equal((await draining).addresses, [B, A]);
  },
  'two drains at once: neither gives away what the beat of the other takes over': async () => {
    const world = new GroupWorld();
    const heir = stand(world, 'heir', B);
    await heir.beat();
    await stand(world, 'third', C).beat();
    await orphaned(world);
    const goOn = heir.holdAnswers();
    const draining = [heir.handover.drain(), heir.handover.drain()];
    await turns();
    assert.equal([world.held(A)?.gateway, world.held(B)?.gateway], ['heir', 'heir']);
    goOn();
    await Promise.all(draining);
    assert.equal([world.held(A), world.held(B)], [undefined, undefined]);
    assert.is(leased(heir), 2);
  },
  'the end of a gateway is a drain: the journal first, then the lease; it finds its sessions again itself':
    async () => {
      for (const name of ['other', 'one']) {
        const world = new GroupWorld();
        const one = stand(world, 'one', A);
        await one.beat();
        one.open();
        await one.stop();
        assert.is(world.held(A), undefined);
        const next = stand(world, name, name === 'one' ? A : B);
        await next.beat();
        assert.is(world.held(A)?.gateway, name);
        assert.is(next.state.sessions.rows.used(), 1);
      }
    },
  'the end of a gateway waits for the beat that runs, and gives its address away as well': async () => {
    const { heir, world, goOn } = await inTakeover();
    const stopping = heir.stop();
    await turns();
    assert.is(world.held(B)?.gateway, 'heir', 'nothing is given away before');
    goOn();
    await stopping;
    assert.equal([world.held(A), world.held(B)], [undefined, undefined]);
    assert.is(world.journals.get(A)?.size, 1);
  },
  'the end of a gateway does not wait for a store that is away, nor longer than it may for one that is silent':
    async () => {
      const world = new GroupWorld();
      const one = stand(world, 'one', A);
      await one.beat();
      world.isLost = true;
      await one.stop();
      world.isLost = false;
      world.silence = new Promise(() => {});
      const until = new AbortController();
      const stopping = one.stop(until.signal);
      setImmediate(() => until.abort());
      await stopping;
      assert.is(world.held(A)?.gateway, 'one', 'its lease runs out by itself');
    },
  'the tokens of before an outage release nothing: they are asked for anew': async () => {
    for (const end of ['stop', 'drain'] as const) {
      const world = new GroupWorld();
      const one = stand(world, 'one', A);
      await one.beat();
      one.open();
      world.leases.clear();
      world.journals.clear();
      one.handover.storeResumed(false);
      await stand(world, 'two', B).beat();
      await (end === 'stop' ? one.stop() : one.handover.drain());
      assert.is(world.journals.get(A)?.size, 1, 'what the failover lost is in the journal again');
    }
  },
  'a takeover whose questions the store does not answer loses no session, and is tried again': async () => {
    for (const isSame of [true, false]) {
      const world = new GroupWorld();
      await orphaned(world);
      const heir = stand(world, 'heir', B);
      Object.assign(heir.directory, { isMapped: false, isLost: true });
      await heir.beat();
      assert.is(world.journals.get(A)?.size, 1);
      assert.is(heir.state.sessions.rows.used(), 0);
      heir.handover.storeResumed(isSame);
      Object.assign(heir.directory, { isMapped: true, isLost: false });
      await heir.beat();
      assert.is(
        heir.state.sessions.rows.used(),
        1,
        isSame ? '' : 'another server has what the one before had',
      );
    }
  },
  'what an heir cannot hold stays in the journal; what its home cannot does not': async () => {
    const world = new GroupWorld();
    await orphaned(world);
    const heir = stand(world, 'heir', B);
    heir.directory.isMapped = false;
    await heir.beat();
    assert.is(world.held(A)?.gateway, undefined, 'nothing uses it: released again');
    assert.is(world.journals.get(A)?.size, 1);
    const home = stand(world, 'home', A);
    home.directory.isMapped = false;
    await home.beat();
    assert.is(world.journals.get(A), undefined);
  },
  'an inherited address that nothing uses any more: no new sessions, and its link is told': async () => {
    const world = new GroupWorld();
    await orphaned(world);
    const heir = stand(world, 'heir', B);
    await heir.beat();
    assert.is(heir.state.pool.use(1), MemberUse.Inherited);
    heir.state.locked(() => heir.state.endSession(0 as never));
    await heir.beat();
    assert.equal(heir.repelled, [A]);
    assert.is(heir.state.pool.use(1), MemberUse.Closed);
    assert.is(world.journals.get(A)?.size ?? 0, 0);
  },
  'orphans that are no addresses: each said once, and the real one is taken over': async () => {
    const world = new GroupWorld();
    const strange = ['garbage', '2001:DB8::1', 'ff02::1', '::', 'fe80::1'];
    for (const address of strange) world.journals.set(address, new Map([['s', 'r']]));
    await orphaned(world);
    const heir = stand(world, 'heir', B);
    await heir.beat();
    await heir.beat();
    assert.is(heir.said.filter((line) => line.includes('is none; remove it there')).length, strange.length);
    assert.is(heir.state.sessions.rows.used(), 1);
    assert.is(heir.state.pool.size(), 2);
  },
  'a session of a host that is not inside here is not taken over': async () => {
    const world = new GroupWorld();
    const dead = stand(world, 'dead', A);
    await dead.beat();
    dead.open({ ...FLOW, near: 0x0b000001 });
    await dead.stop();
    const heir = stand(world, 'heir', B);
    await heir.beat();
    assert.is(heir.state.sessions.rows.used(), 0);
    assert.is(world.journals.get(A)?.size, 1);
  },
  'back from a heir, killed before: what ended there is over, what goes on there goes on here': async () => {
    const { world, dead, heir } = await takenOver();
    const home = stand(world, 'home', A, dead.state);
    await home.beat();
    await heir.beat();
    await home.beat();
    assert.is(world.held(A)?.gateway, 'home');
    assert.is.not(home.find(), NO_SESSION);
    assert.equal([home.find(OTHER), home.find(DATAGRAMS)], [NO_SESSION, NO_SESSION]);
    assert.is(world.journals.get(A)?.size, 1, 'nor do they reach the journal');
  },
  'the same when the store fails between the lease and the journal': async () => {
    const { world, dead, heir } = await takenOver();
    const home = stand(world, 'home', A, dead.state);
    await home.beat();
    await heir.beat();
    Object.assign(home.directory, { isMapped: false, isLost: true });
    await home.beat();
    const again = stand(world, 'home', A, dead.state);
    await again.beat();
    assert.is.not(again.find(), NO_SESSION);
    assert.is(again.state.sessions.rows.used(), 1);
  },
  'back after it was cut off: what packets came for meanwhile goes on here, the rest as the heir has it':
    async () => {
      const { dead: home, heir } = await takenOver();
      home.pass(60_000);
      await heir.beat();
      home.open({ ...FLOW, nearPort: 4002 });
      await home.beat();
      await heir.beat();
      home.pass(1000);
      await home.beat();
      assert.is.not(home.find(), NO_SESSION);
      assert.is.not(home.find({ ...FLOW, nearPort: 4002 }), NO_SESSION);
      assert.equal([home.find(OTHER), home.find(DATAGRAMS)], [NO_SESSION, NO_SESSION]);
    },
  'the same after 25 days, when the clock of the data plane has wrapped': async () => {
    const { dead: home, heir } = await takenOver();
    home.pass(2 ** 31);
    await heir.beat();
    home.open({ ...DATAGRAMS, nearPort: 4003 }, 2 ** 31 + UDP_MS);
    await home.beat();
    await heir.beat();
    home.pass(1000);
    await home.beat();
    assert.is.not(home.find({ ...DATAGRAMS, nearPort: 4003 }), NO_SESSION);
  },
  'cut off for a minute, the network unmoved: what opened meanwhile goes on, however silent': async () => {
    const { world, dead: home, heir } = await takenOver();
    world.isLost = true;
    await home.beat();
    world.isLost = false;
    home.pass(54_000);
    home.open(SILENT);
    home.open({ ...DATAGRAMS, nearPort: 4003 }, 54_000 + UDP_MS);
    home.state.sessions.refresh(home.find(OTHER), 54_000 + TCP_ESTABLISHED_MS);
    home.pass(6000);
    home.handover.storeResumed(true);
    for (let beats = 0; beats < 2; beats++) {
      await heir.beat();
      await home.beat();
      home.pass(BEAT_MS);
    }
    assert.is(world.held(A)?.gateway, 'home', 'asked for at once');
    for (const flow of [FLOW, SILENT, { ...DATAGRAMS, nearPort: 4003 }])
      assert.is.not(home.find(flow), NO_SESSION, `${flow.nearPort}`);
    assert.is(home.find(OTHER), NO_SESSION, 'it moved to the heir later, and ended there');
  },
  'cut off, and its connections ended on an heir that gave the address up; then a failover: they stay ended':
    async () => {
      const { world, dead: home, heir } = await takenOver();
      home.pass(1); // cut off, and for a moment the network does not know
      home.state.sessions.refresh(home.find(FLOW), 1 + TCP_ESTABLISHED_MS);
      heir.end(FLOW);
      await heir.beat();
      assert.equal([world.held(A), world.journals.get(A)], [undefined, undefined]);
      home.pass(60_000);
      home.handover.storeResumed(false);
      await home.beat();
      assert.is(world.held(A)?.gateway, 'home');
      assert.equal([home.find(FLOW), home.find(OTHER)], [NO_SESSION, NO_SESSION]);
      assert.is(world.journals.get(A), undefined);
    },
  'a store that has again what it had long ago: whoever held the address until now loses no session':
    async () => {
      const { world, dead: home } = await takenOver();
      world.leases.clear();
      for (let beats = 0; beats < 10; beats++) {
        await home.beat();
        home.pass(BEAT_MS);
      }
      world.leases.clear();
      world.holders.set(A, { gateway: 'heir', since: 40 });
      world.fence = 50;
      await home.beat();
      for (const flow of [FLOW, OTHER, DATAGRAMS]) assert.is.not(home.find(flow), NO_SESSION);
      assert.is(home.state.pool.since(0), 51);
    },
  'killed and started again, and nobody had the address meanwhile: all sessions stay, those without journal too':
    async () => {
      const { world, dead, heir } = await takenOver();
      const home = stand(world, 'home', A, dead.state);
      await home.beat();
      await heir.beat();
      await home.beat();
      home.open(DATAGRAMS, UDP_MS);
      for (const forget of [false, true]) {
        home.pass(2 * LEASE_MS);
        if (forget) for (const part of ['leases', 'holders', 'journals'] as const) world[part].clear();
        const again = stand(world, 'home', A, dead.state);
        await again.beat();
        assert.is.not(again.find(DATAGRAMS), NO_SESSION, forget ? 'the store is empty' : '');
      }
    },
  'a takeover of many sessions lets others have their turns': async () => {
    const world = new GroupWorld();
    await orphaned(world);
    for (let i = 0; i < 5000; i++) world.journals.get(A)?.set(`${i}`, 'r');
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    count();
    await stand(world, 'heir', B).beat();
    isOver = true;
    assert.ok(turns >= 10, `${turns}`);
  },
  'a session that ends while its takeover is under way does not stay in the journal': async () => {
    const world = new GroupWorld();
    await orphaned(world);
    const [key] = [...(world.journals.get(A)?.keys() ?? [])];
    for (let i = 0; i < 5000; i++) world.journals.get(A)?.set(`${i}`, 'r');
    const heir = stand(world, 'heir', B);
    const taking = heir.beat();
    while (heir.find(FLOW) === NO_SESSION) await new Promise((resolve) => setImmediate(resolve));
    heir.end(FLOW);
    await taking;
    await written(heir, world);
    assert.not.ok(world.journals.get(A)?.has(key ?? ''));
  },
  'a session that was taken over by half, and ended before the takeover went on, does not come back':
    async () => {
      for (const between of [false, true]) {
        const { heir, world } = await halfTaken();
        const third = stand(world, 'third', C);
        heir.end(FLOW);
        if (between) {
          world.nowMs += LEASE_MS;
          await third.beat();
          assert.is(world.held(A)?.gateway, 'third');
          third.pass(LEASE_MS);
        }
        await heir.beat();
        assert.is(heir.find(FLOW) === NO_SESSION, !between);
      }
    },
  'a session that was taken over by half, and whose record the next server does not have, is written again':
    async () => {
      const { heir, key, records } = await halfTaken();
      records.delete(key);
      heir.handover.storeResumed(false);
      await heir.beat();
      await heir.stop();
      assert.ok(records.has(key));
    },
});
