/**
 * ICMP errors that we originate (RFC 792, RFC 1812 §4.3.2; RFC 4443 §2.4) and the rules about when not to: never about
 * an error, a fragment that is not the first, or a packet whose source is nobody in particular.
 */
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { HeaderChain } from './header-chain.ts';

/** Largest messages: RFC 1812 §4.3.2.3, RFC 4443 §2.4(c). */
export const MAX_V4 = 576;
export const MAX_V6 = ipv6.MIN_MTU;
const OUR_TTL = 64;

/** Bytes before the quoted packet. */
export const V4_OVERHEAD = ipv4.MIN_HEADER_LENGTH + icmp.HEADER_LENGTH;
export const V6_OVERHEAD = ipv6.HEADER_LENGTH + icmp.HEADER_LENGTH;

/** Whether an IPv4 packet may be answered with an error, RFC 1122 §3.2.2. @param header length in bytes */
export function mayAnswerV4(view: DataView, at: number, header: number): boolean {
  if (!ipv4.isUnicast(ipv4.source(view, at)) || !ipv4.isUnicast(ipv4.destination(view, at))) return false;
  if ((ipv4.flagsOffset(view, at) & ipv4.OFFSET_MASK) !== 0) return false;
  if (ipv4.protocol(view, at) !== icmp.V4) return true;
  return ipv4.totalLength(view, at) > header && icmp.type(view, at + header) === icmp.V4_ECHO_REQUEST;
}

/** Whether an IPv6 packet may be answered with an error, RFC 4443 §2.4(e). @param chain walked along it @param end of it */
export function mayAnswerV6(view: DataView, at: number, chain: HeaderChain, end: number): boolean {
  if (!ipv6.isUnicast(view, at + ipv6.SOURCE) || !ipv6.isUnicast(view, at + ipv6.DESTINATION)) return false;
  if (chain.fragment !== 0 && ipv6.fragmentOffset(view, chain.fragment) !== 0) return false;
  if (chain.protocol !== icmp.V6) return true;
  return chain.upper < end && icmp.type(view, chain.upper) === icmp.V6_ECHO_REQUEST;
}

/**
 * Write the header of a packet of ours; addresses stand there already.
 * @param length of the ICMP message @param id identification: it may be fragmented
 * @param tos of the ping that this answers, or 0
 */
export function writeHeaderV4(view: DataView, out: number, length: number, id: number, tos: number): void {
  ipv4.write(view, out, tos, ipv4.MIN_HEADER_LENGTH + length, id, 0);
  ipv4.setTtlProtocol(view, out, OUR_TTL, icmp.V4);
  ipv4.setChecksum(view, out);
}

/** The same for IPv6. */
export function writeHeaderV6(view: DataView, out: number, length: number, trafficClass: number): void {
  ipv6.write(view, out, trafficClass, length, icmp.V6, OUR_TTL);
}

/**
 * Write an ICMPv4 error in front of its quote, which stands at `out + V4_OVERHEAD`, and its checksum.
 * @param typeCode one word @param rest the 32-bit word after the checksum @param quote bytes, extension included
 * @returns bytes of the message
 */
export function writeErrorV4(
  view: DataView,
  out: number,
  typeCode: number,
  rest: number,
  quote: number,
): number {
  const message = out + ipv4.MIN_HEADER_LENGTH;
  const length = icmp.HEADER_LENGTH + quote;
  writeStart(view, message, typeCode, rest);
  view.setUint16(message + icmp.CHECKSUM, checksum.finish(checksum.sum(view, message, length)));
  return length;
}

/** The same for ICMPv6, whose checksum covers the addresses in the header at `out`. */
export function writeErrorV6(
  view: DataView,
  out: number,
  typeCode: number,
  rest: number,
  quote: number,
): number {
  const message = out + ipv6.HEADER_LENGTH;
  const length = icmp.HEADER_LENGTH + quote;
  writeStart(view, message, typeCode, rest);
  view.setUint16(message + icmp.CHECKSUM, checksum.finish(sumV6(view, out, message, length)));
  return length;
}

/** Sum of an ICMPv6 message and its pseudo-header: 0xffff when the checksum is right. */
export function sumV6(view: DataView, header: number, message: number, length: number): number {
  const pseudo = ipv6.addressSum(view, header) + ipv6.pseudoRest(length, icmp.V6);
  return checksum.fold(pseudo + checksum.sum(view, message, length));
}

function writeStart(view: DataView, at: number, typeCode: number, rest: number): void {
  view.setUint16(at, typeCode);
  view.setUint16(at + icmp.CHECKSUM, 0);
  view.setInt32(at + icmp.REST, rest);
}
