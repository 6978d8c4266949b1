/**
 * Whether the store works, as the log tells it: a line for each change of state, however many calls fail in between. A store
 * may answer and still refuse every write (no memory, too few replicas): then only a write that it takes says that it works.
 */
import { StoreLost } from './store.ts';

interface HealthLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export class StoreHealth {
  readonly #log: HealthLog;
  readonly #count: (event: 'lost' | 'resumed', n: number) => void;
  #reason: string | null = null;
  #refusesWrites = false;
  /** Reasons that were told since it worked last: they may take turns. */
  readonly #told = new Set<string>();

  constructor(log: HealthLog, count: (event: 'lost' | 'resumed', n: number) => void) {
    this.#log = log;
    this.#count = count;
  }

  /** Why it does not work, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** A write failed. A store that is lost says so itself, and why. */
  failed(error: unknown): void {
    if (!(error instanceof StoreLost)) this.#refusesWrites = true;
    this.unanswered(error);
  }

  /** A question failed. */
  unanswered(error: unknown): void {
    if (error instanceof StoreLost || this.#reason !== null) return;
    this.#tell(error instanceof Error ? error.message : String(error));
  }

  /** It cannot be reached. */
  lost(reason: string): void {
    this.#refusesWrites = false; // nobody knows any more
    this.#tell(reason);
  }

  /** A question was answered. @param fields what was done about the time without it */
  answered(fields: object = {}): void {
    if (!this.#refusesWrites) this.works(fields);
  }

  /** A write was taken. */
  works(fields: object = {}): void {
    this.#refusesWrites = false;
    this.#told.clear();
    if (this.#reason === null) return;
    this.#reason = null;
    this.#count('resumed', 1);
    this.#log.info(fields, 'store works again');
  }

  #tell(reason: string): void {
    if (this.#reason === null) this.#count('lost', 1);
    this.#reason = reason;
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    this.#log.error({ reason }, 'store failed; established flows go on, new mappings are unknown');
  }
}
