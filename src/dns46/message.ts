/**
 * DNS messages as wire images, RFC 1035 §4: a reader that finds where things are and copies nothing.
 *
 *     0        12               question.end                                    bytes.length
 *     | header | question       | answer … | authority … | additional …         |
 *                                 record: owner | type class ttl rdlength | rdata |
 *                                         ^owner ^fixed                    ^rdata ^end
 *
 * Offsets are from the start of the message; numbers are host order. Records stay views into the message's bytes.
 */
import { nameKey, skipName } from './name.ts';

export const HEADER_LENGTH = 12;

/** Flag bits of the second header word, RFC 1035 §4.1.1 and RFC 4035 §3. */
export const QR = 0x8000;
export const AA = 0x0400;
export const TC = 0x0200;
export const RD = 0x0100;
export const RA = 0x0080;
export const AD = 0x0020;
export const CD = 0x0010;
const OPCODE = 0x7800;

export const OPCODE_QUERY = 0;

export const NOERROR = 0;
export const FORMERR = 1;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const NOTIMP = 4;
export const REFUSED = 5;

export const CLASS_IN = 1;
export const TYPE_A = 1;
export const TYPE_NS = 2;
export const TYPE_CNAME = 5;
export const TYPE_SOA = 6;
export const TYPE_SIG = 24;
export const TYPE_AAAA = 28;
export const TYPE_DNAME = 39;
export const TYPE_OPT = 41;
export const TYPE_RRSIG = 46;
export const TYPE_SVCB = 64;
export const TYPE_HTTPS = 65;
export const TYPE_TSIG = 250;
export const TYPE_IXFR = 251;
export const TYPE_AXFR = 252;
export const TYPE_ANY = 255;

export const ANSWER = 1;
export const AUTHORITY = 2;
export const ADDITIONAL = 3;
export type Section = typeof ANSWER | typeof AUTHORITY | typeof ADDITIONAL;

/** A record in place. */
export interface WireRecord {
  readonly section: Section;
  readonly owner: number;
  readonly key: string;
  /** Where the type stands: ten bytes of type, class, TTL and rdata length. */
  readonly fixed: number;
  readonly type: number;
  readonly klass: number;
  /** Seconds; a value with the top bit set reads as 0, RFC 2181 §8. */
  readonly ttl: number;
  readonly rdata: number;
  readonly end: number;
}

export interface Question {
  readonly key: string;
  readonly type: number;
  readonly klass: number;
  readonly end: number;
}

export interface Message {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly flags: number;
  readonly question: Question;
  readonly records: readonly WireRecord[];
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Two bytes as a number; cheaper than a view where it is the only one. Past the end reads as 0. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function opcodeOf(flags: number): number {
  return (flags & OPCODE) >>> 11;
}

/** The four bits of the header; twelve bits need the OPT record, RFC 6891 §6.1.3. */
export function rcodeOf(flags: number): number {
  return flags & 0x0f;
}

/** Number of entries the header claims. @param section 0 = questions, else a Section */
export function countOf(view: DataView, section: 0 | Section): number {
  return view.getUint16(4 + 2 * section);
}

/** The first question, whose name must stand in full. @returns null when it is malformed */
export function readQuestion(view: DataView): Question | null {
  const key = nameKey(view, HEADER_LENGTH);
  if (key === null) return null;
  const fixed = HEADER_LENGTH + key.length;
  if (fixed + 4 > view.byteLength) return null;
  return { key, type: view.getUint16(fixed), klass: view.getUint16(fixed + 2), end: fixed + 4 };
}

/** A whole message with exactly one question. @returns null when anything in it is malformed; trailing bytes are left alone */
export function readMessage(bytes: Uint8Array): Message | null {
  const view = viewOf(bytes);
  if (view.byteLength < HEADER_LENGTH || countOf(view, 0) !== 1) return null;
  const question = readQuestion(view);
  if (question === null) return null;
  const records: WireRecord[] = [];
  let at = question.end;
  for (const section of [ANSWER, AUTHORITY, ADDITIONAL] as const) {
    for (let left = countOf(view, section); left > 0; left--) {
      const record = readRecord(view, at, section);
      if (record === null) return null;
      records.push(record);
      at = record.end;
    }
  }
  return { bytes, view, flags: view.getUint16(2), question, records };
}

function readRecord(view: DataView, owner: number, section: Section): WireRecord | null {
  const fixed = skipName(view, owner);
  if (fixed < 0 || fixed + 10 > view.byteLength) return null;
  const key = nameKey(view, owner);
  const rdata = fixed + 10;
  const end = rdata + view.getUint16(fixed + 8);
  if (key === null || end > view.byteLength) return null;
  const ttl = view.getUint32(fixed + 4);
  return {
    section,
    owner,
    key,
    fixed,
    type: view.getUint16(fixed),
    klass: view.getUint16(fixed + 2),
    ttl: ttl > 0x7fffffff ? 0 : ttl,
    rdata,
    end,
  };
}
