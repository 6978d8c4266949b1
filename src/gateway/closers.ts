/**
 * How to take down what is up. One part that fails at it keeps none of the others: worker threads that nobody ends keep the
 * process, and what was done to the host is to be undone whatever happens.
 */

/** @param hurry aborted when nothing is to be waited for any more */
type Close = (hurry: AbortSignal) => unknown;

export class Closers {
  readonly #closers: Close[] = [];
  readonly #failed: (error: unknown) => void;

  /** @param failed told of each failure */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** A part is up. */
  push(close: Close): void {
    this.#closers.push(close);
  }

  /** Takes all down, last part first; a second call finds nothing to do. @throws the first failure, after the last part */
  async run(hurry: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close(hurry);
      } catch (error) {
        failures.push(error);
        this.#failed(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
