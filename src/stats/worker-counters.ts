/**
 * Counters of the data plane: one block a worker, summed here.
 */
import { BYTES, PACKETS } from '../nat/counters.ts';
import type { Segment } from '../nat/segment.ts';

/** One counter of one worker. @param slot see nat/counters.ts */
export function ofWorker(segment: Segment, worker: number, slot: number): number {
  return segment.floats[segment.counters(worker) + slot] ?? 0;
}

/** One counter over all workers that there ever were: after a restart there may be fewer. */
export function total(segment: Segment, slot: number): number {
  let sum = 0;
  for (let worker = 0; worker < segment.geometry.workers; worker++) sum += ofWorker(segment, worker, slot);
  return sum;
}

/** Packets with a verdict. */
export function packets(segment: Segment, verdict: number): number {
  return total(segment, PACKETS + verdict);
}

/** Bytes of these packets, as they came. */
export function bytes(segment: Segment, verdict: number): number {
  return total(segment, BYTES + verdict);
}
