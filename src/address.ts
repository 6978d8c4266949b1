/**
 * Addresses as text, for configuration, records and terminals. An IPv4 address is a number in host order
 * (0 … 2^32 - 1), an IPv6 address is 16 bytes in network order.
 */
import ipaddr from 'ipaddr.js';

/** @returns the address, or null when this is not a dotted quad of four decimal numbers (no octal, no hex, no short form) */
export function parseV4(text: string): number | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  return ipaddr.IPv4.parse(text).octets.reduce((value, octet) => value * 256 + octet, 0);
}

/** @returns 16 bytes, or null when this is not an IPv6 address; a zone (`%eth0`) is refused */
export function parseV6(text: string): Uint8Array | null {
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return null;
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** Dotted quad. */
export function formatV4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

const V6_GROUPS = 8;

/** Canonical text, RFC 5952 §4: each record has one, so it is not left to the slow way. @param at offset of the 16 bytes */
export function formatV6(bytes: Uint8Array, at = 0): string {
  const group = (i: number): number => ((bytes[at + 2 * i] ?? 0) << 8) | (bytes[at + 2 * i + 1] ?? 0);
  const gap = longestZeroRun(group);
  let text = '';
  for (let i = 0; i < V6_GROUPS; i++) {
    if (i === gap.start) {
      text += '::';
      i += gap.length - 1;
    } else text += (text === '' || text.endsWith(':') ? '' : ':') + group(i).toString(16);
  }
  return text;
}

/** The groups that `::` stands for: the first of the longest runs of zeros, two groups at least (RFC 5952 §4.2); else start is -1. */
function longestZeroRun(group: (i: number) => number): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0, run = 0; i < V6_GROUPS; i++) {
    run = group(i) === 0 ? run + 1 : 0;
    if (run > best.length) best = { start: i - run + 1, length: run };
  }
  return best;
}

export interface Cidr4 {
  /** First address; host bits are zero. */
  readonly base: number;
  /** Prefix length, 0 … 32. */
  readonly length: number;
}

/** @returns null when malformed or when host bits are set */
export function parseCidr4(text: string): Cidr4 | null {
  const [address, bits, ...rest] = text.split('/');
  const base = parseV4(address ?? '');
  const length = prefixLength(bits, 32);
  if (base === null || length === null || rest.length > 0) return null;
  return base % 2 ** (32 - length) === 0 ? { base, length } : null;
}

export interface Cidr6 {
  readonly base: Uint8Array;
  /** Prefix length, 0 … 128. */
  readonly length: number;
}

/** @returns null when malformed; host bits are kept, so an interface address with its prefix length is fine */
export function parseCidr6(text: string): Cidr6 | null {
  const [address, bits, ...rest] = text.split('/');
  const base = parseV6(address ?? '');
  const length = prefixLength(bits, 128);
  return base === null || length === null || rest.length > 0 ? null : { base, length };
}

/** Whether an IPv6 address lies inside a prefix. */
export function contains6(prefix: Cidr6, address: Uint8Array): boolean {
  for (let bit = 0; bit < prefix.length; bit += 8) {
    const mask = prefix.length - bit >= 8 ? 0xff : (0xff00 >> (prefix.length - bit)) & 0xff;
    if ((((prefix.base[bit >> 3] ?? 0) ^ (address[bit >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** Whether an IPv4 address lies inside a prefix. */
export function contains4(prefix: Cidr4, address: number): boolean {
  return address >= prefix.base && address < prefix.base + 2 ** (32 - prefix.length);
}

function prefixLength(text: string | undefined, max: number): number | null {
  if (text === undefined || !/^\d{1,3}$/.test(text)) return null;
  return Number(text) <= max ? Number(text) : null;
}
