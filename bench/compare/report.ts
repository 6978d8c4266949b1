/**
 * The results of bench/compare as text and as JSON: medians, spread, and the ratios that count.
 */
import { type Machine, median } from '../statistics.ts';
import { METRICS, type Metric } from './metrics.ts';

/** Metric → contender → one value a round. */
export type Rounds = Map<string, Map<string, number[]>>;

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: readonly number[];
}

export interface Result extends Metric {
  readonly contenders: Readonly<Record<string, Summary>>;
}

export interface Report {
  readonly machine: Machine;
  readonly date: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly seed: number;
  readonly contenders: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

export const OURS = ['nat46 ×1', 'nat46 ×2'] as const;
/** The gateway with a million sessions, to be compared with the first of ours. */
export const FULL = 'nat46 10⁶';
const FULL_GOAL = 0.9;
const OTHERS = ['TAYGA', 'TAYGA new', 'C reference', 'kernel'] as const;
const NAME_WIDTH = 26;
const CELL_WIDTH = 17;

export function summarize(rounds: Rounds): Result[] {
  return METRICS.flatMap((metric) => {
    const found = [...(rounds.get(metric.name) ?? [])].filter(([, values]) => values.length > 0);
    if (found.length === 0) return [];
    return {
      ...metric,
      contenders: Object.fromEntries(found.map(([name, values]) => [name, summary(values)])),
    };
  });
}

function summary(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), rounds: values };
}

/** Three significant digits, and no exponent. */
export function figure(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 0.1 ? 2 : 3);
}

export function printResults(report: Report): void {
  const names = Object.keys(report.contenders);
  const row = (cells: readonly string[]): void =>
    console.log(
      cells.map((cell, i) => (i === 0 ? cell.padEnd(NAME_WIDTH) : cell.padStart(CELL_WIDTH))).join(''),
    );
  console.log(
    `\nMedians of ${report.rounds} rounds of ${report.seconds} s after one that does not count, smallest … largest below\n`,
  );
  row(['', ...names]);
  for (const { name, unit, contenders } of report.results) {
    const found = names.map((contender) => contenders[contender]);
    row([name, ...found.map((cell) => (cell ? `${figure(cell.median)} ${unit}` : '–'))]);
    row(['', ...found.map((cell) => (cell ? `${figure(cell.min)} … ${figure(cell.max)}` : ''))]);
  }
}

/** nat46 : other, in the metric's own sense; the goal behind it, and whether it is met. */
export function printRatios(report: Report): void {
  const others = OTHERS.filter((other) => other in report.contenders);
  const row = (cells: readonly string[]): void =>
    console.log(
      cells
        .map((cell, i) => cell.padEnd(i < 2 ? [NAME_WIDTH, 10][i]! : CELL_WIDTH + 4))
        .join('')
        .trimEnd(),
    );
  console.log('\nRatios of medians (goal)\n');
  row(['', '', ...others.map((other) => `/ ${other}`)]);
  for (const result of report.results.filter(({ contenders }) => others.some((other) => contenders[other]))) {
    for (const us of OURS) {
      const ours = result.contenders[us];
      if (ours)
        row([us === OURS[0] ? result.name : '', us, ...others.map((other) => ratio(result, ours, other))]);
    }
  }
}

/** What a million sessions cost: the same load beside a gateway that has a few. */
export function printScale(report: Report): void {
  const rows = report.results.filter(({ contenders }) => contenders[FULL] && contenders[OURS[0]]);
  if (rows.length > 0) console.log(`\n${FULL} / ${OURS[0]} (goal)\n`);
  for (const { name, better, contenders } of rows) {
    const goals = { [OURS[0]]: FULL_GOAL };
    const cell = ratio({ name, unit: '', better, goals, contenders }, contenders[FULL]!, OURS[0]);
    console.log(name.padEnd(NAME_WIDTH) + cell);
  }
}

function ratio(result: Result, ours: Summary, other: string): string {
  const theirs = result.contenders[other];
  if (!theirs) return '–';
  const value = ours.median / theirs.median;
  const goal = result.goals?.[other];
  if (goal === undefined) return value.toFixed(2);
  const met = result.better === 'higher' ? value >= goal : value <= goal;
  return `${value.toFixed(2)} (${result.better === 'higher' ? '≥' : '≤'} ${goal} ${met ? 'ok' : 'MISSED'})`;
}
