/**
 * Mappings: synthetic v4 ↔ real v6, in the segment. The control plane fills the table (DNS46, the store, `--map`);
 * the data plane looks an address up when it creates a session, and never again for that session.
 *
 * Times of mappings are whole seconds since the Unix epoch; only a remembered miss uses the milliseconds of the
 * data plane.
 */
import { finish, HashIndex, mix } from './hash-index.ts';
import { MAPPING_REST_SEC } from './lifetimes.ts';
import { NO_ROW, Rows } from './rows.ts';
import { MAPPING_STRIDE, type Segment } from './segment.ts';

export const MappingKind = {
  /** Made by DNS46 or by a record of the store. */
  Dynamic: 1,
  /** Configured. */
  Static: 2,
  /** The store has none: remembered for a second. */
  Negative: 3,
  /** Freed, not yet to be given to another host. */
  Resting: 4,
} as const;
export type MappingKind = (typeof MappingKind)[keyof typeof MappingKind];

/** Timeouts that mean "never", as records spell them. */
const NEVER_SEC = 0;
const NEVER_SEC_ALL_ONES = 0xffffffff;

const NEXT_V4 = 1;
const NEXT_V6 = 2;
const KIND = 4;
const V4 = 5;
const SESSIONS = 6;
const TIMEOUT = 7;
const V6 = 8;
const LAST_USED = 12;
const KEEP_UNTIL = 13;
const NEGATIVE_UNTIL = 14;
const PATH_MTU = 15;

export class MappingTable {
  readonly rows: Rows;
  private readonly words: Int32Array;
  private readonly byV4: HashIndex;
  private readonly byV6: HashIndex;
  private readonly seed: number;
  private readonly scratch = new Int32Array(4);

  constructor(segment: Segment) {
    const at = segment.layout.mapping;
    this.words = segment.words;
    this.rows = new Rows(segment.words, at, MAPPING_STRIDE);
    this.byV4 = new HashIndex(segment.words, at.buckets[0]!, this.rows, NEXT_V4);
    this.byV6 = new HashIndex(segment.words, at.buckets[1]!, this.rows, NEXT_V6);
    this.seed = segment.seed(1);
  }

  get capacity(): number {
    return this.rows.capacity;
  }

  /** @param v4 signed or unsigned word. @returns the row in any state, or NO_ROW */
  lookup4(v4: number): number {
    const word = v4 | 0;
    let row = this.byV4.first(finish(mix(this.seed, word)));
    while (row !== NO_ROW && this.words[this.rows.base(row) + V4] !== word) row = this.byV4.next(row);
    return row;
  }

  /** @returns the row of a live mapping to these 16 bytes, or NO_ROW */
  lookup6(v6: Uint8Array): number {
    toWords(v6, this.scratch);
    return this.lookup6Words(this.scratch, 0);
  }

  /** The same for four words. */
  lookup6Words(words: Int32Array, at: number): number {
    let row = this.byV6.first(this.hash6(words, at));
    while (row !== NO_ROW && !this.matches6(row, words, at)) row = this.byV6.next(row);
    return row;
  }

  /** Under the lock. @returns NO_ROW when the table is full; the address must not have a row yet */
  insert(v4: number, v6: Uint8Array, kind: MappingKind, timeoutSec: number, nowSec: number): number {
    const row = this.take(v4, kind, nowSec);
    if (row === NO_ROW) return row;
    const at = this.rows.base(row);
    toWords(v6, this.scratch);
    this.words.set(this.scratch, at + V6);
    this.words[at + TIMEOUT] = timeoutSec;
    this.rows.publish(row);
    this.link(row);
    return row;
  }

  /** Under the lock. Remember that nobody has this address. @param untilMs clock of the data plane */
  insertNegative(v4: number, untilMs: number): number {
    const row = this.take(v4, MappingKind.Negative, 0);
    if (row === NO_ROW) return row;
    this.words[this.rows.base(row) + NEGATIVE_UNTIL] = untilMs;
    this.rows.publish(row);
    this.link(row);
    return row;
  }

  /**
   * Under the lock. Forget a row at once; its sessions are the caller's to end. A row that is gone stays so: a worker
   * may have forgotten a remembered miss since the caller looked it up.
   */
  remove(row: number): void {
    if (!this.rows.isValid(row)) return;
    this.unlink(row);
    this.rows.give(row);
  }

  /** Under the lock. The mapping is over; its address rests before another host gets it, as long as an answer is out at least. */
  quarantine(row: number, nowSec: number): void {
    const at = this.rows.base(row);
    this.byV6.remove(this.hash6(this.words, at + V6), row);
    this.words[at + KEEP_UNTIL] = Math.max(this.keepUntilSec(row), nowSec + MAPPING_REST_SEC);
    this.words[at + KIND] = MappingKind.Resting;
  }

  /** A DNS answer with this address is out: never expire before. */
  noteAnswer(row: number, untilSec: number): void {
    const at = this.rows.base(row) + KEEP_UNTIL;
    if (untilSec > this.words[at]! >>> 0) this.words[at] = untilSec;
  }

  /** Traffic or an answer: inactivity counts from here. */
  touch(row: number, nowSec: number): void {
    this.words[this.rows.base(row) + LAST_USED] = nowSec;
  }

  /**
   * Bounded sweep: push the rows whose life or rest is over.
   * @param from row to start at @param budget rows to look at
   * @returns row to go on at; 0 after the last
   */
  expired(nowSec: number, from: number, budget: number, out: number[]): number {
    const end = Math.min(from + budget, this.capacity);
    for (let row = this.rows.next(from, end); row < end; row = this.rows.next(row + 1, end)) {
      if (this.rows.isValid(row) && this.isOver(row, nowSec)) out.push(row);
    }
    return end === this.capacity ? 0 : end;
  }

  isLive(row: number): boolean {
    const kind = this.kind(row);
    return kind === MappingKind.Dynamic || kind === MappingKind.Static;
  }

  kind(row: number): MappingKind {
    return this.words[this.rows.base(row) + KIND]! as MappingKind;
  }

  /** Unsigned. */
  v4(row: number): number {
    return this.words[this.rows.base(row) + V4]! >>> 0;
  }

  /** Word offset of the four words of the real v6. */
  v6At(row: number): number {
    return this.rows.base(row) + V6;
  }

  copyV6(row: number, out: Uint8Array): void {
    const at = this.v6At(row);
    for (let i = 0; i < 16; i++) out[i] = this.words[at + (i >> 2)]! >>> (24 - (i & 3) * 8);
  }

  timeoutSec(row: number): number {
    return this.words[this.rows.base(row) + TIMEOUT]! >>> 0;
  }

  /** Sessions that use it. */
  sessions(row: number): number {
    return this.words[this.rows.base(row) + SESSIONS]!;
  }

  /** Under the lock. @param change +1 or -1 */
  addSessions(row: number, change: number, nowSec: number): void {
    const at = this.rows.base(row);
    this.words[at + SESSIONS]! += change;
    this.words[at + LAST_USED] = nowSec;
  }

  lastUsedSec(row: number): number {
    return this.words[this.rows.base(row) + LAST_USED]! >>> 0;
  }

  keepUntilSec(row: number): number {
    return this.words[this.rows.base(row) + KEEP_UNTIL]! >>> 0;
  }

  /** Clock of the data plane, for a remembered miss. */
  negativeUntil(row: number): number {
    return this.words[this.rows.base(row) + NEGATIVE_UNTIL]!;
  }

  /** Word of `path-mtu.ts`: what the path to the real v6 carries. */
  pathMtu(row: number): number {
    return this.words[this.rows.base(row) + PATH_MTU]!;
  }

  setPathMtu(row: number, word: number): void {
    this.words[this.rows.base(row) + PATH_MTU] = word;
  }

  /** Rows in use, remembered misses and resting addresses included. */
  size(): number {
    return this.rows.used();
  }

  counts(): { dynamic: number; static: number; resting: number } {
    const counts = { dynamic: 0, static: 0, resting: 0 };
    for (const row of this.rows.inUse()) {
      const kind = this.kind(row);
      if (kind === MappingKind.Dynamic) counts.dynamic++;
      else if (kind === MappingKind.Static) counts.static++;
      else if (kind === MappingKind.Resting) counts.resting++;
    }
    return counts;
  }

  /** Links and session counts from rows, at start. Sessions are counted again by their own rebuild. */
  rebuild(): void {
    this.byV4.clear();
    this.byV6.clear();
    this.rows.rebuild((row) => {
      if (this.kind(row) === MappingKind.Negative) return false;
      this.words[this.rows.base(row) + SESSIONS] = 0;
      this.link(row);
      return true;
    });
  }

  private take(v4: number, kind: MappingKind, nowSec: number): number {
    const row = this.rows.take();
    if (row === NO_ROW) return row;
    const at = this.rows.base(row);
    this.words.fill(0, at + KIND, at + MAPPING_STRIDE);
    this.words[at + V4] = v4;
    this.words[at + KIND] = kind;
    this.words[at + LAST_USED] = nowSec;
    return row;
  }

  private isOver(row: number, nowSec: number): boolean {
    const kind = this.kind(row);
    const at = this.rows.base(row);
    if (kind === MappingKind.Resting) return nowSec >= this.keepUntilSec(row);
    if (kind !== MappingKind.Dynamic || this.words[at + SESSIONS]! > 0) return false;
    const timeout = this.timeoutSec(row);
    if (timeout === NEVER_SEC || timeout === NEVER_SEC_ALL_ONES) return false;
    return nowSec > this.lastUsedSec(row) + timeout && nowSec > this.keepUntilSec(row);
  }

  private link(row: number): void {
    const at = this.rows.base(row);
    this.byV4.insert(finish(mix(this.seed, this.words[at + V4]!)), row);
    if (this.isLive(row)) this.byV6.insert(this.hash6(this.words, at + V6), row);
  }

  private unlink(row: number): void {
    const at = this.rows.base(row);
    if (this.isLive(row)) this.byV6.remove(this.hash6(this.words, at + V6), row);
    this.byV4.remove(finish(mix(this.seed, this.words[at + V4]!)), row);
  }

  private matches6(row: number, words: Int32Array, at: number): boolean {
    const mine = this.rows.base(row) + V6;
    for (let i = 3; i >= 0; i--) if (this.words[mine + i] !== words[at + i]) return false;
    return true;
  }

  private hash6(words: Int32Array, at: number): number {
    return finish(mix(mix(mix(mix(this.seed, words[at]!), words[at + 1]!), words[at + 2]!), words[at + 3]!));
  }
}

/** 16 bytes in network order as four signed words. */
export function toWords(bytes: Uint8Array, out: Int32Array): void {
  for (let i = 0; i < 4; i++) {
    out[i] = (bytes[i * 4]! << 24) | (bytes[i * 4 + 1]! << 16) | (bytes[i * 4 + 2]! << 8) | bytes[i * 4 + 3]!;
  }
}
