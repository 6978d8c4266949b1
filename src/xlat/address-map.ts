/**
 * Addresses without state: explicit mappings first, RFC 7757 §3.3, then a prefix that embeds every IPv4 address,
 * RFC 6052. Built once; a changed configuration is another map.
 *
 * An explicit mapping pairs two prefixes; what follows them, the suffix, is carried over. Where the IPv6 suffix is the
 * longer one it starts with the IPv4 suffix and ends in zeros, which are ignored on the way back (RFC 7757 §3.2):
 *
 *   192.0.2.0/24 ↔ 2001:db8::/64      192.0.2.7 ↔ 2001:db8:0:0:0700::
 */
import { EmbeddedAddress } from './embedded-address.ts';
import { mask, NO_PREFIX, type Prefix, PrefixTable } from './prefix-table.ts';

/** An explicit address mapping (EAM). The IPv4 suffix is not longer than the IPv6 one. */
export interface AddressPair {
  readonly v4: Prefix;
  readonly v6: Prefix;
}

/** Plain, so that it can be handed to another thread. */
export interface AddressMapInput {
  readonly pairs: readonly AddressPair[];
  readonly pool6: Prefix | null;
  /** Lift RFC 6052 §3.1 for the well-known prefix. */
  readonly allowPrivate: boolean;
}

export class AddressMap {
  private readonly pairs: readonly AddressPair[];
  private readonly byV4: PrefixTable;
  private readonly byV6: PrefixTable;
  private readonly embedded: EmbeddedAddress | null;
  private readonly scratch = new Int32Array(4);

  constructor({ pairs, pool6, allowPrivate }: AddressMapInput) {
    this.pairs = pairs;
    this.byV4 = new PrefixTable(pairs.map(({ v4 }) => v4));
    this.byV6 = new PrefixTable(pairs.map(({ v6 }) => v6));
    this.embedded = pool6 && new EmbeddedAddress(pool6, allowPrivate);
  }

  /** Write the IPv6 address of an IPv4 address, four words at `at`. @returns false when it has none */
  toV6(v4: number, out: Int32Array, at: number): boolean {
    const number = this.explicit(v4);
    if (number === NO_PREFIX) return this.embedV4(v4, out, at);
    const pair = this.pairs[number];
    if (pair) writeSuffix(v4, pair, out, at);
    return true;
  }

  /** The same by the prefix alone. */
  embedV4(v4: number, out: Int32Array, at: number): boolean {
    return this.embedded?.write(v4, out, at) ?? false;
  }

  /** Whether an explicit mapping covers an IPv4 address. */
  hasExplicit(v4: number): boolean {
    return this.explicit(v4) !== NO_PREFIX;
  }

  /** Whether four words for which `toV4` has no address stand for 0.0.0.0. */
  isZero(words: Int32Array, at: number): boolean {
    return this.embedded?.isZero(words, at) ?? false;
  }

  /** The IPv4 address of four words, signed; 0 when they have none. */
  toV4(words: Int32Array, at: number): number {
    const number = this.byV6.lookup(words, at);
    if (number === NO_PREFIX) return this.extractV4(words, at);
    const pair = this.pairs[number];
    return pair ? readSuffix(words, at, pair) : 0;
  }

  /** The same by the prefix alone: 0 when an explicit mapping covers the address. */
  toV4ByPrefix(words: Int32Array, at: number): number {
    return this.byV6.lookup(words, at) === NO_PREFIX ? this.extractV4(words, at) : 0;
  }

  private extractV4(words: Int32Array, at: number): number {
    return this.embedded?.read(words, at) ?? 0;
  }

  private explicit(v4: number): number {
    this.scratch[0] = v4;
    return this.byV4.lookup(this.scratch, 0);
  }
}

/** IPv6 prefix, then the IPv4 suffix, then zeros. */
function writeSuffix(
  v4: number,
  { v4: prefix4, v6: prefix6 }: AddressPair,
  out: Int32Array,
  at: number,
): void {
  for (let i = 0; i < 4; i++) out[at + i] = prefix6.words[i] ?? 0;
  if (prefix4.length === 32) return;
  const suffix = v4 << prefix4.length; // left-aligned; what is behind it is zero
  const word = prefix6.length >> 5;
  const shift = prefix6.length & 31;
  out[at + word] = (out[at + word] ?? 0) | (suffix >>> shift);
  if (shift > 0 && word < 3) out[at + word + 1] = suffix << (32 - shift);
}

/** IPv4 prefix, then as many bits from behind the IPv6 prefix as the IPv4 suffix has. */
function readSuffix(words: Int32Array, at: number, { v4: prefix4, v6: prefix6 }: AddressPair): number {
  const network = prefix4.words[0] ?? 0;
  if (prefix4.length === 32) return network;
  const word = prefix6.length >> 5;
  const shift = prefix6.length & 31;
  const high = (words[at + word] ?? 0) << shift;
  const low = shift > 0 && word < 3 ? (words[at + word + 1] ?? 0) >>> (32 - shift) : 0;
  return network | (((high | low) >>> prefix4.length) & ~mask(prefix4.length));
}
