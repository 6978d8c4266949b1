/**
 * Packets from their fields, slow and plain: every header is an array of its own, every checksum is summed from scratch.
 * Nothing of the sources is used, so that they can be compared with it.
 */

/** The two ends of a packet, 4 or 16 bytes each. */
export interface Pair {
  source: Uint8Array;
  destination: Uint8Array;
}

export interface V4Header extends Pair {
  protocol: number;
  tos?: number;
  id?: number;
  df?: boolean;
  mf?: boolean;
  /** Bytes, a multiple of 8. */
  offset?: number;
  ttl?: number;
  options?: Uint8Array;
}

export interface V6Header extends Pair {
  next: number;
  trafficClass?: number;
  flow?: number;
  hops?: number;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big-endian 16-bit words. */
export function u16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  for (const [i, value] of values.entries()) bytes.set([value >>> 8, value], i * 2);
  return bytes;
}

/** Big-endian 32-bit words. */
export function u32(...values: readonly number[]): Uint8Array {
  return u16(...values.flatMap((value) => [value >>> 16, value & 0xffff]));
}

/** Ones' complement sum, 0 … 0xffff. */
export function sum(packet: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < packet.length; i += 2) total += packet[i]! * 256 + (packet[i + 1] ?? 0);
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000);
  return total;
}

/** The field that makes the sum of everything 0xffff. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  return 0xffff - sum(concat(...parts));
}

/** Of the addresses' own family. */
export function pseudoHeader(pair: Pair, protocol: number, length: number): Uint8Array {
  const { source, destination } = pair;
  if (source.length === 4) return concat(source, destination, u16(protocol, length));
  return concat(source, destination, u32(length, protocol));
}

export function v4(header: V4Header, payload: Uint8Array): Uint8Array {
  const {
    tos = 0,
    id = 0,
    df = false,
    mf = false,
    offset = 0,
    ttl = 64,
    options = new Uint8Array(0),
  } = header;
  const length = 20 + options.length;
  const flags = (df ? 0x4000 : 0) | (mf ? 0x2000 : 0) | (offset / 8);
  const start = concat(
    u16(((0x40 | (length / 4)) << 8) | tos, length + payload.length, id, flags),
    u16((ttl << 8) | header.protocol),
  );
  const rest = concat(header.source, header.destination, options);
  return concat(start, u16(internetChecksum(start, rest)), rest, payload);
}

export function v6(header: V6Header, payload: Uint8Array): Uint8Array {
  const { trafficClass = 0, flow = 0, hops = 64 } = header;
  const start = concat(u32(0x60000000 + trafficClass * 0x100000 + flow), u16(payload.length));
  return concat(start, Uint8Array.of(header.next, hops), header.source, header.destination, payload);
}

/** @param offset bytes */
export function fragmentHeader(next: number, offset: number, more: boolean, id: number): Uint8Array {
  return concat(u16(next << 8, offset | (more ? 1 : 0)), u32(id));
}

/** @param data what the Options or Routing header carries, padded to a whole number of 8 bytes */
export function extensionHeader(next: number, data: Uint8Array): Uint8Array {
  const length = Math.ceil((data.length + 2) / 8) * 8;
  const header = new Uint8Array(length);
  header.set([next, length / 8 - 1]);
  header.set(data, 2);
  return header;
}

/** @param ports source, destination @param checksum computed if it is not given */
export function udp(pair: Pair, ports: [number, number], data: Uint8Array, checksum?: number): Uint8Array {
  const length = 8 + data.length;
  const start = u16(...ports, length);
  const field = checksum ?? (internetChecksum(pseudoHeader(pair, 17, length), start, data) || 0xffff);
  return concat(start, u16(field), data);
}

export interface TcpHeader {
  flags?: number;
  options?: Uint8Array;
  checksum?: number;
}

export function tcp(
  pair: Pair,
  ports: [number, number],
  data: Uint8Array,
  header: TcpHeader = {},
): Uint8Array {
  const { flags = 0x10, options = new Uint8Array(0) } = header;
  const length = 20 + options.length;
  const start = concat(u16(...ports), u32(0x01020304, 0x05060708), u16(((length / 4) << 12) | flags, 0x2000));
  const rest = concat(u16(0), options, data);
  const pseudo = pseudoHeader(pair, 6, length + data.length);
  return concat(start, u16(header.checksum ?? internetChecksum(pseudo, start, rest)), rest);
}

/** ICMPv4 or ICMPv6, as the addresses say. @param rest the four bytes after the checksum */
export function icmp(pair: Pair, typeCode: number, rest: Uint8Array, data: Uint8Array): Uint8Array {
  const isV6 = pair.source.length === 16;
  const pseudo = isV6 ? pseudoHeader(pair, 58, 8 + data.length) : new Uint8Array(0);
  return concat(u16(typeCode, internetChecksum(pseudo, u16(typeCode), rest, data)), rest, data);
}

/** Little-endian, as the device has it. */
export interface VirtioHeader {
  needsChecksum?: boolean;
  gsoType?: number;
  headers?: number;
  segment?: number;
  sumStart?: number;
  sumOffset?: number;
}

export function virtio(header: VirtioHeader): Uint8Array {
  const { headers = 0, segment = 0, sumStart = 0, sumOffset = 0 } = header;
  const words = [headers, segment, sumStart, sumOffset].flatMap((word) => [word & 0xff, word >>> 8]);
  return Uint8Array.of(header.needsChecksum ? 1 : 0, header.gsoType ?? 0, ...words);
}
