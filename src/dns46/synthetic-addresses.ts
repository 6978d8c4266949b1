/**
 * What DNS46 needs of whoever gives out synthetic addresses.
 */

/** A synthetic address (host order) and the real one (16 bytes) that a reply says it stands for. */
export interface Synthetic {
  readonly v4: number;
  readonly v6: Uint8Array;
}

/** Where synthetic addresses come from. */
export interface SyntheticAddresses {
  /** The address that stands for `v6` (16 bytes), the same for everybody; stored before it is returned. Rejects when the store does not work. */
  allocate(v6: Uint8Array): Promise<{ v4: number } | { exhausted: true }>;
  /**
   * An answer that says that `v4` (host order) stands for `v6` is about to leave and may be used for `ttlSec`.
   * @returns false when it does not stand for it (any more): the answer must not leave
   */
  answered(v4: number, v6: Uint8Array, ttlSec: number): boolean;
  /** Grows whenever an address stops standing for what it stood for: as long as it is the same, so is every `answered`. */
  readonly removals: number;
  /** What `v4` stands for, 16 bytes, or null. */
  realOf(v4: number): Promise<Uint8Array | null>;
}
