/**
 * The directory of mappings: keeps the table of the segment and the store in step. Whatever is handed out is in both,
 * the store first; whatever appears in the store is taken into the table when it is met.
 *
 *     DNS46 ── allocate ──┐                        ┌── setnx / get / del ──► store
 *     worker ── resolve ──┼──► MappingDirectory ───┤
 *     dssm ── set, del ───┘                        └── admit / forget ─────► table in the segment
 */
import { formatV4, formatV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import { MappingKind } from '../nat/mapping.ts';
import { Activity } from './activity.ts';
import { type Allocation, Allocator } from './allocator.ts';
import { type Comparison, Follower, type Missing } from './follower.ts';
import { StoreHealth } from './health.ts';
import { RecordJudge, type RecordLine } from './judgement.ts';
import { LocalMappings, type LocalOptions, type MappingLine } from './local-mappings.ts';
import { formatRecord, isTranslatable, MAX_TIMEOUT_SEC, parseKey, parseRecord, recordKey } from './record.ts';
import { type SlotOptions, Slots } from './slots.ts';
import { type Store, type StoredRecord, StoreLost } from './store.ts';
import { Turns } from './turns.ts';

/** What `nat46_mapping_stat` counts: events, not states. */
export type DirectoryCounter =
  | 'allocated'
  | 'expired'
  | 'exhausted'
  | 'malformed'
  | 'outside'
  | 'lost'
  | 'resumed'
  | 'rewritten'
  | 'followed'
  | 'asked';

/** The part of a logger that is used; pino has it. */
export interface DirectoryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface DirectoryOptions extends LocalOptions, SlotOptions {
  readonly store: Store;
  /** `--map`: in the table always, in the store never. */
  readonly maps: readonly { readonly v4: number; readonly v6: Uint8Array }[];
  readonly count: (counter: DirectoryCounter, n: number) => void;
  readonly log: DirectoryLog;
}

export class MappingDirectory {
  readonly #store: Store;
  readonly #slots: Slots;
  readonly #local: LocalMappings;
  readonly #options: DirectoryOptions;
  readonly #maps: ReadonlyMap<number, Uint8Array>;
  readonly #turns = new Turns<number>();
  readonly #resolutions = new Map<number, Promise<boolean>>();
  readonly #judge: RecordJudge;
  readonly #follower: Follower;
  readonly #allocator: Allocator;
  readonly #activity: Activity;
  readonly #health: StoreHealth;
  #isStarted = false;
  #onStoreResumed: (isSame: boolean) => void = () => {};
  #comparing: Promise<void> | null = null;
  /** Until a comparison has come to its end. */
  #missing: Missing;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#store = options.store;
    // Nobody else deletes from a store of one gateway; of another, nobody knows whether the server is that of the earlier run
    this.#missing = options.store.group === null ? 'lost' : 'lost if all are';
    this.#slots = new Slots(options);
    this.#local = new LocalMappings(options, this.#slots);
    this.#maps = new Map(options.maps.map(({ v4, v6 }) => [v4, v6]));
    this.#judge = new RecordJudge({
      slots: this.#slots,
      isConfigured: (v4) => this.#maps.has(v4),
      count: options.count,
      warn: (fields, message) => options.log.warn(fields, message),
    });
    const { store } = options;
    this.#follower = new Follower({
      store,
      local: this.#local,
      judge: this.#judge,
      turns: this.#turns,
      failed: (error) => this.#health.failed(error),
    });
    this.#activity = new Activity(options.table);
    this.#health = new StoreHealth(options.log, options.count);
    this.#allocator = new Allocator({
      ...options,
      slots: this.#slots,
      local: this.#local,
      follower: this.#follower,
      health: this.#health,
    });
    this.#follow();
  }

  /** Synthetic addresses that can still be given out. */
  get free(): number {
    return this.#local.free;
  }

  /** Rows of `nat46 mappings`. */
  lines(): Iterable<MappingLine> {
    return this.#local.lines();
  }

  /**
   * At start: static mappings and every record of the store into the table, which may hold rows of an earlier run.
   * A row without a record was deleted while we were away; but if the store has no record at all, it was lost, and if it is
   * of this gateway alone, it was not written before a kill (or is `mem:`): then rows are written to it again. A store that
   * does not answer is waited for only while there is nothing to go on with.
   * @throws Nat46Error NAT46_STORE of the store
   */
  async loadAll(): Promise<void> {
    for (const v4 of this.#local.addresses(MappingKind.Static))
      if (!this.#maps.has(v4)) this.#local.forget(v4);
    for (const [v4, v6] of this.#maps) this.#local.admit(v4, v6, MappingKind.Static, 0);
    try {
      await this.#store.ready();
      const found = await this.#compareAll();
      this.#options.log.info({ records: found.records, rewritten: found.rewritten }, 'mappings loaded');
    } catch (error) {
      if (this.#local.addresses(MappingKind.Dynamic).length === 0) throw error;
      this.#health.lost(error instanceof Error ? error.message : String(error));
    }
    this.#isStarted = true;
    if (this.#missing === 'lost') this.#compare(true); // another server came meanwhile
  }

  /** @param listener called when the store can be reached again; false: by another server, or one that started anew */
  onStoreResumed(listener: (isSame: boolean) => void): void {
    this.#onStoreResumed = listener;
  }

  /** Why the store cannot be reached, or null. */
  get storeProblem(): string | null {
    return this.#health.reason;
  }

  /** The synthetic v4 of a real v6: the one it has, else a free one, in the store before it is returned. */
  allocate(v6: Uint8Array): Promise<Allocation> {
    return this.#allocator.allocate(v6);
  }

  /** Grows with every mapping that ends. */
  get removals(): number {
    return this.#local.removals;
  }

  /** An answer that says what this address stands for goes out. @returns false when it does not stand for it */
  answered(v4: number, v6: Uint8Array, ttlSec: number): boolean {
    return this.#local.noteAnswer(v4, v6, ttlSec);
  }

  /** What an address stands for, as the store says if the table does not; null for nothing. */
  async realOf(v4: number): Promise<Uint8Array | null> {
    if (this.#slots.isMappable(v4)) await this.resolve(v4);
    return this.#local.realOf(v4);
  }

  /**
   * A packet asked for an address the table does not have. @returns true when it has it now. That there is none is
   * remembered for a second; that the store said nothing is not, and the packet waits. Never rejects.
   */
  resolve(v4: number): Promise<boolean> {
    const running = this.#resolutions.get(v4);
    if (running) return running;
    const resolution = this.#turns
      .run(v4, () => this.#resolve(v4))
      .catch((error: unknown) => {
        this.#health.unanswered(error);
        return false;
      })
      .finally(() => this.#resolutions.delete(v4));
    this.#resolutions.set(v4, resolution);
    return resolution;
  }

  /**
   * One bounded step of the sweep, to be called every second: mappings whose life is over come to rest for 300 s and
   * lose their records; the lives of others are told to the store. Never rejects. @returns how many ended
   */
  async expire(): Promise<number> {
    const over = this.#local.sweep();
    const ended = await Promise.all(over.map((v4) => this.#turns.run(v4, () => this.#end(v4))));
    const lives = this.#activity.due(this.#options.clock.nowSec());
    if (lives.length > 0) {
      const told = this.#store.prolong(lives).then((isWritten) => isWritten && this.#health.works());
      await told.catch((error: unknown) => this.#unheard(error));
    }
    return ended.filter(Boolean).length;
  }

  /** The record of an address, byte-exact, or null. */
  async get(v4: number): Promise<RecordLine | null> {
    const key = recordKey(v4);
    const value = await this.#store.get(key);
    return value === null ? null : this.#judge.describe({ key, value });
  }

  /** Every record of the store, byte-exact. */
  async list(): Promise<RecordLine[]> {
    const lines: RecordLine[] = [];
    for await (const stored of this.#store.load()) lines.push(this.#judge.describe(stored));
    return lines;
  }

  /**
   * Create a record; it takes effect at once. An address that rests is free for this.
   * @param timeoutSec of inactivity, 0 = never
   * @throws Nat46Error NAT46_STORE when there is one already, NAT46_USAGE when it cannot be a mapping
   */
  async set(v4: number, v6: Uint8Array, timeoutSec: number): Promise<RecordLine> {
    const problem = this.#whyNot(v4, v6, timeoutSec);
    if (problem !== null) throw new Nat46Error('NAT46_USAGE', problem);
    return this.#turns.run(v4, async () => {
      const stored = { key: recordKey(v4), value: formatRecord(v6, timeoutSec) };
      if (!(await this.#store.setnx(stored.key, stored.value))) {
        const address = formatV4(v4);
        throw new Nat46Error(
          'NAT46_STORE',
          `${address}: has a record already, and a record is never updated; delete it first: nat46 dssm del ${address}`,
        );
      }
      if (this.#slots.isMappable(v4) && !this.#local.admit(v4, v6, MappingKind.Dynamic, timeoutSec)) {
        await this.#store.del(stored.key);
        throw new Nat46Error(
          'NAT46_RUNTIME',
          `${formatV4(v4)}: the mapping table is full; delete a mapping first`,
        );
      }
      this.#options.log.info({ v4: formatV4(v4), v6: formatV6(v6), timeoutSec }, 'mapping set');
      return this.#judge.describe(stored);
    });
  }

  /**
   * Create records byte for byte, as `list` gave them; each takes effect at once.
   * @returns for each whether it was created; those that exist stay as they are
   * @throws Nat46Error NAT46_USAGE naming the first that is malformed; nothing is created then
   */
  async restore(records: readonly StoredRecord[]): Promise<boolean[]> {
    for (const { key, value } of records) {
      const parsed = parseRecord(value);
      const problem =
        parseKey(key) === null ? 'no key of a mapping record' : 'problem' in parsed ? parsed.problem : null;
      if (problem !== null)
        throw new Nat46Error('NAT46_USAGE', `${key} ${value}: malformed (${problem}); correct it`);
    }
    const created = await Promise.all(records.map(({ key, value }) => this.#store.setnx(key, value)));
    await this.#follower.follow(records.map(({ key }) => key));
    return created;
  }

  /** Delete a record; its mapping and the sessions of it end at once, its address rests from other names. @returns null when there was none */
  del(v4: number): Promise<{ sessions: number } | null> {
    return this.#turns.run(v4, async () => {
      const deleted = await this.#store.del(recordKey(v4));
      const mapped = this.#local.live(v4) >= 0 && !this.#local.isStatic(v4);
      const sessions = mapped ? await this.#follower.withdraw(v4) : 0;
      if (deleted) this.#options.log.info({ v4: formatV4(v4), sessions }, 'mapping deleted');
      return deleted || mapped ? { sessions } : null;
    });
  }

  async #resolve(v4: number): Promise<boolean> {
    if (this.#local.live(v4) >= 0) return true;
    const found = this.#slots.isMappable(v4) && (await this.#ask(v4));
    if (!found) this.#local.noteMiss(v4);
    return found;
  }

  /** @returns whether its record is a mapping now */
  async #ask(v4: number): Promise<boolean> {
    this.#options.count('asked', 1);
    const value = await this.#store.get(recordKey(v4));
    this.#health.answered();
    return value !== null && this.#follower.take({ key: recordKey(v4), value }) !== null;
  }

  /** In its turn: a life is over here. @returns whether it ended */
  async #end(v4: number): Promise<boolean> {
    if (!this.#local.isOver(v4)) return false;
    const retired = this.#store.retire(recordKey(v4)).then((left) => {
      this.#health.works();
      return left;
    });
    const left = await retired.catch((error: unknown) => {
      this.#unheard(error);
      return error instanceof StoreLost ? null : 0; // else its record stays; whoever meets it takes it for a live one
    });
    if (left === null) return false;
    if (left > 0) this.#local.prolong(v4, left);
    else if (this.#local.rest(v4)) {
      this.#options.count('expired', 1);
      return true;
    } else await this.#follower.writeAgain(v4).catch((error: unknown) => this.#health.failed(error));
    return false;
  }

  /** What other gateways and people do to the store. */
  #follow(): void {
    const { count, log } = this.#options;
    this.#store.listen({
      changed: (keys) => {
        const follow = this.#follower.follow(keys);
        follow.then(
          (records) => count('followed', records),
          (error: unknown) => this.#health.unanswered(error),
        );
      },
      compare: () => this.#compare(),
      deaf: (reason, everyMs) =>
        log.warn(
          { reason, everyMs },
          'the store does not tell of changes; it is read again and again instead',
        ),
      lost: (reason) => this.#health.lost(reason),
      resumed: (isSame) => {
        this.#activity.forget();
        this.#onStoreResumed(isSame);
        if (!isSame) this.#missing = 'lost';
        this.#compare(!isSame);
      },
    });
  }

  /** In the background, one after another; before the start is over there is nothing to compare. */
  #compare(isUrgent = false): void {
    if (!this.#isStarted || (this.#comparing && !isUrgent)) return;
    const comparison = Promise.resolve(this.#comparing)
      .then(() => this.#compareAll())
      .then(
        (found) => {
          this.#options.count('rewritten', found.rewritten);
          this.#health[found.rewritten > 0 ? 'works' : 'answered'](found);
        },
        (error: unknown) =>
          this.#missing === 'deleted' ? this.#health.unanswered(error) : this.#unheard(error),
      )
      .finally(() => {
        if (this.#comparing === comparison) this.#comparing = null;
      });
    this.#comparing = comparison;
  }

  /** One that fails leaves its question to the next, one that is overtaken by another server does not answer for that one. */
  async #compareAll(): Promise<Comparison> {
    const why = this.#missing;
    this.#missing = 'deleted';
    return this.#follower.compare(why).catch((error: unknown) => {
      if (this.#missing === 'deleted') this.#missing = why;
      throw error;
    });
  }

  /** News that did not arrive are told again, and show when writes are taken once more. */
  #unheard(error: unknown): void {
    this.#activity.forget();
    this.#health.failed(error);
  }

  #whyNot(v4: number, v6: Uint8Array, timeoutSec: number): string | null {
    const address = formatV4(v4);
    if (this.#maps.has(v4))
      return `${address}: --map decides about this address; remove the flag or choose another`;
    if (this.#slots.isReserved(v4)) {
      return `${address}: the network, broadcast, sorry or own address cannot be mapped; choose another`;
    }
    if (!isTranslatable(v6))
      return `${formatV6(v6)}: not a unicast address that can be translated to; choose another`;
    if (!Number.isInteger(timeoutSec) || timeoutSec < 0 || timeoutSec > MAX_TIMEOUT_SEC) {
      return `timeout ${timeoutSec}: must be a number of seconds from 0 (never) to ${MAX_TIMEOUT_SEC}`;
    }
    return null;
  }
}
