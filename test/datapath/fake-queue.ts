/**
 * A queue of the device as two arrays: batches that will be read, packets that were written. And a whole worker on it,
 * with a clock that stands still until told. Where the device would sleep, it returns.
 */
import { type Batch, HEADROOM, Batch as RealBatch } from '../../src/datapath/batch.ts';
import { Loop, type Queue } from '../../src/datapath/loop.ts';
import { SessionFlows } from '../../src/datapath/session-flows.ts';
import { type Settings, ZeroChecksum } from '../../src/datapath/settings.ts';
import { Translator } from '../../src/datapath/translator.ts';
import { VERDICTS } from '../../src/datapath/verdict.ts';
import { BYTES, PACKETS } from '../../src/nat/counters.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { PuntRing } from '../../src/nat/punt-ring.ts';
import { COUNTER_SLOTS } from '../../src/nat/segment.ts';
import { COPIED } from '../../src/xlat/traffic-class.ts';
import { bytes, freshState } from '../nat/fresh-state.ts';

const VIRTIO_BYTES = 10;

/** A packet with its virtio header before it; plain = all zero. */
export interface Arriving {
  readonly packet: Uint8Array;
  readonly virtio?: Uint8Array;
}

export class FakeQueue implements Queue {
  /** Batches to read, in order. */
  readonly input: Arriving[][] = [];
  /** Packets written, in order, and how many each write had. */
  readonly output: Uint8Array[] = [];
  readonly virtio: Uint8Array[] = [];
  readonly writes: number[] = [];
  readonly waits: number[] = [];
  signals = 0;
  clock = 1000;
  /** Of each write, packets that the device refuses. */
  refuses = 0;
  #refused = 0;
  readonly #batch: Batch;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  exchange(count: number, timeoutMs: number): number {
    if (count > 0) this.write(count);
    const arriving = this.input.shift() ?? [];
    if (arriving.length === 0) this.waits.push(timeoutMs);
    let next = 0;
    for (const [k, { packet, virtio }] of arriving.entries()) {
      const at = next + HEADROOM;
      this.#batch.bytes.fill(0, at - VIRTIO_BYTES, at);
      this.#batch.bytes.set(virtio ?? [], at - VIRTIO_BYTES);
      this.#batch.bytes.set(packet, at);
      this.#batch.reads.set([at, packet.length], 2 * k);
      next = (at + packet.length + 63) & ~63;
    }
    return arriving.length;
  }

  write(count: number): void {
    this.writes.push(count);
    this.#refused += Math.min(this.refuses, count);
    for (let k = 0; k < count; k++) {
      const [at = 0, length = 0] = this.#batch.writes.subarray(2 * k);
      this.output.push(this.#batch.bytes.slice(at, at + length));
      this.virtio.push(this.#batch.bytes.slice(at - VIRTIO_BYTES, at));
    }
  }

  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  now(): number {
    return this.clock;
  }

  signal(): void {
    this.signals++;
  }
}

export const SELF4 = 0x0a020201;
const SETTINGS: Settings = {
  mtu4: 1500,
  mtu6: 1500,
  lowestIpv6Mtu: 1280,
  self4: SELF4,
  self6: new Int32Array(4),
  errorSource4: SELF4,
  errorSource6: new Int32Array(4),
  idSecret: 1,
  icmpRate: 1000,
  zeroChecksum46: ZeroChecksum.Compute,
  zeroChecksum64: ZeroChecksum.Drop,
  clampMss: true,
  ...COPIED,
};

export class FakeWorker {
  readonly state: NatState;
  readonly queue: FakeQueue;
  readonly counters = new Float64Array(COUNTER_SLOTS);
  readonly loop: Loop;
  readonly #ring: PuntRing;

  constructor(settings: Partial<Settings> = {}) {
    this.state = freshState({ sessions: 2048, clients: 64, mappings: 64 });
    const batch = new RealBatch();
    this.queue = new FakeQueue(batch);
    this.#ring = new PuntRing(this.state.segment, 0);
    const chosen = { ...SETTINGS, ...settings };
    const options = { inside: [], maxClientSessions: 10_000, maxClientPorts: 10_000 };
    const flows = new SessionFlows(this.state, batch.view, options, chosen);
    const translator = new Translator(batch, flows, chosen);
    this.loop = new Loop(this.queue, batch, translator, this.#ring, this.counters);
  }

  map(v4: number, v6: string): void {
    this.state.mappings.insert(v4, bytes(v6), MappingKind.Dynamic, 0, 0);
  }

  /** One turn per batch, and one more that finds nothing. */
  turns(...batches: Arriving[][]): void {
    this.queue.input.push(...batches);
    for (let i = 0; i <= batches.length; i++) this.loop.turn();
  }

  /** What the main thread is asked. */
  asked(): number[] {
    const out = new Set<number>();
    this.#ring.drain(out);
    return [...out];
  }

  /** Verdicts that were counted: name → packets. */
  counted(): Record<string, number> {
    return this.#counts(PACKETS);
  }

  countedBytes(): Record<string, number> {
    return this.#counts(BYTES);
  }

  #counts(first: number): Record<string, number> {
    return Object.fromEntries(
      VERDICTS.flatMap(({ name }, verdict) => {
        const n = this.counters[first + verdict] ?? 0;
        return n === 0 ? [] : [[name, n]];
      }),
    );
  }
}
