/**
 * How much TCP passes the gateway namespace when it translates with nat46, translates with TAYGA, or only forwards IPv4?
 *
 * One run, one topology (client – gateway – server), the three taking turns; medians of the rounds. Needs root.
 *   BENCH_ROUNDS (3)   BENCH_SECONDS (4) a measurement   BENCH_ONLY (all) e.g. `kernel,TAYGA`
 * Writes dist/bench/throughput.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Lab } from '../test/helpers/lab.ts';
import { type Contender, KERNEL, nat46, TAYGA } from './contenders.ts';
import { transfer } from './iperf.ts';
import { numberSetting } from './settings.ts';
import { describe, machine, median } from './statistics.ts';

const ROUNDS = numberSetting('BENCH_ROUNDS', 3);
const SECONDS = numberSetting('BENCH_SECONDS', 4);
const OUTPUT = 'dist/bench/throughput.json';

const CONTENDERS: readonly Contender[] = [KERNEL, TAYGA, nat46('nat46', 0)];

const LOADS = [
  { name: 'TCP, 1 flow, up', argv: [] },
  { name: 'TCP, 1 flow, down', argv: ['--reverse'] },
  { name: 'TCP, 8 flows, up', argv: ['--parallel', '8'] },
  { name: 'TCP, 8 flows, down', argv: ['--parallel', '8', '--reverse'] },
] as const;

type Results = Map<string, Map<string, number[]>>; // load → contender → bit/s of every round

/** @param targets contender → address that the client dials */
async function runAll(lab: Lab, targets: ReadonlyMap<string, string>): Promise<Results> {
  const results: Results = new Map(
    LOADS.map((load) => [load.name, new Map([...targets.keys()].map((name) => [name, []]))]),
  );
  const time = ['--time', String(SECONDS), '--omit', '1'];
  for (let round = 0; round < ROUNDS; round++) {
    for (const load of LOADS) {
      for (const [name, target] of targets) {
        const value = (await transfer(lab, target, [...time, ...load.argv])).bitsPerSecond;
        results.get(load.name)?.get(name)?.push(value);
        console.error(`round ${round + 1}  ${load.name}  ${name}  ${gigabits(value)} Gbit/s`);
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
  const found = machine();
  const loads = [...results].map(([load, byContender]) => ({
    load,
    bitsPerSecond: Object.fromEntries(
      [...byContender].map(([name, values]) => [name, { median: median(values), rounds: values }]),
    ),
  }));
  mkdirSync(path.dirname(OUTPUT), { recursive: true });
  writeFileSync(
    OUTPUT,
    `${JSON.stringify({ machine: found, rounds: ROUNDS, seconds: SECONDS, loads }, null, 2)}\n`,
  );
  console.log(`\n${describe(found)}; written to ${OUTPUT}`);
}

const wanted = process.env.BENCH_ONLY?.split(',');
const contenders = CONTENDERS.filter(({ name }) => wanted?.includes(name) ?? true);
const lab = await Lab.up();
try {
  await lab.script('direct');
  const targets = new Map<string, string>();
  for (const contender of contenders) {
    targets.set(contender.name, (await contender.start(lab)).target);
    console.error(`${contender.name.padEnd(7)} ${contender.what}`);
  }
  const results = await runAll(lab, targets);
  printTable(results);
  writeJson(results);
} finally {
  await lab.down();
}
