/**
 * IPv6 header, RFC 8200 §3, its Fragment header (§4.5) and the walk along extension headers (§4).
 *
 * Accessors take `(view, at)` as in `ipv4.ts`. An address is four signed 32-bit words at a byte offset.
 */
import * as checksum from './checksum.ts';

export const HEADER_LENGTH = 40;
export const FRAGMENT_HEADER_LENGTH = 8;
/** Every link carries this much, RFC 8200 §5. */
export const MIN_MTU = 1280;

/** Next Header values, RFC 8200 §4. */
export const HOP_BY_HOP = 0;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const DESTINATION_OPTIONS = 60;

const PAYLOAD_LENGTH = 4;
export const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
/** Byte offsets of the addresses, for whoever moves them as words. */
export const SOURCE = 8;
export const DESTINATION = 24;

/** Offset (units of 8 bytes, left-aligned) and M flag of the word at 2 of a Fragment header. */
export const FRAGMENT_OFFSET_MASK = 0xfff8;
export const FRAGMENT_MORE = 0x0001;

/**
 * Validate before use.
 * @returns 40, or 0 when this is not a whole IPv6 packet (a jumbogram, RFC 2675, is not)
 */
export function check(view: DataView, at: number, length: number): number {
  if (length < HEADER_LENGTH || view.getUint8(at) >>> 4 !== 6) return 0;
  return HEADER_LENGTH + payloadLength(view, at) <= length ? HEADER_LENGTH : 0;
}

export function trafficClass(view: DataView, at: number): number {
  return (view.getUint16(at) >>> 4) & 0xff;
}

export function setTrafficClass(view: DataView, at: number, byte: number): void {
  view.setUint16(at, (view.getUint16(at) & 0xf00f) | (byte << 4));
}

/** Bytes after the 40 of the header. */
export function payloadLength(view: DataView, at: number): number {
  return view.getUint16(at + PAYLOAD_LENGTH);
}

export function setPayloadLength(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + PAYLOAD_LENGTH, bytes);
}

export function nextHeader(view: DataView, at: number): number {
  return view.getUint8(at + NEXT_HEADER);
}

export function setNextHeader(view: DataView, at: number, next: number): void {
  view.setUint8(at + NEXT_HEADER, next);
}

export function hopLimit(view: DataView, at: number): number {
  return view.getUint8(at + HOP_LIMIT);
}

/** Write the first 8 bytes; the addresses are words of their own. */
export function write(
  view: DataView,
  at: number,
  trafficClassByte: number,
  payload: number,
  next: number,
  hops: number,
): void {
  view.setUint32(at, 0x60000000 | (trafficClassByte << 20));
  view.setUint16(at + PAYLOAD_LENGTH, payload);
  view.setUint16(at + NEXT_HEADER, (next << 8) | hops);
}

/** A fragment that is the whole packet, RFC 6946 §2. @param at Fragment header */
export function isAtomic(view: DataView, at: number): boolean {
  return (view.getUint16(at + 2) & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE)) === 0;
}

/** Bytes, a multiple of 8. @param at Fragment header */
export function fragmentOffset(view: DataView, at: number): number {
  return view.getUint16(at + 2) & FRAGMENT_OFFSET_MASK;
}

/** M: not the last one. @param at Fragment header */
export function hasMoreFragments(view: DataView, at: number): boolean {
  return (view.getUint16(at + 2) & FRAGMENT_MORE) !== 0;
}

/** Write a Fragment header at `at`. @param offsetMore offset in bytes (a multiple of 8), M flag in bit 0 */
export function writeFragment(
  view: DataView,
  at: number,
  next: number,
  offsetMore: number,
  id: number,
): void {
  view.setUint16(at, next << 8);
  view.setUint16(at + 2, offsetMore);
  view.setInt32(at + 4, id);
}

/** Sum of the two addresses, for a pseudo-header (RFC 8200 §8.1). */
export function addressSum(view: DataView, at: number): number {
  return checksum.sum(view, at + SOURCE, 32);
}

/** Sum of the rest of a pseudo-header. @param length of the upper layer, bytes */
export function pseudoRest(length: number, next: number): number {
  return checksum.words(length) + next;
}

/** Unspecified, loopback, multicast or v4-mapped: never the source of a packet to answer. */
export function isUnicast(view: DataView, addressAt: number): boolean {
  if (view.getUint8(addressAt) === 0xff) return false;
  if (view.getInt32(addressAt) !== 0 || view.getInt32(addressAt + 4) !== 0) return true;
  const third = view.getInt32(addressAt + 8);
  const last = view.getInt32(addressAt + 12);
  return third !== 0 && third !== 0xffff ? true : third === 0 && last !== 0 && last !== 1;
}

/** fe80::/10, RFC 4291 §2.5.6: valid on one link only, so never translated. */
export function isLinkLocal(view: DataView, addressAt: number): boolean {
  return (view.getUint16(addressAt) & 0xffc0) === 0xfe80;
}

/** Unicast and valid beyond its link. */
export function isRoutable(view: DataView, addressAt: number): boolean {
  return isUnicast(view, addressAt) && !isLinkLocal(view, addressAt);
}

/** `::`, as four words. */
export function isUnspecified(words: Int32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] === 0;
}
