/**
 * Internet checksum, RFC 1071, and its incremental update, RFC 1624. Two kinds of number, never mixed:
 *   sum    ones'-complement sum of big-endian 16-bit words; may carry above bit 15 until folded
 *   field  what a header stores: the complement of a folded sum, 0 … 0xffff
 */

/** Bring the carries back into 16 bits (RFC 1071 §1). Accepts any sum below 2^32. */
export function fold(total: number): number {
  const once = (total >>> 16) + (total & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}

/** The field for a sum. */
export function finish(total: number): number {
  return ~fold(total) & 0xffff;
}

/**
 * Sum of `length` bytes, 65536 at most: the total then stays below 2^31, an unboxed integer. An odd last byte
 * counts as the high half of a word (RFC 1071 §4.1). Four words a turn.
 */
export function sum(view: DataView, at: number, length: number): number {
  let total = 0;
  let i = at;
  const end = at + length;
  for (const whole = end - 7; i < whole; i += 8) {
    total += view.getUint16(i) + view.getUint16(i + 2) + view.getUint16(i + 4) + view.getUint16(i + 6);
  }
  for (; i + 1 < end; i += 2) total += view.getUint16(i);
  if (i < end) total += view.getUint8(i) << 8;
  return fold(total);
}

/** The two halves of a 32-bit word, added. @param word signed or unsigned */
export function words(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** The sum to add to a checksum when words that sum to `removed` become words that sum to `added`. */
export function delta(removed: number, added: number): number {
  return fold((~fold(removed) & 0xffff) + fold(added));
}

/** The delta of the opposite direction. */
export function negate(change: number): number {
  return ~change & 0xffff;
}

/** Apply a delta to a header field: HC' = ~(~HC + ~m + m'), RFC 1624 §3, equation 3. */
export function update(field: number, change: number): number {
  return ~fold((~field & 0xffff) + change) & 0xffff;
}

/** Apply a delta to a folded sum, as a partial checksum holds it (not complemented). */
export function updateSum(partial: number, change: number): number {
  return fold(partial + change);
}
