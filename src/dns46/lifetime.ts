/**
 * How long a reply may be used again, RFC 2308 and RFC 1035 §3.2.1. Pure.
 */
import { fullRcode, negativeTtlSec } from './judgement.ts';
import {
  ANSWER,
  type Message,
  NOERROR,
  NXDOMAIN,
  TC,
  TYPE_CNAME,
  TYPE_DNAME,
  TYPE_OPT,
  TYPE_RRSIG,
} from './message.ts';

const MAX_SEC = 86_400;
/** RFC 2308 §5 finds one to three hours sensible. */
const MAX_NEGATIVE_SEC = 3_600;
/** A failure: long enough that nobody asks again in a loop, RFC 9520 §3.2. */
export const FAILURE_SEC = 1;

/** @returns whole seconds; 0 when a reply must not be kept */
export function lifeSec(reply: Message): number {
  if ((reply.flags & TC) !== 0) return 0;
  const rcode = fullRcode(reply);
  if (rcode !== NOERROR && rcode !== NXDOMAIN) return FAILURE_SEC;
  const ttls = reply.records.filter((record) => record.type !== TYPE_OPT).map((record) => record.ttl);
  const least = Math.min(MAX_SEC, ...ttls);
  if (rcode === NOERROR && hasAnswer(reply)) return least;
  // Without a SOA nobody says how long a name or type is not there (RFC 2308 §5).
  const negative = negativeTtlSec(reply) ?? 0;
  return Math.min(least, negative, MAX_NEGATIVE_SEC);
}

/** Whether there is more than aliases. */
function hasAnswer(reply: Message): boolean {
  const { type } = reply.question;
  return reply.records.some((record) => {
    if (record.section !== ANSWER) return false;
    const alias = record.type === TYPE_CNAME || record.type === TYPE_DNAME || record.type === TYPE_RRSIG;
    return record.type === type || !alias;
  });
}
