/**
 * SNAT addresses and their sessions between gateways of one store: leases on a beat, sessions written behind, those of a
 * dead gateway taken over, and everything handed over on purpose.
 */
import type { Logger } from 'pino';
import { formatV6, parseV6 } from '../address.ts';
import { unusableV6 } from '../config/address-schemas.ts';
import { Nat46Error } from '../error.ts';
import { endSessions, isUsed } from '../nat/adoption.ts';
import { toWords } from '../nat/mapping.ts';
import { MemberUse, NO_MEMBER, PROTOCOL_COLUMN_NAMES } from '../nat/port-pool.ts';
import type { MappingDirectory } from '../store/directory.ts';
import { BEAT_MS, LEASE_MS } from '../store/group.ts';
import { Leases, type LeaseView } from '../store/leases.ts';
import { SessionJournal } from '../store/session-journal.ts';
import { StoreLost } from '../store/store.ts';
import { BeatFailures } from './beat-failures.ts';
import { Takeover, type TakeoverParts } from './takeover.ts';
import { Tenure } from './tenure.ts';

/** The table is looked through in so many steps of the timer; a large one takes more: a step stays about a millisecond. */
const LOOK_MS = 100;
const LOOK_STEPS = 5;
const MAX_LOOK_ROWS = 131_072;

export interface HandoverParts extends TakeoverParts {
  readonly directory: Pick<MappingDirectory, 'get' | 'resolve' | 'storeProblem'>;
  /** SNAT addresses that this gateway is configured with, 16 bytes each. */
  readonly members: readonly Uint8Array[];
  /** The host is to send packets for this address here, and to answer for it on its link. */
  readonly attract: (address: string) => void;
  /** Another one answers for it. */
  readonly repel: (address: string) => void;
  readonly log: Logger;
}

export class Handover {
  readonly #parts: HandoverParts;
  readonly #leases: Leases;
  readonly #journal: SessionJournal;
  readonly #takeover: Takeover;
  readonly #tenure: Tenure;
  readonly #failures: BeatFailures;
  #timers: NodeJS.Timeout[] = [];
  #beating: Promise<void> | null = null;
  #flushing = false;
  /** Since the store is back, a beat has succeeded: the tokens are those of now. */
  #isSettled = false;
  /** Not known yet whether another gateway had this one in between: nothing is written to its journal. */
  #unsure: string | null = null;
  /** Of these it was said that they are no addresses. */
  readonly #strange = new Set<string>();

  constructor(parts: HandoverParts) {
    this.#parts = parts;
    this.#tenure = new Tenure(parts.nowMs);
    this.#failures = new BeatFailures(parts.log);
    this.#journal = new SessionJournal(parts.state, parts.group);
    this.#takeover = new Takeover(parts, this.#journal);
    this.#leases = new Leases(
      parts.group,
      parts.members.map((member) => formatV6(member)),
      {
        gained: (address, isHome) => this.#gained(address, isHome),
        isAddress: (address) => this.#isAddress(address),
        lost: (address) => this.#lost(address),
        leaving: (address) => this.#leaving(address),
        left: (address) => this.#left(address),
        returned: (address) => this.#returned(address),
        isIdle: (address) => this.#isIdle(address),
      },
    );
  }

  /**
   * The first beat, before any packet: what another gateway has is not used. Then for as long as the gateway runs. While
   * the store is away, everything is used.
   */
  async start(): Promise<void> {
    const rows = Math.min(Math.ceil(this.#parts.state.sessions.rows.capacity / LOOK_STEPS), MAX_LOOK_ROWS);
    this.#timers = [
      setInterval(() => {
        if (this.#beating)
          this.#leases.hold().catch(() => {}); // the beat that runs says what is wrong
        else void this.#beat();
      }, BEAT_MS),
      setInterval(() => {
        this.#journal.look(rows);
        void this.#flushNow();
      }, LOOK_MS),
    ];
    if (await this.#beat()) return;
    for (const { address } of this.#leases.view()) this.#parts.attract(address);
  }

  /**
   * Hand everything over, to another gateway or to this one when it starts again. What cannot be done in time is left to the
   * leases, which run out by themselves. Never rejects. @param until longest wait
   */
  async stop(until: AbortSignal): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    if (until.aborted) return;
    const late = new Promise<void>((resolve) => until.addEventListener('abort', () => resolve()));
    await Promise.race([this.#leave().catch(() => {}), late]);
  }

  /** @param isSame false: the journal may be lost */
  storeResumed(isSame: boolean): void {
    this.#isSettled = false;
    this.#leases.hesitate();
    if (!isSame) this.#journal.again();
  }

  get isDrained(): boolean {
    return this.#leases.isDraining;
  }

  leases(): LeaseView[] {
    return this.#leases.view();
  }

  /**
   * Hand everything over. @returns addresses that were given away and sessions that others can take over now
   * @throws Nat46Error NAT46_RUNTIME when there is no other gateway, and nothing has changed; NAT46_STORE when the store fails: the next beat that succeeds takes back what was given away
   */
  async drain(): Promise<{ addresses: string[]; sessions: number }> {
    const addresses = await this.#tryDrain().catch((cause: unknown) => {
      if (cause instanceof Nat46Error) throw cause;
      this.#setUses();
      const said = cause instanceof Error ? cause.message : String(cause);
      const why = cause instanceof StoreLost ? this.#parts.directory.storeProblem : null;
      const reason = why === null ? said : `${said}: ${why}`;
      const remedy = 'the gateway goes on as before; try again when the store works';
      throw new Nat46Error('NAT46_STORE', `drain: ${reason}; ${remedy}`, { cause });
    });
    this.#parts.log.info(
      { addresses, sessions: this.#journal.size },
      'drained: the SNAT addresses are given up',
    );
    return { addresses, sessions: this.#journal.size };
  }

  async #leave(): Promise<void> {
    await this.#beating?.catch(() => {});
    if (!this.#isSettled) await this.#step(); // the tokens are to be those of now
    const addresses = await this.#leases.leave();
    if (addresses.length > 0) this.#parts.log.info({ addresses }, 'SNAT addresses released');
  }

  async #tryDrain(): Promise<string[]> {
    await this.#beating?.catch(() => {});
    await this.#step(); // the store must answer, and the tokens be those of now, before anything changes
    const addresses = await this.#leases.drain();
    if (addresses !== null) return addresses;
    throw new Nat46Error(
      'NAT46_RUNTIME',
      'drain: no other data gateway of this subnet is alive; nothing was changed (to end this one, stop it)',
    );
  }

  /** @returns false when it failed */
  #beat(): Promise<boolean> {
    return this.#step().then(
      () => true,
      (error: unknown) => {
        this.#failures.note(error);
        return false;
      },
    );
  }

  /** One beat at a time: who comes while one runs waits for that one. */
  #step(): Promise<void> {
    this.#beating ??= this.#stepOnce().finally(() => {
      this.#beating = null;
    });
    return this.#beating;
  }

  async #stepOnce(): Promise<void> {
    this.#tenure.upMs(); // whether the store answers or not: this clock is to be asked
    await this.#leases.beat();
    for (const { address, isHeld } of this.#leases.view()) if (isHeld) this.#tenure.hold(address);
    if (!this.#leases.isDraining) this.#setUses();
    this.#isSettled = true;
    this.#failures.over();
  }

  /** What is held may be used, whatever an attempt to give it away left behind. */
  #setUses(): void {
    for (const { address, isHome, isHeld } of this.#leases.view())
      if (isHeld) this.#use(address, isHome ? MemberUse.Open : MemberUse.Inherited);
  }

  #flush(): Promise<void> {
    return this.#journal.flush((address) =>
      address === this.#unsure ? null : this.#leases.tokenOf(address),
    );
  }

  /** One at a time, and not with the tokens of before an outage. What fails waits; the store says itself that it is lost. */
  async #flushNow(): Promise<void> {
    if (this.#flushing || !this.#isSettled) return;
    this.#flushing = true;
    await this.#flush().catch(() => {});
    this.#flushing = false;
  }

  async #flushAll(): Promise<void> {
    await this.#flush();
    let left = this.#parts.state.sessions.rows.capacity;
    for (let looked = left; looked > 0 && left > 0; left -= looked) {
      looked = this.#journal.look(left);
      await this.#flush();
    }
  }

  async #gained(address: string, isHome: boolean): Promise<void> {
    const { log, attract, state } = this.#parts;
    const begin = performance.now();
    const member = this.#memberOf(address) ?? this.#append(address);
    if (member === null) return;
    attract(address);
    const since = await this.#askSince(address);
    if (since !== state.pool.since(member)) this.#takeover.forget(address); // another one went on with them
    const stale = this.#endStale(address, member, since);
    await this.#flushAll(); // what ended here while the store was away must not come back
    if (since !== state.pool.since(member)) this.#journal.leave(member); // a new store: all is to be written again
    state.pool.setSince(member, since);
    const token = isHome ? this.#leases.tokenOf(address) : null;
    const taken = await this.#takeover.run(address, member, token);
    state.pool.setUse(member, isHome ? MemberUse.Open : MemberUse.Inherited);
    const tookMs = Math.round(performance.now() - begin);
    log.info({ address, isHome, ...taken, stale, tookMs }, 'SNAT address leased');
  }

  /** Signed: it is kept in a word. */
  async #askSince(address: string): Promise<number> {
    this.#unsure = address;
    try {
      return (await this.#parts.group.since(address)) | 0;
    } finally {
      this.#unsure = null;
    }
  }

  /**
   * Another gateway had the address in between: what became of the sessions that are still here is in the journal, or they are
   * over. Those that packets came for until now never left: the network did not hear of the other one. Nor did those that packets
   * came for since the address was ours, and that the journal never had: the other one cannot know them.
   */
  #endStale(address: string, member: number, since: number): number {
    const { nowMs, state } = this.#parts;
    if (since === state.pool.since(member)) return 0;
    if (since === 0) return 0; // a new store, which knows nothing of before
    if (this.#tenure.isRecent(address) && state.pool.use(member) !== MemberUse.Closed) return 0; // or an old one
    this.#journal.leave(member); // neither they nor their end are to reach it
    const now = nowMs();
    const writtenMs = Math.min(this.#tenure.upMs(), LEASE_MS);
    const otherMs = Math.max(writtenMs, this.#tenure.sinceHeldMs(address));
    const ended = endSessions(state, member, (id) =>
      isUsed(state, id, now, this.#journal.isWritten(id) ? writtenMs : otherMs),
    );
    state.pool.setSince(member, since);
    return ended;
  }

  /** What stands in the store as the address of another gateway may be anything. */
  #isAddress(text: string): boolean {
    const bytes = parseV6(text);
    if (bytes && formatV6(bytes) === text && unusableV6(bytes) === null) return true;
    if (this.#strange.has(text)) return false;
    this.#strange.add(text);
    const message =
      'what the store has as a SNAT address (nat46:pool:SUBNET, database 1) is none; remove it there';
    this.#parts.log.warn({ address: text }, message);
    return false;
  }

  #lost(address: string): void {
    const message = 'no lease: another gateway has this SNAT address; no new sessions on it, old ones go on';
    this.#parts.log.warn({ address }, message);
    this.#use(address, MemberUse.Closed);
    this.#left(address);
  }

  async #leaving(address: string): Promise<void> {
    this.#use(address, MemberUse.Closed);
    await this.#flushAll();
  }

  #left(address: string): void {
    const member = this.#memberOf(address);
    if (member !== null) this.#journal.leave(member);
    this.#takeover.forget(address);
    this.#parts.repel(address);
  }

  #returned(address: string): void {
    const member = this.#memberOf(address);
    const sessions = member === null ? 0 : endSessions(this.#parts.state, member);
    this.#parts.log.info({ address, sessions }, 'SNAT address goes back to its gateway');
  }

  #isIdle(address: string): boolean {
    const member = this.#memberOf(address);
    if (member === null) return true;
    return PROTOCOL_COLUMN_NAMES.every((_, column) => this.#parts.state.pool.inUse(member, column) === 0);
  }

  #use(address: string, use: MemberUse): void {
    const member = this.#memberOf(address);
    if (member !== null) this.#parts.state.pool.setUse(member, use);
  }

  #memberOf(address: string): number | null {
    const { pool, segment } = this.#parts.state;
    const wanted = wordsOf(address);
    for (let member = 0; member < pool.size(); member++) {
      const at = pool.addressAt(member);
      if (wanted.every((word, i) => segment.words[at + i] === word)) return member;
    }
    return null;
  }

  #append(address: string): number | null {
    const { log, state } = this.#parts;
    const member = state.locked(() => state.pool.append(wordsOf(address), MemberUse.Closed));
    if (member !== NO_MEMBER) return member;
    log.error({ address }, 'no room for another SNAT address: its sessions cannot be taken over');
    return null;
  }
}

function wordsOf(address: string): Int32Array {
  const words = new Int32Array(4);
  toWords(parseV6(address) ?? new Uint8Array(16), words);
  return words;
}
