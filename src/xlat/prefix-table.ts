/**
 * Longest-prefix lookup of addresses of four words, built once and never changed. One probe for each prefix length that
 * occurs, longest first; open addressing, at most half full. Whoever sends packets cannot choose the keys, so the hash
 * needs no secret.
 */

/** The first `length` bits of `words` count; the others are zero. An IPv4 address is the first word. */
export interface Prefix {
  readonly words: Int32Array;
  readonly length: number;
}

export const NO_PREFIX = -1;

export class PrefixTable {
  private readonly lengths: Int32Array;
  /** Four words a prefix, in the order they were given. */
  private readonly keys: Int32Array;
  private readonly lengthOf: Int32Array;
  /** Number of a prefix + 1, or 0. */
  private readonly slots: Int32Array;
  private readonly masked = new Int32Array(4);

  /** @param prefixes of which none occurs twice */
  constructor(prefixes: readonly Prefix[]) {
    const lengths = new Set(prefixes.map(({ length }) => length));
    this.lengths = Int32Array.from([...lengths].sort((a, b) => b - a));
    this.keys = new Int32Array(prefixes.length * 4);
    this.lengthOf = Int32Array.from(prefixes, ({ length }) => length);
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, prefixes.length * 2))));
    for (const [number, { words, length }] of prefixes.entries()) {
      this.keys.set(words, number * 4);
      let slot = hash(words, length) & (this.slots.length - 1);
      while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
      this.slots[slot] = number + 1;
    }
  }

  /** The longest prefix that covers four words at `at`. @returns its number, or NO_PREFIX */
  lookup(words: Int32Array, at: number): number {
    const masked = this.masked;
    for (let i = 0; i < this.lengths.length; i++) {
      const length = this.lengths[i] ?? 0;
      for (let word = 0; word < 4; word++) masked[word] = (words[at + word] ?? 0) & mask(length - word * 32);
      const number = this.probe(masked, length);
      if (number !== NO_PREFIX) return number;
    }
    return NO_PREFIX;
  }

  private probe(words: Int32Array, length: number): number {
    const last = this.slots.length - 1;
    let slot = hash(words, length) & last;
    for (let found = this.slots[slot] ?? 0; found !== 0; found = this.slots[slot] ?? 0) {
      if (this.isPrefix(found - 1, words, length)) return found - 1;
      slot = (slot + 1) & last;
    }
    return NO_PREFIX;
  }

  private isPrefix(number: number, words: Int32Array, length: number): boolean {
    if (this.lengthOf[number] !== length) return false;
    for (let i = 0; i < 4; i++) if (this.keys[number * 4 + i] !== words[i]) return false;
    return true;
  }
}

/** The first `bits` bits of a word, any number of them: below 0 is none, above 32 is all. */
export function mask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function hash(words: Int32Array, length: number): number {
  let h = length;
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ (words[i] ?? 0), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h;
}
