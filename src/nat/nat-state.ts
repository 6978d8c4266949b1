/**
 * All tables of one segment, as one thread sees them, and the order in which rows come and go:
 * client → BIB entry → session, and back. Everything here that writes is done under the one lock.
 */

import { BibTable } from './bib.ts';
import { BindingEvent, BindingRing } from './binding-ring.ts';
import { ClientTable } from './client.ts';
import { FragmentTable } from './fragment.ts';
import { isPast } from './lifetimes.ts';
import { SpinLock } from './lock.ts';
import { MappingTable } from './mapping.ts';
import * as pathMtu from './path-mtu.ts';
import { PortPool, protocolColumn } from './port-pool.ts';
import { LOCK_AT, type Segment } from './segment.ts';
import { type SessionId, SessionTable } from './session.ts';

export class NatState {
  readonly segment: Segment;
  readonly lock: SpinLock;
  readonly mappings: MappingTable;
  readonly bibs: BibTable;
  readonly sessions: SessionTable;
  readonly clients: ClientTable;
  readonly fragments: FragmentTable;
  readonly pool: PortPool;
  readonly bindings: BindingRing;

  /** @param relax gives up the processor while another thread holds the lock */
  constructor(segment: Segment, relax: () => void) {
    this.segment = segment;
    this.lock = new SpinLock(segment.words, LOCK_AT, relax);
    this.mappings = new MappingTable(segment);
    this.bibs = new BibTable(segment);
    this.sessions = new SessionTable(segment);
    this.clients = new ClientTable(segment);
    this.fragments = new FragmentTable(segment);
    this.pool = new PortPool(segment);
    this.bindings = new BindingRing(segment, this.bibs, this.sessions, this.pool);
  }

  /** Empties the ring of the binding log; main thread, without the lock. */
  relieve: () => void = () => {};

  /** Main thread, without the lock: to be called after each of many changes at once, or the ring would overflow. */
  breathe(): void {
    if (this.bindings.isHalfFull()) this.relieve();
  }

  /** Run something short under the lock. */
  locked<T>(job: () => T): T {
    this.lock.acquire();
    try {
      return job();
    } finally {
      this.lock.release();
    }
  }

  /** Under the lock. A session goes, and with it a BIB entry, port and client that nothing else uses. */
  endSession(id: SessionId): void {
    const bib = this.sessions.bib(id);
    const client = this.bibs.client(bib);
    this.bindings.noteSession(BindingEvent.Remove, id);
    this.mappings.addSessions(this.sessions.mapping(id), -1, this.segment.nowSec());
    this.sessions.remove(id);
    this.clients.addSessions(client, -1);
    this.releaseBib(bib, this.bibs.addSessions(bib, -1));
  }

  /** Under the lock. Forget a BIB entry that no session uses. @param sessions how many use it */
  releaseBib(bib: number, sessions: number): void {
    if (sessions > 0) return;
    const client = this.bibs.client(bib);
    this.bindings.noteBib(BindingEvent.Remove, bib);
    this.pool.give(
      this.bibs.member(bib),
      protocolColumn(this.bibs.protocol(bib)),
      this.bibs.outsidePort(bib),
    );
    this.bibs.remove(bib);
    this.clients.addBibs(client, -1);
  }

  /**
   * A router says what the path to the outside host of a session carries: its later sessions start with that. An
   * estimate is only ever lowered (RFC 8201 §4). @param mtu bytes
   */
  learnPathMtu(id: SessionId, mtu: number, now: number): void {
    const word = pathMtu.remember(mtu, now); // of what is known already, it renews the time
    if (mtu <= this.sessions.pathMtu(id, now)) this.sessions.setPathMtu(id, word);
    const mapping = this.sessions.mapping(id); // another session of it may have heard of less
    if (mtu <= pathMtu.current(this.mappings.pathMtu(mapping), now)) this.mappings.setPathMtu(mapping, word);
  }

  /**
   * Bounded sweep of sessions whose deadline is past. The lock is taken for one removal at a time, so a worker never
   * waits longer than that.
   * @param from row to start at @param budget rows to look at
   * @returns row to go on at; 0 after the last
   */
  sweepSessions(now: number, from: number, budget: number, ended: (id: SessionId) => void): number {
    const { rows } = this.sessions;
    const end = Math.min(from + budget, rows.capacity);
    for (let row = rows.next(from, end); row < end; row = rows.next(row + 1, end)) {
      const id = row as SessionId;
      if (!rows.isValid(row) || !isPast(this.sessions.deadline(id), now)) continue;
      this.lock.acquire();
      // Refreshed or removed since: then it is not ours to end.
      if (rows.isValid(row) && isPast(this.sessions.deadline(id), now)) {
        ended(id);
        this.endSession(id);
      }
      this.lock.release();
      this.breathe();
    }
    return end === rows.capacity ? 0 : end;
  }

  /** End every session of a mapping. @returns how many */
  endSessionsOf(mapping: number): number {
    let ended = 0;
    const { rows } = this.sessions;
    const end = rows.capacity;
    for (let row = rows.next(0, end); row < end; row = rows.next(row + 1, end)) {
      if (this.mappings.sessions(mapping) === 0) break;
      if (!rows.isValid(row) || this.sessions.mapping(row as SessionId) !== mapping) continue;
      this.lock.acquire();
      if (rows.isValid(row) && this.sessions.mapping(row as SessionId) === mapping) {
        this.endSession(row as SessionId);
        ended++;
      }
      this.lock.release();
      this.breathe();
    }
    return ended;
  }

  /** Sweep fragment bindings. @returns row to go on at; 0 after the last */
  sweepFragments(now: number, from: number, budget: number): number {
    this.lock.acquire();
    const next = this.fragments.sweep(now, from, budget);
    this.lock.release();
    return next;
  }
}
