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
export const NEEDS_CSUM = 1;

export const GSO_NONE = 0;
export const GSO_TCPV4 = 1;
export const GSO_TCPV6 = 4;
export const GSO_UDP_L4 = 5;
/** Bit beside the type: the segments carry CWR on the first only. */
export const GSO_ECN = 0x80;

export function needsChecksum(view: DataView, at: number): boolean {
  return (view.getUint8(at + FLAGS) & NEEDS_CSUM) !== 0;
}

/** Type without the ECN bit. */
export function gsoType(view: DataView, at: number): number {
  return view.getUint8(at + GSO_TYPE) & ~GSO_ECN;
}

/** Payload bytes of every segment but the last; 0 when this is one packet. */
export function gsoSize(view: DataView, at: number): number {
  return view.getUint16(at + GSO_SIZE, true);
}

export function setGsoSize(view: DataView, at: number, bytes: number): void {
  view.setUint16(at + GSO_SIZE, bytes, true);
}

/** Where the summing starts, from the IP header. */
export function checksumStart(view: DataView, at: number): number {
  return view.getUint16(at + CSUM_START, true);
}

/** Where the field is, from the start of the summing. */
export function checksumOffset(view: DataView, at: number): number {
  return view.getUint16(at + CSUM_OFFSET, true);
}

/** An ordinary packet: whole checksum, one segment. */
export function clear(view: DataView, at: number): void {
  view.setInt32(at + FLAGS, 0);
  view.setInt32(at + GSO_SIZE, 0);
  view.setInt16(at + CSUM_OFFSET, 0);
}

/**
 * Move the header with its packet, whose IP header starts `to - from` bytes later and is as much shorter.
 * The family of a TCP super-packet changes with it.
 */
export function translate(view: DataView, from: number, to: number, tcpType: number): void {
  const flags = view.getUint8(from + FLAGS);
  const gso = view.getUint8(from + GSO_TYPE);
  if (flags === 0 && gso === GSO_NONE) {
    clear(view, to);
    return;
  }
  const header = view.getUint16(from + HDR_LEN, true);
  const size = view.getUint16(from + GSO_SIZE, true);
  const start = view.getUint16(from + CSUM_START, true);
  const offset = view.getUint16(from + CSUM_OFFSET, true);
  const shift = from - to;
  const type = gso & ~GSO_ECN;
  view.setUint8(to + FLAGS, flags & NEEDS_CSUM);
  view.setUint8(to + GSO_TYPE, type === GSO_TCPV4 || type === GSO_TCPV6 ? tcpType | (gso & GSO_ECN) : type);
  view.setUint16(to + HDR_LEN, header === 0 ? 0 : header + shift, true);
  view.setUint16(to + GSO_SIZE, size, true);
  view.setUint16(to + CSUM_START, start === 0 ? 0 : start + shift, true);
  view.setUint16(to + CSUM_OFFSET, offset, true);
}
