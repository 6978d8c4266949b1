/**
 * The sessions of a SNAT address, continued here: each record of its journal becomes a session, and from then on the journal is
 * written here.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { adopt, type Stamped } from '../nat/adoption.ts';
import { TCP_ESTABLISHED_MS } from '../nat/lifetimes.ts';
import type { NatState } from '../nat/nat-state.ts';
import type { ResolverOptions } from '../nat/nat46-resolver.ts';
import type { MappingDirectory } from '../store/directory.ts';
import type { GatewayGroup } from '../store/group.ts';
import type { SessionJournal } from '../store/session-journal.ts';
import { readSession } from '../store/session-record.ts';

/** Records whose session could not be made are removed, so many a write. */
const LOST_PAGE = 1000;
/** Sessions without a pause: beats and packets that wait for the store come between. */
const SLICE = 500;

export interface TakeoverParts {
  readonly group: GatewayGroup;
  readonly state: NatState;
  readonly directory: Pick<MappingDirectory, 'get' | 'resolve'>;
  /** Hosts that may have sessions, as the data plane has them; empty: all. */
  readonly inside: ResolverOptions['inside'];
  /** Clock of the data plane. */
  readonly nowMs: () => number;
}

export class Takeover {
  readonly #parts: TakeoverParts;
  readonly #journal: SessionJournal;
  /** Address of a takeover that an outage broke off → record → the session that was made from it. */
  readonly #unfinished = new Map<string, Map<string, Stamped>>();

  constructor(parts: TakeoverParts, journal: SessionJournal) {
    this.#parts = parts;
    this.#journal = journal;
  }

  /**
   * @param member the row of the address
   * @param token of the lease, at the home of the address: what it cannot hold is removed. An heir, null, keeps that for the home
   * @returns sessions that are here now, and those that could not be made
   * @throws StoreLost; then it is to be called again
   */
  async run(
    address: string,
    member: number,
    token: number | null,
  ): Promise<{ sessions: number; lost: number }> {
    const { group, state } = this.#parts;
    const records = await group.read(address);
    const taken = this.#unfinished.get(address) ?? new Map<string, Stamped>();
    this.#unfinished.set(address, taken);
    let looked = 0;
    for (const [key, rest] of records) {
      if (++looked % SLICE === 0) await nextTurn();
      if (taken.has(key)) continue; // and may have ended since
      const session = await this.#adopt(member, key, rest);
      if (session !== null) taken.set(key, session);
      state.breathe();
    }
    const lost = [...records.keys()].filter((key) => !taken.has(key));
    if (token !== null) await this.#remove(address, member, token, lost);
    const isNew = this.#journal.join(member); // not before: an outage would have all that was not read yet replaced
    this.#unfinished.delete(address);
    for (const [key, session] of taken) {
      if (++looked % SLICE === 0) await nextTurn();
      this.#journal.adopted(member, key, session, isNew && records.has(key));
    }
    return { sessions: taken.size, lost: lost.length };
  }

  /** What was done of an unfinished one counts no longer: the address is another's, or was in between. */
  forget(address: string): void {
    this.#unfinished.delete(address);
  }

  async #remove(address: string, member: number, token: number, lost: readonly string[]): Promise<void> {
    const keys = lost.filter((key) => !this.#journal.has(member, key));
    for (let at = 0; at < keys.length; at += LOST_PAGE)
      await this.#parts.group.write(address, token, { put: [], remove: keys.slice(at, at + LOST_PAGE) });
  }

  /** @returns null when it cannot go on here @throws StoreLost when that cannot be known */
  async #adopt(member: number, key: string, rest: string): Promise<Stamped | null> {
    const { nowMs, state } = this.#parts;
    const record = readSession(key, rest);
    if (!record || !this.#isInside(record.insideNear) || !(await this.#isMapped(record.insideFar >>> 0)))
      return null;
    return adopt(state, { ...record, member, deadline: (nowMs() + TCP_ESTABLISHED_MS) | 0 });
  }

  #isInside(host: number): boolean {
    const { inside } = this.#parts;
    return inside.length === 0 || inside.some(({ network, mask }) => (host & mask) === network);
  }

  async #isMapped(v4: number): Promise<boolean> {
    const { directory } = this.#parts;
    if (await directory.resolve(v4)) return true;
    // Perhaps the store said nothing: this question fails then
    return (await directory.get(v4)) !== null && (await directory.resolve(v4));
  }
}
