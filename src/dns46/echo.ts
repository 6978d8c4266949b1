/**
 * Does a reply belong to a question? RFC 5452 §9.1: besides address, port and id (the caller's), the question must be
 * the one we sent. Letter case may change on the way (RFC 4343), nothing else.
 */
import {
  countOf,
  HEADER_LENGTH,
  NOERROR,
  OPCODE_QUERY,
  opcodeOf,
  QR,
  rcodeOf,
  readQuestion,
  viewOf,
} from './message.ts';

/** @param query what we sent @param reply what came @returns false for anything that is not its reply */
export function echoes(query: Uint8Array, reply: Uint8Array): boolean {
  if (reply.length < HEADER_LENGTH) return false;
  const asked = viewOf(query);
  const given = viewOf(reply);
  const flags = given.getUint16(2);
  if ((flags & QR) === 0 || given.getUint16(0) !== asked.getUint16(0)) return false;
  if (opcodeOf(flags) !== opcodeOf(asked.getUint16(2))) return false;
  if (countOf(given, 0) === 0) return mayOmitQuestion(asked, flags);
  return sameQuestion(asked, given);
}

/** Errors, and opcodes with rules of their own, may come without the question. */
function mayOmitQuestion(asked: DataView, flags: number): boolean {
  return countOf(asked, 0) === 0 || rcodeOf(flags) !== NOERROR || opcodeOf(flags) !== OPCODE_QUERY;
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
