/**
 * One translated packet becomes several IPv6 fragments (RFC 7915 §4.1, RFC 8200 §4.5): in order, each at most `limit`
 * bytes, every piece but the last a multiple of 8, identification = the IPv4 one. What is split may be a fragment
 * itself: then offsets go on from its own, and its last piece says "more" if it did.
 */
import * as ipv6 from '../wire/ipv6.ts';
import { nextHeader, offsetMore } from '../xlat/v4-to-v6.ts';
import type { Batch } from './batch.ts';
import type { Packet } from './packet.ts';

const HEADERS = ipv6.HEADER_LENGTH + ipv6.FRAGMENT_HEADER_LENGTH;

export class Splitter {
  private readonly batch: Batch;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /**
   * @param header the translated IPv6 header; its first 40 bytes go before every piece
   * @param packet as it came @param identification of the IPv4 packet @param limit bytes a fragment
   */
  split(header: number, packet: Packet, identification: number, limit: number): void {
    const { view, bytes } = this.batch;
    const word = offsetMore(packet.fragment);
    const start = word & ipv6.FRAGMENT_OFFSET_MASK;
    const step = (limit - HEADERS) & ~7;
    const next = nextHeader(packet.protocol);
    for (let from = packet.upper; from < packet.end; from += step) {
      const size = Math.min(step, packet.end - from);
      const isLast = from + size === packet.end;
      const more = isLast ? word & ipv6.FRAGMENT_MORE : ipv6.FRAGMENT_MORE;
      const out = this.batch.reserve(HEADERS + size);
      bytes.copyWithin(out, header, header + ipv6.HEADER_LENGTH);
      ipv6.setPayloadLength(view, out, ipv6.FRAGMENT_HEADER_LENGTH + size);
      ipv6.setNextHeader(view, out, ipv6.FRAGMENT);
      const offset = start + (from - packet.upper);
      ipv6.writeFragment(view, out + ipv6.HEADER_LENGTH, next, offset | more, identification);
      bytes.copyWithin(out + HEADERS, from, from + size);
      this.batch.push(out, HEADERS + size);
    }
  }
}
