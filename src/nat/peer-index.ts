/**
 * Which real addresses a BIB entry has sessions with, for address-dependent filtering. Kept only while that is on.
 *
 * The sessions of one BIB entry with one real address are a list, newest first, and only its first is in the hash
 * index: a thousand connections to one server neither lengthen a chain nor make one of them slow to remove.
 *
 *   bucket → first session of (BIB, real) → first session of another pair in the same bucket → …
 *                  ↕ list
 *            older session of the same pair
 *
 * Read and written under the lock.
 */
import { finish, HashIndex, mix } from './hash-index.ts';
import { NO_ROW, type Rows } from './rows.ts';

/** Words of a session row that this index reads. */
export interface PeerFields {
  readonly bib: number;
  /** Of the four words of the real v6. */
  readonly real: number;
}

/** Words of a session row that are this index's own; they hold `row + 1`, 0 = none. */
export interface PeerLinks {
  /** Successor in the chain of the hash index. */
  readonly chain: number;
  readonly older: number;
  readonly newer: number;
}

export class PeerIndex {
  private readonly words: Int32Array;
  private readonly rows: Rows;
  private readonly index: HashIndex;
  private readonly seed: number;
  private readonly fields: PeerFields;
  private readonly links: PeerLinks;

  /** @param buckets word offset of the first bucket */
  constructor(
    words: Int32Array,
    buckets: number,
    rows: Rows,
    seed: number,
    fields: PeerFields,
    links: PeerLinks,
  ) {
    this.words = words;
    this.rows = rows;
    this.index = new HashIndex(words, buckets, rows, links.chain);
    this.seed = seed;
    this.fields = fields;
    this.links = links;
  }

  /** The newest session of a BIB entry with a real address, or NO_ROW. @param at of the address in `words` */
  newest(bib: number, words: Int32Array, at: number): number {
    let row = this.index.first(this.hash(bib, words, at));
    while (row !== NO_ROW && !this.matches(row, bib, words, at)) row = this.index.next(row);
    return row;
  }

  /** A whole row that is not in it. */
  insert(row: number): void {
    const base = this.rows.base(row);
    const { bib, real } = this.fields;
    const older = this.newest(this.words[base + bib]!, this.words, base + real);
    const hash = this.hash(this.words[base + bib]!, this.words, base + real);
    if (older !== NO_ROW) {
      this.index.remove(hash, older);
      this.words[this.rows.base(older) + this.links.newer] = row + 1;
    }
    this.words[base + this.links.older] = older + 1;
    this.words[base + this.links.newer] = 0;
    this.index.insert(hash, row);
  }

  /** A row that is in it. */
  remove(row: number): void {
    const words = this.words;
    const base = this.rows.base(row);
    const older = words[base + this.links.older]! - 1;
    const newer = words[base + this.links.newer]! - 1;
    if (older !== NO_ROW) words[this.rows.base(older) + this.links.newer] = newer + 1;
    if (newer !== NO_ROW) {
      words[this.rows.base(newer) + this.links.older] = older + 1;
      return;
    }
    const hash = this.hash(words[base + this.fields.bib]!, words, base + this.fields.real);
    this.index.remove(hash, row);
    if (older !== NO_ROW) this.index.insert(hash, older);
  }

  /** Forget everything: at start, before any other thread. */
  clear(): void {
    this.index.clear();
  }

  private matches(row: number, bib: number, words: Int32Array, at: number): boolean {
    const base = this.rows.base(row);
    if (this.words[base + this.fields.bib] !== bib) return false;
    const real = base + this.fields.real;
    for (let i = 3; i >= 0; i--) if (this.words[real + i] !== words[at + i]) return false;
    return true;
  }

  private hash(bib: number, words: Int32Array, at: number): number {
    let hash = mix(this.seed, bib);
    for (let i = 0; i < 4; i++) hash = mix(hash, words[at + i]!);
    return finish(hash);
  }
}
