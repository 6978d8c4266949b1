/**
 * Ports and checksums of the upper layer, as a session changes them. `delta` is the session's, in the direction of
 * the packet.
 */
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import type { Offload } from '../wire/virtio-net.ts';
import { isTranslatable } from '../xlat/v4-to-v6.ts';
import { type Flows, REFUSED_MALFORMED, REFUSED_NO_CHECKSUM } from './flows.ts';
import type { Packet } from './packet.ts';
import { ZeroChecksum } from './settings.ts';
import { Verdict } from './verdict.ts';

export function hasPorts(protocol: number): boolean {
  return protocol === tcp.PROTOCOL || protocol === udp.PROTOCOL;
}

/** The protocol is translated. */
export const CARRIED = -1;

/** Why packets of a protocol other than ICMP go no further. @returns a verdict, or CARRIED */
export function refuseProtocol(protocol: number, flows: Flows): number {
  if (hasPorts(protocol)) return CARRIED;
  if (!isTranslatable(protocol)) return Verdict.DropProtocolNumber;
  return flows.carries(protocol) ? CARRIED : Verdict.DropProtocol;
}

/** Read the ports of TCP or UDP. @returns false when the header is not whole. @param length of the upper layer */
export function isWhole(view: DataView, upper: number, length: number, protocol: number): boolean {
  if (protocol === tcp.PROTOCOL) return tcp.check(view, upper, length);
  return length >= udp.HEADER_LENGTH;
}

/**
 * Lower the MSS of a SYN: what the peer may send must fit both sides after translation (RFC 6691 §2). @param mtu4 bytes
 * @param mtu6 bytes, of the path as far as it is known @param partial whether the checksum is
 */
export function clampMss(view: DataView, upper: number, mtu4: number, mtu6: number, partial: boolean): void {
  const room = Math.min(mtu6 - ipv6.HEADER_LENGTH, mtu4 - ipv4.MIN_HEADER_LENGTH);
  tcp.clampMss(view, upper, room - tcp.MIN_HEADER_LENGTH, partial);
}

/** Offset of the checksum field of TCP or UDP. */
function checksumAt(protocol: number): number {
  return protocol === tcp.PROTOCOL ? tcp.CHECKSUM : udp.CHECKSUM;
}

/** Apply a delta to a whole checksum. A computed 0 of UDP becomes 0xffff (RFC 768). */
export function updateChecksum(view: DataView, upper: number, protocol: number, delta: number): void {
  const at = upper + checksumAt(protocol);
  const field = checksum.update(view.getUint16(at), delta);
  view.setUint16(at, field === 0 && protocol === udp.PROTOCOL ? 0xffff : field);
}

/** Apply a delta of addresses to a partial checksum, which is the folded sum of the pseudo-header. */
export function updatePartial(view: DataView, upper: number, protocol: number, delta: number): void {
  const at = upper + checksumAt(protocol);
  view.setUint16(at, checksum.updateSum(view.getUint16(at), delta));
}

/**
 * Finish a partial checksum, if it is one: sum what the sender left to the device.
 * @returns false when the field is not inside the packet
 */
export function completeChecksum(view: DataView, packet: Packet, offload: Offload): boolean {
  if (!offload.needsChecksum) return true;
  const start = packet.at + offload.sumStart;
  const field = start + offload.sumOffset;
  if (field + 2 > packet.end) return false;
  const sum = checksum.finish(checksum.sum(view, start, packet.end - start));
  const isUdp = offload.sumOffset === udp.CHECKSUM;
  view.setUint16(field, sum === 0 && isUdp ? 0xffff : sum);
  offload.needsChecksum = false;
  return true;
}

/** Whether the checksum field of a UDP datagram says that there is none; false of other protocols. */
export function isUnsummed(view: DataView, { protocol, upper }: Packet): boolean {
  return protocol === udp.PROTOCOL && udp.checksumField(view, upper) === 0;
}

/**
 * Whether a UDP datagram without checksum goes no further (RFC 7915 §4.5): computing one needs the whole datagram.
 * @returns a refusal, or 0
 */
export function refuseUnsummed(
  view: DataView,
  packet: Packet,
  isFragment: boolean,
  mode: ZeroChecksum,
): number {
  if (mode === ZeroChecksum.Forward) return 0;
  if (mode === ZeroChecksum.Drop || isFragment) return REFUSED_NO_CHECKSUM;
  return udp.check(view, packet.upper, packet.upperLength) ? 0 : REFUSED_MALFORMED;
}

/**
 * Compute the checksum of a UDP datagram that came without one (RFC 7915 §4.5); `udp.check` found it whole.
 * @param addresses sum of the addresses it is sent with
 */
export function computeUdp(view: DataView, upper: number, addresses: number): void {
  const length = udp.length(view, upper);
  view.setUint16(upper + udp.CHECKSUM, 0);
  const total = addresses + checksum.words(length) + udp.PROTOCOL + checksum.sum(view, upper, length);
  udp.setChecksumField(view, upper, checksum.finish(total));
}

/**
 * Turn an ICMP echo into the other family's.
 * @param delta of the session in this direction, with the length of the pseudo-header added or removed
 */
export function translateEcho(
  view: DataView,
  upper: number,
  type: number,
  identifier: number,
  delta: number,
): void {
  const before = icmp.typeCode(view, upper);
  icmp.setTypeCode(view, upper, type, 0);
  icmp.setIdentifier(view, upper, identifier);
  const change = checksum.fold(checksum.delta(before, type << 8) + delta);
  const field = view.getUint16(upper + icmp.CHECKSUM);
  view.setUint16(upper + icmp.CHECKSUM, checksum.update(field, change));
}

/** Types of the two echo messages of a family. */
export interface EchoTypes {
  readonly request: number;
  readonly reply: number;
}

/** Whether the ICMP message that an error quotes is an echo, of which no error is: nested errors are not translated. */
export function isQuotedEcho(view: DataView, quoted: Packet, types: EchoTypes): boolean {
  if (quoted.upperLength < 1) return false;
  const type = icmp.type(view, quoted.upper);
  return type === types.request || type === types.reply;
}

/** Turn a quoted echo into the other family's, as far as the quote reaches. */
export function translateQuotedEcho(
  view: DataView,
  quoted: Packet,
  type: number,
  identifier: number,
  delta: number,
): void {
  if (quoted.upperLength >= icmp.HEADER_LENGTH) translateEcho(view, quoted.upper, type, identifier, delta);
  else view.setUint8(quoted.upper, type);
}

/** Whether a quote has both ports. @param isFirst it is no later fragment */
export function quotesPorts(quoted: Packet, isFirst: boolean): boolean {
  return isFirst && hasPorts(quoted.protocol) && quoted.upperLength >= 4;
}

/**
 * The checksum of TCP or UDP inside an ICMP error, where the quote reaches that far and the sender computed one.
 * @param quoted its upper layer may be cut anywhere
 */
export function updateQuoted(view: DataView, quoted: Packet, delta: number): void {
  const at = quoted.upper + checksumAt(quoted.protocol);
  if (at + 2 > quoted.end) return;
  if (quoted.protocol === udp.PROTOCOL && view.getUint16(at) === 0) return;
  updateChecksum(view, quoted.upper, quoted.protocol, delta);
}
