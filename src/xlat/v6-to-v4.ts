/**
 * IPv6 header (and what stands before the upper layer) → IPv4 header, RFC 7915 §5.1, in place.
 *
 *   before | v6 header [extensions] [fragment] | payload |
 *   after  |                       | v4 header | payload |     payload unmoved
 */
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { HeaderChain } from './header-chain.ts';
import { SMALL_V4 } from './mtu.ts';

/** Addresses and the numbers that the header does not bring along; one object, used again for each packet. */
export interface V4Header {
  source: number;
  destination: number;
  /** TTL of the new packet: Hop Limit − 1, or the Hop Limit itself inside an ICMP error. */
  hops: number;
  /** Identification of a packet that is no fragment and may be fragmented. */
  identification: number;
  /** Size on the wire that decides about DF: of a segment, where the packet is many. */
  wireLength: number;
}

export function newHeader(): V4Header {
  return { source: 0, destination: 0, hops: 0, identification: 0, wireLength: 0 };
}

/**
 * @param chain walked along this packet @param from what it does not bring along
 * @returns offset of the IPv4 header
 */
export function translateHeader(view: DataView, at: number, chain: HeaderChain, from: V4Header): number {
  const trafficClass = ipv6.trafficClass(view, at);
  const total = totalLength(view, at, chain) & 0xffff; // a quote may claim more than IPv4 can say
  const protocol = chain.protocol === icmp.V6 ? icmp.V4 : chain.protocol;
  let id = from.identification;
  let flagsOffset = 0;
  if (chain.fragment !== 0) {
    const word = view.getUint16(chain.fragment + 2);
    const more = (word & ipv6.FRAGMENT_MORE) !== 0 ? ipv4.MF : 0;
    flagsOffset = ((word & ipv6.FRAGMENT_OFFSET_MASK) >>> 3) | more;
    id = view.getUint16(chain.fragment + 6); // the low half
  } else if (from.wireLength > SMALL_V4) {
    flagsOffset = ipv4.DF;
    id = 0; // never fragmented: nothing to tell apart, RFC 6864 §4.1
  }
  const out = chain.upper - ipv4.MIN_HEADER_LENGTH; // every v6 field is in a local by now
  ipv4.write(view, out, trafficClass, total, id, flagsOffset);
  ipv4.setTtlProtocol(view, out, from.hops, protocol);
  ipv4.setAddresses(view, out, from.source, from.destination);
  // Summed from what was just written, not read back: 15 ns less a packet, `bench/translate`
  const addresses = checksum.words(from.source) + checksum.words(from.destination);
  const rest = (0x4500 | trafficClass) + total + id + flagsOffset + ((from.hops << 8) | protocol);
  ipv4.setChecksumField(view, out, checksum.finish(rest + addresses));
  return out;
}

/** Protocol of the upper layer as a packet of the other family names it; each family's ICMP is strange to the other. */
export function protocolOf(chain: HeaderChain): number {
  if (chain.protocol === icmp.V6) return icmp.V4;
  return chain.protocol === icmp.V4 ? icmp.V6 : chain.protocol;
}

/** Total Length of the IPv4 packet that this IPv6 packet becomes. */
export function totalLength(view: DataView, at: number, chain: HeaderChain): number {
  const skipped = chain.upper - (at + ipv6.HEADER_LENGTH);
  return ipv4.MIN_HEADER_LENGTH + ipv6.payloadLength(view, at) - skipped;
}
