/**
 * Replies to SVCB and HTTPS queries, RFC 9460: their address hints must say what an A query would say (checklist 76).
 * Where the target is reached through synthetic addresses, the hints go, or are replaced by those; everything else, ALPN,
 * port and ECH among it, stays.
 */

import type { DnsCounters } from './counters.ts';
import { hasHints, parametersAt, withHints } from './hints.ts';
import { lifeSec } from './lifetime.ts';
import { type Answer, isFailure, type Outcome } from './lookup.ts';
import {
  AA,
  AD,
  AUTHORITY,
  CLASS_IN,
  type Message,
  readMessage,
  TYPE_HTTPS,
  TYPE_RRSIG,
  TYPE_SVCB,
  type WireRecord,
} from './message.ts';
import { nameKey } from './name.ts';
import { plainQuestion, type Query } from './question.ts';
import { Splicer } from './splice.ts';

/** What happens to hints that would lead around synthetic addresses. */
export type HintPolicy = 'strip' | 'synthesize' | 'keep';

export interface BindingParts {
  readonly hints: HintPolicy;
  readonly counters: DnsCounters;
  /** What an A query for this name gives. @param key of the name */
  readonly addressesOf: (key: string, deadlineMs: number) => Promise<Outcome>;
}

/** Different targets looked up for one reply; the hints of others go. */
const MAX_TARGETS = 8;

interface Hinted {
  readonly record: WireRecord;
  /** Key of the name that the hints are addresses of. */
  readonly target: string;
}

interface Replacement {
  readonly rdata: Uint8Array;
  readonly ttlSec: number;
}

export class BindingLookup {
  readonly #parts: BindingParts;

  constructor(parts: BindingParts) {
    this.#parts = parts;
  }

  /** Whether replies to this query are looked at. */
  concerns(query: Query): boolean {
    const type = plainQuestion(query)?.type;
    return this.#parts.hints !== 'keep' && (type === TYPE_HTTPS || type === TYPE_SVCB);
  }

  /** @param outcome of the upstream @returns the same when no hint of it has to go */
  async adapted(outcome: Outcome, deadlineMs: number): Promise<Outcome> {
    const reply = 'reply' in outcome ? readMessage(outcome.reply) : null;
    if (reply === null) return outcome;
    const hinted = hintedRecords(reply);
    if (hinted.length === 0) return outcome;
    const targets = await this.#targets(hinted, deadlineMs);
    const used: Answer[] = [];
    const changed = new Map<WireRecord, Replacement>();
    for (const { record, target } of hinted) {
      const answer = targets.get(target);
      if (answer === null) continue; // reached as it is
      const replacement = this.#replacement(reply, record, answer);
      if (replacement === null) continue;
      changed.set(record, replacement);
      if (answer !== undefined) used.push(answer);
    }
    return changed.size === 0 ? outcome : this.#rewritten(reply, changed, used);
  }

  /**
   * Target → its synthesized answer; null for those that need none. What could not be looked up is not there: without a
   * hint, the client asks for the address itself.
   */
  async #targets(hinted: readonly Hinted[], deadlineMs: number): Promise<Map<string, Answer | null>> {
    const names = [...new Set(hinted.map(({ target }) => target))].slice(0, MAX_TARGETS);
    const found = new Map<string, Answer | null>();
    const lookUp = async (name: string) => {
      const outcome = await this.#parts.addressesOf(name, deadlineMs);
      const known = 'reply' in outcome && !isFailure(outcome);
      if (known) found.set(name, outcome.synthetic.length > 0 ? outcome : null);
    };
    await Promise.all(names.map(lookUp));
    return found;
  }

  #replacement(reply: Message, record: WireRecord, answer: Answer | undefined): Replacement | null {
    const synthetic = this.#parts.hints === 'synthesize' ? answer?.synthetic : undefined;
    const addresses = synthetic?.map(({ v4 }) => v4) ?? [];
    const rdata = withHints(reply.bytes.subarray(record.rdata, record.end), addresses);
    if (rdata === null) return null;
    const bound = addresses.length > 0 ? (answer?.lifeSec ?? 0) : record.ttl;
    return { rdata, ttlSec: Math.min(record.ttl, bound) };
  }

  #rewritten(
    reply: Message,
    changed: ReadonlyMap<WireRecord, Replacement>,
    used: readonly Answer[],
  ): Outcome {
    this.#parts.counters.count('hints');
    const owners = new Set([...changed.keys()].map((record) => `${record.type} ${record.key}`));
    const image = new Splicer(reply);
    for (const record of reply.records) {
      const replacement = changed.get(record);
      if (replacement !== undefined) image.replaced(record, replacement.rdata, replacement.ttlSec);
      else if (!isSignatureOf(reply, record, owners)) image.record(record);
    }
    const bytes = image.finish(reply.flags & ~(AD | AA), reply.question.type);
    if (bytes === null) return { reply: reply.bytes, lifeSec: 0, synthetic: [] };
    const message = readMessage(bytes);
    const synthetic = this.#parts.hints === 'synthesize' ? used.flatMap((answer) => answer.synthetic) : [];
    return { reply: bytes, lifeSec: message === null ? 0 : lifeSec(message), synthetic };
  }
}

function hintedRecords(reply: Message): Hinted[] {
  return reply.records.flatMap((record) => {
    const binding = record.type === TYPE_HTTPS || record.type === TYPE_SVCB;
    if (!binding || record.section === AUTHORITY || record.klass !== CLASS_IN) return [];
    const rdata = reply.bytes.subarray(record.rdata, record.end);
    if (parametersAt(rdata) === null || !hasHints(rdata)) return [];
    const target = nameKey(reply.view, record.rdata + 2);
    // The root stands for the owner of the record, RFC 9460 §2.5.2.
    return target === null ? [] : [{ record, target: target === '\0' ? record.key : target }];
  });
}

/** A signature over what was changed would not fit any more. */
function isSignatureOf(reply: Message, record: WireRecord, owners: ReadonlySet<string>): boolean {
  if (record.type !== TYPE_RRSIG || record.end - record.rdata < 2) return false;
  return owners.has(`${reply.view.getUint16(record.rdata)} ${record.key}`);
}
