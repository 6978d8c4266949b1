/**
 * What does one store for many gateways cost? Real redis-server over TLS on loopback; gateways are processes of their own.
 *
 *     miss        a packet meets an unknown address: until its mapping is in the table
 *     allocation  new names a second, with 1, 2 and 4 gateways
 *     memory      of Redis for a mapping, at rest and in use
 *     journal     CPU of a gateway and memory of Redis at 50,000 new sessions a second
 *
 * `npm run bench -- dssm`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withTls } from '../src/config/session-db.ts';
import { storeAddress } from '../src/config/store-address.ts';
import { MappingKind } from '../src/nat/mapping.ts';
import { TcpState } from '../src/nat/tcp-state.ts';
import { openStore } from '../src/store/open.ts';
import { formatRecord, recordKey } from '../src/store/record.ts';
import { SessionJournal } from '../src/store/session-journal.ts';
import type { Store } from '../src/store/store.ts';
import { RedisWorld } from '../test/helpers/redis.ts';
import { Flows, TCP } from '../test/nat/flows.ts';
import { bytes, freshState, MEMBERS } from '../test/nat/fresh-state.ts';
import { Rig, v4, v6 } from '../test/store/rig.ts';
import { describe, machine, median } from './statistics.ts';

const MISSES = 2000;
const NAMES = 20_000;
/** Names that a gateway allocates at the same time. */
const WIDTH = 200;
const RECORDS = 50_000;
const SESSIONS_A_SECOND = 50_000;
const TICK_MS = 100;
const JOURNAL_SEC = 5;
/** Every session lives so many ticks: all of them are met by the journal. */
const LIFE_TICKS = 10;

const SUBNET = '10.0.0.0/15';
const real = (n: number): Uint8Array =>
  v6(`2001:db8:${(n >>> 16).toString(16)}::${(n & 0xffff).toString(16)}`);

interface Order {
  readonly uri: string;
  readonly environment: Record<string, string>;
  readonly first: number;
  readonly count: number;
}

async function open({ uri, environment }: Pick<Order, 'uri' | 'environment'>, name: string): Promise<Store> {
  const address = withTls(storeAddress.parse(uri), environment);
  if ('problems' in address) throw new Error(address.problems.join('\n'));
  return openStore(address.value, name);
}

function line(name: string, value: string): void {
  console.log(`${name.padEnd(64)} ${value}`);
}

/** A gateway of the allocation bench: waits for the word to begin. */
async function gateway(): Promise<void> {
  const [order] = (await once(process, 'message')) as [Order];
  const store = await open(order, `bench ${process.pid}`);
  const rig = new Rig({ subnet: SUBNET, store, rows: 2 ** 17 });
  await rig.directory.loadAll();
  process.send?.('ready');
  await once(process, 'message');
  const begin = process.cpuUsage();
  let n = order.first;
  const lane = async (): Promise<void> => {
    while (n < order.first + order.count) await rig.directory.allocate(real(n++));
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  const { user, system } = process.cpuUsage(begin);
  process.send?.((user + system) / 1e6);
  await store.close();
  process.disconnect();
}

async function allocations(world: RedisWorld, gateways: number): Promise<void> {
  await world.cli(['FLUSHALL']);
  const count = Math.floor(NAMES / gateways);
  const children: ChildProcess[] = [];
  for (let i = 0; i < gateways; i++) {
    const child = fork(fileURLToPath(import.meta.url), ['gateway']);
    child.send({
      uri: world.uri,
      environment: world.environment,
      first: 1 + i * count,
      count,
    } satisfies Order);
    await once(child, 'message');
    children.push(child);
  }
  const begin = performance.now();
  const cpuSec = await Promise.all(
    children.map(async (child) => {
      const done = once(child, 'message');
      child.send('go');
      const [used] = (await done) as [number];
      return used;
    }),
  );
  const names = count * gateways;
  const perSec = names / ((performance.now() - begin) / 1000);
  const perCpuSec = names / cpuSec.reduce((sum, used) => sum + used, 0);
  line(
    `allocation, ${gateways} gateway${gateways === 1 ? '' : 's'}, ${WIDTH} at once each`,
    `${perSec.toFixed(0)} names/s, ${perCpuSec.toFixed(0)} a CPU second of a gateway`,
  );
}

async function misses(world: RedisWorld): Promise<void> {
  const store = await open(world, 'bench');
  const rig = new Rig({ subnet: SUBNET, store, rows: 2 ** 17 });
  await rig.directory.loadAll();
  await world.cli(['CONFIG', 'SET', 'notify-keyspace-events', '']); // or it would hear of them before it asks
  const base = v4('10.1.0.0');
  for (let n = 1; n <= MISSES; n++) await store.setnx(recordKey(base + n), formatRecord(real(n), 0));
  const took: number[] = [];
  for (let n = 1; n <= MISSES; n++) {
    const begin = performance.now();
    if (!(await rig.directory.resolve(base + n))) throw new Error('not found');
    took.push((performance.now() - begin) * 1000);
  }
  await store.close();
  took.sort((a, b) => a - b);
  line(
    'miss, read through',
    `${median(took).toFixed(0)} µs, p99 ${(took[Math.floor(MISSES * 0.99)] ?? 0).toFixed(0)} µs`,
  );
}

async function usedMemory(world: RedisWorld): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await world.cli(['INFO', 'memory']))?.[1]);
}

async function memory(world: RedisWorld): Promise<void> {
  await world.cli(['FLUSHALL']);
  const store = await open(world, 'bench');
  await store.ready();
  const before = await usedMemory(world);
  const base = v4('10.1.0.0');
  const keys = Array.from({ length: RECORDS }, (_, n) => recordKey(base + n));
  for (let at = 0; at < RECORDS; at += 1000) {
    await Promise.all(
      keys.slice(at, at + 1000).map((key, i) => store.setnx(key, formatRecord(real(at + i + 1), 7200))),
    );
  }
  const atRest = await usedMemory(world);
  await store.prolong(keys.map((key) => ({ key, sec: 7200 })));
  const inUse = await usedMemory(world);
  await store.close();
  const per = (bytesUsed: number): string => (bytesUsed / RECORDS).toFixed(0);
  line('memory of a mapping', `${per(atRest - before)} B at rest, ${per(inUse - before)} B in use`);
}

/** CPU seconds a second of sessions that come and go, with and without their journal. */
async function churn(
  journal: { look: (rows: number) => void; flush: () => Promise<void> } | null,
  flows: Flows,
): Promise<number> {
  const { state } = flows;
  const living: number[][] = [];
  const begin = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  for (let tick = 0; tick < (JOURNAL_SEC * 1000) / TICK_MS; tick++) {
    const opened: number[] = [];
    for (let i = 0; i < (SESSIONS_A_SECOND * TICK_MS) / 1000; i++, next++) {
      const near = 0x0a000000 + (next % 250);
      const id = flows.open({
        protocol: TCP,
        near,
        nearPort: 1024 + (Math.floor(next / 250) % 60_000),
        far: SERVER,
        farPort: 80,
      });
      if (id < 0) throw new Error(`refused: ${id}`);
      state.sessions.setState(id, TcpState.Established);
      opened.push(id);
    }
    living.push(opened);
    if (living.length > LIFE_TICKS)
      for (const id of living.shift() ?? []) state.locked(() => state.endSession(id as never));
    if (journal) {
      journal.look(Math.ceil(state.sessions.rows.capacity / 5));
      void journal.flush().catch(() => {});
    }
    await pause(Math.max(0, start + (tick + 1) * TICK_MS - performance.now()));
  }
  const used = process.cpuUsage(begin);
  return (used.user + used.system) / 1e6 / ((performance.now() - start) / 1000);
}

const SERVER = 0x0a020205;

async function journalCost(world: RedisWorld): Promise<void> {
  await world.cli(['FLUSHALL']);
  const store = await open(world, 'bench');
  await store.ready();
  const { group } = store;
  if (!group) throw new Error('no group');
  const fresh = (): Flows => {
    const state = freshState({ sessions: 262_144, clients: 4096 });
    state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
    return new Flows(state);
  };
  const without = await churn(null, fresh());
  const flows = fresh();
  const tokens = await group.lease(MEMBERS.map((address) => ({ address, isHome: true })));
  const tokenOf = (address: string): number | null => tokens[MEMBERS.indexOf(address as never)] ?? null;
  const journal = new SessionJournal(flows.state, group);
  const beat = setInterval(
    () => void group.lease(MEMBERS.map((address) => ({ address, isHome: true }))),
    1000,
  );
  const before = await usedMemory(world);
  const withJournal = await churn(
    { look: (rows) => journal.look(rows), flush: () => journal.flush(tokenOf) },
    flows,
  );
  const perSession = ((await usedMemory(world)) - before) / Math.max(journal.size, 1);
  clearInterval(beat);
  await store.close();
  line(
    `journal, ${SESSIONS_A_SECOND} new sessions/s of ${(LIFE_TICKS * TICK_MS) / 1000} s`,
    `${((withJournal - without) * 100).toFixed(0)} % of a core, ${perSession.toFixed(0)} B of Redis a session`,
  );
}

if (process.argv[2] === 'gateway') await gateway();
else {
  console.log(describe(machine()));
  const world = await RedisWorld.up({ tls: true });
  try {
    await misses(world);
    for (const gateways of [1, 2, 4]) await allocations(world, gateways);
    await memory(world);
    await journalCost(world);
  } finally {
    await world.down();
  }
}
