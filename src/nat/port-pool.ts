/**
 * The SNAT pool: members (IPv6 addresses) and, for each protocol, which of its 65536 ports or ICMP identifiers are
 * in use or resting. A freed port of UDP or ICMP rests for at least 120 s before somebody else gets it (RFC 6888
 * §3, REQ-8; TCP may reuse at once there, because its state is tracked). Resting costs two bitmaps and no timer:
 * `rotate`, every 120 s, forgets the older one.
 */
import { keyedHash } from './keyed-hash.ts';
import { MEMBER_STRIDE, MEMBERS_USED_AT, type Segment } from './segment.ts';
import { sameAddress } from './session.ts';

/** Bitmaps a member: protocol × (used, resting, resting longer). */
const BITMAP_WORDS = 2048;
const USED = 0;
const RESTING = 1;
const RESTING_LONGER = 2;

/** Fields of a member before its bitmaps. */
const ADDRESS = 0;
const IN_USE = 4; // three protocols
const ALLOC_FAIL = 8; // three protocols
const USE = 12;
const SINCE = 13;
const BITMAPS = 16;

export const NO_PORT = -1;
export const NO_MEMBER = -1;

/** What may begin on a member. Sessions that it has go on in any case. */
export const MemberUse = {
  Open: 0,
  /** Sessions on ports that are in use, no other port: the gateway it is from may be cut off, and still give them out. */
  Inherited: 1,
  /** Nothing: another gateway has it now. */
  Closed: 2,
} as const;
export type MemberUse = (typeof MemberUse)[keyof typeof MemberUse];

const TCP_COLUMN = 0;
const UDP_COLUMN = 1;
const ICMP_COLUMN = 2;

/** Column of a protocol: TCP, UDP, ICMP. @param protocol 6, 17 or 1 */
export function protocolColumn(protocol: number): number {
  return protocol === 6 ? TCP_COLUMN : protocol === 17 ? UDP_COLUMN : ICMP_COLUMN;
}
export const PROTOCOL_COLUMN_NAMES = ['tcp', 'udp', 'icmp'];

/** Which ports of a word may be taken. */
const ANY = -1;
const EVEN = 0x55555555;
const ODD = ~EVEN;
/** Message of the keyed hash that stands for no port. */
const NO_WANTED = -1;

export class PortPool {
  readonly capacity: number;
  private readonly words: Int32Array;
  private readonly first: number;
  private readonly key0: number;
  private readonly key1: number;

  constructor(segment: Segment) {
    this.words = segment.words;
    this.first = segment.layout.members;
    this.key0 = segment.seed(2);
    this.key1 = segment.seed(3);
    this.capacity = segment.geometry.members;
  }

  /** Members in use, numbered from 0. */
  size(): number {
    return this.words[MEMBERS_USED_AT]!;
  }

  /**
   * Configure the members at start, before any other thread. A member that was there keeps its resting ports.
   * @param addresses four words each, at most `capacity`
   * @returns for each member of before, its number now, or NO_MEMBER
   */
  configure(addresses: readonly Int32Array[]): number[] {
    const words = this.words;
    const before = Array.from({ length: this.size() }, (_, member) => this.copy(member));
    const same = (row: Int32Array, address: Int32Array): boolean =>
      address.every((word, i) => row[i] === word);
    const moved = before.map((row) => addresses.findIndex((address) => same(row, address)));
    for (const [member, address] of addresses.entries()) {
      const base = this.base(member);
      const kept = before.find((row) => same(row, address));
      if (kept === undefined) words.fill(0, base, base + MEMBER_STRIDE);
      else words.set(kept, base);
      words.set(address, base + ADDRESS);
      words.fill(0, base + IN_USE, base + IN_USE + 3);
      words[base + USE] = MemberUse.Open;
      for (let column = 0; column < 3; column++) this.clearUsed(member, column);
    }
    words[MEMBERS_USED_AT] = addresses.length;
    return moved;
  }

  /** Under the lock. One more member, while others use the pool. @param address four words. @returns NO_MEMBER when full */
  append(address: Int32Array, use: MemberUse): number {
    const member = this.size();
    if (member === this.capacity) return NO_MEMBER;
    const base = this.base(member);
    this.words.fill(0, base, base + MEMBER_STRIDE);
    this.words.set(address, base + ADDRESS);
    this.words[base + USE] = use;
    for (let column = 0; column < 3; column++) this.clearUsed(member, column);
    Atomics.store(this.words, MEMBERS_USED_AT, member + 1);
    return member;
  }

  use(member: number): MemberUse {
    return this.words[this.base(member) + USE]! as MemberUse;
  }

  setUse(member: number, use: MemberUse): void {
    this.words[this.base(member) + USE] = use;
  }

  /** Which time of having the address its sessions are of (store/group.ts); 0 as long as no other gateway is known to have had it. */
  since(member: number): number {
    return this.words[this.base(member) + SINCE]!;
  }

  setSince(member: number, since: number): void {
    this.words[this.base(member) + SINCE] = since;
  }

  /** Word offset of a member's address. */
  addressAt(member: number): number {
    return this.base(member) + ADDRESS;
  }

  /** The member that owns the address at `bytes` of a packet, or NO_MEMBER. Linear: asked only when no session is. */
  lookup(view: DataView, bytes: number): number {
    const size = this.size();
    for (let member = 0; member < size; member++) {
      if (sameAddress(this.words, this.addressAt(member), view, bytes)) return member;
    }
    return NO_MEMBER;
  }

  /** The same for four words of the segment. */
  lookupWords(words: Int32Array, at: number): number {
    const size = this.size();
    for (let member = 0; member < size; member++) {
      const mine = this.addressAt(member);
      let i = 3;
      while (i >= 0 && this.words[mine + i] === words[at + i]) i--;
      if (i < 0) return member;
    }
    return NO_MEMBER;
  }

  /** Where the search for a client without a member starts: paired pooling, RFC 4787 §4.1. */
  preferredMember(client: number): number {
    return (keyedHash(this.key0, this.key1, client, NO_WANTED) >>> 0) % Math.max(1, this.size());
  }

  /**
   * Take a port, under the lock: the wanted one if free, else one that a stranger cannot guess (RFC 6056 §3.3.3; the
   * destination is not hashed, because a port serves all of them, and who walks is not counted, because ports in use
   * and at rest are passed over anyway). Below 1024 if and only if the wanted one is (RFC 4787 REQ-3a), for UDP even
   * if and only if it is while there is such a port (REQ-4).
   * @param asker inside address. @returns NO_PORT when the range of this member is full
   */
  take(member: number, column: number, wanted: number, asker: number): number {
    const port = this.isFree(member, column, wanted) ? wanted : this.search(member, column, wanted, asker);
    if (port === NO_PORT) {
      this.words[this.base(member) + ALLOC_FAIL + column]!++;
    } else {
      this.claim(member, column, port);
    }
    return port;
  }

  isUsed(member: number, column: number, port: number): boolean {
    return (this.words[this.bit(member, column, USED, port)]! & (1 << (port & 31))) !== 0;
  }

  /** Mark a port as used: at rebuild, or after `take` found it. */
  claim(member: number, column: number, port: number): void {
    this.words[this.bit(member, column, USED, port)]! |= 1 << (port & 31);
    this.words[this.base(member) + IN_USE + column]!++;
  }

  /** Free a port, under the lock. */
  give(member: number, column: number, port: number): void {
    this.words[this.bit(member, column, USED, port)]! &= ~(1 << (port & 31));
    this.words[this.base(member) + IN_USE + column]!--;
    if (column !== TCP_COLUMN) this.words[this.bit(member, column, RESTING, port)]! |= 1 << (port & 31);
  }

  /** Age the resting ports of one member, under the lock; call for each member every PORT_REST_MS. */
  rotate(member: number): void {
    for (let column = 1; column < 3; column++) {
      const resting = this.bit(member, column, RESTING, 0);
      this.words.copyWithin(this.bit(member, column, RESTING_LONGER, 0), resting, resting + BITMAP_WORDS);
      this.words.fill(0, resting, resting + BITMAP_WORDS);
    }
  }

  inUse(member: number, column: number): number {
    return this.words[this.base(member) + IN_USE + column]!;
  }

  /** Ports that can be given out now: neither in use nor resting. Looks at every word of the bitmaps. */
  free(member: number, column: number): number {
    let free = 0;
    for (let port = 0; port < 65_536; port += 32) free += bitCount(~this.busy(member, column, port));
    return free;
  }

  allocFail(member: number, column: number): number {
    return this.words[this.base(member) + ALLOC_FAIL + column]!;
  }

  private search(member: number, column: number, wanted: number, asker: number): number {
    const start = keyedHash(this.key0, this.key1, asker, wanted);
    if (column === UDP_COLUMN) {
      const port = this.walk(member, column, wanted, start, (wanted & 1) === 0 ? EVEN : ODD);
      if (port !== NO_PORT) return port;
    }
    return this.walk(member, column, wanted, start, ANY);
  }

  /** Look at the words of the bitmap from a start: at most 2048 steps, however full the range of `wanted` is. */
  private walk(member: number, column: number, wanted: number, start: number, eligible: number): number {
    const low = column !== ICMP_COLUMN && wanted < 1024;
    const firstWord = low || column === ICMP_COLUMN ? 0 : 32;
    const count = low ? 32 : BITMAP_WORDS - firstWord;
    for (let step = 0; step < count; step++) {
      const word = firstWord + (((start >>> 5) + step) % count);
      const free = ~this.busy(member, column, word * 32) & eligible;
      if (free === 0) continue;
      const rotation = start & 31;
      const turned = rotation === 0 ? free : (free >>> rotation) | (free << (32 - rotation));
      const bit = (31 - Math.clz32(turned & -turned) + rotation) & 31;
      return word * 32 + bit;
    }
    return NO_PORT;
  }

  private isFree(member: number, column: number, port: number): boolean {
    return (this.busy(member, column, port) & (1 << (port & 31))) === 0;
  }

  /** The word around a port: used or resting. */
  private busy(member: number, column: number, port: number): number {
    const words = this.words;
    return (
      words[this.bit(member, column, USED, port)]! |
      words[this.bit(member, column, RESTING, port)]! |
      words[this.bit(member, column, RESTING_LONGER, port)]!
    );
  }

  private bit(member: number, column: number, map: number, port: number): number {
    return this.base(member) + BITMAPS + (column * 3 + map) * BITMAP_WORDS + (port >>> 5);
  }

  /** Port 0 is nobody's; identifier 0 is as good as any. */
  private clearUsed(member: number, column: number): void {
    const at = this.bit(member, column, USED, 0);
    this.words.fill(0, at, at + BITMAP_WORDS);
    if (column !== ICMP_COLUMN) this.words[at] = 1;
  }

  private copy(member: number): Int32Array {
    return this.words.slice(this.base(member), this.base(member) + MEMBER_STRIDE);
  }

  private base(member: number): number {
    return this.first + member * MEMBER_STRIDE;
  }
}

/** Bits that are set in a word. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
