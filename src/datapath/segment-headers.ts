/**
 * The headers of a super-packet made those of one of its segments, in place: lengths, identification, and the checksums
 * that cover them, as the kernel writes them when it cuts (`inet_gso_segment`, `__udp_gso_segment`).
 */
import * as checksum from '../wire/checksum.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import { GSO_UDP_L4, type Offload } from '../wire/virtio-net.ts';

/** Bytes from the upper layer that must be there for `firstLength` and `setUpper`. */
function leastLength(offload: Offload): number {
  return offload.type === GSO_UDP_L4 ? udp.HEADER_LENGTH : tcp.MIN_HEADER_LENGTH;
}

/**
 * Bytes of the upper layer in the first segment.
 * @param upper upper layer of the super-packet, `length` bytes
 */
export function firstLength(view: DataView, upper: number, length: number, offload: Offload): number {
  if (length < leastLength(offload)) return length;
  const header = offload.type === GSO_UDP_L4 ? udp.HEADER_LENGTH : tcp.headerLength(view, upper);
  return Math.min(length, header + offload.segment);
}

/** @param length bytes of the segment, from `upper` @param number of the segment, from 0: identifications count up */
export function setV4(view: DataView, at: number, upper: number, length: number, number: number): void {
  const total = ipv4.totalLength(view, at);
  const id = ipv4.identification(view, at);
  const newTotal = upper - at + length;
  const newId = (id + number) & 0xffff;
  ipv4.setTotalLength(view, at, newTotal);
  ipv4.setIdentification(view, at, newId);
  ipv4.updateChecksum(view, at, checksum.delta(total + id, newTotal + newId));
}

/** @param length bytes of the segment, from `upper` */
export function setV6(view: DataView, at: number, upper: number, length: number): void {
  ipv6.setPayloadLength(view, at, upper - at - ipv6.HEADER_LENGTH + length);
}

/**
 * The UDP length, and the partial checksum of a segment, which covers its length.
 * @param end of what may be written: a quote can be cut off before @param before bytes of the super-packet's upper layer
 */
export function setUpper(
  view: DataView,
  upper: number,
  end: number,
  before: number,
  length: number,
  offload: Offload,
): void {
  if (upper + leastLength(offload) > end) return;
  const isUdp = offload.type === GSO_UDP_L4;
  if (isUdp) view.setUint16(upper + udp.LENGTH, length);
  if (!offload.needsChecksum) return;
  const field = upper + (isUdp ? udp.CHECKSUM : tcp.CHECKSUM);
  view.setUint16(field, checksum.updateSum(view.getUint16(field), checksum.delta(before, length)));
}
