/**
 * From a query to the outcome that everybody who asks the same gets: out of the cache, from a lookup that is under way, or
 * from a new one.
 *
 *     fresh in the cache ──────────────────────────────────────────────────► it
 *     past its life ── asked again ──┬─ an answer within 1.8 s ────────────► that
 *                                    └─ a failure, or nothing yet ─────────► the stale one (RFC 8767 §5)
 *     nothing ──────── asked ──────────────────────────────────────────────► whatever comes
 */
import { BindingLookup, type HintPolicy } from './binding-lookup.ts';
import { type CachedReply, isNegative, type ReplyCache } from './cache.ts';
import { QueryKey } from './cache-key.ts';
import { EDE_OTHER, EDE_STALE, EDE_STALE_NXDOMAIN, extendedErrorOption } from './codec.ts';
import { lifeSec } from './lifetime.ts';
import { type AddressLookup, isFailure, type LookupParts, NO_ANSWER, type Outcome } from './lookup.ts';
import { readMessage, SERVFAIL, TYPE_A } from './message.ts';
import { addressQuestions, passKey, type Query, questionFor, readQuery, shareable } from './question.ts';
import { failure, withOption } from './reply.ts';
import type { ReverseLookup } from './reverse.ts';

export interface ResolutionParts extends LookupParts {
  readonly lookup: AddressLookup;
  readonly reverse: ReverseLookup;
  readonly cache: ReplyCache;
}

/** When a client that could have a stale reply gets it, RFC 8767 §5. */
const STALE_AFTER_MS = 1_800;
const BROKEN: Outcome = { error: { code: EDE_OTHER, text: 'internal error' }, lifeSec: 0 };
const STALE = extendedErrorOption({ code: EDE_STALE, text: '' });
const STALE_NXDOMAIN = extendedErrorOption({ code: EDE_STALE_NXDOMAIN, text: '' });

export class Resolution {
  readonly #budgetMs: number;
  readonly #parts: ResolutionParts;
  readonly #bindings: BindingLookup;
  readonly #keys = new QueryKey();
  readonly #running = new Map<string, { readonly outcome: Promise<Outcome>; readonly deadlineMs: number }>();

  /** @param budgetMs a client waits at most */
  constructor(budgetMs: number, hints: HintPolicy, parts: ResolutionParts) {
    this.#budgetMs = budgetMs;
    this.#parts = parts;
    this.#bindings = new BindingLookup({
      hints,
      counters: parts.counters,
      addressesOf: (name, deadlineMs) => this.#addressesOf(name, deadlineMs),
    });
  }

  /** Never rejects. @param key of the cache, null for queries that are not plain */
  resolve(query: Query, key: string | null): Promise<Outcome> | Outcome {
    const { cache, clock, counters } = this.#parts;
    if (key === null) return this.#shared(query, addressKey(query) ?? passKey(query), null);
    const now = clock.now();
    const fresh = cache.fresh(key, now);
    if (fresh !== undefined) {
      counters.count('cached');
      return this.#asOutcome(fresh, query, fresh.lifeSec - Math.floor((now - fresh.storedMs) / 1000));
    }
    const stale = cache.stale(key, now);
    return stale === undefined ? this.#shared(query, key, key) : this.#overStale(query, key, stale);
  }

  /** Fetches a reply that is in use again, before its life ends. */
  refresh(query: Query, key: string, reply: CachedReply): void {
    reply.refreshing = true;
    this.#parts.counters.count('prefetched');
    void this.#shared(query, key, key);
  }

  /** Shares the work with everybody who asks the same, as long as half of its time is left: who comes later would get its failure too soon. */
  #shared(query: Query, mergeKey: string | null, key: string | null): Promise<Outcome> {
    const running = mergeKey === null ? undefined : this.#running.get(mergeKey);
    const now = this.#parts.clock.now();
    if (running !== undefined && running.deadlineMs - now >= this.#budgetMs / 2) {
      this.#parts.counters.count('merged');
      return running.outcome;
    }
    const deadlineMs = now + this.#budgetMs;
    const outcome = this.#work(query, key, deadlineMs).then(
      (found) => this.#kept(found, query, key),
      () => BROKEN,
    );
    if (mergeKey === null) return outcome;
    const work = { outcome, deadlineMs };
    this.#running.set(mergeKey, work);
    return outcome.finally(() => {
      if (this.#running.get(mergeKey) === work) this.#running.delete(mergeKey);
    });
  }

  async #work(query: Query, key: string | null, deadlineMs: number): Promise<Outcome> {
    const { lookup, reverse, forwarding } = this.#parts;
    const name = query.message?.question.key ?? null;
    const questions = addressQuestions(query, name !== null && forwarding.hasZone(name));
    if (questions !== null) return lookup.resolve(questions, deadlineMs);
    const v4 = reverse.concerns(query);
    if (v4 !== null) return reverse.resolve(query, v4, deadlineMs);
    const passed = await this.#pass(query, name, key, deadlineMs);
    return this.#bindings.concerns(query) ? this.#bindings.adapted(passed, deadlineMs) : passed;
  }

  async #pass(query: Query, name: string | null, key: string | null, deadlineMs: number): Promise<Outcome> {
    const { forwarding, counters } = this.#parts;
    const asked = key === null ? query.bytes : shareable(query);
    const reply = await forwarding.of(name).ask(asked, deadlineMs, (bytes) => bytes).reply;
    counters.count(reply === null ? 'servfail' : 'passed');
    if (reply === null) return NO_ANSWER;
    const message = key === null ? null : readMessage(reply);
    return { reply, lifeSec: message === null ? 0 : lifeSec(message), synthetic: [] };
  }

  #kept(outcome: Outcome, query: Query, key: string | null): Outcome {
    const { cache, clock } = this.#parts;
    if (key === null) return outcome;
    const now = clock.now();
    if (isFailure(outcome)) cache.failed(key, now);
    if ('reply' in outcome) cache.keep(key, outcome.reply, now, outcome.lifeSec, outcome.synthetic);
    else cache.keep(key, failure(query, SERVFAIL, outcome.error), now, outcome.lifeSec, []);
    return outcome;
  }

  async #overStale(query: Query, key: string, stale: CachedReply): Promise<Outcome> {
    const { clock, cache, counters } = this.#parts;
    if (clock.now() >= stale.failedUntilMs) {
      const found = await this.#within(STALE_AFTER_MS, this.#shared(query, key, key));
      if (found !== null && !isFailure(found)) return found;
      if (cache.stale(key, clock.now()) !== stale) return found ?? this.#shared(query, key, key);
    }
    counters.count('stale');
    const outcome = this.#asOutcome(stale, query, 0);
    if (!('reply' in outcome)) return outcome;
    return { ...outcome, reply: withOption(outcome.reply, isNegative(stale) ? STALE_NXDOMAIN : STALE) };
  }

  #asOutcome(cached: CachedReply, query: Query, left: number): Outcome {
    const { cache, clock } = this.#parts;
    const reply = new Uint8Array(cache.render(cached, query.bytes, clock.now()));
    return { reply, lifeSec: left, synthetic: cached.synthetic };
  }

  /** What an A query without EDNS for this name gives. */
  async #addressesOf(name: string, deadlineMs: number): Promise<Outcome> {
    const query = readQuery(questionFor(PLAIN_QUERY, name, TYPE_A));
    if (typeof query === 'string') return NO_ANSWER;
    const work = Promise.resolve(this.resolve(query, this.#keys.read(query.bytes)));
    return (await this.#within(deadlineMs - this.#parts.clock.now(), work)) ?? NO_ANSWER;
  }

  /** @returns null when the work takes longer; it goes on */
  #within(ms: number, work: Promise<Outcome>): Promise<Outcome | null> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, () => resolve(null));
      void work.then((outcome) => {
        cancel();
        resolve(outcome);
      });
    });
  }
}

/** RD set, nothing else. */
const PLAIN_QUERY = {
  bytes: Uint8Array.of(0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
  id: 0,
  flags: 0x0100,
  message: null,
  edns: null,
} as const satisfies Query;

function addressKey(query: Query): string | null {
  return addressQuestions(query)?.key ?? null;
}
