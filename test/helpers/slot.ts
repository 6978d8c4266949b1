/**
 * A translator over an arena, without device or threads, with a clock of its own. One packet goes in at the end of its
 * headroom, what becomes of it comes out as copies. Whatever is written outside the slot of the packet and the spare
 * region is an error.
 */
import { Batch, HEADROOM, READ_BYTES, SPARE_BYTES } from '../../src/datapath/batch.ts';
import type { Translator } from '../../src/datapath/translator.ts';
import { Verdict } from '../../src/datapath/verdict.ts';

export type VerdictName = keyof typeof Verdict;
const NAMES = Object.keys(Verdict) as VerdictName[];

export interface Output {
  packet: Uint8Array;
  virtio: Uint8Array;
}

export interface Outcome {
  verdict: VerdictName;
  outputs: Output[];
}

const VIRTIO_LENGTH = 10;
const PLAIN = new Uint8Array(VIRTIO_LENGTH);
const CANARY = 0xcc;
/** Canary bytes before the headroom and behind the packet. */
const GUARD = 128;
const SLOT = 4096;

export abstract class Slot {
  /** Milliseconds, the clock of the data plane. */
  now = 1_000_000;
  readonly batch = new Batch();
  abstract readonly translator: Translator;

  constructor() {
    for (const at of [READ_BYTES - GUARD, READ_BYTES + SPARE_BYTES])
      this.batch.bytes.fill(CANARY, at, at + GUARD);
  }

  /** Translate one packet. @param virtio 10 bytes @throws when anything outside its slot is written */
  translate(packet: Uint8Array, virtio: Uint8Array = PLAIN): Outcome {
    const at = SLOT + HEADROOM;
    const { batch } = this;
    batch.clear();
    batch.bytes.fill(CANARY, SLOT - GUARD, at + packet.length + GUARD);
    batch.bytes.set(virtio, at - VIRTIO_LENGTH);
    batch.bytes.set(packet, at);
    const verdict = this.translator.translate(at, packet.length, this.now);
    this.#checkGuards(at + packet.length);
    return { verdict: NAMES[verdict]!, outputs: this.#outputs() };
  }

  #outputs(): Output[] {
    const { bytes: arena, writes, count } = this.batch;
    return Array.from({ length: count }, (_, i) => {
      const at = writes[2 * i]!;
      const packet = arena.slice(at, at + writes[2 * i + 1]!);
      return { packet, virtio: arena.slice(at - VIRTIO_LENGTH, at) };
    });
  }

  #checkGuards(end: number): void {
    const { bytes: arena } = this.batch;
    const intact = (from: number, to: number): boolean => {
      for (let i = from; i < to; i++) if (arena[i] !== CANARY) return false;
      return true;
    };
    const spareEnd = READ_BYTES + SPARE_BYTES;
    if (!intact(SLOT - GUARD, SLOT)) throw new Error('written before the headroom');
    if (!intact(end, end + GUARD)) throw new Error('written behind the packet');
    if (!intact(READ_BYTES - GUARD, READ_BYTES)) throw new Error('written before the spare region');
    if (!intact(spareEnd, spareEnd + GUARD)) throw new Error('written behind the spare region');
  }
}
