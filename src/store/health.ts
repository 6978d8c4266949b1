/**
 * Whether the store works, as the log tells it: a line for each change of state, however many calls fail in between.
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

  constructor(log: HealthLog, count: (event: 'lost' | 'resumed', n: number) => void) {
    this.#log = log;
    this.#count = count;
  }

  /** Why it does not work, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** A call failed. A store that is lost says so itself, and why. */
  failed(error: unknown): void {
    if (error instanceof StoreLost || this.#reason !== null) return;
    this.lost(error instanceof Error ? error.message : String(error));
  }

  lost(reason: string): void {
    if (reason === this.#reason) return;
    if (this.#reason === null) this.#count('lost', 1);
    this.#reason = reason;
    this.#log.error({ reason }, 'store failed; established flows go on, new mappings are unknown');
  }

  /** @param fields what was done about the time without it */
  works(fields: object = {}): void {
    if (this.#reason === null) return;
    this.#reason = null;
    this.#count('resumed', 1);
    this.#log.info(fields, 'store works again');
  }
}
