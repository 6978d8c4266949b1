/**
 * What the log says about addresses and store: once per change of state, or rarely, never per query.
 */
import type { Clock } from './clock.ts';
import { type Log, RareNotice } from './log.ts';

const EXHAUSTED_EVERY_MS = 60_000;

export class PoolNotices {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #rare = new RareNotice(EXHAUSTED_EVERY_MS);
  #storeDown = false;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  exhausted(): void {
    const suppressed = this.#rare.due(this.#clock.now());
    if (suppressed !== null) this.#log.warn({ suppressed }, 'pool exhausted: no synthetic address left');
  }

  /** @param reason what the store said; undefined when it said nothing in time */
  storeFailed(reason: unknown): void {
    if (this.#storeDown) return;
    this.#storeDown = true;
    this.#log.error({ err: reason ?? 'no answer in time' }, 'store unavailable: new names cannot be mapped');
  }

  storeWorks(): void {
    if (!this.#storeDown) return;
    this.#storeDown = false;
    this.#log.info({}, 'store available again');
  }
}
