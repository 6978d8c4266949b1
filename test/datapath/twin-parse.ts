/**
 * The reading half of the twin: packets as objects. Everything is copied, nothing is clever.
 */
import { hex } from '../helpers/hex.ts';

export interface Packet4 {
  /** As it came, without what lies behind Total Length. */
  whole: Uint8Array;
  tos: number;
  id: number;
  df: boolean;
  mf: boolean;
  /** Bytes. */
  offset: number;
  ttl: number;
  protocol: number;
  source: Uint8Array;
  destination: Uint8Array;
  options: Uint8Array;
  payload: Uint8Array;
}

export interface Packet6 {
  whole: Uint8Array;
  trafficClass: number;
  hops: number;
  source: Uint8Array;
  destination: Uint8Array;
  /** Where a Routing header has Segments Left that is not 0. */
  segmentsLeftAt: number | null;
  fragment: { offset: number; more: boolean; id: number } | null;
  afterFragment: boolean;
  next: number;
  payload: Uint8Array;
}

/** Of a TCP or UDP header: what translation changes. */
export interface Ports {
  source: number;
  destination: number;
}

export interface Virtio {
  needsChecksum: boolean;
  gsoType: number;
  ecn: number;
  headers: number;
  segment: number;
  sumStart: number;
  sumOffset: number;
}

export function word(packet: Uint8Array, at: number): number {
  return packet[at]! * 256 + packet[at + 1]!;
}

/** A well-formed packet: the twin is not asked about others. */
export function parse4(received: Uint8Array): Packet4 {
  const whole = received.slice(0, word(received, 2));
  const header = (whole[0]! % 16) * 4;
  const flags = word(whole, 6);
  return {
    whole,
    tos: whole[1]!,
    id: word(whole, 4),
    df: (flags & 0x4000) !== 0,
    mf: (flags & 0x2000) !== 0,
    offset: (flags & 0x1fff) * 8,
    ttl: whole[8]!,
    protocol: whole[9]!,
    source: whole.slice(12, 16),
    destination: whole.slice(16, 20),
    options: whole.slice(20, header),
    payload: whole.slice(header),
  };
}

/** The same; null when an extension header is not whole. */
export function parse6(received: Uint8Array): Packet6 | null {
  const whole = received.slice(0, 40 + word(received, 4));
  const packet: Packet6 = {
    whole,
    trafficClass: (whole[0]! % 16) * 16 + (whole[1]! >> 4),
    hops: whole[7]!,
    source: whole.slice(8, 24),
    destination: whole.slice(24, 40),
    segmentsLeftAt: null,
    fragment: null,
    afterFragment: false,
    next: whole[6]!,
    payload: whole.slice(40),
  };
  while ([0, 43, 44, 60].includes(packet.next)) {
    const { payload, next } = packet;
    if (packet.fragment) return { ...packet, afterFragment: true };
    if (payload.length < 8) return null;
    if (next === 43 && payload[3] !== 0) packet.segmentsLeftAt ??= whole.length - payload.length + 3;
    if (next === 44) {
      const offset = word(payload, 2);
      packet.fragment = {
        offset: offset & ~7,
        more: offset % 2 === 1,
        id: word(payload, 4) * 65536 + word(payload, 6),
      };
    }
    const length = next === 44 ? 8 : 8 + payload[1]! * 8;
    if (payload.length < length) return null;
    packet.next = payload[0]!;
    packet.payload = payload.slice(length);
  }
  return packet;
}

export function parseVirtio(header: Uint8Array): Virtio {
  const little = (at: number): number => header[at]! + header[at + 1]! * 256;
  const gsoType = header[1]! & 0x7f;
  return {
    needsChecksum: header[0] === 1,
    gsoType,
    ecn: header[1]! & 0x80,
    headers: little(2),
    segment: gsoType === 0 ? 0 : little(4),
    sumStart: little(6),
    sumOffset: little(8),
  };
}

export function ports(upper: Uint8Array): Ports {
  return { source: word(upper, 0), destination: word(upper, 2) };
}

/** Whether the header of TCP or UDP is there, options included. */
export function isWhole(upper: Uint8Array, protocol: number): boolean {
  if (protocol === 17) return upper.length >= 8;
  return upper.length >= 20 && tcpHeader(upper) >= 20 && tcpHeader(upper) <= upper.length;
}

/** Bytes. */
export function tcpHeader(upper: Uint8Array): number {
  return (upper[12]! >> 4) * 4;
}

/** IPv4 options one by one; a malformed one ends the list. */
export function hasSourceRoute(options: Uint8Array): boolean {
  for (let at = 0; at < options.length; ) {
    const [type, length, pointer] = options.subarray(at);
    if (type === 0) return false;
    if (type === 1) {
      at += 1;
    } else if (length === undefined || pointer === undefined || length < 2) {
      return false;
    } else {
      if ((type === 0x83 || type === 0x89) && pointer <= length) return true;
      at += length;
    }
  }
  return false;
}

/** Two addresses as the key of something. */
export function key(...parts: readonly (Uint8Array | number)[]): string {
  return parts.map((part) => (typeof part === 'number' ? String(part) : hex(part))).join(' ');
}
