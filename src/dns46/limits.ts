/**
 * How many queries are taken: of all clients together, and of each (checklist 83). A client over its own limit takes
 * nothing from what the others have.
 */
import { LRUCache } from 'lru-cache';
import type { Client } from './listener.ts';
import { RateLimit } from './rate.ts';

export interface LimitOptions {
  /** Queries per second, all clients together; 0 = no limit. */
  readonly dnsRate: number;
  /** Queries per second and client; 0 = no limit. */
  readonly dnsClientRate: number;
}

/** Clients whose rate is known; who was not seen for longest is forgotten, and starts with a full bucket again. */
const MAX_CLIENTS = 65_536;

export class Limits {
  readonly #all: RateLimit;
  readonly #clientRate: number;
  /** Null without a limit: its memory is taken at once. */
  readonly #clients: LRUCache<string, RateLimit> | null;

  constructor(options: LimitOptions, nowMs: number) {
    this.#all = new RateLimit(options.dnsRate, nowMs);
    this.#clientRate = options.dnsClientRate;
    this.#clients = this.#clientRate > 0 ? new LRUCache({ max: MAX_CLIENTS }) : null;
  }

  /** Counts one query. @returns the limit that it is over, or null */
  exceeded(client: Client, nowMs: number): 'clientLimited' | 'rateLimited' | null {
    if (this.#clients !== null && !this.#ofClient(this.#clients, client.who(), nowMs).take(nowMs))
      return 'clientLimited';
    return this.#all.take(nowMs) ? null : 'rateLimited';
  }

  #ofClient(clients: LRUCache<string, RateLimit>, who: string, nowMs: number): RateLimit {
    const known = clients.get(who);
    if (known !== undefined) return known;
    const limit = new RateLimit(this.#clientRate, nowMs);
    clients.set(who, limit);
    return limit;
  }
}
