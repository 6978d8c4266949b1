/**
 * From a client's message to its reply, whatever the transport: refuse, answer here, synthesize, or pass on.
 *
 *     message ─ readable? ─ rate ─ localhost, onion ─ room? ─┬─ A/IN that may be mapped ──► AddressLookup
 *                                                            ├─ zone transfer over TCP ───► transfer
 *                                                            └─ everything else ──────────► upstream, unchanged
 *
 * Clients that ask the same thing at the same time share one lookup.
 */
import { EDE_OTHER, EDE_PROHIBITED, type ExtendedError } from './codec.ts';
import { udpLimit } from './edns.ts';
import type { Client } from './listener.ts';
import { type AddressLookup, type LookupParts, NO_ANSWER, type Outcome } from './lookup.ts';
import { OPCODE_QUERY, opcodeOf, REFUSED, SERVFAIL, TYPE_AXFR, TYPE_IXFR } from './message.ts';
import { type AddressQuestions, addressQuestions, passKey, type Query, readQuery } from './question.ts';
import type { RateLimit } from './rate.ts';
import { failure, fitted, formatError, local } from './reply.ts';
import { localAnswer } from './special-names.ts';

export interface ServiceSettings {
  /** Milliseconds a client waits at most. */
  readonly budgetMs: number;
  /** Queries in flight, all clients together; more are refused. */
  readonly maxInFlight: number;
}

export interface ServiceParts extends LookupParts {
  readonly lookup: AddressLookup;
  readonly rate: RateLimit;
}

const OVER_RATE: ExtendedError = { code: EDE_PROHIBITED, text: 'rate limit' };
const OVERLOADED: ExtendedError = { code: EDE_OTHER, text: 'too many queries in flight' };
const BROKEN: Outcome = { error: { code: EDE_OTHER, text: 'internal error' } };
const TCP_LIMIT = 0xffff;

export class DnsService {
  readonly #settings: ServiceSettings;
  readonly #parts: ServiceParts;
  readonly #shared = new Map<string, Promise<Outcome>>();
  #inFlight = 0;

  constructor(settings: ServiceSettings, parts: ServiceParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** Takes one message of a client. Settled once the reply has been sent; never rejects, never throws. */
  async receive(message: Uint8Array, client: Client): Promise<void> {
    this.#parts.counters.clientQuery(message.length, client.family);
    const query = readQuery(message);
    if (typeof query === 'string') {
      this.#unreadable(query, message, client);
      return;
    }
    const early = this.#early(query);
    if (early !== null) {
      this.#send(early, client);
      return;
    }
    this.#inFlight++;
    try {
      await this.#answer(query, client);
    } finally {
      this.#inFlight--;
    }
  }

  /** A reply that needs nobody else: refusals and local names. */
  #early(query: Query): Uint8Array | null {
    const { counters, rate, clock } = this.#parts;
    if (!rate.take(clock.now())) {
      counters.count('rateLimited');
      return failure(query, REFUSED, OVER_RATE);
    }
    const isQuestion = query.message !== null && opcodeOf(query.flags) === OPCODE_QUERY;
    const found = isQuestion && query.message ? localAnswer(query.message.question) : null;
    if (found !== null) {
      counters.count('local');
      return local(query, found);
    }
    if (this.#inFlight < this.#settings.maxInFlight) return null;
    counters.count('overload');
    return failure(query, REFUSED, OVERLOADED);
  }

  async #answer(query: Query, client: Client): Promise<void> {
    if (client.transport === 'tcp' && isTransfer(query)) {
      await this.#transfer(query, client);
      return;
    }
    const questions = addressQuestions(query);
    const outcome = await this.#outcome(query, questions);
    this.#send(this.#fit(query, outcome, client), client);
  }

  /** Shares the lookup with everybody who asks the same meanwhile. */
  async #outcome(query: Query, questions: AddressQuestions | null): Promise<Outcome> {
    const key = questions?.key ?? passKey(query);
    const running = key === null ? undefined : this.#shared.get(key);
    if (running !== undefined) {
      this.#parts.counters.count('merged');
      return running;
    }
    const deadlineMs = this.#parts.clock.now() + this.#settings.budgetMs;
    const work =
      questions === null ? this.#pass(query, deadlineMs) : this.#parts.lookup.resolve(questions, deadlineMs);
    const outcome = work.catch(() => BROKEN);
    if (key === null) return outcome;
    this.#shared.set(key, outcome);
    return outcome.finally(() => this.#shared.delete(key));
  }

  async #pass(query: Query, deadlineMs: number): Promise<Outcome> {
    const { upstreams, counters } = this.#parts;
    const reply = await upstreams.ask(query.bytes, deadlineMs, (bytes) => bytes).reply;
    counters.count(reply === null ? 'servfail' : 'passed');
    return reply === null ? NO_ANSWER : { reply };
  }

  async #transfer(query: Query, client: Client): Promise<void> {
    const { upstreams, counters } = this.#parts;
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

  /** FORMERR when there is a header to answer to (RFC 1035 §4.1.1); responses and scraps get nothing. */
  #unreadable(why: 'headless' | 'response' | 'malformed', message: Uint8Array, client: Client): void {
    const { counters, rate, clock } = this.#parts;
    if (why === 'headless') counters.count('malformed');
    else if (why === 'response') counters.count('response');
    else if (!rate.take(clock.now())) counters.count('rateLimited');
    else {
      counters.count('formerr');
      this.#send(formatError(message), client);
    }
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
