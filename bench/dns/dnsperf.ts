/**
 * One run of dnsperf and its numbers.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

export interface Run {
  readonly answers: number;
  /** Queries answered a second. */
  readonly perSecond: number;
  /** Share of queries without an answer, 0 … 1. */
  readonly lost: number;
  /** Milliseconds; only of a run at a fixed rate. */
  readonly p99Ms: number;
}

/** @param names first and behind the last n of a zone */
export function queries(file: string, zone: string, type: string, names: readonly [number, number]): string {
  const rows = Array.from({ length: names[1] - names[0] }, (_, n) => `n${names[0] + n}.${zone} ${type}`);
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}

/** @param load more of its command line: `-n 1` for one pass, `-l 3` for three seconds, `-Q 1000` for a rate */
export async function dnsperf(
  port: number,
  file: string,
  core: string,
  load: readonly string[],
): Promise<Run> {
  const atRate = load.includes('-Q');
  const argv = [
    '-c',
    core,
    'dnsperf',
    '-p',
    String(port),
    '-d',
    file,
    '-c',
    '8',
    ...load,
    ...(atRate ? ['-v'] : []),
  ];
  const { stdout } = await promisify(execFile)('taskset', argv, { maxBuffer: 1 << 28 });
  const number = (label: string) =>
    Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1] ?? Number.NaN);
  const sent = number('Queries sent');
  return {
    answers: number('Queries completed'),
    perSecond: number('Queries per second'),
    lost: (sent - number('Queries completed')) / sent,
    p99Ms: atRate ? percentile(stdout, 0.99) * 1000 : Number.NaN,
  };
}

/** Of the lines `> NOERROR name type seconds`. */
function percentile(output: string, share: number): number {
  const latencies = [...output.matchAll(/^> .* ([\d.]+)$/gm)]
    .map((line) => Number(line[1]))
    .sort((a, b) => a - b);
  return latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
}
