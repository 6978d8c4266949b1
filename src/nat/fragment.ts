/**
 * Which session the fragments of a datagram belong to: only the first one carries ports (RFC 7915 §4, RFC 6146
 * §3.4). Nothing is reassembled: each fragment is translated on its own, with the session of the first. Fragments that
 * overlap are for the host to refuse that puts them together (RFC 5722 §4); here only those with offset 0 have ports.
 *
 * The key is what RFC 791 and RFC 8200 §4.5 identify a datagram by: addresses, identification and, for IPv4, protocol.
 */
import { finish, HashIndex, mix } from './hash-index.ts';
import { isPast } from './lifetimes.ts';
import { NO_ROW, Rows } from './rows.ts';
import { FRAGMENT_HAND_AT, FRAGMENT_STRIDE, type Segment } from './segment.ts';
import { NO_SESSION, type SessionId } from './session.ts';

const NEXT = 1;
const DEADLINE = 2;
const META = 4;
const IDENTIFICATION = 5;
const SESSION = 6;
const SESSION_STAMP = 7;
const ADDRESSES = 8; // source and destination, four words each

/** The key of a datagram, filled by the caller and reused. */
export interface FragmentKey {
  /** Family (4 or 6) in the high half, protocol in the low (0 for IPv6). */
  meta: number;
  identification: number;
  readonly addresses: Int32Array;
}

export function newFragmentKey(): FragmentKey {
  return { meta: 0, identification: 0, addresses: new Int32Array(8) };
}

export class FragmentTable {
  readonly rows: Rows;
  private readonly words: Int32Array;
  private readonly index: HashIndex;
  private readonly seed: number;

  constructor(segment: Segment) {
    const at = segment.layout.fragment;
    this.words = segment.words;
    this.rows = new Rows(segment.words, at, FRAGMENT_STRIDE);
    this.index = new HashIndex(segment.words, at.buckets[0]!, this.rows, NEXT);
    this.seed = segment.seed(0);
  }

  /** @returns row or NO_ROW; a row past its deadline counts until it is swept */
  lookup(key: FragmentKey): number {
    let row = this.index.first(this.hash(key));
    while (row !== NO_ROW && !this.matches(row, key)) row = this.index.next(row);
    return row;
  }

  /** Under the lock. An older datagram with the same key is overwritten; in a full table the oldest gives way. */
  insert(key: FragmentKey, session: SessionId, stamp: number, deadline: number): void {
    let row = this.lookup(key);
    const known = row !== NO_ROW;
    if (!known) row = this.take();
    const at = this.rows.base(row);
    this.words[at + SESSION] = session;
    this.words[at + SESSION_STAMP] = stamp;
    this.words[at + DEADLINE] = deadline;
    if (known) return;
    this.words[at + META] = key.meta;
    this.words[at + IDENTIFICATION] = key.identification;
    this.words.set(key.addresses, at + ADDRESSES);
    this.rows.publish(row);
    this.index.insert(this.hash(key), row);
  }

  session(row: number): SessionId {
    return row === NO_ROW ? NO_SESSION : (this.words[this.rows.base(row) + SESSION]! as SessionId);
  }

  /** Stamp of the session when the first fragment came: another one means that the session is gone. */
  sessionStamp(row: number): number {
    return this.words[this.rows.base(row) + SESSION_STAMP]!;
  }

  /** Bounded sweep, under the lock. @returns row to go on at, 0 after the last */
  sweep(now: number, from: number, budget: number): number {
    const { rows } = this;
    const end = Math.min(from + budget, rows.capacity);
    for (let row = rows.next(from, end); row < end; row = rows.next(row + 1, end)) {
      if (isPast(this.words[rows.base(row) + DEADLINE]!, now)) this.remove(row);
    }
    return end === this.rows.capacity ? 0 : end;
  }

  /** Empty the table, at start: fragments do not outlive a restart. */
  clear(): void {
    this.index.clear();
    this.rows.rebuild(() => false);
  }

  /** Rows are handed out oldest first, so a hand that goes round points at the oldest one in use. */
  private take(): number {
    const row = this.rows.take();
    if (row !== NO_ROW) return row;
    const hand = this.words[FRAGMENT_HAND_AT]! % this.rows.capacity;
    this.words[FRAGMENT_HAND_AT] = hand + 1;
    this.remove(hand);
    return this.rows.take();
  }

  private remove(row: number): void {
    const at = this.rows.base(row);
    let hash = mix(mix(this.seed, this.words[at + META]!), this.words[at + IDENTIFICATION]!);
    for (let i = 0; i < 8; i++) hash = mix(hash, this.words[at + ADDRESSES + i]!);
    this.index.remove(finish(hash), row);
    this.rows.give(row);
  }

  private matches(row: number, key: FragmentKey): boolean {
    const words = this.words;
    const at = this.rows.base(row);
    if (words[at + IDENTIFICATION] !== key.identification || words[at + META] !== key.meta) return false;
    for (let i = 0; i < 8; i++) if (words[at + ADDRESSES + i] !== key.addresses[i]) return false;
    return true;
  }

  private hash(key: FragmentKey): number {
    let hash = mix(mix(this.seed, key.meta), key.identification);
    for (let i = 0; i < 8; i++) hash = mix(hash, key.addresses[i]!);
    return finish(hash);
  }
}
