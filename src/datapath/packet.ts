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
  /** 6, 17, or 1 for the ICMP of its family; 58 where the ICMP of the other family is carried. */
  protocol = 0;
  /** TTL or Hop Limit as received. */
  hops = 0;
  /** TCP flags; 0 for others. */
  flags = 0;
  /** From IPv4: addresses as words. From IPv6: offsets of the addresses. Near is the inside host's end. */
  near = 0;
  far = 0;
  /** A UDP datagram whose sender computed no checksum, and left none to the device. */
  isUnsummed = false;
  /** Near port in the high half; an ICMP identifier there, and 0 in the low half. */
  ports = 0;
  /** From IPv4: the word of DF, MF and offset. From IPv6: offset of the Fragment header, or 0; 0 for an atomic one. */
  fragment = 0;
  /** Of a packet that does not fit: how large its fragments may be, or the MTU that an error reports; bytes. */
  mtu = 0;
  /** The IPv4 packet it became is for a host on the IPv6 side: it is translated again. */
  turnsBack = false;

  /** Bytes of the upper layer. */
  get upperLength(): number {
    return this.end - this.upper;
  }
}
