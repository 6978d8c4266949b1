/**
 * What the log says about the pool of addresses: rarely, never per query. What it says about the store, the store says.
 */
import type { Clock } from './clock.ts';
import { type Log, RareNotice } from './log.ts';

const EXHAUSTED_EVERY_MS = 60_000;

export class PoolNotices {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #rare = new RareNotice(EXHAUSTED_EVERY_MS);

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  exhausted(): void {
    const suppressed = this.#rare.due(this.#clock.now());
    if (suppressed !== null) this.#log.warn({ suppressed }, 'pool exhausted: no synthetic address left');
  }
}
