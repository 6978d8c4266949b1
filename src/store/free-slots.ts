/**
 * Which slots of a range are free, as a tree of bits: a leaf bit a slot, above it a bit for each word that has any left.
 * The next free slot is found in as many steps as the tree has levels (four for a /16), however few are left.
 */
const WORD_BITS = 32;

export class FreeSlots {
  /** Leaves first. */
  readonly #levels: Int32Array[] = [];
  #count: number;

  /** All are free at first. @param size slots, numbered from 0 */
  constructor(size: number) {
    this.#count = size;
    for (let bits = size; this.#levels.length === 0 || bits > 1; ) {
      const words = new Int32Array(Math.max(Math.ceil(bits / WORD_BITS), 1)).fill(-1);
      const last = bits % WORD_BITS;
      if (last !== 0 || bits === 0) words[words.length - 1] = (1 << last) - 1;
      this.#levels.push(words);
      bits = words.length;
    }
  }

  /** How many are free. */
  get count(): number {
    return this.#count;
  }

  give(slot: number): void {
    if (this.#has(slot)) return;
    this.#count++;
    let bit = slot;
    for (const words of this.#levels) {
      const at = bit >>> 5;
      words[at] = (words[at] ?? 0) | (1 << (bit & 31));
      bit = at;
    }
  }

  take(slot: number): void {
    if (!this.#has(slot)) return;
    this.#count--;
    let bit = slot;
    for (const words of this.#levels) {
      const at = bit >>> 5;
      words[at] = (words[at] ?? 0) & ~(1 << (bit & 31));
      if (words[at] !== 0) return;
      bit = at;
    }
  }

  /** @returns the first free slot at or behind `from`, or -1 */
  next(from: number): number {
    let bit = from;
    for (let level = 0; level < this.#levels.length; level++) {
      const word = this.#levels[level]?.[bit >>> 5];
      if (word === undefined) return -1;
      const rest = word & (-1 << (bit & 31));
      if (rest !== 0) return this.#leaf(level, (bit & ~31) + lowestBit(rest));
      bit = (bit >>> 5) + 1;
    }
    return -1;
  }

  #has(slot: number): boolean {
    return ((this.#levels[0]?.[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  /** The first free slot below a bit that is set. */
  #leaf(level: number, bit: number): number {
    let found = bit;
    for (let below = level - 1; below >= 0; below--) {
      found = found * WORD_BITS + lowestBit(this.#levels[below]?.[found] ?? 0);
    }
    return found;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
