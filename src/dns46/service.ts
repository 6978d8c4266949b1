/**
 * From a client's message to its reply, whatever the transport: refuse, answer here, answer out of the cache, or resolve.
 *
 *     message ─ rate ─┬─ plain, in the cache ──────────────────────────────────────────► reply
 *                     └─ readable? ─ special name, ANY ─ room? ─┬─ transfer over TCP ──► messages
 *                                                               └─ Resolution ─────────► reply
 */
import type { CachedReply, ReplyCache } from './cache.ts';
import { QueryKey } from './cache-key.ts';
import { EDE_OTHER, EDE_PROHIBITED, type ExtendedError } from './codec.ts';
import type { DnsCounter } from './counters.ts';
import { udpLimit } from './edns.ts';
import type { Limits } from './limits.ts';
import type { Client } from './listener.ts';
import { type LookupParts, NO_ANSWER, type Outcome } from './lookup.ts';
import { OPCODE_QUERY, opcodeOf, REFUSED, SERVFAIL, TYPE_ANY, TYPE_AXFR, TYPE_IXFR } from './message.ts';
import { type Query, readQuery } from './question.ts';
import { failure, fitted, formatError, local, truncatedEmpty } from './reply.ts';
import type { Resolution } from './resolution.ts';
import { localAnswer } from './special-names.ts';

export interface ServiceSettings {
  /** Milliseconds a client waits at most. */
  readonly budgetMs: number;
  /** Queries in flight, all clients together; more are over the limit. */
  readonly maxInFlight: number;
  /** What becomes of a query over a limit. */
  readonly overLimit: 'refuse' | 'drop';
}

export interface ServiceParts extends LookupParts {
  readonly resolution: Resolution;
  readonly cache: ReplyCache;
  readonly limits: Limits;
}

/** Why a query is not taken. */
type Excess = 'clientLimited' | 'rateLimited' | 'overload';

const EXCESS: Readonly<Record<Excess, ExtendedError>> = {
  clientLimited: { code: EDE_PROHIBITED, text: 'rate limit of this client' },
  rateLimited: { code: EDE_PROHIBITED, text: 'rate limit' },
  overload: { code: EDE_OTHER, text: 'too many queries in flight' },
};
const TCP_LIMIT = 0xffff;

export class DnsService {
  readonly #settings: ServiceSettings;
  readonly #parts: ServiceParts;
  readonly #keys = new QueryKey();
  #inFlight = 0;

  constructor(settings: ServiceSettings, parts: ServiceParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /**
   * Takes one message of a client, whose bytes may change once this has returned. Never throws.
   * @returns settled once the reply has been sent; never rejects; nothing when it has been sent already
   */
  receive(message: Uint8Array, client: Client): Promise<void> | void {
    const { counters, clock, limits } = this.#parts;
    counters.clientQuery(message.length, client.family);
    const now = clock.now();
    const excess = limits.exceeded(client, now);
    if (excess !== null) return this.#refuse(message, client, excess);
    const key = this.#keys.read(message);
    const reply = key === null ? null : this.#cached(key, message, client, now);
    if (reply !== null) return this.#send(reply, client);
    return this.#take(new Uint8Array(message), client, key);
  }

  /** @returns a reply that fits, good until the next message; null when somebody has to be asked */
  #cached(key: string, message: Uint8Array, client: Client, now: number): Uint8Array | null {
    const { cache, counters } = this.#parts;
    const limit = client.transport === 'tcp' ? TCP_LIMIT : this.#keys.udpLimit;
    const found = cache.fresh(key, now);
    if (found === undefined || found.image.length > limit) return null;
    counters.count('cached');
    if (cache.due(found, now)) this.#prefetch(message, key, found);
    return cache.render(found, message, now);
  }

  #prefetch(message: Uint8Array, key: string, found: CachedReply): void {
    const query = readQuery(new Uint8Array(message));
    if (typeof query !== 'string') this.#parts.resolution.refresh(query, key, found);
  }

  #take(message: Uint8Array, client: Client, key: string | null): Promise<void> | void {
    const query = readQuery(message);
    if (typeof query === 'string') return this.#unreadable(query, message, client);
    const early = this.#early(query, client);
    if (early !== null) return this.#send(early, client);
    if (this.#inFlight >= this.#settings.maxInFlight) return this.#refuse(message, client, 'overload');
    this.#inFlight++;
    return this.#answer(query, client, key).finally(() => {
      this.#inFlight--;
    });
  }

  /** A reply that needs nobody else. */
  #early(query: Query, client: Client): Uint8Array | null {
    if (query.message === null || opcodeOf(query.flags) !== OPCODE_QUERY) return null;
    const { question } = query.message;
    const found = localAnswer(question);
    if (found !== null) {
      this.#parts.counters.count('local');
      return local(query, found);
    }
    if (question.type !== TYPE_ANY || client.transport === 'tcp') return null;
    // All records of a name to an address that may be forged: only over TCP, which is passed on (RFC 8482 §4.4).
    this.#parts.counters.count('any');
    return truncatedEmpty(query);
  }

  async #answer(query: Query, client: Client, key: string | null): Promise<void> {
    if (client.transport === 'tcp' && isTransfer(query)) {
      await this.#transfer(query, client);
      return;
    }
    const outcome = await this.#parts.resolution.resolve(query, key);
    this.#send(this.#fit(query, outcome, client), client);
  }

  async #transfer(query: Query, client: Client): Promise<void> {
    const { forwarding, counters } = this.#parts;
    const upstreams = forwarding.of(query.message?.question.key ?? null);
    const deliver = (message: Uint8Array) => this.#send(fitted(message, query, TCP_LIMIT), client);
    const delivered = await upstreams.transfer(query.bytes, this.#settings.budgetMs, deliver);
    counters.count(delivered > 0 ? 'passed' : 'servfail');
    if (delivered === 0) this.#send(this.#fit(query, NO_ANSWER, client), client);
  }

  #fit(query: Query, outcome: Outcome, client: Client): Uint8Array {
    if (!('reply' in outcome)) return failure(query, SERVFAIL, outcome.error);
    const limit = client.transport === 'tcp' ? TCP_LIMIT : udpLimit(query.edns);
    if (outcome.reply.length > limit) this.#parts.counters.count('truncated');
    return fitted(outcome.reply, query, limit);
  }

  #refuse(message: Uint8Array, client: Client, excess: Excess): void {
    this.#count(excess);
    const query = this.#settings.overLimit === 'drop' ? 'response' : readQuery(message);
    if (typeof query !== 'string') this.#send(failure(query, REFUSED, EXCESS[excess]), client);
  }

  /** FORMERR when there is a header to answer to (RFC 1035 §4.1.1); responses and scraps get nothing. */
  #unreadable(why: 'headless' | 'response' | 'malformed', message: Uint8Array, client: Client): void {
    if (why === 'headless') this.#count('malformed');
    else if (why === 'response') this.#count('response');
    else {
      this.#count('formerr');
      this.#send(formatError(message), client);
    }
  }

  #count(name: DnsCounter): void {
    this.#parts.counters.count(name);
  }

  #send(reply: Uint8Array, client: Client): void {
    this.#parts.counters.clientReply(reply.length, client.family);
    client.send(reply);
  }
}

function isTransfer(query: Query): boolean {
  const type = query.message?.question.type;
  return opcodeOf(query.flags) === OPCODE_QUERY && (type === TYPE_AXFR || type === TYPE_IXFR);
}
