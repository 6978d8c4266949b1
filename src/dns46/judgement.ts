/**
 * What two replies of an upstream mean for a client that asks for A records: RFC 6147 §5.1, mirrored. Pure.
 */
import { readEdns } from './edns.ts';
import type { AddressPolicy } from './exclusion.ts';
import {
  AA,
  ANSWER,
  AUTHORITY,
  CLASS_IN,
  type Message,
  NOERROR,
  NXDOMAIN,
  rcodeOf,
  TC,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_NS,
  TYPE_SOA,
  type WireRecord,
} from './message.ts';
import { nameKey } from './name.ts';

/** Addresses put into one answer: more would not help a client, and each is a mapping. */
const MAX_ADDRESSES = 8;

/**
 * What the reply to the A question means: `usable` and `nxdomain` are final (RFC 6147 §5.1.1, §5.1.2), and so is `referral`,
 * which sends the client elsewhere; `absent` is an empty answer, `failed` any other response code, or a reply cut short,
 * which proves nothing.
 */
export type AddressVerdict = 'usable' | 'nxdomain' | 'referral' | 'absent' | 'failed';

export function judge(reply: Message, policy: AddressPolicy): AddressVerdict {
  const rcode = fullRcode(reply);
  if (rcode === NXDOMAIN) return 'nxdomain';
  if (rcode !== NOERROR) return 'failed';
  const key = chainEnd(reply);
  const usable = (record: WireRecord) =>
    isA(record) && record.key === key && policy.answers(v4Of(reply, record));
  if (reply.records.some(usable)) return 'usable';
  if ((reply.flags & TC) !== 0) return 'failed';
  return isReferral(reply) ? 'referral' : 'absent';
}

/** RFC 2308 §2.2.1: name servers, and nobody who says that there is nothing. */
function isReferral(reply: Message): boolean {
  if ((reply.flags & AA) !== 0 || reply.records.some(({ section }) => section === ANSWER)) return false;
  const types = reply.records.filter(({ section }) => section === AUTHORITY).map(({ type }) => type);
  return types.includes(TYPE_NS) && !types.includes(TYPE_SOA);
}

/** AAAA records that synthetic addresses may stand for. */
export interface RealAddresses {
  /** Offset in the reply of the name they all have: the end of the alias chain. */
  readonly owner: number;
  readonly key: string;
  /** 16 bytes each, distinct, in the order of the reply, 1 … MAX_ADDRESSES. */
  readonly addresses: readonly Uint8Array[];
  /** Smallest of their TTLs, seconds. */
  readonly ttlSec: number;
}

/** @returns null when there is none (all excluded included: RFC 6147 §5.1.4) or the reply is an error or cut short */
export function realAddresses(reply: Message, policy: AddressPolicy): RealAddresses | null {
  if (fullRcode(reply) !== NOERROR || (reply.flags & TC) !== 0) return null;
  const key = chainEnd(reply);
  const found = reply.records.filter((record) => isAaaa(record) && record.key === key);
  const usable = found.filter((record) => policy.maps(v6Of(reply, record)));
  const first = usable[0];
  if (first === undefined) return null;
  const distinct = new Map(usable.map((record) => [hex(v6Of(reply, record)), v6Of(reply, record)]));
  return {
    owner: first.owner,
    key,
    addresses: [...distinct.values()].slice(0, MAX_ADDRESSES),
    ttlSec: Math.min(...usable.map((record) => record.ttl)),
  };
}

/** Seconds an absence may be believed: min(TTL of the SOA, its MINIMUM), RFC 2308 §5. @returns null without a SOA */
export function negativeTtlSec(reply: Message): number | null {
  const soa = reply.records.find((record) => record.type === TYPE_SOA && record.section === AUTHORITY);
  if (soa === undefined || soa.end - soa.rdata < 22) return null;
  return Math.min(soa.ttl, reply.view.getUint32(soa.end - 4));
}

/** Response code with the upper bits of the OPT record, RFC 6891 §6.1.3. */
export function fullRcode(reply: Message): number {
  const edns = readEdns(reply);
  const upper = edns === null || edns === 'malformed' ? 0 : edns.extendedRcode;
  return (upper << 4) | rcodeOf(reply.flags);
}

/** Key of the name at the end of the alias chain that starts at the question, whatever the order of the records. */
function chainEnd(reply: Message): string {
  const targets = new Map<string, string>();
  for (const record of reply.records) {
    if (record.section !== ANSWER || record.type !== TYPE_CNAME || record.klass !== CLASS_IN) continue;
    const target = nameKey(reply.view, record.rdata);
    if (target !== null) targets.set(record.key, target);
  }
  let key = reply.question.key;
  for (let next = targets.get(key); next !== undefined; next = targets.get(key)) {
    targets.delete(key); // a loop ends where it closes
    key = next;
  }
  return key;
}

/** An A record of the answer. */
export function isA(record: WireRecord): boolean {
  const shaped = record.type === TYPE_A && record.klass === CLASS_IN && record.end - record.rdata === 4;
  return shaped && record.section === ANSWER;
}

function isAaaa(record: WireRecord): boolean {
  const shaped = record.type === TYPE_AAAA && record.klass === CLASS_IN && record.end - record.rdata === 16;
  return shaped && record.section === ANSWER;
}

/** Address of an A record, host order. */
export function v4Of(reply: Message, record: WireRecord): number {
  return reply.view.getUint32(record.rdata);
}

function v6Of(reply: Message, record: WireRecord): Uint8Array {
  return reply.bytes.subarray(record.rdata, record.end);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
