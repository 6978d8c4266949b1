/**
 * UDP datagrams of one flow and one size leave as one super-packet: the kernel routes it once, and cuts it into the same
 * datagrams where they are needed (UDP_L4 segmentation, Linux 6.2 and newer). TCP arrives as super-packets already.
 *
 *   writes before | A1 | B1 | A2 | A3 | B2 |      after | A1 → A2 → A3 | B1 → B2 |
 *
 * Nothing is copied: a super-packet is a chain of pairs in `batch.writes`, every length but the last negative, gathered
 * by one system call. The order within a flow is kept: a datagram joins only the run of its flow that is still open, and
 * a shorter one, a fragment, or another TTL ends that run.
 *
 * The device computes the checksums of what it cuts, so a datagram joins only if its own is known to be right: a wrong
 * one must stay wrong.
 */
import * as checksum from '../wire/checksum.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import * as virtioNet from '../wire/virtio-net.ts';
import { type Batch, MAX_WRITES } from './batch.ts';

/** Datagrams in one super-packet; the kernel takes at least 64 (UDP_MAX_SEGMENTS). */
const MAX_SEGMENTS = 64;
/** Bytes of a super-packet, headers included. */
const MAX_BYTES = 65_000;
/** Flows that are followed at once; the one that was opened first gives way. */
const MAX_RUNS = 8;

const NOT_UDP = 0;
const ENDS_RUNS = -1;
const NO_PACKET = -1;
const V4_HEADERS = ipv4.MIN_HEADER_LENGTH + udp.HEADER_LENGTH;

export class Coalescer {
  private readonly batch: Batch;
  private readonly before = new Int32Array(2 * MAX_WRITES);
  /** Successor of a packet in its run. */
  private readonly next = new Int16Array(MAX_WRITES);
  /** Datagrams in the run that a packet heads; 0 when it is not a head. */
  private readonly segments = new Uint8Array(MAX_WRITES);
  /** Open runs: head, last, payload bytes of a datagram, payload bytes in all. */
  private readonly head = new Int16Array(MAX_RUNS);
  private readonly last = new Int16Array(MAX_RUNS);
  private readonly size = new Int32Array(MAX_RUNS);
  private readonly total = new Int32Array(MAX_RUNS);
  private open = 0;
  private oldest = 0;
  private merged = false;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /** Rewrite the output of the batch; the number of pairs stays. */
  merge(): void {
    const { count } = this.batch;
    if (count < 2) return;
    this.open = 0;
    this.oldest = 0;
    this.merged = false;
    for (let k = 0; k < count; k++) this.place(k);
    for (let run = 0; run < this.open; run++) this.close(run);
    if (this.merged) this.chain(count);
  }

  private place(k: number): void {
    this.next[k] = NO_PACKET;
    this.segments[k] = 1;
    const header = this.udpHeader(k);
    if (header === NOT_UDP) return;
    if (header === ENDS_RUNS) {
      for (let run = 0; run < this.open; run++) this.close(run);
      this.open = 0;
      this.oldest = 0;
      return;
    }
    const payload = this.length(k) - header;
    for (let run = 0; run < this.open; run++) {
      if (!this.sameFlow(this.head[run]!, k, header)) continue;
      if (this.joins(run, k, payload)) return;
      this.close(run);
      this.start(run, k, payload);
      return;
    }
    this.start(this.slot(), k, payload);
  }

  /** Room for another run. */
  private slot(): number {
    if (this.open < MAX_RUNS) return this.open++;
    const run = this.oldest;
    this.oldest = (run + 1) % MAX_RUNS;
    this.close(run);
    return run;
  }

  private start(run: number, k: number, payload: number): void {
    this.head[run] = k;
    this.last[run] = k;
    this.size[run] = payload;
    this.total[run] = payload;
  }

  /** @returns false when this datagram cannot go on the run */
  private joins(run: number, k: number, payload: number): boolean {
    const head = this.head[run]!;
    const size = this.size[run]!;
    const total = this.total[run]! + payload;
    const isOver = this.total[run]! % size !== 0 || !this.sameHeader(head, k);
    if (isOver || payload > size || total > MAX_BYTES - 48 || this.segments[head] === MAX_SEGMENTS)
      return false;
    this.next[this.last[run]!] = k;
    this.last[run] = k;
    this.total[run] = total;
    this.segments[head]!++;
    this.segments[k] = 0;
    this.merged = true;
    return true;
  }

  /** Bytes of IP and UDP header when the packet may be part of a run; NOT_UDP; or ENDS_RUNS. */
  private udpHeader(k: number): number {
    const { view } = this.batch;
    const at = this.at(k);
    const isV4 = view.getUint8(at) >>> 4 === 4;
    const protocol = isV4 ? ipv4.protocol(view, at) : ipv6.nextHeader(view, at);
    if (protocol === tcp.PROTOCOL) return NOT_UDP;
    if (protocol !== udp.PROTOCOL || virtioNet.isSuper(view, at)) return ENDS_RUNS;
    if (isV4 && (ipv4.isFragment(ipv4.flagsOffset(view, at)) || view.getUint8(at) !== 0x45)) return ENDS_RUNS;
    const upper = at + (isV4 ? ipv4.MIN_HEADER_LENGTH : ipv6.HEADER_LENGTH);
    const header = upper - at + udp.HEADER_LENGTH;
    const length = this.length(k);
    if (length <= header || udp.length(view, upper) !== length - (upper - at)) return ENDS_RUNS;
    return this.mayBeSummed(at, upper, length) ? header : ENDS_RUNS;
  }

  /** Whether the device may compute the checksum anew: it is right, and there is one. */
  private mayBeSummed(at: number, upper: number, length: number): boolean {
    const { view } = this.batch;
    if (virtioNet.needsChecksum(view, at)) return true;
    if (udp.checksumField(view, upper) === 0) return false;
    return virtioNet.isChecked(view, at) || this.isRight(at, upper, length);
  }

  /** Sum a datagram whose checksum nobody vouches for. */
  private isRight(at: number, upper: number, length: number): boolean {
    const { view } = this.batch;
    const bytes = length - (upper - at);
    const sum = this.pseudo(at, upper, bytes) + checksum.sum(view, upper, bytes);
    return checksum.fold(sum) === 0xffff;
  }

  /** Sum of the pseudo-header. @param bytes of the datagram, UDP header included */
  private pseudo(at: number, upper: number, bytes: number): number {
    const isV4 = upper - at === ipv4.MIN_HEADER_LENGTH;
    const addresses = isV4 ? checksum.sum(this.batch.view, at + 12, 8) : ipv6.addressSum(this.batch.view, at);
    return addresses + bytes + udp.PROTOCOL;
  }

  /** Same addresses and ports. @param header bytes of IP and UDP header */
  private sameFlow(head: number, k: number, header: number): boolean {
    const { view } = this.batch;
    const a = this.at(head);
    const b = this.at(k);
    if (view.getUint8(a) >>> 4 !== view.getUint8(b) >>> 4) return false;
    const ports = header - udp.HEADER_LENGTH;
    const addresses = header === V4_HEADERS ? 12 : ipv6.SOURCE;
    for (let i = ports; i >= addresses; i -= 4)
      if (view.getInt32(a + i) !== view.getInt32(b + i)) return false;
    return true;
  }

  /** Same TOS, TTL and DF, or class, flow label and hop limit: one header can speak for both. */
  private sameHeader(head: number, k: number): boolean {
    const { view } = this.batch;
    const a = this.at(head);
    const b = this.at(k);
    if (view.getInt16(a) !== view.getInt16(b) || view.getInt16(a + 6) !== view.getInt16(b + 6)) return false;
    const rest = view.getUint8(a) >>> 4 === 4 ? 8 : 2; // TTL and protocol; low half of the flow label
    return view.getInt16(a + rest) === view.getInt16(b + rest);
  }

  /** The head of a run speaks for all of it now. */
  private close(run: number): void {
    const head = this.head[run]!;
    if (this.segments[head]! < 2) return;
    const { view } = this.batch;
    const at = this.at(head);
    const isV4 = view.getUint8(at) >>> 4 === 4;
    const upper = at + (isV4 ? ipv4.MIN_HEADER_LENGTH : ipv6.HEADER_LENGTH);
    const bytes = udp.HEADER_LENGTH + this.total[run]!;
    if (isV4) {
      ipv4.setTotalLength(view, at, ipv4.MIN_HEADER_LENGTH + bytes);
      ipv4.setChecksum(view, at);
    } else {
      ipv6.setPayloadLength(view, at, bytes);
    }
    view.setUint16(upper + udp.LENGTH, bytes);
    view.setUint16(upper + udp.CHECKSUM, checksum.fold(this.pseudo(at, upper, bytes)));
    virtioNet.writeUdpSuper(view, at, upper - at, this.size[run]!);
  }

  /** Pairs in the order of the heads, each head followed by the payloads of its run. */
  private chain(count: number): void {
    const { writes, view } = this.batch;
    const before = this.before;
    for (let i = 0; i < 2 * count; i++) before[i] = writes[i]!;
    let out = 0;
    for (let head = 0; head < count; head++) {
      if (this.segments[head] === 0) continue;
      const isV4 = view.getUint8(before[2 * head]!) >>> 4 === 4;
      const header = (isV4 ? ipv4.MIN_HEADER_LENGTH : ipv6.HEADER_LENGTH) + udp.HEADER_LENGTH;
      for (let k = head; k !== NO_PACKET; k = this.next[k]!) {
        const skip = k === head ? 0 : header;
        const length = before[2 * k + 1]! - skip;
        writes[2 * out] = before[2 * k]! + skip;
        writes[2 * out + 1] = this.next[k] === NO_PACKET ? length : -length;
        out++;
      }
    }
  }

  private at(k: number): number {
    return this.batch.writes[2 * k]!;
  }

  private length(k: number): number {
    return this.batch.writes[2 * k + 1]!;
  }
}
