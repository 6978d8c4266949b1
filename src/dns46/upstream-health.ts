/**
 * How far an upstream is trusted. One that just failed to answer is tried last for some seconds; one that fails again
 * and again is called down, which is worth a line in the log. Pure: time comes in.
 */

/** After a failure, others go first for this long. */
export const REST_MS = 5_000;
/** Failures in a row, without a reply between, that make an upstream "down". */
export const FAILURES_TO_DOWN = 3;

/** What has just changed, if anything. */
export type Transition = 'down' | 'up' | null;

export class UpstreamHealth {
  #failures = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  failed(nowMs: number): Transition {
    this.#restUntilMs = nowMs + REST_MS;
    this.#failures++;
    return this.#failures === FAILURES_TO_DOWN ? 'down' : null;
  }

  answered(): Transition {
    const wasDown = this.#failures >= FAILURES_TO_DOWN;
    this.#failures = 0;
    this.#restUntilMs = Number.NEGATIVE_INFINITY;
    return wasDown ? 'up' : null;
  }

  /** Whether others should be asked first. */
  resting(nowMs: number): boolean {
    return nowMs < this.#restUntilMs;
  }
}
