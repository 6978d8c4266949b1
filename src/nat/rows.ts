/**
 * Rows of a table in the segment: fixed stride, fixed capacity, handed out oldest first.
 *
 * Readers take no lock, so a removed row must not be written to soon: free rows queue up (first out, last in),
 * and the word that links them is not one that a reader follows. The first word of a row is `VALID`: written
 * last at insert and first at removal, so that after a SIGKILL a half-written row counts as free.
 */

/** Words that every row starts with; the index links are the table's own. */
export const VALID = 0;
const FREE_LINK = 3;
/** The same word of a row in use, for what is read and written under the lock only. */
export const SPARE_WHILE_VALID = FREE_LINK;
/** First word that a table may use as it likes. */
export const FIRST_FIELD = 4;

/** Words of a table's head. */
export const HEAD_WORDS = 4;
const FREE_HEAD = 0;
const FREE_TAIL = 1;
const USED = 2;
const MOST_USED = 3;

export const NO_ROW = -1;

export class Rows {
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #head: number;
  readonly #first: number;
  readonly #stride: number;

  /**
   * @param head word offset of the table's head
   * @param first word offset of row 0
   * @param stride words a row
   */
  constructor(words: Int32Array, head: number, first: number, stride: number, capacity: number) {
    this.#words = words;
    this.#head = head;
    this.#first = first;
    this.#stride = stride;
    this.capacity = capacity;
  }

  /** Word offset of a row. */
  base(row: number): number {
    return this.#first + row * this.#stride;
  }

  isValid(row: number): boolean {
    return row >= 0 && row < this.capacity && this.#words[this.base(row) + VALID] === 1;
  }

  /** Take a free row out of the queue, under the lock. It stays invalid until `publish`. @returns NO_ROW when full */
  take(): number {
    const words = this.#words;
    const head = this.#head;
    const row = words[head + FREE_HEAD]! - 1;
    if (row < 0) return NO_ROW;
    const next = words[this.base(row) + FREE_LINK]!;
    words[head + FREE_HEAD] = next;
    if (next === 0) words[head + FREE_TAIL] = 0;
    const used = ++words[head + USED]!;
    if (used > words[head + MOST_USED]!) words[head + MOST_USED] = used;
    return row;
  }

  /** The row is whole now. */
  publish(row: number): void {
    Atomics.store(this.#words, this.base(row) + VALID, 1);
  }

  /** Put a row back, under the lock. The caller took it out of its indexes. */
  give(row: number): void {
    const words = this.#words;
    Atomics.store(words, this.base(row) + VALID, 0);
    this.#enqueue(row);
    words[this.#head + USED]!--;
  }

  isFull(): boolean {
    return this.#words[this.#head + FREE_HEAD] === 0;
  }

  /** Rows in use. */
  used(): number {
    return this.#words[this.#head + USED]!;
  }

  /** Most rows ever in use at once. */
  mostUsed(): number {
    return this.#words[this.#head + MOST_USED]!;
  }

  /** Count and queue from what the rows say: at start, before any other thread. @param keep called for each valid row */
  rebuild(keep: (row: number) => boolean): void {
    const words = this.#words;
    words[this.#head + FREE_HEAD] = 0;
    words[this.#head + FREE_TAIL] = 0;
    let used = 0;
    for (let row = 0; row < this.capacity; row++) {
      if (this.isValid(row) && keep(row)) {
        used++;
      } else {
        words[this.base(row) + VALID] = 0;
        this.#enqueue(row);
      }
    }
    words[this.#head + USED] = used;
    words[this.#head + MOST_USED] = Math.max(used, words[this.#head + MOST_USED]!);
  }

  #enqueue(row: number): void {
    const words = this.#words;
    const head = this.#head;
    words[this.base(row) + FREE_LINK] = 0;
    const tail = words[head + FREE_TAIL]! - 1;
    if (tail < 0) words[head + FREE_HEAD] = row + 1;
    else words[this.base(tail) + FREE_LINK] = row + 1;
    words[head + FREE_TAIL] = row + 1;
  }
}
