/** What is said about beats that fail: once, though the same comes again each second. */
import type { Logger } from 'pino';
import type { MappingDirectory } from '../store/directory.ts';
import { BEAT_MS, LEASE_MS } from '../store/group.ts';
import { StoreLost } from '../store/store.ts';

/** As many beats as a lease lasts. */
const LEASE_BEATS = LEASE_MS / BEAT_MS;

export class BeatFailures {
  readonly #log: Logger;
  readonly #directory: Pick<MappingDirectory, 'storeProblem'>;
  #problem: string | null = null;
  /** In a row, though the store is there. */
  #late = 0;

  constructor(log: Logger, directory: Pick<MappingDirectory, 'storeProblem'>) {
    this.#log = log;
    this.#directory = directory;
  }

  note(error: unknown): void {
    if (error instanceof StoreLost) {
      if (this.#isLate()) this.#say(error);
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

  /**
   * A store that is lost says so itself, some seconds after it fell silent. One that is there and answers other questions in time
   * does not: then the leases run out. Once for all that come in a row.
   */
  #isLate(): boolean {
    this.#late = this.#directory.storeProblem === null ? this.#late + 1 : 0;
    return this.#late === LEASE_BEATS;
  }

  #say(error: unknown): void {
    this.#log.error({ err: error }, 'leases of SNAT addresses failed; what is held stays held');
  }
}
