/**
 * What a client sent: read, judged, and turned into what we ask upstream. Nothing is decoded beyond what the rules
 * need, so unknown types, classes and opcodes go through untouched (RFC 3597, checklist 63).
 */
import { type Edns, forwardedOpt, readEdns } from './edns.ts';
import {
  CD,
  CLASS_IN,
  HEADER_LENGTH,
  type Message,
  OPCODE_QUERY,
  opcodeOf,
  QR,
  type Question,
  RD,
  readMessage,
  TYPE_A,
  TYPE_AAAA,
  viewOf,
} from './message.ts';
import { neverMapped } from './special-names.ts';

export interface Query {
  /** As received. */
  readonly bytes: Uint8Array;
  readonly id: number;
  readonly flags: number;
  /** Null only for opcodes other than QUERY whose body we cannot read. */
  readonly message: Message | null;
  readonly edns: Edns | null;
}

/** A query, or why a message is none: shorter than a header, a response, or malformed behind its header. */
export type Received = Query | 'headless' | 'response' | 'malformed';

/** Questions with which a synthesizable query goes upstream; their ids are still to be set. */
export interface AddressQuestions {
  /** Equal for clients that would get the same reply: name in any case, flags, DO and options. */
  readonly key: string;
  /** Key of the name. */
  readonly name: string;
  readonly a: Uint8Array;
  readonly aaaa: Uint8Array;
}

export function readQuery(bytes: Uint8Array): Received {
  const view = viewOf(bytes);
  if (view.byteLength < HEADER_LENGTH) return 'headless';
  const flags = view.getUint16(2);
  if ((flags & QR) !== 0) return 'response';
  const message = readMessage(bytes);
  const edns = message === null ? null : readEdns(message);
  if (opcodeOf(flags) === OPCODE_QUERY && (message === null || edns === 'malformed')) return 'malformed';
  return { bytes, id: view.getUint16(0), flags, message, edns: edns === 'malformed' ? null : edns };
}

/**
 * The question of a query whose reply we may change.
 * @returns null for every other one: not of class IN, CD and DO both set (RFC 6147 §5.5), an EDNS version we do not
 *   speak, or anything besides the question and an OPT record, such as a signature (RFC 8945)
 */
export function plainQuestion(query: Query): Question | null {
  const { message, edns } = query;
  if (message === null || opcodeOf(query.flags) !== OPCODE_QUERY) return null;
  if (message.question.klass !== CLASS_IN || message.records.length !== (edns === null ? 0 : 1)) return null;
  if (edns !== null && (edns.version !== 0 || (edns.dnssecOk && (query.flags & CD) !== 0))) return null;
  return message.question;
}

/** A query as it goes upstream when its reply is for others as well: without what concerns the client alone. */
export function shareable(query: Query): Uint8Array {
  const { message, edns, bytes } = query;
  const opt = message === null || edns === null ? null : forwardedOpt(message, edns);
  return message === null || opt === null
    ? bytes
    : Buffer.concat([bytes.subarray(0, message.question.end), opt]);
}

/** The same question about another name. @param key of that name */
export function questionFor(query: Query, key: string, type: number): Uint8Array {
  const { message, edns, bytes } = query;
  const opt = message === null || edns === null ? null : forwardedOpt(message, edns);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  const parts = [bytes.subarray(0, HEADER_LENGTH), Buffer.from(key, 'latin1'), tail, opt ?? new Uint8Array()];
  const asked = Buffer.concat(parts);
  asked.writeUInt16BE(opt === null ? 0 : 1, 10);
  return asked;
}

/**
 * The pair of questions to ask for a query that may be answered with synthetic addresses.
 * @param zoned whether the name is in a zone that the configuration names: such a name is never special
 * @returns null for every other query: not plain, not A, not recursive (RFC 6147 §5 is about resolvers), or a name that is never mapped (RFC 6761, RFC 7050)
 */
export function addressQuestions(query: Query, zoned = false): AddressQuestions | null {
  const { message, edns } = query;
  const question = plainQuestion(query);
  if (question === null || message === null || question.type !== TYPE_A) return null;
  if ((query.flags & RD) === 0) return null;
  if (!zoned && neverMapped(question.key)) return null;
  const opt = edns === null ? new Uint8Array() : forwardedOpt(message, edns);
  if (opt === null) return null;
  const a = Buffer.concat([query.bytes.subarray(0, question.end), opt]);
  const aaaa = Buffer.from(a);
  aaaa.writeUInt16BE(TYPE_AAAA, question.end - 4);
  const key = `${query.flags} ${question.key}${Buffer.from(opt).toString('latin1')}`;
  return { key, name: question.key, a, aaaa };
}

/** Equal for queries that are the same but for id and letter case. @returns null when a query must not share its answer */
export function passKey(query: Query): string | null {
  const { message, bytes } = query;
  if (message === null || opcodeOf(query.flags) !== OPCODE_QUERY) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = text.toString('latin1', 2, HEADER_LENGTH);
  return `pass ${header}${message.question.key}${text.toString('latin1', message.question.end - 4)}`;
}
