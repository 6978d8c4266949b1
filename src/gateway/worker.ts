/**
 * Composition root of a data-plane thread: one TUN queue, one arena, and the loop until the segment says stop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Batch, MAX_READS, READ_BYTES } from '../datapath/batch.ts';
import { Coalescer } from '../datapath/coalescer.ts';
import { Loop, type Queue } from '../datapath/loop.ts';
import type { Settings } from '../datapath/settings.ts';
import { Translator } from '../datapath/translator.ts';
import { NatState } from '../nat/nat-state.ts';
import type { ResolverOptions } from '../nat/nat46-resolver.ts';
import { PuntRing } from '../nat/punt-ring.ts';
import { byteLength, COUNTER_SLOTS, type Geometry, Segment, STOP_AT } from '../nat/segment.ts';
import { STAMP_NOW_MS, STAMP_WRITE_FAILURES, shim } from '../tun/shim.ts';

/** What the main thread hands over; file descriptors are those of the process. */
export interface WorkerInput {
  readonly number: number;
  readonly tunFd: number;
  readonly vnet: boolean;
  /** Whether UDP super-packets may be written. */
  readonly coalesceUdp: boolean;
  readonly segmentFd: number;
  readonly geometry: Geometry;
  /** Signalled by the main thread to wake this worker. */
  readonly wakeFd: number;
  /** Signalled by workers when they have asked something. */
  readonly puntFd: number;
  readonly settings: Settings;
  readonly resolver: ResolverOptions;
  /** CPU to stay on, or -1. */
  readonly cpu: number;
}

class TunQueue implements Queue {
  readonly #native = shim();
  readonly #stamps = new Int32Array(3);
  readonly #input: WorkerInput;
  readonly #queue;
  readonly #coalescer: Coalescer | null;

  constructor(input: WorkerInput, batch: Batch) {
    this.#input = input;
    const { arena, reads, writes } = batch;
    this.#queue = this.#native.queueAttach(input.tunFd, input.vnet, arena, reads, writes, this.#stamps);
    this.#coalescer = input.coalesceUdp ? new Coalescer(batch) : null;
    this.#stamps[STAMP_NOW_MS] = this.#native.nowMs();
  }

  /** @throws when the device is gone: waiting for it would return at once, for ever */
  read(): number {
    const count = this.#native.readBatch(this.#queue, 0, READ_BYTES, MAX_READS);
    if (count < 0)
      throw new Error(`reading queue ${this.#input.number} of the device failed: errno ${-count}`);
    return count;
  }

  write(count: number): number {
    this.#coalescer?.merge();
    const before = this.#stamps[STAMP_WRITE_FAILURES] ?? 0;
    this.#native.writeBatch(this.#queue, count);
    return (this.#stamps[STAMP_WRITE_FAILURES] ?? 0) - before;
  }

  wait(timeoutMs: number): void {
    this.#native.wait(this.#queue, this.#input.wakeFd, timeoutMs);
  }

  now(): number {
    return this.#stamps[STAMP_NOW_MS] ?? 0;
  }

  signal(): void {
    this.#native.signalFd(this.#input.puntFd);
  }
}

function main(input: WorkerInput): void {
  const native = shim();
  if (input.cpu >= 0) native.pinThread(input.cpu);
  const buffer = native.mapFd(input.segmentFd, byteLength(input.geometry), true);
  if (typeof buffer === 'number') throw new Error(`segment cannot be mapped: errno ${-buffer}`);
  const segment = new Segment(buffer, input.geometry);
  const state = new NatState(segment, () => native.yieldThread());
  const batch = new Batch();
  const translator = new Translator(batch, state, input.resolver, {
    ...input.settings,
    idSecret: (input.settings.idSecret + Math.imul(input.number, 0x9e3779b1)) | 0,
  });
  const first = segment.counters(input.number);
  const counters = segment.floats.subarray(first, first + COUNTER_SLOTS);
  const punts = new PuntRing(segment, input.number);
  const loop = new Loop(new TunQueue(input, batch), batch, translator, punts, counters);
  parentPort?.postMessage('running');
  loop.run(() => Atomics.load(segment.words, STOP_AT) !== 0);
}

main(workerData as WorkerInput);
