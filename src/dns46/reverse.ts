/**
 * Reverse names of synthetic addresses, RFC 6147 §5.3.1 mirrored (checklist 72): an alias to the reverse name of the real
 * address, and what the DNS says about that one.
 *
 *     7.50.244.10.in-addr.arpa  CNAME  6.0.2.0.….ip6.arpa
 *     6.0.2.0.….ip6.arpa        PTR    web.example
 */
import { type Cidr4, contains4 } from '../address.ts';
import { localSoa } from './codec.ts';
import type { DnsCounters } from './counters.ts';
import type { Forwarding } from './forwarding.ts';
import { NO_ANSWER, type Outcome } from './lookup.ts';
import { AA, AD, HEADER_LENGTH, NXDOMAIN, readMessage } from './message.ts';
import { keyOf } from './name.ts';
import { plainQuestion, type Query, questionFor } from './question.ts';
import { local } from './reply.ts';
import { Splicer } from './splice.ts';
import type { SyntheticAddresses } from './synthetic-addresses.ts';

export interface ReverseParts {
  readonly subnet: Cidr4;
  readonly addresses: SyntheticAddresses;
  readonly forwarding: Forwarding;
  readonly counters: DnsCounters;
}

const IN_ADDR_ARPA = keyOf('in-addr.arpa');
/** Less than an address rests between two real ones. */
const ALIAS_TTL_SEC = 60;
/** The next query of a name may make a mapping. */
const UNMAPPED_TTL_SEC = 5;

export class ReverseLookup {
  readonly #parts: ReverseParts;
  readonly #authority: Uint8Array;

  constructor(parts: ReverseParts) {
    this.#parts = parts;
    this.#authority = localSoa(zoneOf(parts.subnet), UNMAPPED_TTL_SEC);
  }

  /** @returns the address of our subnet whose reverse name is asked for, or null */
  concerns(query: Query): number | null {
    const question = plainQuestion(query);
    const v4 = question === null ? null : addressIn(question.key);
    return v4 !== null && contains4(this.#parts.subnet, v4) ? v4 : null;
  }

  async resolve(query: Query, v4: number, deadlineMs: number): Promise<Outcome> {
    const { addresses, forwarding, counters } = this.#parts;
    counters.count('reverse');
    const v6 = await addresses.realOf(v4);
    if (v6 === null) {
      const reply = local(query, { rcode: NXDOMAIN, answer: null, authority: this.#authority });
      return { reply, lifeSec: 0, synthetic: [] };
    }
    const name = keyOf(reverseName(v6));
    const asked = questionFor(query, name, plainQuestion(query)?.type ?? 0);
    const reply = await forwarding.of(name).ask(asked, deadlineMs, readMessage).reply;
    if (reply === null) return NO_ANSWER;
    const end = query.message?.question.end ?? HEADER_LENGTH;
    const image = new Splicer(reply, query.bytes.subarray(HEADER_LENGTH, end));
    image.alias(ALIAS_TTL_SEC);
    for (const record of reply.records) image.record(record);
    const bytes = image.finish(reply.flags & ~(AD | AA), plainQuestion(query)?.type ?? 0);
    return bytes === null ? NO_ANSWER : { reply: bytes, lifeSec: 0, synthetic: [] };
  }
}

/** The address a key of four decimal labels in front of in-addr.arpa stands for, or null. */
function addressIn(key: string): number | null {
  if (!key.endsWith(IN_ADDR_ARPA)) return null;
  let v4 = 0;
  let labels = 0;
  for (let at = 0; at < key.length - IN_ADDR_ARPA.length; labels++) {
    const end = at + 1 + key.charCodeAt(at);
    const text = key.slice(at + 1, end);
    if (!/^(0|[1-9]\d{0,2})$/.test(text) || Number(text) > 255) return null;
    v4 += Number(text) * 256 ** labels;
    at = end;
  }
  return labels === 4 ? v4 : null;
}

/** RFC 3596 §2.5. */
function reverseName(v6: Uint8Array): string {
  const nibbles = [...Buffer.from(v6).toString('hex')].reverse();
  return `${nibbles.join('.')}.ip6.arpa`;
}

/** The reverse zone that holds the subnet, cut where labels are. */
function zoneOf({ base, length }: Cidr4): string {
  const octets = [base >>> 24, (base >>> 16) & 255, (base >>> 8) & 255].slice(0, Math.min(length >>> 3, 3));
  return [...octets.reverse(), 'in-addr.arpa'].join('.');
}
