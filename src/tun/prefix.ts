/** Prefixes of either family as bytes, for what `ip` prints and for what it is given. */
import { contains4, contains6, parseCidr6, parseV4, parseV6 } from '../address.ts';

/** IPv4 has 4 bytes, IPv6 16; host bits may be set. */
export interface Prefix {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** `10.2.2.0/24`, `2001:db8::1` (a host), `default`. @param family for `default` @returns null when it is none */
export function parsePrefix(text: string, family: 4 | 6 = text.includes(':') ? 6 : 4): Prefix | null {
  if (text === 'default') return { bytes: new Uint8Array(family === 4 ? 4 : 16), length: 0 };
  return text.includes(':') ? parsePrefix6(text) : parsePrefix4(text);
}

function parsePrefix4(text: string): Prefix | null {
  const [address = '', length = '32', ...rest] = text.split('/');
  const word = parseV4(address);
  if (word === null || rest.length > 0 || !/^\d{1,2}$/.test(length) || Number(length) > 32) return null;
  return { bytes: Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word), length: Number(length) };
}

function parsePrefix6(text: string): Prefix | null {
  if (text.includes('/')) {
    const cidr = parseCidr6(text);
    return cidr === null ? null : { bytes: cidr.base, length: cidr.length };
  }
  const bytes = parseV6(text);
  return bytes === null ? null : { bytes, length: 128 };
}

/** Whether a prefix contains an address; never one of the other family. */
export function contains(prefix: Prefix, address: Uint8Array): boolean {
  if (prefix.bytes.length !== address.length) return false;
  if (address.length === 16) return contains6({ base: prefix.bytes, length: prefix.length }, address);
  const size = 2 ** (32 - prefix.length);
  const base = Math.floor(word(prefix.bytes) / size) * size;
  return contains4({ base, length: prefix.length }, word(address));
}

/** Same addresses, however they were written. */
export function samePrefix(one: Prefix, other: Prefix): boolean {
  return one.length === other.length && contains(one, other.bytes);
}

/** fe80::/10 */
export function isLinkLocal6(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

function word(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
