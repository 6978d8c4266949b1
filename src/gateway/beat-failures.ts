/** What is said about beats that fail: once, though the same comes again each second. */
import type { Logger } from 'pino';
import type { MappingDirectory } from '../store/directory.ts';
import { StoreLost } from '../store/store.ts';

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
    const problem = error instanceof Error ? error.message : String(error);
    if (problem === this.#problem || (error instanceof StoreLost && !this.#isLate())) return;
    this.#problem = problem;
    this.#log.error({ err: error }, 'leases of SNAT addresses failed; what is held stays held');
  }

  /** A beat succeeded. */
  over(): void {
    this.#problem = null;
    this.#late = 0;
  }

  /**
   * A store that is lost says so itself. One that is there and does not answer in time does not; it counts when it comes twice,
   * because the end of the connection may be heard of after the answer that fails with it.
   */
  #isLate(): boolean {
    this.#late = this.#directory.storeProblem === null ? this.#late + 1 : 0;
    return this.#late > 1;
  }
}
