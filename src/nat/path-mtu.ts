/**
 * What a Packet Too Big said about the path to an outside host, kept for at least ten minutes (RFC 8201 §4). One word of
 * a row: the MTU in the high half; in the low half when it is forgotten, in units of 2^16 ms. 0 = nothing known.
 *
 * Nobody clears the word of a row that lives on: what is further ahead than it was ever set is long past.
 */

/** No limit but that of the next link. */
export const UNKNOWN_MTU = 0xffff;
const UNIT_BITS = 16;
/** 10 whole units are 655 s; the one that has begun makes 11. */
const KEEP_UNITS = 11;

/** @param mtu bytes, at most 65535 @param now ms */
export function remember(mtu: number, now: number): number {
  return (mtu << 16) | (((now >>> UNIT_BITS) + KEEP_UNITS) & 0xffff);
}

/** Bytes, or UNKNOWN_MTU when nothing is known any more. @param word as `remember` made it, or 0 */
export function current(word: number, now: number): number {
  if (word === 0) return UNKNOWN_MTU;
  const unitsLeft = (word - (now >>> UNIT_BITS)) & 0xffff;
  return unitsLeft > 0 && unitsLeft <= KEEP_UNITS ? word >>> 16 : UNKNOWN_MTU;
}
