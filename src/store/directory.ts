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
import { RecordJudge, type RecordLine } from './judgement.ts';
import { LocalMappings, type LocalOptions, type MappingLine } from './local-mappings.ts';
import { formatRecord, isTranslatable, MAX_TIMEOUT_SEC, recordKey } from './record.ts';
import { type SlotOptions, Slots } from './slots.ts';
import type { Store, StoredRecord } from './store.ts';
import { Turns } from './turns.ts';

/** Inactivity after which a mapping that DNS46 made ends: as long as an established TCP session may be idle. */
const DYNAMIC_TIMEOUT_SEC = 7200;

/** What `nat46_mapping_stat` counts: events, not states. */
export type DirectoryCounter = 'allocated' | 'expired' | 'exhausted' | 'malformed' | 'outside';

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
  readonly count: (counter: DirectoryCounter) => void;
  readonly log: DirectoryLog;
}

export type Allocation = { v4: number } | { exhausted: true };
const EXHAUSTED: Allocation = { exhausted: true };

/** What became of an attempt to take one address for one real v6. */
type Claim = 'ours' | 'taken' | 'full';

export class MappingDirectory {
  readonly #store: Store;
  readonly #slots: Slots;
  readonly #local: LocalMappings;
  readonly #options: DirectoryOptions;
  readonly #maps: ReadonlyMap<number, Uint8Array>;
  readonly #turns = new Turns<number>();
  readonly #allocations = new Map<string, Promise<Allocation>>();
  readonly #resolutions = new Map<number, Promise<boolean>>();
  readonly #judge: RecordJudge;
  #storeFailed = false;

  constructor(options: DirectoryOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#slots = new Slots(options);
    this.#local = new LocalMappings(options, this.#slots);
    this.#maps = new Map(options.maps.map(({ v4, v6 }) => [v4, v6]));
    this.#judge = new RecordJudge({
      slots: this.#slots,
      isConfigured: (v4) => this.#maps.has(v4),
      count: options.count,
      warn: (fields, message) => options.log.warn(fields, message),
    });
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
   * A row without a record was deleted while we were away; but if the store has no record at all, it was lost (or is
   * `mem:`), and the rows are written to it again.
   * @throws Nat46Error NAT46_CONFIG when rows outside the subnet still have sessions
   */
  async loadAll(): Promise<void> {
    this.#refuseForeignSessions();
    for (const v4 of this.#local.addresses(MappingKind.Static))
      if (!this.#maps.has(v4)) this.#local.forget(v4);
    for (const [v4, v6] of this.#maps) this.#local.admit(v4, v6, MappingKind.Static, 0);
    const seen = new Set<number>();
    let records = 0;
    for await (const stored of this.#store.load()) {
      records++;
      const v4 = this.#take(stored);
      if (v4 !== null) seen.add(v4);
    }
    const unrecorded = this.#local.addresses(MappingKind.Dynamic).filter((v4) => !seen.has(v4));
    const rewritten = new Set(records > 0 ? [] : unrecorded.filter((v4) => this.#slots.isMappable(v4)));
    for (const v4 of rewritten) await this.#writeAgain(v4);
    for (const v4 of unrecorded) if (!rewritten.has(v4)) this.#local.forget(v4);
    this.#options.log.info({ records, rewritten: rewritten.size }, 'mappings loaded');
  }

  /** The synthetic v4 of a real v6: the one it has, else a free one, in the store before it is returned. */
  allocate(v6: Uint8Array): Promise<Allocation> {
    const name = Buffer.from(v6).toString('latin1');
    const running = this.#allocations.get(name);
    if (running) return running;
    const allocation = this.#allocate(Uint8Array.from(v6)).finally(() => this.#allocations.delete(name));
    this.#allocations.set(name, allocation);
    return allocation;
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
   * A packet asked for an address the table does not have. @returns true when it has it now; false is remembered for
   * a second. Never rejects: with a dead store an unknown address stays unknown.
   */
  resolve(v4: number): Promise<boolean> {
    const running = this.#resolutions.get(v4);
    if (running) return running;
    const resolution = this.#turns
      .run(v4, () => this.#resolve(v4))
      .catch((error: unknown) => {
        this.#noteStoreFailure(error);
        this.#local.noteMiss(v4);
        return false;
      })
      .finally(() => this.#resolutions.delete(v4));
    this.#resolutions.set(v4, resolution);
    return resolution;
  }

  /**
   * One bounded step of the sweep, to be called every second: mappings whose life is over come to rest for 300 s and
   * lose their records. @returns how many
   */
  async expire(): Promise<number> {
    const over = this.#local.sweep();
    for (const v4 of over) {
      this.#options.count('expired');
      try {
        await this.#turns.run(v4, async () => {
          if (this.#local.isResting(v4)) await this.#store.del(recordKey(v4));
        });
      } catch (error) {
        this.#noteStoreFailure(error); // the record stays; whoever meets it takes it for a live one
      }
    }
    return over.length;
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

  /** Delete a record; its mapping and the sessions of it end at once. @returns null when there was none */
  del(v4: number): Promise<{ sessions: number } | null> {
    return this.#turns.run(v4, async () => {
      const deleted = await this.#store.del(recordKey(v4));
      const mapped = this.#local.live(v4) >= 0 && !this.#local.isStatic(v4);
      const sessions = mapped ? this.#local.forget(v4) : 0;
      if (deleted) this.#options.log.info({ v4: formatV4(v4), sessions }, 'mapping deleted');
      return deleted || mapped ? { sessions } : null;
    });
  }

  async #allocate(v6: Uint8Array): Promise<Allocation> {
    const known = this.#local.addressOf(v6);
    if (known !== null) return this.#handOut(known, v6);
    const former = this.#local.formerOf(v6);
    if (former !== null && (await this.#turns.run(former, () => this.#claim(former, v6))) === 'ours') {
      return this.#handOut(former, v6);
    }
    for (const v4 of this.#local.vacant(v6)) {
      if (!this.#local.hasRoom) break;
      const claim = await this.#turns.run(v4, () => this.#claim(v4, v6));
      if (claim === 'ours') return this.#handOut(v4, v6);
      if (claim === 'full') break;
    }
    this.#options.count('exhausted');
    return EXHAUSTED;
  }

  /** The answer is not out yet: keep the mapping until `answered` says for how long. */
  #handOut(v4: number, v6: Uint8Array): Allocation {
    this.#local.noteAnswer(v4, v6, 0);
    return { v4 };
  }

  /** Whether an address of the table is already that of this real v6, or another's; null when it is free. */
  #holding(v4: number, v6: Uint8Array): 'ours' | 'taken' | null {
    if (!this.#local.isTaken(v4) || this.#local.restsFrom(v4, v6)) return null;
    const real = this.#local.realOf(v4);
    return real && Buffer.compare(real, v6) === 0 ? 'ours' : 'taken';
  }

  async #claim(v4: number, v6: Uint8Array): Promise<Claim> {
    const held = this.#holding(v4, v6); // decided while this waited for its turn
    if (held) return held;
    const stored = { key: recordKey(v4), value: formatRecord(v6, DYNAMIC_TIMEOUT_SEC) };
    if (!(await this.#store.setnx(stored.key, stored.value))) {
      const value = await this.#store.get(stored.key);
      if (value !== null) this.#take({ key: stored.key, value });
      return this.#holding(v4, v6) ?? 'taken';
    }
    this.#storeFailed = false;
    if (!this.#local.admit(v4, v6, MappingKind.Dynamic, DYNAMIC_TIMEOUT_SEC)) {
      await this.#store.del(stored.key);
      return 'full';
    }
    this.#options.count('allocated');
    this.#options.log.info({ v4: formatV4(v4), v6: formatV6(v6) }, 'mapping allocated');
    return 'ours';
  }

  async #resolve(v4: number): Promise<boolean> {
    if (this.#local.live(v4) >= 0) return true;
    const value = this.#slots.isMappable(v4) ? await this.#store.get(recordKey(v4)) : null;
    this.#storeFailed = false;
    const found = value !== null && this.#take({ key: recordKey(v4), value }) !== null;
    if (!found) this.#local.noteMiss(v4);
    return found;
  }

  /** Take a record into the table. @returns its address, or null when it is not translated */
  #take(stored: StoredRecord): number | null {
    const admitted = this.#judge.admit(stored);
    if (!admitted) return null;
    const { v4, record } = admitted;
    return this.#local.admit(v4, record.v6, MappingKind.Dynamic, record.timeoutSec) ? v4 : null;
  }

  #noteStoreFailure(error: unknown): void {
    if (this.#storeFailed) return;
    this.#storeFailed = true;
    this.#options.log.error(
      { err: error },
      'store failed; established flows go on, new mappings are unknown',
    );
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

  /** A row of the segment whose record is gone with the store. */
  async #writeAgain(v4: number): Promise<void> {
    const v6 = this.#local.realOf(v4);
    if (v6) await this.#store.setnx(recordKey(v4), formatRecord(v6, this.#local.timeoutOf(v4)));
  }

  #refuseForeignSessions(): void {
    const foreign = this.#local
      .addresses(MappingKind.Dynamic)
      .filter((v4) => !this.#slots.isMappable(v4) && !this.#maps.has(v4));
    if (foreign.length === 0) return;
    const { subnet } = this.#slots;
    throw new Nat46Error(
      'NAT46_CONFIG',
      `--subnet ${formatV4(subnet.base)}/${subnet.length}: ${foreign.length} mappings of an earlier subnet are in the state file ` +
        `(${formatV4(foreign[0] ?? 0)}, …); start with that subnet and remove them (nat46 dssm del), or remove the state file to end them all`,
    );
  }
}
