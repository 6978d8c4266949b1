/**
 * Questions of one worker to the main thread: synthetic addresses without a mapping, to be asked of the store.
 * One writer, one reader, no lock. A full ring loses the question; the packet's next retransmission asks again.
 */
import { PUNT_RING_ENTRIES, type Segment } from './segment.ts';

const WRITTEN = 0;
const READ = 16; // a cache line away from what the other side writes
const ENTRIES = 32;

export class PuntRing {
  private readonly words: Int32Array;
  private readonly at: number;

  constructor(segment: Segment, worker: number) {
    this.words = segment.words;
    this.at = segment.puntRing(worker);
  }

  /** Worker's side. @param v4 signed word. @returns false when full */
  push(v4: number): boolean {
    const words = this.words;
    const written = words[this.at + WRITTEN]!;
    if (((written - Atomics.load(words, this.at + READ)) | 0) >= PUNT_RING_ENTRIES) return false;
    words[this.at + ENTRIES + (written & (PUNT_RING_ENTRIES - 1))] = v4;
    Atomics.store(words, this.at + WRITTEN, (written + 1) | 0);
    return true;
  }

  /** Main thread's side: take all questions, each once. @param out receives unsigned addresses */
  drain(out: Set<number>): void {
    const words = this.words;
    const written = Atomics.load(words, this.at + WRITTEN);
    let read = words[this.at + READ]!;
    for (; read !== written; read = (read + 1) | 0) {
      out.add(words[this.at + ENTRIES + (read & (PUNT_RING_ENTRIES - 1))]! >>> 0);
    }
    Atomics.store(words, this.at + READ, read);
  }

  /** Forget what a former process asked: at start. */
  clear(): void {
    this.words.fill(0, this.at, this.at + ENTRIES);
  }
}
