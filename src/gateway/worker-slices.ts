/**
 * How long workers want to run at a time. With little to do, the scheduler's own slice is best: who does not take the core from others
 * at once finds more packets together, each with warm caches. Under load a worker that waits keeps all packets of its
 * queue waiting, so it asks for a short slice: its share of the core stays the same, but comes soon after it wakes.
 */

/** The shortest there is (Linux 6.12, EEVDF); older kernels take no notice. */
const SHORT_NS = 100_000;
/** Share of a core that all workers take together, from which they are under load, and below which they are so no more. */
const LOADED = 0.3;
const RELIEVED = 0.2;
const NS_PER_MS = 1e6;

export class WorkerSlices {
  readonly #set: (ns: number) => void;
  #isShort = false;
  #lookedMs: number;
  #cpuNs = Number.NaN;

  /** @param set the slice of every worker, ns; 0: the scheduler's own @param nowMs as `look` has it */
  constructor(set: (ns: number) => void, nowMs: number) {
    this.#set = set;
    this.#lookedMs = nowMs;
  }

  /** @param nowMs a clock that may wrap at 2³¹ @param cpuNs what the workers have had of the processor; NaN: unknown */
  look(nowMs: number, cpuNs: number): void {
    const passedNs = ((nowMs - this.#lookedMs) | 0) * NS_PER_MS;
    if (passedNs <= 0) return;
    const share = (cpuNs - this.#cpuNs) / passedNs; // NaN at first: neither more nor less
    this.#lookedMs = nowMs;
    this.#cpuNs = cpuNs;
    if (this.#isShort ? !(share < RELIEVED) : !(share >= LOADED)) return;
    this.#isShort = !this.#isShort;
    this.#set(this.#isShort ? SHORT_NS : 0);
  }
}
