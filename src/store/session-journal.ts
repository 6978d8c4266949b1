/**
 * Established TCP sessions, written behind: the table is looked through again and again, and what came or went since is
 * written in batches. No packet waits for it; a connection that ends before it was looked at costs nothing.
 */
import { formatV6 } from '../address.ts';
import type { Stamped } from '../nat/adoption.ts';
import type { NatState } from '../nat/nat-state.ts';
import type { SessionId } from '../nat/session.ts';
import { TcpState } from '../nat/tcp-state.ts';
import * as tcp from '../wire/tcp.ts';
import type { GatewayGroup } from './group.ts';
import { NO_STAMP, RecordedRows } from './recorded-rows.ts';
import { sessionKey, sessionRest } from './session-record.ts';

/** Changes a write, and in all that may wait: what else changed is found in the table later. */
const BATCH = 1000;
const MAX_WAITING = 65_536;

interface Changes {
  readonly put: Map<string, string>;
  readonly remove: Set<string>;
}

export class SessionJournal {
  readonly #state: NatState;
  readonly #group: GatewayGroup;
  readonly #recorded: RecordedRows;
  /** Row → stamp of a session that a journal had before all was to be written again. */
  readonly #former: Int32Array;
  readonly #waiting = new Map<number, Changes>();
  /** Members whose sessions are written here, and those of them whose records are all to be replaced. */
  readonly #joined = new Set<number>();
  readonly #anew = new Set<number>();
  #count = 0;
  #at = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(state: NatState, group: GatewayGroup) {
    this.#state = state;
    this.#group = group;
    this.#recorded = new RecordedRows(state.sessions.rows.capacity);
    this.#former = new Int32Array(state.sessions.rows.capacity);
  }

  /** Sessions in the journal, as far as this gateway has seen. */
  get size(): number {
    return this.#recorded.size;
  }

  /**
   * The sessions of this member are ours to write: all that it has, and from now on what changes.
   * @returns false when they were already
   */
  join(member: number): boolean {
    if (this.#joined.has(member)) return false;
    this.#joined.add(member);
    this.#forget(member);
    return true;
  }

  /**
   * A session of a member that has joined was made from this record, which is removed when it ends, or has ended since.
   * @param isThere nothing else can have become of the record: while it lives it need not be written
   */
  adopted(member: number, key: string, { id, stamp }: Stamped, isThere: boolean): void {
    if (this.#isWanted(id) && this.#state.sessions.stamp(id) === stamp) {
      if (!isThere) this.#lookAt(id);
      else if (this.#unrecorded(id) === stamp) this.#recorded.set(id, stamp, member, key);
    } else if (!this.#recorded.has(member, key)) this.#noteRemoval(member, key);
  }

  /** Whether a session of a member that has joined has this record, or will. */
  has(member: number, key: string): boolean {
    return this.#joined.has(member) && this.#recorded.has(member, key);
  }

  /** They are another gateway's to write. */
  leave(member: number): void {
    this.#joined.delete(member);
    this.#anew.delete(member);
    this.#drop(member);
  }

  /** Whether the record of a session was written, so that others may know it. @param id its row is valid */
  isWritten(id: SessionId): boolean {
    const stamp = this.#state.sessions.stamp(id);
    if (this.#former[id] === stamp) return true;
    if (this.#recorded.stamp(id) !== stamp) return false;
    return !this.#waiting.get(this.#recorded.member(id))?.put.has(this.#recorded.key(id));
  }

  /** One bounded step of the search for changes. @param rows to look at @returns rows looked at; fewer when much waits */
  look(rows: number): number {
    const table = this.#state.sessions.rows;
    const { capacity } = table;
    const end = Math.min(rows, capacity);
    for (let i = 0; i < end; i++) {
      if (this.#count >= MAX_WAITING) return i;
      if (this.#recorded.stamp(this.#at) !== NO_STAMP || table.isMarked(this.#at)) this.#lookAt(this.#at);
      this.#at = (this.#at + 1) % capacity;
    }
    return end;
  }

  /** Replace everything: the store may have lost it, or may have again what was removed. */
  again(): void {
    for (const row of this.#recorded.rows())
      if (this.isWritten(row as SessionId)) this.#former[row] = this.#recorded.stamp(row);
    this.#recorded.clear();
    this.#waiting.clear();
    this.#count = 0;
    for (const member of this.#joined) this.#anew.add(member);
  }

  /**
   * Write what waits, for addresses that are ours; what waits for others goes on waiting: a lease that ran out may come
   * back. @param tokenOf token of an address that is held, or null
   * @throws StoreLost, and what was not written waits on
   */
  flush(tokenOf: (address: string) => number | null): Promise<void> {
    const flushing = this.#flushing.catch(() => {}).then(() => this.#flush(tokenOf));
    this.#flushing = flushing;
    return flushing;
  }

  async #flush(tokenOf: (address: string) => number | null): Promise<void> {
    for (const member of new Set([...this.#anew, ...this.#waiting.keys()])) {
      const address = this.#addressOf(member);
      const token = tokenOf(address);
      if (token !== null && (await this.#clear(member, address, token)))
        await this.#writeAll(member, address, token);
    }
  }

  /** @returns false when the lease is not ours with this token */
  async #clear(member: number, address: string, token: number): Promise<boolean> {
    if (!this.#anew.has(member)) return true;
    if (!(await this.#group.clear(address, token))) return false;
    this.#anew.delete(member);
    return true;
  }

  async #writeAll(member: number, address: string, token: number): Promise<void> {
    for (let changes = this.#waiting.get(member); changes; changes = this.#waiting.get(member)) {
      const put = first(changes.put, BATCH);
      const remove = first(changes.remove, BATCH - put.length);
      if (put.length + remove.length === 0) this.#waiting.delete(member);
      else if (await this.#group.write(address, token, { put, remove })) this.#written(changes, put, remove);
      else return;
    }
  }

  /** What came meanwhile for the same session stays. */
  #written(changes: Changes, put: readonly (readonly [string, string])[], remove: readonly string[]): void {
    for (const [key, rest] of put) {
      if (changes.put.get(key) === rest) this.#count -= Number(changes.put.delete(key));
    }
    for (const key of remove) this.#count -= Number(changes.remove.delete(key));
  }

  #drop(member: number): void {
    const changes = this.#waiting.get(member);
    if (!changes) return;
    this.#count -= changes.put.size + changes.remove.size;
    this.#waiting.delete(member);
    this.#forget(member, (key) => changes.put.has(key));
  }

  /** What was written of a member, or of these sessions of it, is not known. */
  #forget(member: number, isOf: (key: string) => boolean = () => true): void {
    for (const row of this.#recorded.rows())
      if (this.#recorded.member(row) === member && isOf(this.#recorded.key(row))) this.#recorded.delete(row);
  }

  #lookAt(row: number): void {
    const { bibs, sessions } = this.#state;
    const id = row as SessionId;
    const stamp = this.#unrecorded(row);
    if (stamp === NO_STAMP) return;
    const member = bibs.member(sessions.bib(id));
    if (!this.#joined.has(member)) return;
    const key = sessionKey(this.#state, id);
    this.#recorded.set(row, stamp, member, key);
    const changes = this.#changes(member);
    this.#count += 1 - Number(changes.remove.delete(key)) - Number(changes.put.has(key));
    changes.put.set(key, sessionRest(this.#state, id));
  }

  /** Removes the record of a session that the row no longer has. @returns stamp of one that has no record yet, or NO_STAMP */
  #unrecorded(row: number): number {
    const id = row as SessionId;
    const written = this.#recorded.stamp(row);
    const stamp = this.#isWanted(id) ? this.#state.sessions.stamp(id) : NO_STAMP;
    if (stamp === written) return NO_STAMP;
    if (written !== NO_STAMP) this.#remove(row);
    return stamp;
  }

  #remove(row: number): void {
    const key = this.#recorded.key(row);
    const member = this.#recorded.member(row);
    if (this.#recorded.delete(row) && this.#joined.has(member)) this.#noteRemoval(member, key);
  }

  #noteRemoval(member: number, key: string): void {
    const changes = this.#changes(member);
    this.#count += 1 - Number(changes.put.delete(key)) - Number(changes.remove.has(key));
    changes.remove.add(key);
  }

  #isWanted(id: SessionId): boolean {
    const { sessions } = this.#state;
    if (!sessions.rows.isValid(id) || sessions.protocol(id) !== tcp.PROTOCOL) return false;
    const state = sessions.state(id);
    return state >= TcpState.Established && state <= TcpState.FinOutside;
  }

  #changes(member: number): Changes {
    let changes = this.#waiting.get(member);
    if (!changes) {
      changes = { put: new Map(), remove: new Set() };
      this.#waiting.set(member, changes);
    }
    return changes;
  }

  #addressOf(member: number): string {
    const { pool, segment } = this.#state;
    const bytes = new DataView(new ArrayBuffer(16));
    const at = pool.addressAt(member);
    for (let i = 0; i < 4; i++) bytes.setInt32(i * 4, segment.words[at + i] ?? 0);
    return formatV6(new Uint8Array(bytes.buffer));
  }
}

/** The first so many of a collection. */
function first<T>(items: Iterable<T>, count: number): T[] {
  const found: T[] = [];
  for (const item of items) {
    if (found.length >= count) break;
    found.push(item);
  }
  return found;
}
