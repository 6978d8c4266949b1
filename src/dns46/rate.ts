/**
 * Token bucket for queries per second (checklist 83). The bucket holds one second's worth, so a burst of N passes.
 */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #filledMs: number;

  /** @param perSecond queries per second; 0 = no limit */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledMs = nowMs;
  }

  /** Takes a token. @returns false when the query is over the limit */
  take(nowMs: number): boolean {
    if (this.#perSecond === 0) return true;
    const grown = ((nowMs - this.#filledMs) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + grown);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
