/**
 * Inside hosts that have state: how many ports and sessions each holds (quotas keep one host from taking all, RFC 6888
 * §3, REQ-4 and REQ-5) and which SNAT member it is paired with (RFC 4787 §4.1, paired pooling) while it has any BIB entry.
 */
import { finish, HashIndex, mix } from './hash-index.ts';
import { NO_ROW, Rows } from './rows.ts';
import { CLIENT_STRIDE, type Segment } from './segment.ts';

const NEXT = 1;
const ADDRESS = 4; // four words, the low one for IPv4
const SESSIONS = 8;
const BIBS = 9;
const MEMBER = 10;

export class ClientTable {
  readonly rows: Rows;
  private readonly words: Int32Array;
  private readonly index: HashIndex;
  private readonly seed: number;

  constructor(segment: Segment) {
    const at = segment.layout.client;
    this.words = segment.words;
    this.rows = new Rows(segment.words, at, CLIENT_STRIDE);
    this.index = new HashIndex(segment.words, at.buckets[0]!, this.rows, NEXT);
    this.seed = segment.seed(3);
  }

  /** @param address IPv4 word. @returns row or NO_ROW */
  lookup(address: number): number {
    let row = this.index.first(this.hash(address));
    while (row !== NO_ROW && this.address(row) !== address) row = this.index.next(row);
    return row;
  }

  /** Under the lock. @param member it is paired with. @returns NO_ROW when full */
  insert(address: number, member: number): number {
    const row = this.rows.take();
    if (row === NO_ROW) return row;
    const at = this.rows.base(row);
    this.words.fill(0, at + ADDRESS, at + CLIENT_STRIDE);
    this.words[at + ADDRESS + 3] = address;
    this.words[at + MEMBER] = member;
    this.rows.publish(row);
    this.index.insert(this.hash(address), row);
    return row;
  }

  address(row: number): number {
    return this.words[this.rows.base(row) + ADDRESS + 3]!;
  }

  member(row: number): number {
    return this.words[this.rows.base(row) + MEMBER]!;
  }

  /** Under the lock. From now on it is paired with another one. */
  setMember(row: number, member: number): void {
    this.words[this.rows.base(row) + MEMBER] = member;
  }

  sessions(row: number): number {
    return this.words[this.rows.base(row) + SESSIONS]!;
  }

  /** BIB entries, of all protocols: each has one port or identifier. */
  bibs(row: number): number {
    return this.words[this.rows.base(row) + BIBS]!;
  }

  /** Under the lock. @param change +1 or -1 */
  addSessions(row: number, change: number): void {
    this.words[this.rows.base(row) + SESSIONS]! += change;
  }

  /** Under the lock. The row is forgotten with its last BIB entry. @param change +1, -1, or 0 to look */
  addBibs(row: number, change: number): void {
    const at = this.rows.base(row) + BIBS;
    this.words[at]! += change;
    if (this.words[at]! > 0) return;
    this.index.remove(this.hash(this.address(row)), row);
    this.rows.give(row);
  }

  /** Empty the table, at start: the BIB fills it again. */
  clear(): void {
    this.index.clear();
    this.rows.rebuild(() => false);
  }

  private hash(address: number): number {
    return finish(mix(this.seed, address));
  }
}
