/**
 * What benches do with the numbers of their rounds, and on which machine they were taken.
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release } from 'node:os';

/** Of at least one value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** The same order of "random" numbers in every run. @returns numbers in [0, 1) */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13; // xorshift32, Marsaglia 2003
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A copy in another order. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

export interface Machine {
  cpu: string;
  cores: number;
  kernel: string;
  node: string;
  /** Commit of the checkout, with `+` when files differ from it. */
  commit: string;
  /** Of the minute before: what else ran on the machine. */
  load: number;
}

export function machine(): Machine {
  const git = (...argv: string[]): string => execFileSync('git', argv, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+';
  return {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    commit: git('rev-parse', '--short', 'HEAD') + changed,
    load: Number(loadavg()[0]?.toFixed(2)),
  };
}

export function describe(found: Machine): string {
  const { cpu, cores, kernel, node, commit, load } = found;
  return `${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}, commit ${commit}, load at the start ${load}`;
}
