/**
 * How fast is nat46 beside the kernel, TAYGA and the limit of the device, in every respect that a user feels?
 *
 * One lab for the whole run (client – gateway – server, links of one hop), every contender up, one load after another; in
 * each the contenders take turns in an order that a fixed seed shuffles. Medians of the rounds; root. The first round does not
 * count: V8 compiles while it sees a kind of packet for the first time, in each worker, and that would be part of what a byte costs.
 *   BENCH_ROUNDS (5) that count   BENCH_SECONDS (3) a measurement, three times that for CPU a byte and RTT under bulk
 *   BENCH_ONLY         contenders by name, loads by a part of their name: `TAYGA,nat46 ×1,UDP 64`
 *   BENCH_TAYGA        sources (a folder) or program of another TAYGA, to compare with as well
 *   BENCH_OUT          folder for compare.json and compare.svg (dist/bench)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Lab } from '../test/helpers/lab.ts';
import { serve } from './compare/loads.ts';
import { type Entrant, LOADS, type Load } from './compare/metrics.ts';
import { plot } from './compare/plot.ts';
import { populated, routeHosts } from './compare/population.ts';
import {
  FULL,
  figure,
  OURS,
  printRatios,
  printResults,
  printScale,
  type Report,
  type Rounds,
  summarize,
} from './compare/report.ts';
import { C_REFERENCE, type Contender, KERNEL, nat46, newestTayga, TAYGA } from './contenders.ts';
import { numberSetting, refuse } from './settings.ts';
import { describe, machine, seededRandom, shuffled } from './statistics.ts';

const ROUNDS = numberSetting('BENCH_ROUNDS', 5);
const SECONDS = numberSetting('BENCH_SECONDS', 3);
const OUT = process.env.BENCH_OUT ?? 'dist/bench';
const SEED = 46;

const CONTENDERS: readonly Contender[] = [
  KERNEL,
  TAYGA,
  ...(process.env.BENCH_TAYGA ? [newestTayga(process.env.BENCH_TAYGA)] : []),
  C_REFERENCE,
  nat46(OURS[0], 0, { workers: '1' }),
  nat46(OURS[1], 1, { workers: '2' }),
  populated(FULL, 2),
];

function takesPart(load: Load, entrant: Entrant): boolean {
  if (load.scale === 'only') return entrant.isFull || entrant.name === OURS[0];
  return !entrant.isFull || load.scale === 'too';
}

function namesOf(loads: readonly Load[]): string[] {
  return loads.flatMap(({ metrics }) => metrics.map(({ name }) => name));
}

/** What BENCH_ONLY leaves. */
function chosen(): { contenders: readonly Contender[]; loads: readonly Load[] } {
  const wanted = process.env.BENCH_ONLY?.split(',').filter((word) => word !== '') ?? [];
  const contenders = CONTENDERS.filter(({ name }) => wanted.includes(name));
  const parts = wanted.filter((word) => !CONTENDERS.some(({ name }) => name === word));
  const loads = LOADS.filter(({ metrics }) =>
    parts.some((part) => metrics.some(({ name }) => name.includes(part))),
  );
  if (parts.length > 0 && loads.length === 0)
    refuse(`BENCH_ONLY: no load is called ${parts.join(', ')}; there are: ${namesOf(LOADS).join('; ')}`);
  return {
    contenders: contenders.length > 0 ? contenders : CONTENDERS,
    loads: loads.length > 0 ? loads : LOADS,
  };
}

async function enter(lab: Lab, contender: Contender): Promise<Entrant> {
  const running = await contender.start(lab);
  console.error(`${contender.name.padEnd(12)} ${contender.what}, pid ${running.pid ?? '–'}`);
  return { ...running, name: contender.name, isFull: contender.name === FULL };
}

/** Runs one load on one contender and notes its figures, of round 0 nowhere. @returns whether it worked */
async function measure(
  lab: Lab,
  load: Load,
  entrant: Entrant,
  round: number,
  rounds: Rounds,
): Promise<boolean> {
  try {
    const figures = (await load.run({ lab, seconds: SECONDS }, entrant)) ?? {};
    for (const [name, value] of Object.entries(figures)) {
      const values = rounds.get(name) ?? new Map<string, number[]>();
      if (round > 0) rounds.set(name, values.set(entrant.name, [...(values.get(entrant.name) ?? []), value]));
      console.error(`round ${round}  ${name}  ${entrant.name}  ${figure(value)}`);
    }
    return true;
  } catch (error) {
    if (interrupted !== null) throw error;
    console.error(`round ${round}  ${load.metrics[0]?.name}  ${entrant.name}  FAILED: ${error}`);
    return false;
  }
}

/** @returns measurements that failed */
async function runAll(
  lab: Lab,
  entrants: readonly Entrant[],
  loads: readonly Load[],
  rounds: Rounds,
): Promise<number> {
  const random = seededRandom(SEED);
  let failed = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const load of loads) {
      for (const entrant of shuffled(entrants, random)) {
        if (interrupted !== null) throw new Error('interrupted');
        if (takesPart(load, entrant) && !(await measure(lab, load, entrant, round, rounds))) failed++;
      }
    }
  }
  return failed;
}

function conclude(contenders: readonly Contender[], rounds: Rounds, before: Report['machine']): void {
  const report: Report = {
    machine: before,
    date: new Date().toISOString(),
    rounds: ROUNDS,
    seconds: SECONDS,
    seed: SEED,
    contenders: Object.fromEntries(contenders.map(({ name, what }) => [name, what])),
    results: summarize(rounds),
  };
  printResults(report);
  printRatios(report);
  printScale(report);
  mkdirSync(OUT, { recursive: true });
  writeFileSync(path.join(OUT, 'compare.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(path.join(OUT, 'compare.svg'), plot(report));
  console.log(`\n${describe(before)}\nwritten to ${path.join(OUT, 'compare.json')} and compare.svg`);
}

let interrupted: string | null = null;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = signal; // the measurement under way fails or ends, then the lab goes
  });
}

const { contenders, loads } = chosen();
const before = machine();
const lab = await Lab.up();
try {
  await lab.script('direct');
  await routeHosts(lab);
  await serve(lab);
  const entrants: Entrant[] = [];
  for (const contender of contenders) entrants.push(await enter(lab, contender));
  const rounds: Rounds = new Map();
  const failed = await runAll(lab, entrants, loads, rounds).finally(() => {
    if (rounds.size > 0) conclude(contenders, rounds, before); // also what an interrupted run has
  });
  if (failed > 0) console.error(`${failed} measurements failed, see above`);
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  if (interrupted === null) throw error;
  console.error(`ended by ${interrupted}; the lab is removed`);
  process.exitCode = 130;
} finally {
  await lab.down();
}
