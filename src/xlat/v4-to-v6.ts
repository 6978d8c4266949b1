/**
 * IPv4 header → IPv6 header, RFC 7915 §4.1, in place.
 *
 *   before | headroom            | v4 header | payload |
 *   after  | headroom | v6 header [fragment] | payload |     payload unmoved
 *
 * The addresses are not ours to know: the caller writes 32 bytes at `out + ipv6.SOURCE`.
 */
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';

/** Bytes from the payload back to the new header. */
export function headerLength(fragment: boolean): number {
  return fragment ? ipv6.HEADER_LENGTH + ipv6.FRAGMENT_HEADER_LENGTH : ipv6.HEADER_LENGTH;
}

/**
 * @param header IPv4 header length @param hops for the new packet: TTL − 1, or the TTL itself inside an ICMP error
 * @returns offset of the IPv6 header
 */
export function translateHeader(view: DataView, at: number, header: number, hops: number): number {
  const flagsOffset = ipv4.flagsOffset(view, at);
  const fragment = ipv4.isFragment(flagsOffset);
  const id = ipv4.identification(view, at);
  const tos = ipv4.tos(view, at);
  const payload = ipv4.totalLength(view, at) - header;
  const next = nextHeader(ipv4.protocol(view, at));
  const out = at + header - headerLength(fragment); // every v4 field is in a local by now
  if (!fragment) {
    ipv6.write(view, out, tos, payload, next, hops);
    return out;
  }
  // A Fragment header only if the packet is a fragment (no atomic fragments, RFC 8021)
  ipv6.write(view, out, tos, payload + ipv6.FRAGMENT_HEADER_LENGTH, ipv6.FRAGMENT, hops);
  ipv6.writeFragment(view, out + ipv6.HEADER_LENGTH, next, offsetMore(flagsOffset), id);
  return out;
}

/** Next Header ← Protocol, ICMPv4 becoming ICMPv6. */
export function nextHeader(protocol: number): number {
  return protocol === icmp.V4 ? icmp.V6 : protocol;
}

/** The word of a Fragment header from the word of an IPv4 header: both count units of 8 bytes. */
export function offsetMore(flagsOffset: number): number {
  const more = (flagsOffset & ipv4.MF) !== 0 ? ipv6.FRAGMENT_MORE : 0;
  return ((flagsOffset & ipv4.OFFSET_MASK) << 3) | more;
}

/** Protocols that mean something else in IPv6, or nothing: Hop-by-Hop, Routing, Fragment, ICMPv6, Destination Options. */
export function isTranslatable(protocol: number): boolean {
  return (
    protocol !== ipv6.HOP_BY_HOP &&
    protocol !== ipv6.ROUTING &&
    protocol !== ipv6.FRAGMENT &&
    protocol !== icmp.V6 &&
    protocol !== ipv6.DESTINATION_OPTIONS
  );
}
