/**
 * How long something takes and how much it allocates, over the package `benchmark`. Its spread hides collections of
 * garbage, so bytes an operation are measured apart.
 */
import Benchmark from 'benchmark';
import { numberSetting } from './settings.ts';

/** Seconds for each line. */
const MAX_TIME_SEC = numberSetting('BENCH_SECONDS', 0.5);
/** Calls whose allocation is measured. */
const HEAP_CALLS = 20;

export interface Measured {
  readonly name: string;
  /** Mean of the samples. */
  readonly nsPerOperation: number;
  /** Relative margin of error, percent. */
  readonly spread: number;
  readonly bytesPerOperation: number;
}

/** Results end here, so that no call is optimised away. */
const results = { sum: 0 };

/**
 * Measure and print one line.
 * @param operations done by one call @param call returns something that depends on its work
 */
export function measure(name: string, operations: number, call: () => number): Measured {
  const benchmark = new Benchmark(name, {
    fn: () => {
      results.sum ^= call();
    },
    maxTime: MAX_TIME_SEC,
    minSamples: 5,
  });
  benchmark.run();
  if (benchmark.error) throw benchmark.error;
  const measured = {
    name,
    nsPerOperation: (benchmark.stats.mean * 1e9) / operations,
    spread: benchmark.stats.rme,
    bytesPerOperation: heapPerCall(call) / operations,
  };
  print(measured);
  return measured;
}

/** The same for what can be done once only: no spread. */
export function once(name: string, call: () => number): Measured {
  const begin = process.hrtime.bigint();
  results.sum ^= call();
  const ns = Number(process.hrtime.bigint() - begin);
  console.log(`${name.padEnd(64)} ${(ns / 1e6).toFixed(1).padStart(10)} ms`);
  return { name, nsPerOperation: ns, spread: 0, bytesPerOperation: Number.NaN };
}

/** Bytes of heap that a call leaves behind, garbage included; NaN without --expose-gc. */
function heapPerCall(call: () => number): number {
  if (globalThis.gc === undefined) return Number.NaN;
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < HEAP_CALLS; i++) results.sum ^= call();
  return Math.max(0, process.memoryUsage().heapUsed - before) / HEAP_CALLS;
}

function print({ name, nsPerOperation, spread, bytesPerOperation }: Measured): void {
  const ns = nsPerOperation.toFixed(1).padStart(10);
  const bytes = bytesPerOperation.toFixed(1).padStart(8);
  console.log(`${name.padEnd(64)} ${ns} ns/op ±${spread.toFixed(1)} % ${bytes} B/op`);
}
