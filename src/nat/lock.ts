/**
 * The one lock of the segment: taken to create or remove rows, never to look one up. Held for about a
 * microsecond, so waiters spin; a holder that lost its core is let run by `relax`.
 */
const FREE = 0;
const HELD = 1;
const SPINS_BEFORE_RELAX = 256;

export class SpinLock {
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly relax: () => void;

  /** @param relax gives up the processor for a moment (`sched_yield`) */
  constructor(words: Int32Array, at: number, relax: () => void) {
    this.words = words;
    this.at = at;
    this.relax = relax;
  }

  acquire(): void {
    let spins = 0;
    while (Atomics.compareExchange(this.words, this.at, FREE, HELD) !== FREE) {
      if (++spins % SPINS_BEFORE_RELAX === 0) this.relax();
    }
  }

  release(): void {
    Atomics.store(this.words, this.at, FREE);
  }
}
