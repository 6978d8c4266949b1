/**
 * MTU arithmetic of both directions, saturating at what each family allows. All sizes in bytes.
 */
import * as ipv6 from '../wire/ipv6.ts';

/** IPv6 header minus IPv4 header. */
export const HEADER_DIFFERENCE = 20;
/** An IPv4 packet of at most this many bytes may have come from a 1280-byte IPv6 one, RFC 7915 §5.1. */
export const SMALL_V4 = ipv6.MIN_MTU - HEADER_DIFFERENCE;
/** Every IPv4 link carries this much, RFC 791 §3.2. */
const MIN_V4 = 68;

/** RFC 1191 §7.1, table 7-1, for routers that report 0. */
const PLATEAUS = [65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, MIN_V4];

/** Next-hop MTUs of the two sides. */
export interface PathMtus {
  readonly mtu4: number;
  readonly mtu6: number;
}

/**
 * MTU to report in a Packet Too Big, from a Fragmentation Needed (RFC 7915 §4.2).
 * @param reported by the IPv4 router; 0 = an old router that does not tell
 * @param innerTotal Total Length of the packet in error
 */
export function toV6(reported: number, innerTotal: number, mtus: PathMtus): number {
  const known = reported === 0 ? plateauBelow(innerTotal) : reported;
  const smallest = Math.min(known + HEADER_DIFFERENCE, mtus.mtu6, mtus.mtu4 + HEADER_DIFFERENCE);
  return Math.max(ipv6.MIN_MTU, smallest);
}

/** MTU to report in a Fragmentation Needed, from a Packet Too Big (RFC 7915 §5.2). @param reported any 32-bit value */
export function toV4(reported: number, mtus: PathMtus): number {
  const smallest = Math.min(reported - HEADER_DIFFERENCE, mtus.mtu4, mtus.mtu6 - HEADER_DIFFERENCE);
  return Math.max(MIN_V4, smallest);
}

/** The greatest plateau below a size that did not fit. */
function plateauBelow(size: number): number {
  for (let i = 0; i < PLATEAUS.length; i++) {
    const plateau = PLATEAUS[i] ?? MIN_V4;
    if (plateau < size) return plateau;
  }
  return MIN_V4;
}
