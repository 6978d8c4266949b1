/**
 * UDP header, RFC 768.
 */
export const PROTOCOL = 17;
export const HEADER_LENGTH = 8;
export const LENGTH = 4;
export const CHECKSUM = 6;

/** @param available bytes of UDP that came. @returns false when the datagram is not whole */
export function check(view: DataView, at: number, available: number): boolean {
  if (available < HEADER_LENGTH) return false;
  const bytes = length(view, at);
  return bytes >= HEADER_LENGTH && bytes <= available;
}

/** Bytes, header included. */
export function length(view: DataView, at: number): number {
  return view.getUint16(at + LENGTH);
}

/** 0 means that the sender computed none (IPv4 only). */
export function checksumField(view: DataView, at: number): number {
  return view.getUint16(at + CHECKSUM);
}

/** A computed 0 is sent as 0xffff, RFC 768. */
export function setChecksumField(view: DataView, at: number, field: number): void {
  view.setUint16(at + CHECKSUM, field === 0 ? 0xffff : field);
}
