/** What is said about beats that fail: once, though the same comes again each second. */
import type { Logger } from 'pino';
import { BEAT_MS, LEASE_MS } from '../store/group.ts';
import { StoreLost } from '../store/store.ts';

/** As many beats as a lease lasts. */
const LEASE_BEATS = LEASE_MS / BEAT_MS;

export class BeatFailures {
  readonly #log: Logger;
  #problem: string | null = null;
  /** In a row, though the store can be reached. */
  #late = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * A store that is lost says so itself, once it is known why. One that can be reached and answers other questions in time does
   * not: then the leases run out, and that is said once for all beats that come in a row.
   */
  note(error: unknown): void {
    if (error instanceof StoreLost) {
      this.#late = error.isLate ? this.#late + 1 : 0;
      if (this.#late === LEASE_BEATS) this.#say(error);
      return;
    }
    this.#late = 0;
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== this.#problem) this.#say(error);
    this.#problem = problem;
  }

  /** A beat succeeded. */
  over(): void {
    this.#problem = null;
    this.#late = 0;
  }

  #say(error: unknown): void {
    this.#log.error({ err: error }, 'leases of SNAT addresses failed; what is held stays held');
  }
}
