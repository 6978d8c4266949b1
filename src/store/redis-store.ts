/**
 * `redis:// rediss:// sentinel:// sentinels://` — the dSSM: one store for many gateways. Mapping records are in database 0
 * and nothing else is; what is ours is in database 1 under `nat46:`. Every call fails within a second or succeeds.
 */
import type { Redis } from 'ioredis';
import { formatV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import { MAPPING_REST_SEC } from '../nat/lifetimes.ts';
import { examine, type Finding, masterName, obstacle } from './examination.ts';
import { FailoverWatch } from './failover-watch.ts';
import { KEY_PREFIX, parseRecord } from './record.ts';
import {
  ANSWER_MS,
  type HostPort,
  type RedisAddress,
  readTls,
  redisOptions,
  sentinelOptions,
  type TlsOptions,
} from './redis-address.ts';
import { defineGroupScripts, type GroupScripts, RedisGroup } from './redis-group.ts';
import { RedisLink } from './redis-link.ts';
import { CLAIM, PROLONG, REST, RETIRE } from './redis-scripts.ts';
import {
  type Claim,
  isRefusal,
  type Life,
  type Store,
  type StoredRecord,
  type StoreListener,
  StoreLost,
} from './store.ts';

/** How long a start waits for servers that do not answer. */
const START_MS = 5000;
/** While the store is away, how often the reason is looked for. */
const EXAMINE_MS = 5000;
/** Said when an outage lasts though nothing is found wrong. */
const UNEXPLAINED = 'its servers answer, but connections to the master do not last; see its log';
/** After a failover nobody claims for so long: each gateway writes first what the new master does not have. */
const SETTLE_MS = 1000;
/** How often everything is compared, whether changes are heard of or not: FLUSHDB, for one, says nothing. */
const COMPARE_MS = 60_000;
const COMPARE_DEAF_MS = 1000;
/** What a server says that has become a replica. */
const READ_ONLY = 'READONLY ';
/** Keys a command. */
const PAGE = 500;
/** News of other gateways about a mapping in use may be late by so much. */
const NEWS_LATE_SEC = 10;

/** The scripts as ioredis gives them to its connections. */
interface Scripts {
  nat46Claim(count: number, ...args: string[]): Promise<[index: number, isNew: number] | null>;
  nat46Retire(key: string, restSec: number, lateSec: number): Promise<number>;
  nat46Rest(key: string, restSec: number, real: string): Promise<number>;
  nat46Prolong(...args: (string | number)[]): Promise<number>;
}

export class RedisStore implements Store {
  readonly group: RedisGroup;
  readonly #address: RedisAddress;
  readonly #tls: TlsOptions | null;
  #listener: StoreListener | null = null;
  #link: RedisLink | null = null;
  #watch: FailoverWatch | null = null;
  #isClosed = false;
  #settledAtMs = 0;
  #comparing: NodeJS.Timeout | null = null;
  #examining: NodeJS.Timeout | null = null;
  #reason: string | null = null;
  #whenUp: () => void = () => {};
  #isStarting = true;

  private constructor(address: RedisAddress, tls: TlsOptions | null, gateway: string, subnet: string) {
    this.#address = address;
    this.#tls = tls;
    this.group = new RedisGroup(gateway, subnet, (run) => this.#ask(run));
  }

  /** @throws Nat46Error NAT46_STORE when a certificate cannot be read */
  static open(address: RedisAddress, gateway: string, subnet: string): RedisStore {
    return new RedisStore(address, readTls(address), gateway, subnet);
  }

  /** Connections made from now on use the certificates that are in the files now. */
  reload(): boolean {
    const fresh = readTls(this.#address);
    if (!this.#tls || !fresh) return false;
    Object.assign(this.#tls, fresh);
    return true;
  }

  listen(listener: StoreListener): void {
    this.#listener = listener;
  }

  async ready(): Promise<void> {
    try {
      await this.#firstUp();
    } finally {
      this.#isStarting = false;
    }
  }

  async *load(): AsyncIterable<StoredRecord> {
    const found = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await this.#ask((redis) =>
        redis.scan(cursor, 'MATCH', `${KEY_PREFIX}*`, 'COUNT', PAGE),
      );
      for (const key of keys) found.add(key);
      cursor = next;
    } while (cursor !== '0');
    const keys = [...found].sort();
    for (let at = 0; at < keys.length; at += PAGE) {
      const page = keys.slice(at, at + PAGE);
      const values = await this.#ask((redis) => redis.mget(...page));
      for (const [i, key] of page.entries()) {
        const value = values[i];
        if (typeof value === 'string') yield { key, value };
      }
    }
  }

  get(key: string): Promise<string | null> {
    return this.#ask((redis) => redis.get(key));
  }

  async setnx(key: string, value: string): Promise<boolean> {
    return (await this.#ask((redis) => redis.set(key, value, 'NX'))) === 'OK';
  }

  async del(key: string): Promise<boolean> {
    return (await this.#ask((redis) => redis.del(key))) > 0;
  }

  async claim(keys: readonly string[], value: string): Promise<Claim | null> {
    const wait = this.#settledAtMs - performance.now();
    if (wait > 0) await later(wait);
    const parsed = parseRecord(value);
    const real = 'record' in parsed ? formatV6(parsed.record.v6) : '';
    const reply = await this.#ask((redis) => redis.nat46Claim(keys.length, ...keys, value, real));
    const key = reply ? keys[reply[0] - 1] : undefined;
    return reply && key !== undefined ? { key, isNew: reply[1] === 1 } : null;
  }

  retire(key: string): Promise<number> {
    return this.#ask((redis) => redis.nat46Retire(key, MAPPING_REST_SEC, NEWS_LATE_SEC));
  }

  async rest(key: string, v6: Uint8Array): Promise<void> {
    await this.#ask((redis) => redis.nat46Rest(key, MAPPING_REST_SEC, formatV6(v6)));
  }

  async prolong(lives: readonly Life[]): Promise<boolean> {
    for (let at = 0; at < lives.length; at += PAGE) {
      const page = lives.slice(at, at + PAGE).flatMap(({ key, sec }) => [key.slice(KEY_PREFIX.length), sec]);
      await this.#ask((redis) => redis.nat46Prolong(...page));
    }
    return lives.length > 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#comparing) clearInterval(this.#comparing);
    if (this.#examining) clearInterval(this.#examining);
    this.#watch?.close();
    this.#link?.close();
  }

  /** @throws Nat46Error NAT46_STORE after START_MS, or as soon as waiting would not help */
  async #firstUp(): Promise<void> {
    const up = new Promise<'up'>((resolve) => {
      this.#whenUp = () => resolve('up');
    });
    const started = this.#connect();
    const deadline = performance.now() + START_MS;
    for (let wait = 200; ; wait *= 2) {
      if ((await Promise.race([up, started.then(() => later(wait))])) === 'up') return;
      const found = obstacle(await examine(this.#address, this.#tls));
      if (this.#link?.isUp) return;
      if (performance.now() < deadline && (!found || found.isPassing)) continue;
      throw this.#failure(found);
    }
  }

  /** @throws StoreLost when nobody answers; what a server refuses is its own error */
  async #ask<T>(run: (redis: Redis & Scripts & GroupScripts) => Promise<T>): Promise<T> {
    const link = this.#link;
    if (!link?.isUp) throw new StoreLost();
    try {
      return await run(link.commands as Redis & Scripts & GroupScripts);
    } catch (cause) {
      // Too late is as good as lost: if it stays so, the link leaves the server
      const isRefused = isRefusal(cause);
      if (isRefused && !cause.message.startsWith(READ_ONLY)) throw cause;
      if (isRefused) link.renew(); // it was the master
      throw new StoreLost({ cause });
    }
  }

  /** Connect once the name of the master is known; for as long as the store is open. */
  async #connect(): Promise<void> {
    let master = this.#address.sentinel?.master ?? null;
    if (this.#address.sentinel && master === null) {
      master = await masterName(this.#address, this.#tls).catch(() => null);
      if (master === null) {
        if (!this.#isClosed) setTimeout(() => void this.#connect(), SETTLE_MS).unref();
        return;
      }
    }
    if (this.#isClosed) return;
    const natMap = (address: string): HostPort | null => this.#watch?.successorOf(address) ?? null;
    const link = new RedisLink(
      { ...redisOptions(this.#address, this.#tls, master), natMap },
      {
        up: (isSame, refusal) => this.#up(isSame, refusal),
        down: () => this.#down(),
        astray: () => this.#watch?.forget(),
        changed: (keys) => this.#listener?.changed(keys),
      },
    );
    link.commands.defineCommand('nat46Claim', { lua: CLAIM });
    link.commands.defineCommand('nat46Retire', { lua: RETIRE, numberOfKeys: 1 });
    link.commands.defineCommand('nat46Rest', { lua: REST, numberOfKeys: 1 });
    link.commands.defineCommand('nat46Prolong', { lua: PROLONG, numberOfKeys: 0 });
    defineGroupScripts(link.commands);
    this.#link = link;
    link.start();
    if (master === null) return;
    const { hosts } = this.#address;
    this.#watch = new FailoverWatch(hosts, sentinelOptions(this.#address, this.#tls), master, () =>
      link.renew(),
    );
    this.#watch.start();
  }

  #up(isSame: boolean, refusal: string | null): void {
    if (this.#examining) clearInterval(this.#examining);
    this.#examining = null;
    this.#reason = null;
    if (!isSame) this.#settledAtMs = performance.now() + SETTLE_MS;
    this.#compareEvery(refusal === null ? COMPARE_MS : COMPARE_DEAF_MS);
    if (refusal !== null) this.#listener?.deaf(refusal, COMPARE_DEAF_MS);
    this.#whenUp();
    this.#listener?.resumed(isSame);
  }

  #down(): void {
    if (this.#isClosed || this.#isStarting || this.#examining) return;
    const look = (): void => void this.#sayWhy();
    this.#examining = setInterval(look, EXAMINE_MS);
    look();
  }

  /**
   * The connections say little more than that they are closed: look for the reason, and pass on each once. If there is none the
   * store is about to resume, as after a move to another master, and is given the time to do so.
   */
  async #sayWhy(): Promise<void> {
    const outage = this.#examining;
    let found = await this.#obstacle();
    if (!found && this.#reason === null) {
      await later(ANSWER_MS);
      if (outage === this.#examining) found = await this.#obstacle();
    }
    const reason = found?.problem ?? this.#reason ?? UNEXPLAINED;
    if (this.#isClosed || !outage || outage !== this.#examining || reason === this.#reason) return;
    this.#reason = reason;
    this.#listener?.lost(reason);
  }

  async #obstacle(): Promise<Finding | null> {
    return obstacle(await examine(this.#address, this.#tls));
  }

  #compareEvery(ms: number): void {
    if (this.#comparing) clearInterval(this.#comparing);
    this.#comparing = setInterval(() => {
      if (this.#link?.isUp) this.#listener?.compare();
    }, ms);
  }

  #failure(found: Finding | null): Nat46Error {
    const problem = found?.problem ?? 'the store does not become ready; see its log';
    return new Nat46Error('NAT46_STORE', `--store ${this.#address.label}: ${problem}`);
  }
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
