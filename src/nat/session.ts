/**
 * Sessions: who talks with whom, on both sides (RFC 6146 §3.1, mirrored). A session is an integer; its row of 32
 * words (two cache lines) holds two tuples. Each tuple has a near transport address (the inside host's end: itself
 * on the inside, its SNAT address and port on the outside) and a far one (the server's end: the synthetic v4 on the
 * inside, the real v6 on the outside). ICMP queries have their identifier in place of both ports.
 *
 *   line 0 | links, protocol, ports, inside v4 pair, deltas, deadline, state, owners, path MTU |
 *   line 1 | outside near 4, outside far 4, upper words of inside near 3 and far 3, stamp, a link |
 *
 * An IPv4 address takes the low word of four, the others zero, so that a tuple can be of either family.
 */
import { Filtering } from './filtering.ts';
import { finish, HashIndex, mix } from './hash-index.ts';
import * as pathMtu from './path-mtu.ts';
import { PeerIndex } from './peer-index.ts';
import { NO_ROW, Rows, SPARE_WHILE_VALID } from './rows.ts';
import { FILTERING_AT, SESSION_STRIDE, type Segment, STAMP_AT } from './segment.ts';

/** Index of a live session. Branded, so a port or an offset cannot be passed by mistake. */
export type SessionId = number & { readonly brand: 'SessionId' };
export const NO_SESSION = NO_ROW as SessionId;

const NEXT_INSIDE = 1;
const NEXT_OUTSIDE = 2;
const PROTOCOL = 4;
const INSIDE_PORTS = 5;
const INSIDE_NEAR = 6;
const INSIDE_FAR = 7;
const OUTSIDE_PORTS = 8;
const DELTA = 9;
const DEADLINE = 10;
const STATE = 11;
const BIB = 12;
const MAPPING = 13;
const PATH_MTU = 14;
/** Links of the peer index. */
const PEER_CHAIN = 15;
const PEER_OLDER = 31;
const PEER_NEWER = SPARE_WHILE_VALID;
const OUTSIDE_NEAR = 16;
const OUTSIDE_FAR = 20;
const STAMP = 30;

/** A transport pair as one word: near port in the high half. */
export function portPair(near: number, far: number): number {
  return (near << 16) | far;
}

/** The same word with the halves exchanged: a packet from far to near carries it that way. */
export function swapPorts(ports: number): number {
  return (ports << 16) | (ports >>> 16);
}

/** What `insert` needs; filled and used under the lock, never kept. */
export interface NewSession {
  protocol: number;
  insideNear: number;
  insideFar: number;
  insidePorts: number;
  outsidePorts: number;
  /** Near address, then far address: eight words. */
  readonly outside: Int32Array;
  /** Checksum delta inside → outside, addresses and ports; and of the addresses alone. */
  delta: number;
  addressDelta: number;
  bib: number;
  mapping: number;
  state: number;
  deadline: number;
  /** Word of `path-mtu.ts`. */
  pathMtu: number;
}

/** One to fill again and again. */
export function blankSession(): NewSession {
  return {
    protocol: 0,
    insideNear: 0,
    insideFar: 0,
    insidePorts: 0,
    outsidePorts: 0,
    outside: new Int32Array(8),
    delta: 0,
    addressDelta: 0,
    bib: NO_ROW,
    mapping: NO_ROW,
    state: 0,
    deadline: 0,
    pathMtu: 0,
  };
}

export class SessionTable {
  readonly rows: Rows;
  private readonly words: Int32Array;
  private readonly inside: HashIndex;
  private readonly outside: HashIndex;
  private readonly peers: PeerIndex;
  private readonly seed: number;

  constructor(segment: Segment) {
    const at = segment.layout.session;
    this.words = segment.words;
    this.rows = new Rows(segment.words, at, SESSION_STRIDE);
    this.inside = new HashIndex(segment.words, at.buckets[0]!, this.rows, NEXT_INSIDE);
    this.outside = new HashIndex(segment.words, at.buckets[1]!, this.rows, NEXT_OUTSIDE);
    this.seed = segment.seed(0);
    const fields = { bib: BIB, real: OUTSIDE_FAR };
    const links = { chain: PEER_CHAIN, older: PEER_OLDER, newer: PEER_NEWER };
    this.peers = new PeerIndex(segment.words, at.buckets[2]!, this.rows, this.seed, fields, links);
  }

  /** The session of an IPv4 pair on the inside. O(1) on average, changes nothing. @param ports near, far */
  lookupInside(near: number, far: number, ports: number, protocol: number): SessionId {
    const words = this.words;
    let row = this.inside.first(this.hashInside(near, far, ports, protocol));
    while (row !== NO_ROW) {
      const at = this.rows.base(row);
      if (
        words[at + INSIDE_PORTS] === ports &&
        words[at + INSIDE_FAR] === far &&
        words[at + INSIDE_NEAR] === near &&
        words[at + PROTOCOL] === protocol
      ) {
        return row as SessionId;
      }
      row = this.inside.next(row);
    }
    return NO_SESSION;
  }

  /**
   * The session of an IPv6 pair on the outside.
   * @param near offset in `view` of the SNAT address @param far offset of the real v6 @param ports near, far
   */
  lookupOutside(view: DataView, near: number, far: number, ports: number, protocol: number): SessionId {
    const words = this.words;
    let row = this.outside.first(this.hashPacket(view, near, far, ports, protocol));
    while (row !== NO_ROW) {
      const at = this.rows.base(row);
      if (
        words[at + OUTSIDE_PORTS] === ports &&
        words[at + PROTOCOL] === protocol &&
        sameAddress(words, at + OUTSIDE_FAR, view, far) &&
        sameAddress(words, at + OUTSIDE_NEAR, view, near)
      ) {
        return row as SessionId;
      }
      row = this.outside.next(row);
    }
    return NO_SESSION;
  }

  /** The same for a tuple that is not in a packet. @param outside near address, then far address: eight words */
  lookupOutsideWords(outside: Int32Array, ports: number, protocol: number): SessionId {
    const words = this.words;
    let row = this.outside.first(this.hashOutside(outside, 0, ports, protocol));
    for (; row !== NO_ROW; row = this.outside.next(row)) {
      const at = this.rows.base(row);
      if (words[at + OUTSIDE_PORTS] !== ports || words[at + PROTOCOL] !== protocol) continue;
      let i = 7;
      while (i >= 0 && words[at + OUTSIDE_NEAR + i] === outside[i]) i--;
      if (i < 0) return row as SessionId;
    }
    return NO_SESSION;
  }

  /**
   * Under the lock, while filtering is address-dependent: the newest session of a BIB entry with a real address, past
   * its deadline or not. @param real four words. @returns NO_SESSION when there is none
   */
  newestWith(bib: number, real: Int32Array): SessionId {
    return this.peers.newest(bib, real, 0) as SessionId;
  }

  /** Under the lock, after a lookup under the lock. @returns NO_SESSION when the table is full */
  insert(from: NewSession): SessionId {
    const row = this.rows.take();
    if (row === NO_ROW) return NO_SESSION;
    this.put(row as SessionId, from);
    this.words[this.rows.base(row) + STAMP] = ++this.words[STAMP_AT]!;
    this.rows.publish(row);
    this.link(row);
    return row as SessionId;
  }

  /** Fill a row that no index leads to. */
  put(id: SessionId, from: NewSession): void {
    const words = this.words;
    const at = this.rows.base(id);
    words[at + PROTOCOL] = from.protocol;
    words[at + INSIDE_PORTS] = from.insidePorts;
    words[at + INSIDE_NEAR] = from.insideNear;
    words[at + INSIDE_FAR] = from.insideFar;
    words[at + OUTSIDE_PORTS] = from.outsidePorts;
    words[at + DELTA] = (from.addressDelta << 16) | from.delta;
    words[at + DEADLINE] = from.deadline;
    words[at + STATE] = from.state;
    words[at + BIB] = from.bib;
    words[at + MAPPING] = from.mapping;
    words[at + PATH_MTU] = from.pathMtu;
    words.set(from.outside, at + OUTSIDE_NEAR);
  }

  /** Under the lock. The owner counts (BIB, mapping) are the caller's. */
  remove(id: SessionId): void {
    const at = this.rows.base(id);
    this.inside.remove(this.hashRowInside(at), id);
    this.outside.remove(this.hashRowOutside(at), id);
    if (this.hasPeers()) this.peers.remove(id);
    this.rows.give(id);
  }

  /** Links from rows: at start. @param keep decides which rows stay */
  rebuild(keep: (id: SessionId) => boolean): void {
    this.inside.clear();
    this.outside.clear();
    if (this.hasPeers()) this.peers.clear();
    this.rows.rebuild((row) => {
      if (!keep(row as SessionId)) return false;
      this.link(row);
      return true;
    });
  }

  /** Forget what a row that no index leads to was filled with. */
  clear(id: SessionId): void {
    this.words.fill(0, this.rows.base(id), this.rows.base(id) + SESSION_STRIDE);
  }

  /** IP protocol number of the inside packet: 6, 17, or 1 for ICMP queries. */
  protocol(id: SessionId): number {
    return this.words[this.rows.base(id) + PROTOCOL]!;
  }

  insidePorts(id: SessionId): number {
    return this.words[this.rows.base(id) + INSIDE_PORTS]!;
  }

  /** IPv4 address of the inside host, signed word. */
  insideNear(id: SessionId): number {
    return this.words[this.rows.base(id) + INSIDE_NEAR]!;
  }

  /** Synthetic v4, signed word. */
  insideFar(id: SessionId): number {
    return this.words[this.rows.base(id) + INSIDE_FAR]!;
  }

  outsidePorts(id: SessionId): number {
    return this.words[this.rows.base(id) + OUTSIDE_PORTS]!;
  }

  /** The same ports on both sides, of a row that no index leads to. */
  setPorts(id: SessionId, ports: number): void {
    const at = this.rows.base(id);
    this.words[at + INSIDE_PORTS] = ports;
    this.words[at + OUTSIDE_PORTS] = ports;
  }

  /** Checksum delta from inside to outside, ports included. */
  delta(id: SessionId): number {
    return this.words[this.rows.base(id) + DELTA]! & 0xffff;
  }

  /** The same of the addresses alone, for partial checksums. */
  addressDelta(id: SessionId): number {
    return this.words[this.rows.base(id) + DELTA]! >>> 16;
  }

  deadline(id: SessionId): number {
    return this.words[this.rows.base(id) + DEADLINE]!;
  }

  refresh(id: SessionId, deadline: number): void {
    this.words[this.rows.base(id) + DEADLINE] = deadline;
  }

  /** TcpState; 0 for other protocols. */
  state(id: SessionId): number {
    return this.words[this.rows.base(id) + STATE]!;
  }

  setState(id: SessionId, state: number): void {
    this.words[this.rows.base(id) + STATE] = state;
  }

  /** Row of the BIB entry. */
  bib(id: SessionId): number {
    return this.words[this.rows.base(id) + BIB]!;
  }

  /** Row of the mapping. */
  mapping(id: SessionId): number {
    return this.words[this.rows.base(id) + MAPPING]!;
  }

  /** Bytes that the path to the outside host carries, as far as a router has told; else UNKNOWN_MTU. */
  pathMtu(id: SessionId, now: number): number {
    return pathMtu.current(this.words[this.rows.base(id) + PATH_MTU]!, now);
  }

  /** @param word of `path-mtu.ts` */
  setPathMtu(id: SessionId, word: number): void {
    this.words[this.rows.base(id) + PATH_MTU] = word;
  }

  /** Differs between two sessions that had the same row. */
  stamp(id: SessionId): number {
    return this.words[this.rows.base(id) + STAMP]!;
  }

  /** Word offset of the SNAT address, which the real v6 follows. */
  outsideAt(id: SessionId): number {
    return this.rows.base(id) + OUTSIDE_NEAR;
  }

  /** Write the outside addresses, SNAT then real v6, as source then destination. @param to byte offset, 32 bytes */
  writeOutside(id: SessionId, view: DataView, to: number): void {
    const at = this.rows.base(id) + OUTSIDE_NEAR;
    for (let i = 0; i < 8; i++) view.setInt32(to + i * 4, this.words[at + i]!);
  }

  /** The same, real v6 then SNAT: a packet from far to near. */
  writeOutsideReversed(id: SessionId, view: DataView, to: number): void {
    const at = this.rows.base(id) + OUTSIDE_NEAR;
    for (let i = 0; i < 4; i++) view.setInt32(to + 16 + i * 4, this.words[at + i]!);
    for (let i = 4; i < 8; i++) view.setInt32(to - 16 + i * 4, this.words[at + i]!);
  }

  private link(row: number): void {
    const at = this.rows.base(row);
    this.inside.insert(this.hashRowInside(at), row);
    this.outside.insert(this.hashRowOutside(at), row);
    if (this.hasPeers()) this.peers.insert(row);
  }

  private hasPeers(): boolean {
    return this.words[FILTERING_AT] === Filtering.AddressDependent;
  }

  private hashInside(near: number, far: number, ports: number, protocol: number): number {
    return finish(mix(mix(mix(this.seed ^ protocol, near), far), ports));
  }

  private hashRowInside(at: number): number {
    const words = this.words;
    return this.hashInside(
      words[at + INSIDE_NEAR]!,
      words[at + INSIDE_FAR]!,
      words[at + INSIDE_PORTS]!,
      words[at + PROTOCOL]!,
    );
  }

  private hashPacket(view: DataView, near: number, far: number, ports: number, protocol: number): number {
    let hash = mix(this.seed ^ protocol, ports);
    for (let i = 0; i < 16; i += 4) hash = mix(mix(hash, view.getInt32(near + i)), view.getInt32(far + i));
    return finish(hash);
  }

  private hashRowOutside(at: number): number {
    const words = this.words;
    return this.hashOutside(words, at + OUTSIDE_NEAR, words[at + OUTSIDE_PORTS]!, words[at + PROTOCOL]!);
  }

  private hashOutside(words: Int32Array, at: number, ports: number, protocol: number): number {
    let hash = mix(this.seed ^ protocol, ports);
    for (let i = 0; i < 4; i++) hash = mix(mix(hash, words[at + i]!), words[at + 4 + i]!);
    return finish(hash);
  }
}

/** Whether four words equal the 16 bytes of a packet; the last word differs first, so it is asked first. */
export function sameAddress(words: Int32Array, at: number, view: DataView, bytes: number): boolean {
  return (
    words[at + 3] === view.getInt32(bytes + 12) &&
    words[at + 2] === view.getInt32(bytes + 8) &&
    words[at + 1] === view.getInt32(bytes + 4) &&
    words[at] === view.getInt32(bytes)
  );
}
