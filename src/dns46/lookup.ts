/**
 * One A query of a name that may need a synthetic address: RFC 6147 §5.1 mirrored. A and AAAA are asked in parallel
 * (§5.1.8); an address is allocated only once it is known that there is no usable A record.
 */
import type { Clock } from './clock.ts';
import { EDE_NETWORK_ERROR, EDE_NOT_READY, EDE_OTHER, type ExtendedError } from './codec.ts';
import type { DnsCounters } from './counters.ts';
import type { AddressPolicy } from './exclusion.ts';
import type { Forwarding } from './forwarding.ts';
import {
  fullRcode,
  isA,
  judge,
  negativeTtlSec,
  type RealAddresses,
  realAddresses,
  v4Of,
} from './judgement.ts';
import { FAILURE_SEC, lifeSec } from './lifetime.ts';
import { type Message, NOERROR, NXDOMAIN, rcodeOf, readMessage, TC } from './message.ts';
import type { PoolNotices } from './pool-notices.ts';
import type { AddressQuestions } from './question.ts';
import { type AaaaPlacement, synthesized, withoutSynthetic } from './synthesis.ts';
import type { Synthetic, SyntheticAddresses } from './synthetic-addresses.ts';

export interface LookupSettings {
  readonly aaaa: AaaaPlacement;
  /** Upper bound of the TTL of synthesized records. */
  readonly maxTtlSec: number;
  /** Host order; answers when the pool is exhausted. */
  readonly sorryIp: number | null;
  readonly policy: AddressPolicy;
}

/** Everything a lookup works with. */
export interface LookupParts {
  readonly forwarding: Forwarding;
  readonly addresses: SyntheticAddresses;
  readonly counters: DnsCounters;
  readonly clock: Clock;
  readonly notices: PoolNotices;
}

/** A reply to be fitted to each client. */
export interface Answer {
  readonly reply: Uint8Array;
  /** Seconds that it may be used again; 0 = for those only who asked already. */
  readonly lifeSec: number;
  /** What it says about synthetic addresses. */
  readonly synthetic: readonly Synthetic[];
}

/** An answer, or the reason for SERVFAIL and for how many seconds that holds. */
export type Outcome = Answer | { readonly error: ExtendedError; readonly lifeSec: number };

/** Time kept for the store once the upstreams are through. */
const ALLOCATION_MS = 400;
/** A sorry answer must be forgotten soon. */
const SORRY_TTL_SEC = 10;
/** Of a synthesized record when the reply without A records brought no SOA, RFC 6147 §5.1.7. */
const DEFAULT_NEGATIVE_TTL_SEC = 600;

export const NO_ANSWER: Outcome = {
  error: { code: EDE_NETWORK_ERROR, text: 'no upstream answered' },
  lifeSec: FAILURE_SEC,
};
const FINAL = { usable: 'native', nxdomain: 'nxdomain', referral: 'passed' } as const;
const POOL_EXHAUSTED = broken(EDE_OTHER, 'NAT46 address pool exhausted');
const STORE_FAILED = broken(EDE_NOT_READY, 'NAT46 mapping store unavailable');
const TOO_LONG = broken(EDE_OTHER, 'reply too long');

export class AddressLookup {
  readonly #settings: LookupSettings;
  readonly #parts: LookupParts;

  constructor(settings: LookupSettings, parts: LookupParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Never rejects for reasons that lie outside. @param deadlineMs clock time by which the client wants an answer */
  async resolve(questions: AddressQuestions, deadlineMs: number): Promise<Outcome> {
    const { forwarding, counters } = this.#parts;
    const { policy } = this.#settings;
    const upstreams = forwarding.of(questions.name);
    const askedUntilMs = deadlineMs - ALLOCATION_MS;
    const a = upstreams.ask(questions.a, askedUntilMs, readMessage);
    const aaaa = upstreams.ask(questions.aaaa, askedUntilMs, readMessage);
    const native = await a.reply;
    const verdict = native === null ? 'failed' : judge(native, policy);
    if (native !== null && verdict !== 'absent' && verdict !== 'failed') {
      aaaa.abandon();
      counters.count(FINAL[verdict]);
      return answerOf(withoutSynthetic(native, policy), lifeSec(native), []);
    }
    const other = await aaaa.reply;
    const real = other === null ? null : realAddresses(other, policy);
    if (other === null || real === null) return this.#nothing(native, verdict === 'absent', other);
    const ttlSec = Math.min(
      real.ttlSec,
      this.#settings.maxTtlSec,
      (verdict === 'absent' && native !== null ? negativeTtlSec(native) : null) ?? DEFAULT_NEGATIVE_TTL_SEC,
    );
    return this.#synthesize(other, real, ttlSec, deadlineMs);
  }

  /** No addresses of either kind: the upstream's own words if it said something about A, else SERVFAIL (RFC 6147 §5.1.3). */
  #nothing(native: Message | null, absent: boolean, other: Message | null): Outcome {
    const { counters } = this.#parts;
    const { policy } = this.#settings;
    if (native === null || (absent && !isConclusive(other) && !hasOwnWords(native, policy))) {
      counters.count('servfail');
      return NO_ANSWER;
    }
    counters.count(absent ? 'nodata' : 'upstreamError');
    const reply = absent ? withoutSynthetic(native, policy) : native.bytes;
    if (reply === null) return TOO_LONG;
    const life = absent && other !== null ? Math.min(lifeSec(native), lifeSec(other)) : FAILURE_SEC;
    return { reply, lifeSec: life, synthetic: [] };
  }

  async #synthesize(
    other: Message,
    real: RealAddresses,
    ttlSec: number,
    deadlineMs: number,
  ): Promise<Outcome> {
    const { counters, addresses, notices } = this.#parts;
    const { aaaa, sorryIp } = this.#settings;
    const allocated = await this.#allocate(real, deadlineMs);
    if (allocated === 'failed') {
      counters.count('storeFailed');
      return STORE_FAILED;
    }
    if (allocated === 'exhausted') {
      notices.exhausted();
      counters.count(sorryIp === null ? 'exhausted' : 'sorry');
      if (sorryIp === null) return POOL_EXHAUSTED;
      const sorry = { real, addresses: [sorryIp], ttlSec: Math.min(ttlSec, SORRY_TTL_SEC), aaaa };
      return answerOf(synthesized(other, sorry), 0, []);
    }
    // What the store took back meanwhile is no answer.
    const valid = allocated.filter(({ v4, v6 }) => addresses.answered(v4, v6, ttlSec));
    if (valid.length === 0) return STORE_FAILED;
    counters.count('synthesized');
    const image = synthesized(other, { real, addresses: valid.map(({ v4 }) => v4), ttlSec, aaaa });
    return answerOf(image, Math.min(ttlSec, lifeSec(other)), valid);
  }

  /** @returns what could be allocated, in order; 'exhausted' or 'failed' only when there is nothing */
  async #allocate(real: RealAddresses, deadlineMs: number): Promise<Synthetic[] | 'exhausted' | 'failed'> {
    const { addresses } = this.#parts;
    const copies = real.addresses.map((v6) => new Uint8Array(v6));
    const asked = copies.map(async (v6) => ({ v6, allocation: await addresses.allocate(v6) }));
    const settled = await this.#before(deadlineMs, Promise.allSettled(asked));
    const given = (settled ?? []).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const found = given.flatMap(({ v6, allocation }) =>
      'v4' in allocation ? [{ v4: allocation.v4, v6 }] : [],
    );
    if (found.length > 0) return found;
    return given.length > 0 ? 'exhausted' : 'failed';
  }

  /** @returns null when `work` is not done by then; it goes on, unobserved */
  #before<T>(deadlineMs: number, work: Promise<T>): Promise<T | null> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const cancel = clock.after(deadlineMs - clock.now(), () => resolve(null));
      work.then(
        (value) => {
          cancel();
          resolve(value);
        },
        resolve.bind(null, null),
      );
    });
  }
}

/** Whether a reply has A records that count as absent and still are the upstream's answer, such as those of a block list. */
function hasOwnWords(native: Message, policy: AddressPolicy): boolean {
  return native.records.some((record) => isA(record) && !policy.isSynthetic(v4Of(native, record)));
}

/** Whether the reply to the AAAA question proves that there is none. */
function isConclusive(other: Message | null): boolean {
  if (other === null || (other.flags & TC) !== 0) return false;
  const rcode = fullRcode(other);
  return rcode === NOERROR || rcode === NXDOMAIN;
}

function answerOf(reply: Uint8Array | null, life: number, synthetic: readonly Synthetic[]): Outcome {
  return reply === null ? TOO_LONG : { reply, lifeSec: life, synthetic };
}

function broken(code: number, text: string): Outcome {
  return { error: { code, text }, lifeSec: 0 };
}

/** Whether an outcome says that the upstreams, or something of ours, could not do it. */
export function isFailure(outcome: Outcome): boolean {
  if (!('reply' in outcome)) return true;
  const message = readMessage(outcome.reply);
  const rcode = message === null ? rcodeOf(outcome.reply[3] ?? 0) : fullRcode(message);
  return rcode !== NOERROR && rcode !== NXDOMAIN;
}
