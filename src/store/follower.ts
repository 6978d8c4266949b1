/**
 * Makes the table of mappings say what the store says, whoever wrote there: of single records when they change, of all at
 * start, after an outage, and now and then. The store is right, but for one case: one that lost its memory is told again
 * what the table still knows.
 */
import { MappingKind } from '../nat/mapping.ts';
import type { RecordJudge } from './judgement.ts';
import type { LocalMappings } from './local-mappings.ts';
import { formatRecord, parseKey, recordKey } from './record.ts';
import type { Store, StoredRecord } from './store.ts';
import type { Turns } from './turns.ts';

export interface FollowerParts {
  readonly store: Store;
  readonly local: LocalMappings;
  readonly judge: RecordJudge;
  readonly turns: Turns<number>;
  /** A write that can be done without failed. */
  readonly failed: (error: unknown) => void;
}

/** What a comparison found and did. */
export type Comparison = Readonly<{
  /** In the store. */
  records: number;
  /** Missing there, and written again. */
  rewritten: number;
  /** Missing there, so their mappings ended. */
  forgotten: number;
}>;

/** Why the store has no record of a mapping that the table has. */
export type Missing = 'deleted' | 'lost' | 'lost if all are';

export class Follower {
  readonly #parts: FollowerParts;
  /** Changed while everything is compared: what the comparison read of them may be older. */
  #changed: Set<number> | null = null;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Take a record into the table. @returns its address, or null when it is not translated */
  take(stored: StoredRecord): number | null {
    const admitted = this.#parts.judge.admit(stored);
    if (!admitted) return null;
    const { v4, record } = admitted;
    return this.#parts.local.admit(v4, record.v6, MappingKind.Dynamic, record.timeoutSec) ? v4 : null;
  }

  /** Read these records and make the table say the same. */
  async read(addresses: Iterable<number>): Promise<void> {
    await Promise.all(Array.from(addresses, (v4) => this.#parts.turns.run(v4, () => this.#read(v4))));
  }

  /** Somebody wrote or deleted these records. @returns how many of them concern this gateway */
  async follow(keys: readonly string[]): Promise<number> {
    const addresses = keys.map(parseKey).filter((v4) => v4 !== null);
    for (const v4 of addresses) this.#changed?.add(v4);
    await this.read(addresses);
    return addresses.length;
  }

  /** Compare everything. @param why what was deleted ends here, what was lost is written again */
  async compare(why: Missing): Promise<Comparison> {
    const { local, store } = this.#parts;
    const changed = new Set<number>();
    this.#changed = changed;
    const seen = new Set<number>();
    let records = 0;
    try {
      for await (const stored of store.load()) {
        records++;
        const v4 = this.take(stored);
        if (v4 !== null) seen.add(v4);
      }
    } finally {
      this.#changed = null;
    }
    await this.read(changed);
    const missing = local.addresses(MappingKind.Dynamic).filter((v4) => !seen.has(v4));
    const writeAgain = why === 'lost' || (why === 'lost if all are' && records === 0);
    const rewritten = await Promise.all(missing.map((v4) => this.#restore(v4, writeAgain)));
    return {
      records,
      rewritten: rewritten.filter((was) => was === 'rewritten').length,
      forgotten: rewritten.filter((was) => was === 'forgotten').length,
    };
  }

  /** Write the record of a mapping that the table has, unless there is one. */
  async writeAgain(v4: number): Promise<boolean> {
    const { local, store } = this.#parts;
    const v6 = local.realOf(v4);
    return v6 !== null && (await store.setnx(recordKey(v4), formatRecord(v6, local.timeoutOf(v4))));
  }

  /**
   * A record was deleted: its mapping and the sessions of it end, and its address rests from other names, with gateways that
   * never knew it as well. A store that refuses the latter has deleted it nevertheless. @returns how many sessions
   */
  async withdraw(v4: number): Promise<number> {
    const { failed, local, store } = this.#parts;
    const v6 = local.realOf(v4);
    const sessions = local.withdraw(v4);
    if (v6 !== null) await store.rest(recordKey(v4), v6).catch(failed);
    return sessions;
  }

  async #read(v4: number): Promise<void> {
    const { local, store } = this.#parts;
    const key = recordKey(v4);
    const value = await store.get(key);
    const found = value !== null && this.take({ key, value }) !== null;
    if (!found && local.isDynamic(v4)) await this.withdraw(v4);
  }

  /** Of a mapping whose record was not among those that were loaded. */
  #restore(v4: number, writeAgain: boolean): Promise<'rewritten' | 'forgotten' | 'found'> {
    const { local, turns } = this.#parts;
    return turns.run(v4, async () => {
      const isMine = writeAgain && (await this.writeAgain(v4));
      if (isMine) return 'rewritten';
      await this.#read(v4);
      return local.isDynamic(v4) ? 'found' : 'forgotten';
    });
  }
}
