/**
 * What is known of the packet at hand: integers, written by the parser of each direction and read by every step.
 * One object a translator, used again for each packet.
 */
export class Packet {
  /** IP header. */
  at = 0;
  /** After the last byte of the packet. */
  end = 0;
  /** Upper layer. */
  upper = 0;
  /** 6, 17, or 1 for ICMP of either family. */
  protocol = 0;
  /** TTL or Hop Limit as received. */
  hops = 0;
  /** TCP flags; 0 for others. */
  flags = 0;
  /** From IPv4: addresses as words. From IPv6: offsets of the addresses. Near is the inside host's end. */
  near = 0;
  far = 0;
  /** Near port in the high half; an ICMP identifier there, and 0 in the low half. */
  ports = 0;
  /** From IPv4: the word of DF, MF and offset. From IPv6: offset of the Fragment header, or 0. */
  fragment = 0;

  /** Bytes of the upper layer. */
  get upperLength(): number {
    return this.end - this.upper;
  }
}
