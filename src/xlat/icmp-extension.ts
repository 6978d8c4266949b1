/**
 * Multi-part ICMP errors, RFC 4884: behind the quoted packet, which then has a length, stands an extension structure.
 * The length counts 32-bit words in ICMPv4 (byte 5 of the message) and 64-bit words in ICMPv6 (byte 4).
 *
 * Our rule: an extension is kept whole if 128 bytes of the quoted packet stay, else it is removed whole. The quoted
 * packet is cut to a multiple of the unit and padded to 128 with zeros.
 */

/** RFC 4884 §4: the quoted packet of a message with an extension has at least this many bytes. */
export const MIN_QUOTE = 128;

export interface Family {
  /** Byte of the message that holds the length. */
  readonly lengthAt: number;
  /** Bytes that the length counts in. */
  readonly unit: number;
}
export const V4_FAMILY: Family = { lengthAt: 5, unit: 4 };
export const V6_FAMILY: Family = { lengthAt: 4, unit: 8 };

/** How the parts of a message are cut; one object, used again for each. */
export class Parts {
  /** Bytes of the quoted packet, padding included, as received. */
  quote = 0;
  /** Offset and bytes of the extension; 0 bytes = none. */
  extensionAt = 0;
  extension = 0;

  /**
   * Take a received message apart.
   * @param at ICMP header @param length bytes of the message @param carries whether the type may have an extension
   * @returns false when it declares a longer quoted packet than it has
   */
  read(view: DataView, at: number, length: number, family: Family, carries: boolean): boolean {
    this.quote = length - 8;
    this.extension = 0;
    const declared = carries ? view.getUint8(at + family.lengthAt) * family.unit : 0;
    if (declared === 0) return true;
    if (declared > this.quote) return false;
    this.extensionAt = at + 8 + declared;
    this.extension = this.quote - declared;
    this.quote = declared;
    return true;
  }

  /**
   * Decide what fits.
   * @param quote bytes of the translated quoted packet @param room for quote and extension
   * @returns bytes of the quote to send; with an extension it is padded up to that, without one it is cut to it
   */
  fit(quote: number, room: number, family: Family, carries: boolean): number {
    if (!carries || this.extension < 4 || room - this.extension < MIN_QUOTE) this.extension = 0;
    if (this.extension === 0) return Math.min(quote, room);
    const cut = Math.min(quote, room - this.extension, 255 * family.unit);
    return Math.max(MIN_QUOTE, cut - (cut % family.unit));
  }
}
