/**
 * Explicit address mappings (RFC 7757) as text: `--eam V4[/len]=V6[/len]` and the lines of a map file.
 */
import { formatV4, formatV6, parseV4, parseV6 } from '../address.ts';
import type { AddressPair } from '../xlat/address-map.ts';
import { EMBEDDING_LENGTHS } from '../xlat/embedded-address.ts';
import { mask, type Prefix } from '../xlat/prefix-table.ts';
import { reading, unusableV4, unusableV6 } from './address-schemas.ts';

type Reading<T> = { value: T } | { problem: string };

/** `V4[/len]=V6[/len]` */
export const addressPair = reading<AddressPair>((text) => {
  const [left = '', right, ...rest] = text.split('=');
  if (right === undefined || rest.length > 0) {
    return { problem: 'not a mapping; write V4[/len]=V6[/len], as in 192.0.2.0/24=2001:db8::/120' };
  }
  return readPair(left, right);
});

/** PREFIX/len of RFC 6052 */
export const embeddingPrefix = reading<Prefix>((text) => {
  const prefix = readPrefix(text, 6);
  if ('problem' in prefix) return prefix;
  const { words, length } = prefix.value;
  if (!text.includes('/') || !EMBEDDING_LENGTHS.includes(length)) {
    return {
      problem: `the length must be one of ${EMBEDDING_LENGTHS.join(', ')} (RFC 6052), as in 64:ff9b::/96`,
    };
  }
  // RFC 6052 §2.2: bits 64 to 71 are zero whatever the length
  return (words[2] ?? 0) >>> 24 === 0
    ? prefix
    : { problem: 'bits 64 to 71 of the prefix must be zero (RFC 6052)' };
});

/** @param left IPv4 side @param right IPv6 side. @returns with a problem the side that has it, as a family */
export function readPair(
  left: string,
  right: string,
): { value: AddressPair } | { problem: string; side: 4 | 6 } {
  const v4 = readPrefix(left, 4);
  if ('problem' in v4) return { problem: `${left || 'the IPv4 side'}: ${v4.problem}`, side: 4 };
  const v6 = readPrefix(right, 6);
  if ('problem' in v6) return { problem: `${right || 'the IPv6 side'}: ${v6.problem}`, side: 6 };
  const suffix4 = 32 - v4.value.length;
  const suffix6 = 128 - v6.value.length;
  if (suffix4 <= suffix6) return { value: { v4: v4.value, v6: v6.value } };
  return {
    problem: `${suffix4} bits follow the IPv4 prefix and only ${suffix6} the IPv6 one; lengthen the first or shorten the second`,
    side: 6,
  };
}

/** As a person writes it; a host without length. */
export function formatPrefix({ words, length }: Prefix, family: 4 | 6): string {
  const address = family === 4 ? formatV4((words[0] ?? 0) >>> 0) : formatV6(toBytes(words));
  return length === (family === 4 ? 32 : 128) ? address : `${address}/${length}`;
}

export function toBytes(words: Int32Array): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => ((words[i >> 2] ?? 0) >>> (24 - (i & 3) * 8)) & 0xff);
}

function readPrefix(text: string, family: 4 | 6): Reading<Prefix> {
  const [address = '', bits, ...rest] = text.split('/');
  const words = family === 4 ? words4(address) : words6(address);
  const most = family === 4 ? 32 : 128;
  const example = family === 4 ? '192.0.2.1 or 192.0.2.0/24' : '2001:db8::1 or 2001:db8::/96';
  if (words === null || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
    return { problem: `not an IPv${family} address or prefix; write it as in ${example}` };
  }
  const length = bits === undefined ? most : Number(bits);
  if (length > most) return { problem: `length /${bits} is out of range; it must be at most /${most}` };
  const network = words.map((word, i) => word & mask(length - i * 32));
  if (network.some((word, i) => word !== words[i])) {
    return {
      problem: `host bits are set; the prefix is ${formatPrefix({ words: network, length }, family)}`,
    };
  }
  const base = (words[0] ?? 0) >>> 0;
  const why = family === 4 ? unusableV4({ base, length }) : unusableV6(toBytes(words), length);
  return why === null ? { value: { words, length } } : { problem: `${why}; give a unicast address` };
}

function words4(text: string): Int32Array | null {
  const v4 = parseV4(text);
  return v4 === null ? null : Int32Array.of(v4, 0, 0, 0);
}

function words6(text: string): Int32Array | null {
  const bytes = parseV6(text);
  if (bytes === null) return null;
  const view = new DataView(bytes.buffer);
  return Int32Array.from({ length: 4 }, (_, i) => view.getInt32(i * 4));
}
