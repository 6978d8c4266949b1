/**
 * Making the reply with synthetic addresses, RFC 6147 §5.1 mirrored: A records are put before the AAAA records of the
 * reply to the AAAA question. Pure: messages and numbers in, an image out.
 *
 *     AAAA reply   | CNAME … | AAAA … | authority | additional |
 *     answer       | CNAME … | A … | AAAA … | authority | additional |      (or AAAA last, or nowhere)
 */
import type { AddressPolicy } from './exclusion.ts';
import { isA, type RealAddresses, v4Of } from './judgement.ts';
import {
  AA,
  AD,
  ADDITIONAL,
  ANSWER,
  AUTHORITY,
  CLASS_IN,
  type Message,
  type Section,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_RRSIG,
  type WireRecord,
} from './message.ts';
import { nameKey } from './name.ts';
import { Splicer } from './splice.ts';

/** Where the original AAAA records go. */
export type AaaaPlacement = 'answer' | 'additional' | 'omit';

/** What to put into the answer. */
export interface Synthesis {
  readonly real: RealAddresses;
  /** Host order. */
  readonly addresses: readonly number[];
  readonly ttlSec: number;
  readonly aaaa: AaaaPlacement;
}

/**
 * The reply to the A question, made of the reply to the AAAA question (RFC 6147 §5.1.5, §5.3.2): its aliases once, in
 * order; our A records; its AAAA records with their signatures; the other sections as they are. AD is cleared
 * (§5.5), and AA: we are no authority for the name (RFC 1035 §4.1.1).
 * @returns null when it would be longer than a message can be
 */
export function synthesized(reply: Message, synthesis: Synthesis): Uint8Array | null {
  const { real, aaaa } = synthesis;
  const image = new Splicer(reply);
  const originals = reply.records.filter((record) => isOriginal(reply, record, real.key));
  const left = new Set(originals);
  for (const record of withoutRepeats(reply)) if (!left.has(record)) image.record(record);
  for (const v4 of synthesis.addresses) image.address(real.owner, v4, synthesis.ttlSec, ANSWER);
  if (aaaa === 'answer') for (const record of originals) image.record(record);
  for (const record of inSection(reply, AUTHORITY)) image.record(record);
  if (aaaa === 'additional') for (const record of originals) image.record(record, ADDITIONAL);
  for (const record of inSection(reply, ADDITIONAL)) image.record(record);
  return image.finish(reply.flags & ~(AD | AA), TYPE_A);
}

/**
 * A reply without those A records that name synthetic addresses: they would lead to whoever owns the mapping. The signature
 * of their record set goes with them: it fits nothing that is left.
 */
export function withoutSynthetic(reply: Message, policy: AddressPolicy): Uint8Array | null {
  const isSynthetic = (record: WireRecord) => isA(record) && policy.isSynthetic(v4Of(reply, record));
  const owners = new Set(reply.records.filter(isSynthetic).map((record) => record.key));
  if (owners.size === 0) return reply.bytes;
  const image = new Splicer(reply);
  for (const record of reply.records) {
    const signature = owners.has(record.key) && isSignatureOf(reply, record, TYPE_A);
    if (!signature && !isSynthetic(record)) image.record(record);
  }
  return image.finish(reply.flags & ~(AD | AA), TYPE_A);
}

/** The AAAA record set at the end of the chain, and its signatures. */
function isOriginal(reply: Message, record: WireRecord, key: string): boolean {
  if (record.section !== ANSWER || record.key !== key || record.klass !== CLASS_IN) return false;
  return record.type === TYPE_AAAA || isSignatureOf(reply, record, TYPE_AAAA);
}

/** Whether a record signs a record set of this type, RFC 4034 §3.1.1. */
function isSignatureOf(reply: Message, record: WireRecord, type: number): boolean {
  if (record.type !== TYPE_RRSIG || record.klass !== CLASS_IN || record.end - record.rdata < 2) return false;
  return reply.view.getUint16(record.rdata) === type;
}

/** Records of the answer, an alias that is there twice only once (checklist 69). */
function withoutRepeats(reply: Message): WireRecord[] {
  const seen = new Set<string>();
  return inSection(reply, ANSWER).filter((record) => {
    if (record.type !== TYPE_CNAME) return true;
    const alias = `${record.key}${nameKey(reply.view, record.rdata)}`;
    if (seen.has(alias)) return false;
    seen.add(alias);
    return true;
  });
}

function inSection(reply: Message, section: Section): WireRecord[] {
  return reply.records.filter((record) => record.section === section);
}
