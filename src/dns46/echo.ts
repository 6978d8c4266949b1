/**
 * Does a reply belong to a question? RFC 5452 §9.1: besides address, port and id (the caller's), the question must be
 * the one we sent. Letter case may change on the way (RFC 4343), nothing else.
 */
import {
  FORMERR,
  HEADER_LENGTH,
  NOTIMP,
  OPCODE_QUERY,
  opcodeOf,
  QR,
  REFUSED,
  rcodeOf,
  readQuestion,
  SERVFAIL,
  viewOf,
  wordAt,
} from './message.ts';

const FLAGS_AT = 2;
const QUESTIONS_AT = 4;
/** What a server may say that has not read the question. */
const UNREAD: ReadonlySet<number> = new Set([FORMERR, SERVFAIL, NOTIMP, REFUSED]);

/** @param query what we sent @param reply what came @returns false for anything that is not its reply */
export function echoes(query: Uint8Array, reply: Uint8Array): boolean {
  if (reply.length < HEADER_LENGTH) return false;
  const flags = wordAt(reply, FLAGS_AT);
  if ((flags & QR) === 0 || wordAt(reply, 0) !== wordAt(query, 0)) return false;
  if (opcodeOf(flags) !== opcodeOf(wordAt(query, FLAGS_AT))) return false;
  if (wordAt(reply, QUESTIONS_AT) === 0) return mayOmitQuestion(query, flags);
  return sameBytes(query, reply) || sameQuestion(viewOf(query), viewOf(reply));
}

/** Whether a plain question of one name stands there exactly as it was sent: the usual case, seen without reading it. */
function sameBytes(query: Uint8Array, reply: Uint8Array): boolean {
  for (let at = HEADER_LENGTH; at < reply.length; at++) {
    const length = query[at] ?? 0xff;
    if (length !== reply[at] || length > 63) return false;
    const end = at + (length === 0 ? 4 : length);
    while (at < end) if (query[++at] !== reply[at]) return false;
    if (length === 0) return true;
  }
  return false;
}

/** Errors, and opcodes with rules of their own, may come without the question. */
function mayOmitQuestion(query: Uint8Array, flags: number): boolean {
  return wordAt(query, QUESTIONS_AT) === 0 || UNREAD.has(rcodeOf(flags)) || opcodeOf(flags) !== OPCODE_QUERY;
}

function sameQuestion(asked: DataView, given: DataView): boolean {
  const sent = readQuestion(asked);
  const echoed = readQuestion(given);
  // A body we cannot read (opcodes yet unknown) is compared by nobody: its id and its socket must do.
  if (sent === null) return opcodeOf(asked.getUint16(2)) !== OPCODE_QUERY;
  return (
    echoed !== null && echoed.key === sent.key && echoed.type === sent.type && echoed.klass === sent.klass
  );
}

/** Whether a reply that echoes a question has it byte for byte, letter case included. */
export function keepsCase(query: Uint8Array, reply: Uint8Array): boolean {
  const end = readQuestion(viewOf(query))?.end ?? 0;
  for (let at = HEADER_LENGTH; at < end; at++) if (query[at] !== reply[at]) return false;
  return true;
}
