/**
 * What makes two queries equal for the cache, read off the wire in one pass: name in lower case, type, and the bits that
 * change a reply. Most queries are that plain; every other one has no key and is answered without the cache.
 *
 *     key   | RD AD CD EDNS DO | type | name … |      one character a byte
 */
import { HOP_BY_HOP, PLAIN_UDP_SIZE, udpSize } from './edns.ts';
import { CLASS_IN, HEADER_LENGTH, TYPE_OPT, wordAt } from './message.ts';

const NAME_AT = 3;
const MAX_NAME_LENGTH = 255;
const MAX_LABEL_LENGTH = 63;
/** Second flag byte: RA, Z and the response code must be zero, AD and CD may be set. */
const LOW_FLAGS = 0x30;
const EDNS = 0x40;
const DO = 0x80;
/** Types from here to 255 ask for more than records: transfers, signatures, ANY (RFC 6895 §3.1). */
const FIRST_META_TYPE = 249;
const LAST_META_TYPE = 255;

/** Reads one query after another; what it found last stays until the next `read`. */
export class QueryKey {
  readonly #scratch = Buffer.alloc(NAME_AT + MAX_NAME_LENGTH + MAX_LABEL_LENGTH);
  /** Where the question ends, bytes. */
  questionEnd = 0;
  /** Bytes that a reply by UDP may have. */
  udpLimit = PLAIN_UDP_SIZE;

  /** @returns the key of a plain query of class IN, or null for every other message */
  read(bytes: Uint8Array): string | null {
    if (!isQuery(bytes)) return null;
    const nameEnd = this.#name(bytes);
    this.questionEnd = nameEnd + 4;
    if (nameEnd < 0 || this.questionEnd > bytes.length) return null;
    const type = wordAt(bytes, nameEnd);
    if (wordAt(bytes, nameEnd + 2) !== CLASS_IN || isMeta(type)) return null;
    const edns = this.#edns(bytes);
    if (edns < 0) return null;
    const scratch = this.#scratch;
    scratch[0] = ((bytes[2] ?? 0) & 1) | ((bytes[3] ?? 0) & LOW_FLAGS) | edns;
    scratch[1] = type >>> 8;
    scratch[2] = type & 0xff;
    return scratch.toString('latin1', 0, NAME_AT + nameEnd - HEADER_LENGTH);
  }

  /** Copies the name in lower case. @returns where it ends, or -1 */
  #name(bytes: Uint8Array): number {
    const scratch = this.#scratch;
    const shift = NAME_AT - HEADER_LENGTH;
    for (let at = HEADER_LENGTH; at < bytes.length; ) {
      const length = bytes[at] ?? 0;
      const end = at + 1 + length;
      if (length > MAX_LABEL_LENGTH || end - HEADER_LENGTH > MAX_NAME_LENGTH) return -1;
      scratch[at + shift] = length;
      if (length === 0) return end;
      if (end > bytes.length) return -1;
      for (at++; at < end; at++) scratch[at + shift] = lower(bytes[at] ?? 0);
    }
    return -1;
  }

  /** @returns the bits that an OPT record adds to the key, 0 without one, -1 when there is more than that */
  #edns(bytes: Uint8Array): number {
    const at = this.questionEnd;
    this.udpLimit = PLAIN_UDP_SIZE;
    if (bytes[11] === 0) return at === bytes.length ? 0 : -1;
    if (at + 11 > bytes.length || bytes[at] !== 0 || wordAt(bytes, at + 1) !== TYPE_OPT) return -1;
    const flags = wordAt(bytes, at + 7);
    const end = at + 11 + wordAt(bytes, at + 9);
    if (bytes[at + 6] !== 0 || (flags & 0x7fff) !== 0 || end !== bytes.length) return -1;
    for (let option = at + 11; option < end; option += 4 + wordAt(bytes, option + 2)) {
      if (option + 4 + wordAt(bytes, option + 2) > end || !HOP_BY_HOP.has(wordAt(bytes, option))) return -1;
    }
    this.udpLimit = udpSize(wordAt(bytes, at + 3));
    return flags === 0 ? EDNS : EDNS | DO;
  }
}

/** A query of opcode QUERY with one question and at most one more record, in the additional section. */
function isQuery(bytes: Uint8Array): boolean {
  if (bytes.length <= HEADER_LENGTH || ((bytes[2] ?? 0) & 0xfe) !== 0) return false;
  if (((bytes[3] ?? 0) & ~LOW_FLAGS) !== 0 || wordAt(bytes, 4) !== 1 || wordAt(bytes, 6) !== 0) return false;
  return wordAt(bytes, 8) === 0 && wordAt(bytes, 10) <= 1;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function isMeta(type: number): boolean {
  return type === TYPE_OPT || (type >= FIRST_META_TYPE && type <= LAST_META_TYPE);
}
