/**
 * How many names a second, beside unbound with its dns64 module? Both ask the same upstream, one thread each, taking turns in
 * one run; dnsperf asks. DNS46 synthesizes A records of names with only AAAA records, unbound the other way round.
 *
 *   cached      a thousand names again and again
 *   uncached    a new name each query: two questions upstream, an address, a record in the store (`lmdb:`), the answer
 *
 * The contender has the first core for itself, dnsperf and the upstream share the last. `npm run bench -- dns`.
 *   BENCH_ROUNDS (3)   BENCH_SECONDS (3) of a cached round   BENCH_NAMES (15000) of an uncached round
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { dnsperf, queries, type Run } from './dns/dnsperf.ts';
import { type Server, startDns46, startDns64, startUpstream, ZONE_4, ZONE_6 } from './dns/servers.ts';
import { numberSetting } from './settings.ts';
import { describe, machine, median } from './statistics.ts';

const ROUNDS = numberSetting('BENCH_ROUNDS', 3);
const SECONDS = String(numberSetting('BENCH_SECONDS', 3));
const NAMES = numberSetting('BENCH_NAMES', 15_000);
const HOT_NAMES = 1_000;
const LATENCY_NAMES = 6_000;
/** Queries a second at which latency is measured. */
const CACHED_RATE = '10000';
const UNCACHED_RATE = '2000';
const FIRST_PORT = 20_053;

const first = '0';
const last = String(availableParallelism() - 1);
const folder = mkdtempSync(path.join(tmpdir(), 'nat46-bench-dns-'));

interface Contender {
  readonly name: string;
  readonly zone: string;
  readonly type: string;
  readonly server: Server;
  readonly cached: Run[];
  readonly uncached: Run[];
  /** Microseconds of CPU an answer. */
  readonly cachedCpu: number[];
  readonly uncachedCpu: number[];
  readonly cachedP99: number[];
  readonly uncachedP99: number[];
}

function contender(name: string, zone: string, type: string, server: Server): Contender {
  const numbers = {
    cached: [],
    uncached: [],
    cachedCpu: [],
    uncachedCpu: [],
    cachedP99: [],
    uncachedP99: [],
  };
  return { name, zone, type, server, ...numbers };
}

/** @param from first name that nobody has asked for yet @returns the next one */
async function round(one: Contender, from: number): Promise<number> {
  const { port } = one.server;
  const ask = (names: readonly [number, number], ...load: string[]) =>
    dnsperf(port, queries(path.join(folder, 'queries'), one.zone, one.type, names), last, load);
  const full = async (runs: Run[], cpu: number[], names: readonly [number, number], ...load: string[]) => {
    const before = one.server.cpuSec();
    const run = await ask(names, ...load);
    runs.push(run);
    cpu.push((1e6 * (one.server.cpuSec() - before)) / run.answers);
  };
  await ask([0, HOT_NAMES], '-n', '1');
  await full(one.cached, one.cachedCpu, [0, HOT_NAMES], '-l', SECONDS);
  one.cachedP99.push((await ask([0, HOT_NAMES], '-l', '2', '-Q', CACHED_RATE)).p99Ms);
  const behind = from + NAMES;
  await full(one.uncached, one.uncachedCpu, [from, behind], '-n', '1');
  one.uncachedP99.push((await ask([behind, behind + LATENCY_NAMES], '-n', '1', '-Q', UNCACHED_RATE)).p99Ms);
  return behind + LATENCY_NAMES;
}

function print(contenders: readonly [Contender, Contender]): void {
  const rows = [
    ['cached, answers/s', (one: Contender) => median(one.cached.map((run) => run.perSecond)), 0],
    ['cached, CPU µs/answer', (one: Contender) => median(one.cachedCpu), 1],
    [`cached, p99 ms at ${CACHED_RATE}/s`, (one: Contender) => median(one.cachedP99), 3],
    ['uncached, answers/s', (one: Contender) => median(one.uncached.map((run) => run.perSecond)), 0],
    ['uncached, CPU µs/answer', (one: Contender) => median(one.uncachedCpu), 1],
    [`uncached, p99 ms at ${UNCACHED_RATE}/s`, (one: Contender) => median(one.uncachedP99), 3],
    [
      'lost, %',
      (one: Contender) => 100 * Math.max(...[...one.cached, ...one.uncached].map((run) => run.lost)),
      2,
    ],
  ] as const;
  const cell = (text: string) => text.padStart(12);
  console.log(`${''.padEnd(30)}${contenders.map((one) => cell(one.name)).join('')}${cell('ratio')}`);
  for (const [title, value, digits] of rows) {
    const [ours, theirs] = [value(contenders[0]), value(contenders[1])];
    const ratio = theirs === 0 ? '' : (ours / theirs).toFixed(2);
    console.log(
      `${title.padEnd(30)}${cell(ours.toFixed(digits))}${cell(theirs.toFixed(digits))}${cell(ratio)}`,
    );
  }
}

const total = HOT_NAMES + ROUNDS * (NAMES + LATENCY_NAMES);
const servers: Server[] = [];
try {
  const started = async (server: Promise<Server>) => servers[servers.push(await server) - 1] as Server;
  const { port } = await started(startUpstream(folder, FIRST_PORT, total, last));
  const both = [
    contender('nat46', ZONE_6, 'A', await started(startDns46(folder, FIRST_PORT + 1, port, first))),
    contender('unbound', ZONE_4, 'AAAA', await started(startDns64(folder, FIRST_PORT + 2, port, first))),
  ] as const;
  let from = HOT_NAMES;
  for (let i = 0; i < ROUNDS; i++) {
    const next = await round(both[0], from);
    await round(both[1], from);
    from = next;
  }
  console.log(`${describe(machine())}; medians of ${ROUNDS} rounds`);
  print(both);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true });
}
