/**
 * Whether packets come in all queues or in the first alone. As long as one worker has time for all, a second one only costs: the
 * kernel hashes every packet then, and a thread more has to wake up, with code and data in no cache.
 */

/** Share of a core. With so much the first worker alone is at its end. */
const BUSY = 0.8;
/** Share of a core that all workers take together; less is no work for two. */
const QUIET = 0.4;
const QUIET_MS = 10_000;
const NS_PER_MS = 1e6;

export class QueueSpread {
  readonly #use: (all: boolean) => void;
  #all = true;
  #lookedMs: number;
  #loudMs: number;
  #cpuNs: readonly number[] = [];

  /** All queues are in use at first: nobody knows what comes. @param nowMs as `look` has it */
  constructor(use: (all: boolean) => void, nowMs: number) {
    this.#use = use;
    this.#lookedMs = nowMs;
    this.#loudMs = nowMs;
  }

  /** @param nowMs a clock that may wrap at 2³¹ @param cpuNs what each worker has had of the processor since it began */
  look(nowMs: number, cpuNs: readonly number[]): void {
    const passedNs = ((nowMs - this.#lookedMs) | 0) * NS_PER_MS;
    if (passedNs <= 0) return;
    const shares = cpuNs.map((ns, worker) => (ns - (this.#cpuNs[worker] ?? ns)) / passedNs);
    this.#lookedMs = nowMs;
    this.#cpuNs = cpuNs;
    if (shares.reduce((sum, share) => sum + share, 0) >= QUIET) this.#loudMs = nowMs;
    const isQuiet = ((nowMs - this.#loudMs) | 0) >= QUIET_MS;
    if (this.#all ? !isQuiet : (shares[0] ?? 0) < BUSY) return;
    this.#all = !this.#all;
    this.#loudMs = nowMs;
    this.#use(this.#all);
  }
}
