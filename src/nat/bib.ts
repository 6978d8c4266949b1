/**
 * Binding information base, RFC 6146 §3.1, mirrored: inside transport address ↔ SNAT member and port, one entry a
 * protocol and inside transport address whatever the destination (endpoint-independent mapping, RFC 4787 §4.1).
 * An entry lives while it has sessions.
 */
import { finish, HashIndex, mix } from './hash-index.ts';
import { NO_ROW, Rows } from './rows.ts';
import { BIB_STRIDE, type Segment } from './segment.ts';

const NEXT_INSIDE = 1;
const NEXT_OUTSIDE = 2;
const PROTOCOL = 4;
const INSIDE_PORT = 5;
const OUTSIDE_PORT = 6;
const MEMBER = 7;
const INSIDE = 8; // four words, the low one for IPv4
const SESSIONS = 12;
const CLIENT = 13;

export class BibTable {
  readonly rows: Rows;
  private readonly words: Int32Array;
  private readonly inside: HashIndex;
  private readonly outside: HashIndex;
  private readonly seed: number;

  constructor(segment: Segment) {
    const at = segment.layout.bib;
    this.words = segment.words;
    this.rows = new Rows(segment.words, at, BIB_STRIDE);
    this.inside = new HashIndex(segment.words, at.buckets[0]!, this.rows, NEXT_INSIDE);
    this.outside = new HashIndex(segment.words, at.buckets[1]!, this.rows, NEXT_OUTSIDE);
    this.seed = segment.seed(2);
  }

  /** @param address IPv4 word. @returns row or NO_ROW */
  lookupInside(protocol: number, address: number, port: number): number {
    const words = this.words;
    let row = this.inside.first(this.hash(protocol, address, port));
    for (; row !== NO_ROW; row = this.inside.next(row)) {
      const at = this.rows.base(row);
      if (
        words[at + INSIDE + 3] === address &&
        words[at + INSIDE_PORT] === port &&
        words[at + PROTOCOL] === protocol
      ) {
        return row;
      }
    }
    return NO_ROW;
  }

  /** @param member number of the SNAT pool member. @returns row or NO_ROW */
  lookupOutside(protocol: number, member: number, port: number): number {
    const words = this.words;
    let row = this.outside.first(this.hash(protocol, member, port));
    for (; row !== NO_ROW; row = this.outside.next(row)) {
      const at = this.rows.base(row);
      if (
        words[at + OUTSIDE_PORT] === port &&
        words[at + MEMBER] === member &&
        words[at + PROTOCOL] === protocol
      ) {
        return row;
      }
    }
    return NO_ROW;
  }

  /** Under the lock. @param ports inside port in the high half, outside port in the low. @returns NO_ROW when full */
  insert(protocol: number, address: number, ports: number, member: number, client: number): number {
    const row = this.rows.take();
    if (row === NO_ROW) return row;
    const words = this.words;
    const at = this.rows.base(row);
    words.fill(0, at + PROTOCOL, at + BIB_STRIDE);
    words[at + PROTOCOL] = protocol;
    words[at + INSIDE_PORT] = ports >>> 16;
    words[at + OUTSIDE_PORT] = ports & 0xffff;
    words[at + MEMBER] = member;
    words[at + INSIDE + 3] = address;
    words[at + CLIENT] = client;
    this.rows.publish(row);
    this.link(row);
    return row;
  }

  /** Under the lock. Its port and its client are the caller's to free. */
  remove(row: number): void {
    const words = this.words;
    const at = this.rows.base(row);
    const protocol = words[at + PROTOCOL]!;
    this.inside.remove(this.hash(protocol, words[at + INSIDE + 3]!, words[at + INSIDE_PORT]!), row);
    this.outside.remove(this.hash(protocol, words[at + MEMBER]!, words[at + OUTSIDE_PORT]!), row);
    this.rows.give(row);
  }

  protocol(row: number): number {
    return this.words[this.rows.base(row) + PROTOCOL]!;
  }

  insideAddress(row: number): number {
    return this.words[this.rows.base(row) + INSIDE + 3]!;
  }

  insidePort(row: number): number {
    return this.words[this.rows.base(row) + INSIDE_PORT]!;
  }

  outsidePort(row: number): number {
    return this.words[this.rows.base(row) + OUTSIDE_PORT]!;
  }

  member(row: number): number {
    return this.words[this.rows.base(row) + MEMBER]!;
  }

  client(row: number): number {
    return this.words[this.rows.base(row) + CLIENT]!;
  }

  setClient(row: number, client: number): void {
    this.words[this.rows.base(row) + CLIENT] = client;
  }

  setMember(row: number, member: number): void {
    this.words[this.rows.base(row) + MEMBER] = member;
  }

  /** Under the lock. @param change +1, -1, or 0 to ask. @returns sessions that use it now */
  addSessions(row: number, change: number): number {
    const at = this.rows.base(row) + SESSIONS;
    this.words[at]! += change;
    return this.words[at]!;
  }

  /** Links from rows, at start. @param keep decides which rows stay; counts start at 0 */
  rebuild(keep: (row: number) => boolean): void {
    this.inside.clear();
    this.outside.clear();
    this.rows.rebuild((row) => {
      if (!keep(row)) return false;
      this.words[this.rows.base(row) + SESSIONS] = 0;
      this.link(row);
      return true;
    });
  }

  private link(row: number): void {
    const words = this.words;
    const at = this.rows.base(row);
    const protocol = words[at + PROTOCOL]!;
    this.inside.insert(this.hash(protocol, words[at + INSIDE + 3]!, words[at + INSIDE_PORT]!), row);
    this.outside.insert(this.hash(protocol, words[at + MEMBER]!, words[at + OUTSIDE_PORT]!), row);
  }

  private hash(protocol: number, who: number, port: number): number {
    return finish(mix(mix(this.seed ^ protocol, who), port));
  }
}
