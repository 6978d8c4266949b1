/**
 * Names that are not for the DNS, or not for us: RFC 6761 (localhost, invalid), RFC 7686 (onion), RFC 6762 (local),
 * RFC 7050 and RFC 8880 (ipv4only.arpa), RFC 6303 (reverse zones). None of them is ever mapped (checklist 77, 78).
 */
import { localSoa, loopbackTail } from './codec.ts';
import { CLASS_IN, NOERROR, NXDOMAIN, type Question, TYPE_A, TYPE_AAAA } from './message.ts';
import { isWithin, keyOf } from './name.ts';

const LOCALHOST = keyOf('localhost');
const ONION = keyOf('onion');
const INVALID = keyOf('invalid');
const NEVER_MAPPED = [
  'localhost',
  'onion',
  'invalid',
  'local',
  'ipv4only.arpa',
  'in-addr.arpa',
  'ip6.arpa',
].map(keyOf);

/** Answer without asking anybody: records after the question, each of one section. */
export interface LocalAnswer {
  readonly rcode: number;
  /** Answer record behind a pointer to the question name. */
  readonly answer: Uint8Array | null;
  readonly authority: Uint8Array | null;
}

const LOOPBACK_A: LocalAnswer = { rcode: NOERROR, answer: loopbackTail('A'), authority: null };
const LOOPBACK_AAAA: LocalAnswer = { rcode: NOERROR, answer: loopbackTail('AAAA'), authority: null };
const LOCALHOST_NODATA: LocalAnswer = { rcode: NOERROR, answer: null, authority: localSoa('localhost') };
const NO_ONION: LocalAnswer = { rcode: NXDOMAIN, answer: null, authority: localSoa('onion') };
const NO_INVALID: LocalAnswer = { rcode: NXDOMAIN, answer: null, authority: localSoa('invalid') };

/** Whether a name, given by its key, never gets a synthetic address. */
export function neverMapped(key: string): boolean {
  return NEVER_MAPPED.some((ancestor) => isWithin(key, ancestor));
}

/**
 * Addresses of localhost names are the loopback ones and other types do not exist (RFC 6761 §6.3 item 4); invalid names
 * (§6.4 item 4) and onion names (RFC 7686 §2 item 4) do not exist.
 * @returns null for every name that goes upstream
 */
export function localAnswer(question: Question): LocalAnswer | null {
  if (question.klass !== CLASS_IN) return null;
  if (isWithin(question.key, ONION)) return NO_ONION;
  if (isWithin(question.key, INVALID)) return NO_INVALID;
  if (!isWithin(question.key, LOCALHOST)) return null;
  if (question.type === TYPE_A) return LOOPBACK_A;
  return question.type === TYPE_AAAA ? LOOPBACK_AAAA : LOCALHOST_NODATA;
}
