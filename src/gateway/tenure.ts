/**
 * How long this gateway runs, and how long ago a SNAT address was surely its own. The clock of the data plane wraps after 49 days;
 * this one does not, because every beat asks it.
 */
import { LEASE_MS } from '../store/group.ts';

export class Tenure {
  readonly #nowMs: () => number;
  /** Address → when the last beat that held it was over. */
  readonly #heldMs = new Map<string, number>();
  #askedMs: number;
  #upMs = 0;

  /** @param nowMs clock of the data plane */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#askedMs = nowMs();
  }

  /** Since the start, ms. */
  upMs(): number {
    const now = this.#nowMs();
    this.#upMs += (now - this.#askedMs) >>> 0;
    this.#askedMs = now;
    return this.#upMs;
  }

  /** The address is ours now. */
  hold(address: string): void {
    this.#heldMs.set(address, this.upMs());
  }

  /** Since the address was ours, ms; since the start when it has not been. */
  sinceHeldMs(address: string): number {
    return this.upMs() - (this.#heldMs.get(address) ?? 0);
  }

  /** Whether its lease cannot have run out since. */
  isRecent(address: string): boolean {
    return this.#heldMs.has(address) && this.sinceHeldMs(address) < LEASE_MS;
  }
}
