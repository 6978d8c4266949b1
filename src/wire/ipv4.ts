/**
 * IPv4 header, RFC 791 §3.1, read and written in place.
 *
 * Accessors take `(view, at)`: the packet and the byte offset where the header starts. They allocate nothing
 * and speak host-order numbers; addresses are signed 32-bit words (`| 0`), so that they never leave the range
 * in which the engine stores integers unboxed. Once `check` has returned non-zero, no getter throws.
 */
import * as checksum from './checksum.ts';

export const MIN_HEADER_LENGTH = 20;
/** Largest Total Length. */
export const MAX_TOTAL_LENGTH = 65535;

const VERSION_IHL = 0;
const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_OFFSET = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SOURCE = 12;
const DESTINATION = 16;
const OPTIONS = 20;

/** Flag bits and offset of the word at 6, RFC 791 §3.1. */
export const DF = 0x4000;
export const MF = 0x2000;
export const OFFSET_MASK = 0x1fff;

/** Option types, RFC 791 §3.1. */
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_LSRR = 0x83;
const OPTION_SSRR = 0x89;

/**
 * Validate before use.
 * @param length bytes available from `at`
 * @returns header length in bytes, or 0 when this is not a whole, well-formed IPv4 packet
 */
export function check(view: DataView, at: number, length: number): number {
  if (length < MIN_HEADER_LENGTH || view.getUint8(at + VERSION_IHL) >>> 4 !== 4) return 0;
  const header = headerLength(view, at);
  const total = totalLength(view, at);
  return header >= MIN_HEADER_LENGTH && header <= total && total <= length ? header : 0;
}

/** Whether the header checksum is right, RFC 1071. @param header length in bytes */
export function checksumOk(view: DataView, at: number, header: number): boolean {
  // Without a loop: 5 ns less a packet, `bench/translate`
  const fixed =
    checksum.words(view.getInt32(at)) +
    checksum.words(view.getInt32(at + 4)) +
    checksum.words(view.getInt32(at + TTL)) +
    checksum.words(view.getInt32(at + SOURCE)) +
    checksum.words(view.getInt32(at + DESTINATION));
  const options = header - MIN_HEADER_LENGTH;
  return checksum.fold(options === 0 ? fixed : fixed + checksum.sum(view, at + OPTIONS, options)) === 0xffff;
}

/** Bytes, 20 … 60. */
export function headerLength(view: DataView, at: number): number {
  return (view.getUint8(at + VERSION_IHL) & 0x0f) << 2;
}

export function tos(view: DataView, at: number): number {
  return view.getUint8(at + TOS);
}

export function setTos(view: DataView, at: number, byte: number): void {
  view.setUint8(at + TOS, byte);
}

/** Bytes, header included. */
export function totalLength(view: DataView, at: number): number {
  return view.getUint16(at + TOTAL_LENGTH);
}

export function setTotalLength(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + TOTAL_LENGTH, bytes);
}

export function identification(view: DataView, at: number): number {
  return view.getUint16(at + IDENTIFICATION);
}

export function setIdentification(view: DataView, at: number, id: number): void {
  view.setUint16(at + IDENTIFICATION, id);
}

/** The word that holds DF, MF and the fragment offset in units of 8 bytes. */
export function flagsOffset(view: DataView, at: number): number {
  return view.getUint16(at + FLAGS_OFFSET);
}

/** True for every fragment, the first one included. */
export function isFragment(flagsAndOffset: number): boolean {
  return (flagsAndOffset & (MF | OFFSET_MASK)) !== 0;
}

export function ttl(view: DataView, at: number): number {
  return view.getUint8(at + TTL);
}

export function protocol(view: DataView, at: number): number {
  return view.getUint8(at + PROTOCOL);
}

/** Signed 32-bit word. */
export function source(view: DataView, at: number): number {
  return view.getInt32(at + SOURCE);
}

/** Signed 32-bit word. */
export function destination(view: DataView, at: number): number {
  return view.getInt32(at + DESTINATION);
}

/**
 * Write a header of 20 bytes, checksum excepted: `setAddresses` comes next, `setChecksum` last.
 * @param flagsAndOffset DF, MF, offset as one word
 */
export function write(
  view: DataView,
  at: number,
  tosByte: number,
  total: number,
  id: number,
  flagsAndOffset: number,
): void {
  view.setUint16(at + VERSION_IHL, 0x4500 | tosByte);
  view.setUint16(at + TOTAL_LENGTH, total);
  view.setUint16(at + IDENTIFICATION, id);
  view.setUint16(at + FLAGS_OFFSET, flagsAndOffset);
}

export function setTtlProtocol(view: DataView, at: number, hops: number, protocolNumber: number): void {
  view.setUint16(at + TTL, (hops << 8) | protocolNumber);
}

export function setAddresses(view: DataView, at: number, from: number, to: number): void {
  view.setInt32(at + SOURCE, from);
  view.setInt32(at + DESTINATION, to);
}

export function setChecksumField(view: DataView, at: number, field: number): void {
  view.setUint16(at + CHECKSUM, field);
}

/** Keep the checksum of a header right that has changed by `delta`. */
export function updateChecksum(view: DataView, at: number, delta: number): void {
  view.setUint16(at + CHECKSUM, checksum.update(view.getUint16(at + CHECKSUM), delta));
}

/** Compute and store the checksum of a header without options. */
export function setChecksum(view: DataView, at: number): void {
  view.setUint16(at + CHECKSUM, 0);
  view.setUint16(at + CHECKSUM, checksum.finish(checksum.sum(view, at, MIN_HEADER_LENGTH)));
}

/**
 * Look for a source route that still has hops to visit (RFC 7915 §4.1: such a packet is not translated).
 * @param header length in bytes, as `check` returned it
 */
export function hasUnexpiredSourceRoute(view: DataView, at: number, header: number): boolean {
  let option = at + OPTIONS;
  const end = at + header;
  while (option < end) {
    const type = view.getUint8(option);
    if (type === OPTION_END) return false;
    if (type === OPTION_NOP) {
      option++;
      continue;
    }
    if (option + 3 > end) return false;
    const length = view.getUint8(option + 1);
    if (length < 2) return false;
    if ((type === OPTION_LSRR || type === OPTION_SSRR) && view.getUint8(option + 2) <= length) return true;
    option += length;
  }
  return false;
}

/** 169.254/16, RFC 3927 §2.7: valid on one link only, so never translated. @param address signed or unsigned word */
export function isLinkLocal(address: number): boolean {
  return address >>> 16 === 0xa9fe;
}

/** Unicast and valid beyond its link. @param address signed or unsigned word */
export function isRoutable(address: number): boolean {
  return isUnicast(address) && !isLinkLocal(address);
}

/** Never a unicast address: 0/8, 127/8, multicast, limited broadcast. @param address signed or unsigned word */
export function isUnicast(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && (first < 224 || (first >= 240 && ~address !== 0));
}
