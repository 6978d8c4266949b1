/**
 * Who from outside may use a BIB entry that is there (RFC 4787 §5, REQ-8; RFC 5382 REQ-3 asks for the same of TCP).
 * A packet of a session that lives always may; this is about the first packet of a new one.
 */
export const Filtering = {
  /** Any host that inside hosts have a name for. */
  EndpointIndependent: 0,
  /** A host that has a session with this BIB entry, from any of its ports. */
  AddressDependent: 1,
  /** Nobody: a session begins inside. */
  AddressAndPortDependent: 2,
} as const;
export type Filtering = (typeof Filtering)[keyof typeof Filtering];
