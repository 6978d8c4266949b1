/**
 * Replies as one client gets them: its id, its question byte for byte (letter case included), within its size.
 * Everything else of an upstream's reply stays as it came.
 */
import { type ExtendedError, optRecord } from './codec.ts';
import { type Edns, readEdns } from './edns.ts';
import {
  AA,
  CD,
  countOf,
  FORMERR,
  HEADER_LENGTH,
  NOERROR,
  QR,
  RA,
  RD,
  readMessage,
  readQuestion,
  TC,
  viewOf,
} from './message.ts';
import type { Query } from './question.ts';
import type { LocalAnswer } from './special-names.ts';

/** Opcode and what a reply copies from the query, RFC 1035 §4.1.1 and RFC 4035 §3.2.2. */
const COPIED_FLAGS = 0x7800 | RD | CD;
/** Points to the question name. */
const QUESTION_NAME = Uint8Array.of(0xc0, HEADER_LENGTH);

/** A reply (at least a header; owned by the caller, copied here) fitted to one query. @param limit bytes; over it only question and OPT go, with TC (RFC 2181 §9) */
export function fitted(reply: Uint8Array, query: Query, limit: number): Uint8Array {
  const image = reply.length > limit ? truncated(reply, limit) : new Uint8Array(reply);
  const view = viewOf(image);
  view.setUint16(0, query.id);
  const asked = query.message?.question;
  if (asked !== undefined && countOf(view, 0) === 1 && readQuestion(view)?.key === asked.key) {
    image.set(query.bytes.subarray(HEADER_LENGTH, asked.end), HEADER_LENGTH);
  }
  return image;
}

/** A reply without records. @param error goes along when the client speaks EDNS (RFC 8914 §3) */
export function failure(query: Query, rcode: number, error: ExtendedError | null): Uint8Array {
  return assembled(query, rcode, [], { error });
}

/** A reply made here. */
export function local(query: Query, found: LocalAnswer): Uint8Array {
  const records: Uint8Array[] = [];
  if (found.answer !== null) records.push(QUESTION_NAME, found.answer);
  if (found.authority !== null) records.push(found.authority);
  const counts = { answers: found.answer ? 1 : 0, authorities: found.authority ? 1 : 0 };
  return assembled(query, found.rcode, records, { ...counts, flags: AA, error: null });
}

/** A reply without records that sends the client to TCP. */
export function truncatedEmpty(query: Query): Uint8Array {
  return assembled(query, NOERROR, [], { flags: TC, error: null });
}

/** A reply with one more EDNS option; the same reply when its OPT record is not the last one, or there is none. */
export function withOption(reply: Uint8Array, option: Uint8Array): Uint8Array {
  const message = readMessage(reply);
  const edns = message === null ? null : readEdns(message);
  if (edns === null || edns === 'malformed' || edns.end !== reply.length) return reply;
  const image = Buffer.concat([reply, option]);
  image.writeUInt16BE(edns.end - edns.options + option.length, edns.options - 2);
  return image;
}

/** FORMERR for a message of which only the header could be read. @param bytes at least a header */
export function formatError(bytes: Uint8Array): Uint8Array {
  const image = new Uint8Array(HEADER_LENGTH);
  image.set(bytes.subarray(0, 2));
  viewOf(image).setUint16(2, QR | (viewOf(bytes).getUint16(2) & COPIED_FLAGS) | FORMERR);
  return image;
}

interface Parts {
  readonly answers?: number;
  readonly authorities?: number;
  readonly flags?: number;
  readonly error: ExtendedError | null;
}

function assembled(query: Query, rcode: number, records: readonly Uint8Array[], parts: Parts): Uint8Array {
  const question = query.bytes.subarray(HEADER_LENGTH, query.message?.question.end ?? HEADER_LENGTH);
  const opt = query.edns === null ? [] : [optRecord(query.edns.flags & 0x8000, parts.error)];
  const image = Buffer.concat([new Uint8Array(HEADER_LENGTH), question, ...records, ...opt]);
  const view = viewOf(image);
  view.setUint16(0, query.id);
  view.setUint16(2, QR | RA | (parts.flags ?? 0) | (query.flags & COPIED_FLAGS) | rcode);
  view.setUint16(4, query.message === null ? 0 : 1);
  view.setUint16(6, parts.answers ?? 0);
  view.setUint16(8, parts.authorities ?? 0);
  view.setUint16(10, opt.length);
  return image;
}

/** Header, question and, if it fits, OPT record of a reply, TC set (RFC 6891 §7). */
function truncated(reply: Uint8Array, limit: number): Uint8Array {
  const message = readMessage(reply);
  const edns = message === null ? null : readEdns(message);
  const question = reply.subarray(0, message?.question.end ?? HEADER_LENGTH);
  const whole = edns === null || edns === 'malformed' ? new Uint8Array() : optBytes(reply, edns);
  const opt = question.length + whole.length > limit ? new Uint8Array() : whole;
  const image = Buffer.concat([question, opt]);
  const view = viewOf(image);
  view.setUint16(2, view.getUint16(2) | TC);
  view.setUint16(4, message === null ? 0 : 1);
  view.setUint32(6, 0);
  view.setUint16(10, opt.length > 0 ? 1 : 0);
  return image;
}

/** An OPT record has the root as its owner, so it can be moved as it is. */
function optBytes(reply: Uint8Array, edns: Edns): Uint8Array {
  return reply.subarray(edns.at, edns.end);
}
