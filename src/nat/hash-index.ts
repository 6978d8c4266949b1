/**
 * A chained hash index over rows of the segment. Buckets and links hold `row + 1`, so that zeroed memory is an
 * empty index. Lookups take no lock: a row is linked only when it is whole, and a removed row keeps its link until
 * it is used again, so a reader that stands on it still finds the end of a chain. At worst it misses a row, and a
 * miss is looked up again under the lock.
 */
import type { Rows } from './rows.ts';

/** Finaliser of a running hash: every input bit reaches every output bit. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b | 0);
  return h ^ (h >>> 16);
}

/** Mix one word into a running hash that started from the segment's secret seed. */
export function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x9e3779b1 | 0);
  return (h << 15) | (h >>> 17);
}

/** Buckets of an index over `capacity` rows: a power of two, at most half full. */
export function bucketCount(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)));
}

export class HashIndex {
  private readonly words: Int32Array;
  private readonly buckets: number;
  private readonly mask: number;
  private readonly rows: Rows;
  private readonly link: number;

  /**
   * @param buckets word offset of the first bucket
   * @param link word of a row that holds its successor in the chain
   */
  constructor(words: Int32Array, buckets: number, rows: Rows, link: number) {
    this.words = words;
    this.buckets = buckets;
    this.mask = bucketCount(rows.capacity) - 1;
    this.rows = rows;
    this.link = link;
  }

  /** First row of the chain of a hash, or NO_ROW. */
  first(hash: number): number {
    return this.words[this.buckets + (hash & this.mask)]! - 1;
  }

  /** Successor in the chain, or NO_ROW. */
  next(row: number): number {
    return this.words[this.rows.base(row) + this.link]! - 1;
  }

  /** Link a whole row, under the lock. */
  insert(hash: number, row: number): void {
    const bucket = this.buckets + (hash & this.mask);
    this.words[this.rows.base(row) + this.link] = this.words[bucket]!;
    Atomics.store(this.words, bucket, row + 1);
  }

  /** Unlink a row, under the lock. A row that is not in the chain is left alone. */
  remove(hash: number, row: number): void {
    const words = this.words;
    let at = this.buckets + (hash & this.mask);
    while (words[at] !== 0 && words[at] !== row + 1) at = this.rows.base(words[at]! - 1) + this.link;
    if (words[at] !== 0) Atomics.store(words, at, words[this.rows.base(row) + this.link]!);
  }

  /** Forget everything: at start, before any other thread. */
  clear(): void {
    this.words.fill(0, this.buckets, this.buckets + this.mask + 1);
  }
}
