/**
 * The 10-byte header that a TUN queue opened with IFF_VNET_HDR puts before every packet: `struct virtio_net_hdr`,
 * Virtual I/O Device 1.2 §5.1.6, in the byte order of the host (little endian on every machine we run on).
 *
 * It lies directly before the IP header, at `at - LENGTH`. csum_start and hdr_len count from the IP header.
 */
export const LENGTH = 10;

const FLAGS = -10;
const GSO_TYPE = -9;
const HDR_LEN = -8;
const GSO_SIZE = -6;
const CSUM_START = -4;
const CSUM_OFFSET = -2;

/** The checksum field holds the folded sum of the pseudo-header; the rest is still to be summed. */
const NEEDS_CSUM = 1;
/** The checksum was verified on the way here. */
const DATA_VALID = 2;

const UDP_HEADER = 8;
const UDP_CHECKSUM = 6;

const GSO_NONE = 0;
export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
export const GSO_UDP_L4 = 5;
/** Bit beside the type: the segments carry CWR on the first only. */
const GSO_ECN = 0x80;

/** An ordinary packet: whole checksum, one segment. @param at IP header */
export function clear(view: DataView, at: number): void {
  view.setInt32(at + FLAGS, 0);
  view.setInt32(at + GSO_SIZE, 0);
  view.setInt16(at + CSUM_OFFSET, 0);
}

/** One segment, its checksum as it was. */
export function clearSegments(view: DataView, at: number): void {
  view.setUint8(at + GSO_TYPE, GSO_NONE);
  view.setInt32(at + HDR_LEN, 0); // and GSO_SIZE
}

/** Whether this is several packets in one. */
export function isSuper(view: DataView, at: number): boolean {
  return view.getUint8(at + GSO_TYPE) !== GSO_NONE;
}

/** Whether the checksum is left to us. */
export function needsChecksum(view: DataView, at: number): boolean {
  return (view.getUint8(at + FLAGS) & NEEDS_CSUM) !== 0;
}

/** Whether the checksum is known to be right, or left to us. */
export function isChecked(view: DataView, at: number): boolean {
  return (view.getUint8(at + FLAGS) & (NEEDS_CSUM | DATA_VALID)) !== 0;
}

/** A super-packet of UDP datagrams. @param header bytes of the IP header @param size payload bytes of a datagram */
export function writeUdpSuper(view: DataView, at: number, header: number, size: number): void {
  view.setUint8(at + FLAGS, NEEDS_CSUM);
  view.setUint8(at + GSO_TYPE, GSO_UDP_L4);
  view.setUint16(at + HDR_LEN, header + UDP_HEADER, true);
  view.setUint16(at + GSO_SIZE, size, true);
  view.setUint16(at + CSUM_START, header, true);
  view.setUint16(at + CSUM_OFFSET, UDP_CHECKSUM, true);
}

/** Packets on the wire that a packet of the device stands for. @param length bytes, IP header included */
export function segments(view: DataView, at: number, length: number): number {
  const size = view.getUint16(at + GSO_SIZE, true);
  if (size === 0) return 1;
  // hdr_len is what lay in one piece somewhere, and may hold payload; UDP always leaves its checksum to us
  const isUdp = view.getUint8(at + GSO_TYPE) === GSO_UDP_L4 && needsChecksum(view, at);
  const headers = isUdp
    ? view.getUint16(at + CSUM_START, true) + UDP_HEADER
    : view.getUint16(at + HDR_LEN, true);
  const payload = length - headers;
  return payload <= size ? 1 : Math.ceil(payload / size);
}

/**
 * The header of one packet, held while its bytes are overwritten by a longer or shorter IP header. One object, used
 * again for each packet.
 */
export class Offload {
  /** The checksum field holds the folded sum of the pseudo-header; the rest is still to be summed. */
  needsChecksum = false;
  /** GSO_NONE, GSO_TCPV4, GSO_TCPV6 or GSO_UDP_L4. */
  type = GSO_NONE;
  /** Payload bytes of every segment but the last; 0 when this is one packet. */
  segment = 0;
  /** Where the summing starts, bytes from the IP header. */
  sumStart = 0;
  /** Where the field is, bytes from the start of the summing. */
  sumOffset = 0;
  /** The checksum was verified on the way here; it stays right, as updates are exact. */
  verified = false;
  private ecn = 0;
  private headers = 0;

  /** @param at IP header */
  load(view: DataView, at: number): void {
    this.needsChecksum = false;
    this.verified = false;
    this.type = GSO_NONE;
    this.segment = 0;
    if (view.getInt16(at + FLAGS) === 0) return;
    const type = view.getUint8(at + GSO_TYPE);
    const flags = view.getUint8(at + FLAGS);
    this.needsChecksum = (flags & NEEDS_CSUM) !== 0;
    this.verified = (flags & DATA_VALID) !== 0;
    this.type = type & ~GSO_ECN;
    this.ecn = type & GSO_ECN;
    this.segment = this.type === GSO_NONE ? 0 : view.getUint16(at + GSO_SIZE, true);
    this.headers = view.getUint16(at + HDR_LEN, true);
    this.sumStart = view.getUint16(at + CSUM_START, true);
    this.sumOffset = view.getUint16(at + CSUM_OFFSET, true);
  }

  /**
   * Write it before a packet whose IP header is `grown` bytes longer than the one it was loaded from.
   * @param tcpType GSO_TCPV4 or GSO_TCPV6: the family a TCP super-packet has now
   */
  store(view: DataView, at: number, grown: number, tcpType: number): void {
    if (!this.needsChecksum && this.type === GSO_NONE) {
      clear(view, at);
      if (this.verified) view.setUint8(at + FLAGS, DATA_VALID);
      return;
    }
    const isTcp = this.type === GSO_TCPV4 || this.type === GSO_TCPV6;
    view.setUint8(at + FLAGS, this.needsChecksum ? NEEDS_CSUM : 0);
    view.setUint8(at + GSO_TYPE, isTcp ? tcpType | this.ecn : this.type);
    view.setUint16(at + HDR_LEN, this.headers === 0 ? 0 : this.headers + grown, true);
    view.setUint16(at + GSO_SIZE, this.segment, true);
    view.setUint16(at + CSUM_START, this.needsChecksum ? this.sumStart + grown : 0, true);
    view.setUint16(at + CSUM_OFFSET, this.needsChecksum ? this.sumOffset : 0, true);
  }
}
