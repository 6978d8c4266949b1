/**
 * Rows of a table in the segment: fixed stride, fixed capacity, handed out oldest first.
 *
 * Readers take no lock, so a removed row must not be written to soon: free rows queue up (first out, last in),
 * and the word that links them is not one that a reader follows. The first word of a row is `VALID`: written
 * last at insert and first at removal, so that after a SIGKILL a half-written row counts as free.
 *
 * Rows that nobody ever had are not touched: they need no memory, and a start no time. Which rows are in use is marked
 * in one bit each besides, so that whoever looks through a table steps over the free ones 32 at a time.
 */

/** Words that every row starts with; the index links are the table's own. */
export const VALID = 0;
const FREE_LINK = 3;
/** The same word of a row in use, for what is read and written under the lock only. */
export const SPARE_WHILE_VALID = FREE_LINK;
/** First word that a table may use as it likes. */
export const FIRST_FIELD = 4;

/** Words of a table's head. */
export const HEAD_WORDS = 5;
const FREE_HEAD = 0;
const FREE_TAIL = 1;
const USED = 2;
const MOST_USED = 3;
/** The first row that nobody ever had; so are all behind it. */
const FRESH = 4;

export const NO_ROW = -1;

/** Words of the bits of a table. */
export function markWords(capacity: number): number {
  return Math.ceil(capacity / 32);
}

export class Rows {
  readonly capacity: number;
  private readonly words: Int32Array;
  private readonly head: number;
  private readonly marks: number;
  private readonly first: number;
  private readonly stride: number;

  /**
   * @param head word offset of the table's head
   * @param marks word offset of the bits
   * @param rows word offset of row 0
   * @param stride words a row
   */
  constructor(
    words: Int32Array,
    { head, marks, rows, capacity }: { head: number; marks: number; rows: number; capacity: number },
    stride: number,
  ) {
    this.words = words;
    this.head = head;
    this.marks = marks;
    this.first = rows;
    this.stride = stride;
    this.capacity = capacity;
  }

  /** Word offset of a row. */
  base(row: number): number {
    return this.first + row * this.stride;
  }

  isValid(row: number): boolean {
    return row >= 0 && row < this.capacity && this.words[this.base(row) + VALID] === 1;
  }

  /** Whether it is marked as in use: what is looked at first where most rows are free. */
  isMarked(row: number): boolean {
    return ((this.words[this.marks + (row >>> 5)]! >>> (row & 31)) & 1) === 1;
  }

  /** Take a free row out of the queue, under the lock. It stays invalid until `publish`. @returns NO_ROW when full */
  take(): number {
    const words = this.words;
    const head = this.head;
    const row = words[head + FRESH]! < this.capacity ? words[head + FRESH]!++ : this.dequeue();
    if (row < 0) return NO_ROW;
    const used = ++words[head + USED]!;
    if (used > words[head + MOST_USED]!) words[head + MOST_USED] = used;
    return row;
  }

  /** The row is whole now; under the lock. */
  publish(row: number): void {
    this.mark(row);
    Atomics.store(this.words, this.base(row) + VALID, 1);
  }

  /** Put a row back, under the lock. The caller took it out of its indexes. */
  give(row: number): void {
    const words = this.words;
    Atomics.store(words, this.base(row) + VALID, 0);
    words[this.marks + (row >>> 5)]! &= ~(1 << (row & 31));
    this.enqueue(row);
    words[this.head + USED]!--;
  }

  isFull(): boolean {
    return this.words[this.head + FREE_HEAD] === 0 && this.words[this.head + FRESH] === this.capacity;
  }

  /**
   * The first row in use among `from` … `end` - 1, or `end`. Without the lock one that comes or goes meanwhile may be missed
   * or be free: `isValid` says.
   */
  next(from: number, end: number): number {
    for (let row = from; row < end; row = (row | 31) + 1) {
      const marks = this.words[this.marks + (row >>> 5)]! >>> (row & 31);
      if (marks !== 0) return Math.min(row + 31 - Math.clz32(marks & -marks), end);
    }
    return end;
  }

  /** Rows in use. */
  used(): number {
    return this.words[this.head + USED]!;
  }

  /** Most rows ever in use at once. */
  mostUsed(): number {
    return this.words[this.head + MOST_USED]!;
  }

  /** How many rows somebody ever had, the first ones: true also where a killed start left the bits half-made. */
  everUsed(): number {
    return this.words[this.head + FRESH]!;
  }

  /** Every row in use, for whoever has the time. */
  *inUse(): Generator<number> {
    for (let row = this.next(0, this.capacity); row < this.capacity; row = this.next(row + 1, this.capacity))
      if (this.isValid(row)) yield row;
  }

  /** Count, queue and bits from what the rows say: at start, before any other thread. @param keep called for each valid row */
  rebuild(keep: (row: number) => boolean): void {
    const words = this.words;
    const head = this.head;
    words.fill(0, this.marks, this.marks + markWords(this.capacity));
    words[head + FREE_HEAD] = 0;
    words[head + FREE_TAIL] = 0;
    let used = 0;
    let fresh = 0;
    for (let row = 0; row < this.everUsed(); row++) {
      if (this.isValid(row) && keep(row)) {
        used++;
        this.mark(row);
        while (fresh < row) this.enqueue(fresh++);
        fresh++;
      } else words[this.base(row) + VALID] = 0;
    }
    words[head + FRESH] = fresh; // last: killed before, the next start looks at all of them again
    words[head + USED] = used;
    words[head + MOST_USED] = Math.max(used, words[head + MOST_USED]!);
  }

  private mark(row: number): void {
    this.words[this.marks + (row >>> 5)]! |= 1 << (row & 31);
  }

  /** @returns NO_ROW when no row was given back */
  private dequeue(): number {
    const words = this.words;
    const head = this.head;
    const row = words[head + FREE_HEAD]! - 1;
    if (row < 0) return NO_ROW;
    const next = words[this.base(row) + FREE_LINK]!;
    words[head + FREE_HEAD] = next;
    if (next === 0) words[head + FREE_TAIL] = 0;
    return row;
  }

  private enqueue(row: number): void {
    const words = this.words;
    const head = this.head;
    words[this.base(row) + FREE_LINK] = 0;
    const tail = words[head + FREE_TAIL]! - 1;
    if (tail < 0) words[head + FREE_HEAD] = row + 1;
    else words[this.base(tail) + FREE_LINK] = row + 1;
    words[head + FREE_TAIL] = row + 1;
  }
}
