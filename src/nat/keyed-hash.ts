/**
 * HalfSipHash-2-4 with 32 bits of output (Aumasson and Bernstein), for choices that outside hosts can observe: the hash
 * of the indexes would give its secret away after a few of them.
 */

/** "lyge" and "tedb", as in the definition. */
const INITIAL_V2 = 0x6c796765;
const INITIAL_V3 = 0x74656462;
/** Of a message of two words: what the last word holds in its high byte. */
const LENGTH_WORD = 8 << 24;
/** Two after each of three words, four at the end. */
const WORD_ROUNDS = 6;
const ALL_ROUNDS = 10;

/** @param key0 @param key1 secret words. @returns signed word that follows from key and message */
export function keyedHash(key0: number, key1: number, first: number, second: number): number {
  let v0 = key0;
  let v1 = key1;
  let v2 = INITIAL_V2 ^ key0;
  let v3 = INITIAL_V3 ^ key1;
  for (let i = 0; i < ALL_ROUNDS; i++) {
    const word = i < 2 ? first : i < 4 ? second : LENGTH_WORD;
    if (i < WORD_ROUNDS && (i & 1) === 0) v3 ^= word;
    if (i === WORD_ROUNDS) v2 ^= 0xff;
    v0 = (v0 + v1) | 0;
    v1 = rotate(v1, 5) ^ v0;
    v0 = rotate(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotate(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotate(v3, 7) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotate(v1, 13) ^ v2;
    v2 = rotate(v2, 16);
    if (i < WORD_ROUNDS && (i & 1) === 1) v0 ^= word;
  }
  return v1 ^ v3;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
