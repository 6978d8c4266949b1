/**
 * A super-packet of UDP whose datagrams have to be fragmented, each for itself (RFC 7915 §4.1): it is cut into them, as
 * the kernel would have done.
 *
 *   | IP UDP | A | B | C |        at first
 *   | IP UDP | A |                is translated, which copies A into fragments
 *          | IP UDP | B |         its headers overwrite the end of A
 *               | IP UDP | C |    the last may be short enough to stay where it is
 */
import * as ipv4 from '../wire/ipv4.ts';
import * as udp from '../wire/udp.ts';
import * as virtioNet from '../wire/virtio-net.ts';
import type { Batch } from './batch.ts';
import type { Packet } from './packet.ts';
import * as segmentHeaders from './segment-headers.ts';

export class DatagramTrain {
  /** IP header of the datagram at hand. */
  at = 0;
  /** Bytes of it, IP header included. */
  length = 0;
  private readonly batch: Batch;
  private readonly offload = new virtioNet.Offload();
  /** Copy of the headers of the super-packet, virtio header before it; bytes without that one. */
  private headers = 0;
  private headerLength = 0;
  /** Next payload byte; end of the super-packet; datagrams so far. */
  private from = 0;
  private end = 0;
  private count = 0;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /** @param packet IPv4, its checksum left to us; the larger of its datagrams do not fit */
  open(packet: Packet): void {
    const { view, bytes } = this.batch;
    const { at, upper, end } = packet;
    this.offload.load(view, at);
    this.headerLength = upper + udp.HEADER_LENGTH - at;
    this.headers = this.batch.reserve(this.headerLength);
    bytes.copyWithin(this.headers - virtioNet.LENGTH, at - virtioNet.LENGTH, at + this.headerLength);
    virtioNet.clearSegments(view, this.headers);
    this.from = at + this.headerLength;
    this.end = end;
    this.count = 0;
  }

  /** Write the headers of the next datagram before its payload. @returns false when there is none */
  next(): boolean {
    const { view, bytes } = this.batch;
    if (this.from >= this.end && this.count > 0) return false;
    const size = Math.min(this.offload.segment, this.end - this.from);
    const at = this.from - this.headerLength;
    const upper = this.from - udp.HEADER_LENGTH;
    const from = this.headers - virtioNet.LENGTH;
    bytes.copyWithin(at - virtioNet.LENGTH, from, this.headers + this.headerLength);
    const before = ipv4.totalLength(view, at) - (upper - at);
    const length = udp.HEADER_LENGTH + size;
    segmentHeaders.setV4(view, at, upper, length, this.count++);
    segmentHeaders.setUpper(view, upper, this.from, before, length, this.offload);
    this.at = at;
    this.length = this.headerLength + size;
    this.from += size;
    return true;
  }
}
