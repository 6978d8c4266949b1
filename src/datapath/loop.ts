/**
 * The loop of a worker: wait for a batch, translate every packet in place, count its verdict; what comes out is written by
 * the call that waits for the next one. It never awaits, allocates or logs. Time comes with the batch.
 */
import { BATCHES, BYTES, CREATED, ICMP_LIMITED, ICMP_SENT, PACKETS, WRITE_FAILED } from '../nat/counters.ts';
import { FRAGMENT_MS, PUNT_WAIT_MS } from '../nat/lifetimes.ts';
import type { PuntRing } from '../nat/punt-ring.ts';
import * as virtioNet from '../wire/virtio-net.ts';
import type { Batch } from './batch.ts';
import { Parking } from './parking.ts';
import type { Translator } from './translator.ts';
import { Verdict } from './verdict.ts';

/** A queue of the device, over the arena of the batch. */
export interface Queue {
  /**
   * Write the first `count` pairs of `batch.writes`, then read a batch; when there is nothing to read, sleep until there is,
   * somebody wakes us, or the time is over (-1 = never). @returns packets read, 0 when there are none
   */
  exchange(count: number, timeoutMs: number): number;
  /** The same without reading. */
  write(count: number): void;
  /** Packets that the device refused since this was asked. */
  takeRefused(): number;
  /** Milliseconds at the last `exchange` or `write`, signed 32-bit. */
  now(): number;
  /** Tell the main thread that the punt ring has questions. */
  signal(): void;
}

/**
 * Turns until the usual kinds of packets have been seen. What is compiled before is small, soon made, and stays to fall back
 * on: a kind that comes for the first time later makes the engine throw the one large function away.
 */
export const LEARNING_TURNS = 131_072;
/** How often waiting packets are looked at when nothing else happens. */
const PARKED_POLL_MS = 10;

export class Loop {
  private readonly queue: Queue;
  private readonly batch: Batch;
  private readonly translator: Translator;
  private readonly parking: Parking;
  private readonly punts: PuntRing;
  private readonly counters: Float64Array;

  /** @param counters this worker's block */
  constructor(queue: Queue, batch: Batch, translator: Translator, punts: PuntRing, counters: Float64Array) {
    this.queue = queue;
    this.batch = batch;
    this.translator = translator;
    this.parking = new Parking(batch);
    this.punts = punts;
    this.counters = counters;
  }

  /** Until `stopped` says so; asked once a turn. @param inlineAll the engine may make one function of many now */
  run(stopped: () => boolean, inlineAll: () => void): void {
    if (this.learn(stopped)) {
      inlineAll();
      this.runLearned(stopped);
    }
    this.flush();
  }

  /** @returns false when it was stopped meanwhile */
  private learn(stopped: () => boolean): boolean {
    for (let turns = 0; turns < LEARNING_TURNS; turns++) {
      if (stopped()) return false;
      this.turn();
    }
    return true;
  }

  /** Of a closure that exists once V8 knows what it holds: all that `turn` calls is compiled for this loop and its objects. */
  private runLearned(stopped: () => boolean): void {
    const turn = (): void => this.turn();
    while (!stopped()) turn();
  }

  /** One batch, or one sleep that somebody ended. What it gives to write, the next one writes. */
  turn(): void {
    if (this.parking.size > 0) this.retry();
    const count = this.queue.exchange(this.batch.count, this.parking.size > 0 ? PARKED_POLL_MS : -1);
    this.written();
    if (count <= 0) return;
    this.counters[BATCHES]!++;
    this.translateBatch(count);
    this.countTurn();
  }

  private translateBatch(count: number): void {
    const { reads } = this.batch;
    const now = this.queue.now();
    let asked = false;
    for (let k = 0; k < count; k++) {
      const at = reads[2 * k]!;
      const length = reads[2 * k + 1]!;
      const segments = virtioNet.segments(this.batch.view, at, length);
      let verdict = this.mustQueue(at, length) ? Verdict.Punt : this.translator.translate(at, length, now);
      if (verdict === Verdict.Punt || verdict === Verdict.Hold) {
        asked ||= verdict === Verdict.Punt;
        verdict = this.park(at, length, verdict, now);
      }
      this.count(verdict, segments, length);
      if (this.batch.isFull()) this.flush();
    }
    if (asked) this.queue.signal();
  }

  /** A packet to an address that others wait for does not overtake them. */
  private mustQueue(at: number, length: number): boolean {
    if (this.parking.size === 0 || length < 20) return false;
    const { view } = this.batch;
    return view.getUint8(at) >>> 4 === 4 && this.parking.waitsFor(view.getInt32(at + 16));
  }

  private park(at: number, length: number, verdict: Verdict, now: number): Verdict {
    const isPunt = verdict === Verdict.Punt;
    const far = isPunt ? this.batch.view.getInt32(at + 16) : 0;
    const deadline = (now + (isPunt ? PUNT_WAIT_MS : FRAGMENT_MS)) | 0;
    if (isPunt) this.punts.push(far); // again for every packet: the main thread asks once for all
    while (!this.parking.add(at, length, deadline, far)) {
      const evicted = isPunt ? 0 : this.parking.evictHeld();
      if (evicted === 0) return Verdict.DropParkingFull;
      this.count(Verdict.DropParkingFull, 1, evicted);
    }
    return verdict;
  }

  /** Look at every waiting packet again, in order; none overtakes an earlier one to the same address. */
  private retry(): void {
    const parking = this.parking;
    const now = this.queue.now();
    for (let i = 0; i < parking.size; i++) {
      if (parking.isBehind(i)) continue;
      const at = parking.at(i);
      const length = parking.length(i);
      const segments = virtioNet.segments(this.batch.view, at, length);
      let verdict = this.translator.translate(at, length, now);
      if (verdict === Verdict.Hold) parking.letPass(i);
      if (verdict === Verdict.Punt || verdict === Verdict.Hold) {
        if (!parking.isPast(i, now)) continue;
        verdict = givenUp(verdict);
      }
      this.count(verdict, segments, length);
      parking.release(i);
      if (this.batch.isFull()) this.flush();
    }
    this.flush();
    parking.compact();
    this.countTurn();
  }

  private count(verdict: Verdict, packets: number, bytes: number): void {
    this.counters[PACKETS + verdict]! += packets;
    this.counters[BYTES + verdict]! += bytes;
  }

  private countTurn(): void {
    const counters = this.counters;
    const { answers, flows } = this.translator;
    counters[CREATED]! += flows.takeCreated();
    counters[ICMP_SENT]! += answers.sent;
    counters[ICMP_LIMITED]! += answers.limited;
    answers.sent = 0;
    answers.limited = 0;
  }

  private flush(): void {
    if (this.batch.count > 0) this.queue.write(this.batch.count);
    this.written();
  }

  private written(): void {
    this.counters[WRITE_FAILED]! += this.queue.takeRefused();
    this.batch.clear();
  }
}

/** What becomes of a packet that has waited long enough. */
function givenUp(verdict: Verdict): Verdict {
  return verdict === Verdict.Hold ? Verdict.DropFragmentTimeout : Verdict.DropPuntTimeout;
}
