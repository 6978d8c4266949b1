/**
 * How much TCP passes the gateway namespace when it translates with nat46, translates with TAYGA, or only forwards IPv4?
 *
 * One run, one topology (client – gateway – server), the three taking turns; medians of the rounds. Needs root.
 *   BENCH_ROUNDS (3)   BENCH_SECONDS (4) a measurement   BENCH_ONLY (all) e.g. `kernel,TAYGA`
 * Writes dist/bench/throughput.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { Lab } from '../test/helpers/lab.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const OUTPUT = 'dist/bench/throughput.json';
const NAT46_WEB = '10.244.50.20';

interface Contender {
  name: 'kernel' | 'TAYGA' | 'nat46';
  what: string;
  /** Address that the client dials. */
  target: (lab: Lab) => string;
  start: (lab: Lab) => Promise<unknown>;
}

const CONTENDERS: readonly Contender[] = [
  {
    name: 'kernel',
    what: 'IPv4 forwarding, no translation',
    target: (lab) => lab.name('DIRECT4'),
    start: (lab) => lab.ok('gw', ['sysctl', '-qw', 'net.ipv4.ip_forward=1']),
  },
  {
    name: 'TAYGA',
    what: 'Debian package 0.9.2',
    target: (lab) => lab.name('TAYGA_DIRECT'),
    start: (lab) => lab.script('tayga'),
  },
  {
    name: 'nat46',
    what: 'this tree',
    target: () => NAT46_WEB,
    start: (lab) => lab.startGateway({ map: `${NAT46_WEB}=${lab.name('DIRECT6')}` }),
  },
];

const LOADS = [
  { name: 'TCP, 1 flow, up', argv: [] },
  { name: 'TCP, 1 flow, down', argv: ['--reverse'] },
  { name: 'TCP, 8 flows, up', argv: ['--parallel', '8'] },
  { name: 'TCP, 8 flows, down', argv: ['--parallel', '8', '--reverse'] },
] as const;

/** One iperf3 run. @returns bit/s that the receiver got */
async function measure(lab: Lab, contender: Contender, argv: readonly string[]): Promise<number> {
  const client = ['iperf3', '--client', contender.target(lab), '--time', String(SECONDS), '--omit', '1'];
  const { stdout } = await lab.exec('cl1', [...client, '--json', ...argv]);
  const report = JSON.parse(stdout) as {
    error?: string;
    end?: { sum_received?: { bits_per_second: number } };
  };
  const received = report.end?.sum_received?.bits_per_second;
  if (received === undefined) throw new Error(`iperf3 through ${contender.name}: ${report.error ?? stdout}`);
  return received;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

type Results = Map<string, Map<string, number[]>>; // load → contender → bit/s of every round

async function runAll(lab: Lab, contenders: readonly Contender[]): Promise<Results> {
  const results: Results = new Map(
    LOADS.map((load) => [load.name, new Map(contenders.map((contender) => [contender.name, []]))]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const load of LOADS) {
      for (const contender of contenders) {
        const value = await measure(lab, contender, load.argv);
        results.get(load.name)?.get(contender.name)?.push(value);
        console.error(`round ${round + 1}  ${load.name}  ${contender.name}  ${gigabits(value)} Gbit/s`);
      }
    }
  }
  return results;
}

function gigabits(value: number): string {
  return (value / 1e9).toFixed(2);
}

function printTable(results: Results): void {
  const row = (cells: readonly string[]) =>
    console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(20) : cell.padStart(16))).join(''));
  const spread = (values: readonly number[]) =>
    values.length > 0 ? `${gigabits(Math.min(...values))} … ${gigabits(Math.max(...values))}` : '–';
  console.log(`\nGbit/s received, medians of ${ROUNDS} rounds of ${SECONDS} s (smallest … largest below)\n`);
  row(['', ...CONTENDERS.map((contender) => contender.name), 'nat46/TAYGA', 'nat46/kernel']);
  for (const [load, byContender] of results) {
    const rates = CONTENDERS.map(({ name }) => byContender.get(name) ?? []);
    const [kernel, tayga, nat46] = rates.map((values) => (values.length > 0 ? median(values) : Number.NaN));
    const ratio = (other: number | undefined) => (nat46! / other!).toFixed(2);
    row([load, gigabits(kernel!), gigabits(tayga!), gigabits(nat46!), ratio(tayga), ratio(kernel)]);
    row(['', ...rates.map(spread)]);
  }
}

function writeJson(results: Results): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    node: process.version,
    commit,
  };
  const loads = [...results].map(([load, byContender]) => ({
    load,
    bitsPerSecond: Object.fromEntries(
      [...byContender].map(([name, values]) => [name, { median: median(values), rounds: values }]),
    ),
  }));
  mkdirSync(path.dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, `${JSON.stringify({ machine, rounds: ROUNDS, seconds: SECONDS, loads }, null, 2)}\n`);
  console.log(
    `\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${commit}; written to ${OUTPUT}`,
  );
}

const wanted = process.env.BENCH_ONLY?.split(',');
const contenders = CONTENDERS.filter(({ name }) => wanted?.includes(name) ?? true);
const lab = await Lab.up();
try {
  await lab.script('direct');
  for (const contender of contenders) {
    await contender.start(lab);
    console.error(`${contender.name.padEnd(7)} ${contender.what}`);
  }
  const results = await runAll(lab, contenders);
  printTable(results);
  writeJson(results);
} finally {
  await lab.down();
}
