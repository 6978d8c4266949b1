/**
 * One A query of a name that may need a synthetic address: RFC 6147 §5.1 mirrored. A and AAAA are asked in parallel
 * (§5.1.8); an address is allocated only once it is known that there is no usable A record.
 */
import type { Clock } from './clock.ts';
import { EDE_NETWORK_ERROR, EDE_NOT_READY, EDE_OTHER, type ExtendedError } from './codec.ts';
import type { DnsCounters } from './counters.ts';
import type { AddressPolicy } from './exclusion.ts';
import { fullRcode, judge, negativeTtlSec, type RealAddresses, realAddresses } from './judgement.ts';
import { type Message, NOERROR, NXDOMAIN, readMessage, TC } from './message.ts';
import type { PoolNotices } from './pool-notices.ts';
import type { AddressQuestions } from './question.ts';
import { type AaaaPlacement, synthesized, withoutSynthetic } from './synthesis.ts';
import type { Upstreams } from './upstreams.ts';

/** Where synthetic addresses come from. */
export interface SyntheticAddresses {
  /** The address that stands for `v6` (16 bytes), the same for everybody; stored before it is returned. Rejects when the store does not work. */
  allocate(v6: Uint8Array): Promise<{ v4: number } | { exhausted: true }>;
  /** An answer with `v4` (host order) is about to leave and may be used for `ttlSec`. */
  answered(v4: number, ttlSec: number): void;
}

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
  readonly upstreams: Upstreams;
  readonly addresses: SyntheticAddresses;
  readonly counters: DnsCounters;
  readonly clock: Clock;
  readonly notices: PoolNotices;
}

/** A reply to be fitted to each client, or the reason for SERVFAIL. */
export type Outcome = { readonly reply: Uint8Array } | { readonly error: ExtendedError };

/** Time kept for the store once the upstreams are through. */
const ALLOCATION_MS = 400;
/** A sorry answer must be forgotten soon. */
const SORRY_TTL_SEC = 10;

export const NO_ANSWER: Outcome = { error: { code: EDE_NETWORK_ERROR, text: 'no upstream answered' } };
const POOL_EXHAUSTED: Outcome = { error: { code: EDE_OTHER, text: 'NAT46 address pool exhausted' } };
const STORE_FAILED: Outcome = { error: { code: EDE_NOT_READY, text: 'NAT46 mapping store unavailable' } };
const TOO_LONG: Outcome = { error: { code: EDE_OTHER, text: 'reply too long' } };

export class AddressLookup {
  readonly #settings: LookupSettings;
  readonly #parts: LookupParts;

  constructor(settings: LookupSettings, parts: LookupParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Never rejects for reasons that lie outside. @param deadlineMs clock time by which the client wants an answer */
  async resolve(questions: AddressQuestions, deadlineMs: number): Promise<Outcome> {
    const { upstreams, counters } = this.#parts;
    const { policy } = this.#settings;
    const askedUntilMs = deadlineMs - ALLOCATION_MS;
    const a = upstreams.ask(questions.a, askedUntilMs, readMessage);
    const aaaa = upstreams.ask(questions.aaaa, askedUntilMs, readMessage);
    const native = await a.reply;
    const verdict = native === null ? 'failed' : judge(native, policy);
    if (native !== null && (verdict === 'usable' || verdict === 'nxdomain')) {
      aaaa.abandon();
      counters.count(verdict === 'usable' ? 'native' : 'nxdomain');
      return { reply: native.bytes };
    }
    const other = await aaaa.reply;
    const real = other === null ? null : realAddresses(other, policy);
    if (other === null || real === null) return this.#nothing(native, verdict === 'absent', other);
    const ttlSec = Math.min(
      real.ttlSec,
      this.#settings.maxTtlSec,
      negativeTtlSec(verdict === 'absent' ? native : null),
    );
    return this.#synthesize(other, real, ttlSec, deadlineMs);
  }

  /** No addresses of either kind: the upstream's own words if it said something about A, else SERVFAIL (RFC 6147 §5.1.3). */
  #nothing(native: Message | null, absent: boolean, other: Message | null): Outcome {
    const { counters } = this.#parts;
    if (native === null || (absent && !isConclusive(other))) {
      counters.count('servfail');
      return NO_ANSWER;
    }
    counters.count(absent ? 'nodata' : 'upstreamError');
    const reply = absent ? withoutSynthetic(native, this.#settings.policy) : native.bytes;
    return reply === null ? TOO_LONG : { reply };
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
      return outcomeOf(synthesized(other, sorry));
    }
    for (const v4 of allocated) addresses.answered(v4, ttlSec);
    counters.count('synthesized');
    return outcomeOf(synthesized(other, { real, addresses: allocated, ttlSec, aaaa }));
  }

  /** @returns what could be allocated, in order; 'exhausted' or 'failed' only when there is nothing */
  async #allocate(real: RealAddresses, deadlineMs: number): Promise<number[] | 'exhausted' | 'failed'> {
    const { addresses } = this.#parts;
    const asked = real.addresses.map(async (v6) => addresses.allocate(Uint8Array.from(v6)));
    const settled = await this.#before(deadlineMs, Promise.allSettled(asked));
    const given = (settled ?? []).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const found = given.flatMap((result) => ('v4' in result ? [result.v4] : []));
    if (found.length > 0) return [...new Set(found)];
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

/** Whether the reply to the AAAA question proves that there is none. */
function isConclusive(other: Message | null): boolean {
  if (other === null || (other.flags & TC) !== 0) return false;
  const rcode = fullRcode(other);
  return rcode === NOERROR || rcode === NXDOMAIN;
}

function outcomeOf(reply: Uint8Array | null): Outcome {
  return reply === null ? TOO_LONG : { reply };
}
