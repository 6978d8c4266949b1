/**
 * One at a time for each key: what waits for the store about one address must not overtake another.
 */
export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();

  /** Run when everything before of this key is over, whether it succeeded or not. */
  run<T>(key: Key, job: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(job);
    const over = mine.then(
      () => {},
      () => {},
    );
    this.#last.set(key, over);
    over.then(() => {
      if (this.#last.get(key) === over) this.#last.delete(key);
    });
    return mine;
  }
}
