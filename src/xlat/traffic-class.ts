/**
 * Type of Service ↔ Traffic Class: copied (RFC 7915 §4.1, §5.1), or as the operator wants it marked.
 */

/** What becomes of the byte: `(byte & tosKept) | tosSet`. Copied: 0xff and 0. */
export interface Marking {
  readonly tosKept: number;
  readonly tosSet: number;
}

export const COPIED: Marking = { tosKept: 0xff, tosSet: 0 };
/** RFC 7915 §4.1: ignore the byte and always send zero. */
export const ZEROED: Marking = { tosKept: 0, tosSet: 0 };

/** Another DSCP; the two bits of ECN stay as they came (RFC 3168 §5). @param dscp 0 … 63 */
export function withDscp(dscp: number): Marking {
  return { tosKept: 0x03, tosSet: dscp << 2 };
}

/** Whether the byte stays as it is. */
export function isCopied({ tosKept, tosSet }: Marking): boolean {
  return tosKept === 0xff && tosSet === 0;
}

export function mark(byte: number, { tosKept, tosSet }: Marking): number {
  return (byte & tosKept) | tosSet;
}
