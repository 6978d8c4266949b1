/**
 * The mapping table of the segment, as the store sees it: inserts and removals under the lock, a mapping leaves only
 * after its sessions, remembered misses are few and short-lived.
 */
import { formatV4, formatV6 } from '../address.ts';
import { isPast, NEGATIVE_MS } from '../nat/lifetimes.ts';
import { MappingKind } from '../nat/mapping.ts';
import type { Rows } from '../nat/rows.ts';
import type { FreeSlots } from './free-slots.ts';
import { NEVER_SEC } from './record.ts';
import type { Slots } from './slots.ts';

/** What is needed of nat/mapping.ts; see there. Seconds since the Unix epoch. A row is an integer, -1 is none. */
export interface MappingRows {
  readonly capacity: number;
  readonly rows: Pick<Rows, 'isValid' | 'next' | 'inUse'>;
  size(): number;
  lookup4(v4: number): number;
  lookup6(v6: Uint8Array): number;
  insert(v4: number, v6: Uint8Array, kind: MappingKind, timeoutSec: number, nowSec: number): number;
  insertNegative(v4: number, untilMs: number): number;
  remove(row: number): void;
  quarantine(row: number, nowSec: number): void;
  noteAnswer(row: number, untilSec: number): void;
  touch(row: number, nowSec: number): void;
  expired(nowSec: number, from: number, budget: number, out: number[]): number;
  isLive(row: number): boolean;
  kind(row: number): MappingKind;
  v4(row: number): number;
  copyV6(row: number, out: Uint8Array): void;
  timeoutSec(row: number): number;
  sessions(row: number): number;
  lastUsedSec(row: number): number;
  keepUntilSec(row: number): number;
}

export interface Clock {
  /** Seconds since the Unix epoch. */
  nowSec(): number;
  /** Clock of the data plane: milliseconds in a signed 32-bit word. */
  nowMs(): number;
}

export interface LocalOptions {
  readonly table: MappingRows;
  /** Runs its argument under the lock of the segment, and nothing that waits. */
  readonly locked: <T>(job: () => T) => T;
  /** Ends the sessions of a mapping; takes the lock itself. @returns how many */
  readonly endSessions: (row: number) => number;
  readonly clock: Clock;
}

/** One row of `nat46 mappings`. */
export interface MappingLine {
  readonly v4: string;
  /** Null while the address rests. */
  readonly v6: string | null;
  readonly kind: 'dynamic' | 'static' | 'resting';
  readonly sessions: number;
  readonly idle_sec: number;
  /** 0 = never expires. */
  readonly timeout_sec: number;
  /** Earliest end, if nothing uses it; null = never, or not while sessions use it. */
  readonly expires_sec: number | null;
}

/** After an answer is out, its address stays valid for the TTL and this long (checklist 82). */
const ANSWER_GRACE_SEC = 60;
/** A sweep comes round in about a minute of steps, one a second. */
const SWEEP_STEPS = 60;
const LEAST_SWEEP_ROWS = 4096;
/** Remembered misses take an eighth of the table at most, and never more than this; the oldest gives way. */
const MISS_SHARE = 8;
const MAX_MISSES = 4096;

export class LocalMappings {
  readonly #table: MappingRows;
  readonly #slots: Slots;
  readonly #options: LocalOptions;
  readonly #misses: { v4: number; untilMs: number }[] = [];
  readonly #maxMisses: number;
  /** Addresses that have no row, and no rest to wait for. */
  readonly #vacant: FreeSlots;
  /** Real v6 → the synthetic v4 that rests from standing for it. */
  readonly #former = new Map<string, number>();
  #sweepAt = 0;
  #removals = 0;

  constructor(options: LocalOptions, slots: Slots) {
    this.#table = options.table;
    this.#options = options;
    this.#slots = slots;
    this.#maxMisses = Math.min(Math.ceil(this.#table.capacity / MISS_SHARE), MAX_MISSES);
    this.#vacant = slots.vacant();
    for (const row of this.#table.rows.inUse()) {
      this.#occupy(row);
      if (this.#table.kind(row) === MappingKind.Resting) this.#rememberFormer(row);
    }
  }

  /** Addresses that an allocation could still get. */
  get free(): number {
    return this.#vacant.count;
  }

  /** Every free address once, the one preferred for this real v6 first; what is taken meanwhile is left out. */
  *vacant(v6: Uint8Array): Generator<number> {
    const preferred = this.#slots.preferred(v6);
    for (let slot = this.#vacant.next(preferred); slot >= 0; slot = this.#vacant.next(slot + 1))
      yield this.#slots.addressOf(slot);
    for (let slot = this.#vacant.next(0); slot >= 0 && slot < preferred; slot = this.#vacant.next(slot + 1))
      yield this.#slots.addressOf(slot);
  }

  /** How often a mapping ended, in whatever way. */
  get removals(): number {
    return this.#removals;
  }

  /** Whether another mapping fits. */
  get hasRoom(): boolean {
    return this.#table.size() < this.#table.capacity;
  }

  /** The row of a live mapping of this synthetic v4, or -1. */
  live(v4: number): number {
    const row = this.#table.lookup4(v4);
    return row >= 0 && this.#table.isLive(row) ? row : -1;
  }

  /** Whether the address has a live mapping or rests. */
  isTaken(v4: number): boolean {
    const row = this.#table.lookup4(v4);
    return row >= 0 && this.#table.kind(row) !== MappingKind.Negative;
  }

  isResting(v4: number): boolean {
    const row = this.#table.lookup4(v4);
    return row >= 0 && this.#table.kind(row) === MappingKind.Resting;
  }

  /** The address that rests from standing for this real v6, or null: nobody else can be meant by it. */
  formerOf(v6: Uint8Array): number | null {
    return this.#former.get(nameOf(v6)) ?? null;
  }

  isStatic(v4: number): boolean {
    const row = this.#table.lookup4(v4);
    return row >= 0 && this.#table.kind(row) === MappingKind.Static;
  }

  isDynamic(v4: number): boolean {
    const row = this.#table.lookup4(v4);
    return row >= 0 && this.#table.kind(row) === MappingKind.Dynamic;
  }

  /** The synthetic v4 of a live mapping to this real v6, or null. */
  addressOf(v6: Uint8Array): number | null {
    const row = this.#table.lookup6(v6);
    return row < 0 ? null : this.#table.v4(row);
  }

  realOf(v4: number): Uint8Array | null {
    const row = this.live(v4);
    return row < 0 ? null : this.#real(row);
  }

  standsFor(v4: number, v6: Uint8Array): boolean {
    const real = this.realOf(v4);
    return real !== null && Buffer.compare(real, v6) === 0;
  }

  timeoutOf(v4: number): number {
    const row = this.live(v4);
    return row < 0 ? NEVER_SEC : this.#table.timeoutSec(row);
  }

  /**
   * Make the table say this. A mapping of the same v4 to another v6 goes, with its sessions; a remembered miss or a
   * rest ends. @returns false when the table is full
   */
  admit(v4: number, v6: Uint8Array, kind: MappingKind, timeoutSec: number): boolean {
    const row = this.#table.lookup4(v4);
    if (row >= 0 && this.#says(row, v6, kind, timeoutSec)) return true;
    if (row >= 0) this.forget(v4);
    const inserted = this.#options.locked(() =>
      this.#table.insert(v4, v6, kind, timeoutSec, this.#options.clock.nowSec()),
    );
    if (inserted >= 0) this.#occupy(inserted);
    return inserted >= 0;
  }

  /**
   * An answer that says what this address stands for goes out: it lives at least as long as somebody may remember that.
   * @returns false when it does not stand for it
   */
  noteAnswer(v4: number, v6: Uint8Array, ttlSec: number): boolean {
    const row = this.#table.lookup6(v6);
    if (row < 0 || this.#table.v4(row) !== v4) return false;
    const nowSec = this.#options.clock.nowSec();
    this.#table.touch(row, nowSec);
    this.#table.noteAnswer(row, nowSec + ttlSec + ANSWER_GRACE_SEC);
    return true;
  }

  /** Remove whatever the address has; sessions end at once. @returns how many sessions ended */
  forget(v4: number): number {
    const { locked, endSessions, clock } = this.#options;
    const row = this.#table.lookup4(v4);
    if (row < 0) return 0;
    this.#removals++;
    this.#vacate(row);
    if (!this.#table.isLive(row)) {
      locked(() => this.#table.remove(row));
      return 0;
    }
    locked(() => this.#table.quarantine(row, clock.nowSec())); // no session can begin while the others are ended
    const ended = endSessions(row);
    locked(() => this.#table.remove(row));
    return ended;
  }

  /**
   * The record of a mapping is gone: it and its sessions end at once. Somebody may remember the address still, so that
   * it rests from other names (checklist 82). @returns how many sessions ended
   */
  withdraw(v4: number): number {
    const { locked, endSessions, clock } = this.#options;
    const row = this.live(v4);
    if (row < 0) return 0;
    this.#removals++;
    locked(() => this.#table.quarantine(row, clock.nowSec()));
    this.#rememberFormer(row);
    return endSessions(row);
  }

  /** Remember for a second that nobody has this address, so that a scan does not become a scan of the store. */
  noteMiss(v4: number): void {
    const { locked, clock } = this.#options;
    if (this.#table.lookup4(v4) >= 0) return;
    if (this.#misses.length >= this.#maxMisses) this.#dropOldestMiss();
    const untilMs = (clock.nowMs() + NEGATIVE_MS) | 0;
    if (locked(() => this.#table.insertNegative(v4, untilMs)) >= 0) this.#misses.push({ v4, untilMs });
  }

  /** One bounded step: rests that are over end. @returns the addresses whose mapping's life is over, if `rest` agrees */
  sweep(): number[] {
    const { clock } = this.#options;
    while (this.#misses[0] && isPast(this.#misses[0].untilMs, clock.nowMs())) this.#dropOldestMiss();
    const rows: number[] = [];
    const budget = Math.max(Math.ceil(this.#table.capacity / SWEEP_STEPS), LEAST_SWEEP_ROWS);
    this.#sweepAt = this.#table.expired(clock.nowSec(), this.#sweepAt, budget, rows);
    const addresses = rows.map((row) => this.#table.v4(row));
    for (const v4 of addresses) if (this.isResting(v4)) this.forget(v4);
    return addresses.filter((v4) => this.isOver(v4));
  }

  /** Whether nothing used a mapping for its timeout, nobody may remember it, and no session uses it. */
  isOver(v4: number): boolean {
    const row = this.live(v4);
    if (row < 0 || this.#table.sessions(row) > 0 || this.#table.kind(row) === MappingKind.Static)
      return false;
    return (
      this.#table.timeoutSec(row) !== NEVER_SEC && this.#options.clock.nowSec() > endSec(this.#table, row)
    );
  }

  /** A life that is over ends: its address rests. @returns false when it was prolonged in the last moment */
  rest(v4: number): boolean {
    const row = this.live(v4);
    const ended = this.#options.locked(() => {
      if (!this.isOver(v4)) return false;
      this.#table.quarantine(row, this.#options.clock.nowSec());
      return true;
    });
    if (!ended) return false;
    this.#removals++;
    this.#rememberFormer(row);
    return true;
  }

  /** Another gateway uses it: it lives so many seconds more. */
  prolong(v4: number, sec: number): void {
    const row = this.live(v4);
    if (row >= 0) this.#table.noteAnswer(row, this.#options.clock.nowSec() + sec);
  }

  /** Every live or resting mapping, for the terminal. */
  *lines(): Generator<MappingLine> {
    for (const row of this.#table.rows.inUse()) {
      if (this.#table.kind(row) !== MappingKind.Negative) yield this.#line(row);
    }
  }

  /** Addresses of the live mappings of one kind. */
  addresses(kind: MappingKind): number[] {
    return [...this.#table.rows.inUse()]
      .filter((row) => this.#table.kind(row) === kind)
      .map((row) => this.#table.v4(row));
  }

  #occupy(row: number): void {
    const v4 = this.#table.v4(row);
    if (this.#table.kind(row) !== MappingKind.Negative && this.#slots.isAssignable(v4))
      this.#vacant.take(this.#slots.slotOf(v4));
  }

  #vacate(row: number): void {
    const v4 = this.#table.v4(row);
    const kind = this.#table.kind(row);
    if (kind === MappingKind.Resting) this.#forgetFormer(nameOf(this.#real(row)), v4);
    if (kind !== MappingKind.Negative && this.#slots.isAssignable(v4))
      this.#vacant.give(this.#slots.slotOf(v4));
  }

  /** A real v6 may have left two addresses; the later one counts. */
  #forgetFormer(name: string, v4: number): void {
    if (this.#former.get(name) === v4) this.#former.delete(name);
  }

  #rememberFormer(row: number): void {
    this.#former.set(nameOf(this.#real(row)), this.#table.v4(row));
  }

  #says(row: number, v6: Uint8Array, kind: MappingKind, timeoutSec: number): boolean {
    return (
      this.#table.kind(row) === kind &&
      this.#table.timeoutSec(row) === timeoutSec &&
      Buffer.compare(this.#real(row), v6) === 0
    );
  }

  #real(row: number): Uint8Array {
    const v6 = new Uint8Array(16);
    this.#table.copyV6(row, v6);
    return v6;
  }

  #dropOldestMiss(): void {
    const miss = this.#misses.shift();
    if (!miss) return;
    this.#options.locked(() => {
      const row = this.#table.lookup4(miss.v4); // a worker may have removed it, and a record come since
      if (row >= 0 && this.#table.kind(row) === MappingKind.Negative) this.#table.remove(row);
    });
  }

  #line(row: number): MappingLine {
    const nowSec = this.#options.clock.nowSec();
    const resting = this.#table.kind(row) === MappingKind.Resting;
    const sessions = this.#table.sessions(row);
    const timeout = this.#table.timeoutSec(row);
    const end = resting ? this.#table.keepUntilSec(row) : endSec(this.#table, row);
    const never = !resting && (timeout === NEVER_SEC || sessions > 0);
    return {
      v4: formatV4(this.#table.v4(row)),
      v6: resting ? null : formatV6(this.#real(row)),
      kind: resting ? 'resting' : this.#table.kind(row) === MappingKind.Static ? 'static' : 'dynamic',
      sessions,
      idle_sec: sessions > 0 ? 0 : Math.max(nowSec - this.#table.lastUsedSec(row), 0),
      timeout_sec: resting ? NEVER_SEC : timeout,
      expires_sec: never ? null : Math.max(end - nowSec, 0),
    };
  }
}

/** When a mapping that no session uses is over: second of the Unix epoch. */
export function endSec(table: MappingRows, row: number): number {
  return Math.max(table.lastUsedSec(row) + table.timeoutSec(row), table.keepUntilSec(row));
}

/** Key of a map: sixteen bytes as sixteen characters. */
function nameOf(v6: Uint8Array): string {
  return Buffer.from(v6.buffer, v6.byteOffset, v6.byteLength).toString('latin1');
}
