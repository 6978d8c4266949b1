/**
 * IPv4-embedded IPv6 addresses, RFC 6052 §2.2: the four bytes of an IPv4 address stand behind a prefix of one of six
 * lengths, and step over byte 8, which stays zero.
 *
 *   /32  | prefix 4 | v4 4   |    0 |  suffix             |
 *   /40  | prefix 5 | v4 3   |    0 | v4 1 | suffix       |
 *   /48  | prefix 6 | v4 2   |    0 | v4 2 | suffix       |
 *   /56  | prefix 7 | v4 1   |    0 | v4 3 | suffix       |
 *   /64  | prefix 8          |    0 | v4 4 | suffix       |
 *   /96  | prefix 12                      | v4 4          |
 *
 * Byte 8 and the suffix are written as zero and ignored when read (§2.3).
 */
import { mask, type Prefix } from './prefix-table.ts';

/** Bytes of the IPv6 address that hold the IPv4 address, by prefix length. */
const POSITIONS: ReadonlyMap<number, readonly number[]> = new Map([
  [32, [4, 5, 6, 7]],
  [40, [5, 6, 7, 9]],
  [48, [6, 7, 9, 10]],
  [56, [7, 9, 10, 11]],
  [64, [9, 10, 11, 12]],
  [96, [12, 13, 14, 15]],
]);

/** The lengths that a prefix may have. */
export const EMBEDDING_LENGTHS: readonly number[] = [...POSITIONS.keys()];

/** 64:ff9b::/96, RFC 6052 §2.1. */
const WELL_KNOWN = [0x0064ff9b, 0, 0];

/**
 * Network and length of IPv4 addresses that are not global, RFC 6052 §3.1: RFC 1918, 6598, 5737, 2544. Other special
 * ranges are nobody's private network and do no harm.
 */
const NOT_GLOBAL: readonly (readonly [network: number, bits: number])[] = [
  [0x0a000000, 8],
  [0x64400000, 10],
  [0xac100000, 12],
  [0xc0a80000, 16],
  [0xc0000200, 24],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xc6120000, 15],
];

export class EmbeddedAddress {
  private readonly prefix: Int32Array;
  private readonly length: number;
  private readonly positions: Int32Array;
  private readonly globalOnly: boolean;

  /**
   * @param prefix its length one of EMBEDDING_LENGTHS
   * @param allowPrivate lift the rule that the well-known prefix represents global addresses only (RFC 6052 §3.1)
   */
  constructor({ words, length }: Prefix, allowPrivate: boolean) {
    const positions = POSITIONS.get(length);
    if (positions === undefined) throw new RangeError(`no embedding in a prefix of ${length} bits`);
    this.prefix = words;
    this.length = length;
    this.positions = Int32Array.from(positions);
    const isWellKnown = length === 96 && WELL_KNOWN.every((word, i) => words[i] === word);
    this.globalOnly = isWellKnown && !allowPrivate;
  }

  /** Write the IPv6 address of an IPv4 address, four words. @returns false when the prefix does not represent it */
  write(v4: number, out: Int32Array, at: number): boolean {
    if (this.globalOnly && !isGlobal(v4)) return false;
    for (let i = 0; i < 4; i++) out[at + i] = this.prefix[i] ?? 0;
    for (let i = 0; i < 4; i++) {
      const position = this.positions[i] ?? 0;
      const byte = (v4 >>> (24 - i * 8)) & 0xff;
      out[at + (position >> 2)] = (out[at + (position >> 2)] ?? 0) | (byte << (24 - (position & 3) * 8));
    }
    return true;
  }

  /** The IPv4 address in four words, signed; 0 when they have another prefix or represent none. */
  read(words: Int32Array, at: number): number {
    if (!this.hasPrefix(words, at)) return 0;
    const v4 = this.extract(words, at);
    return this.globalOnly && !isGlobal(v4) ? 0 : v4;
  }

  /** Whether four words represent 0.0.0.0: an address as good as any to the prefix, and nobody's. */
  isZero(words: Int32Array, at: number): boolean {
    return this.hasPrefix(words, at) && this.extract(words, at) === 0;
  }

  private hasPrefix(words: Int32Array, at: number): boolean {
    for (let i = 0; i < 4; i++) {
      const bits = (words[at + i] ?? 0) & mask(this.length - i * 32);
      if (bits !== this.prefix[i]) return false;
    }
    return true;
  }

  private extract(words: Int32Array, at: number): number {
    let v4 = 0;
    for (let i = 0; i < 4; i++) {
      const position = this.positions[i] ?? 0;
      v4 = (v4 << 8) | (((words[at + (position >> 2)] ?? 0) >>> (24 - (position & 3) * 8)) & 0xff);
    }
    return v4;
  }
}

function isGlobal(v4: number): boolean {
  for (const [network, bits] of NOT_GLOBAL) if ((v4 & mask(bits)) === (network | 0)) return false;
  return true;
}
