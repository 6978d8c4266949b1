/**
 * The part of a pino logger that DNS46 uses. Events are logged, never packets.
 */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says a repeated event at most once in a while, and how often it was kept quiet since. */
export class RareNotice {
  readonly #everyMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #suppressed = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** @returns how many were suppressed since the last one when it is time to say it again, else null */
  due(nowMs: number): number | null {
    if (nowMs < this.#nextMs) {
      this.#suppressed++;
      return null;
    }
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    this.#nextMs = nowMs + this.#everyMs;
    return suppressed;
  }
}
