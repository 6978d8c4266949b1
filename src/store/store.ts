/**
 * Where mapping records live. Keys and values are the text of a record as it is stored (record.ts). A store may belong to
 * this gateway alone (lmdb, mem) or to many (Redis): what matters only between many is trivial in the others.
 */
import type { GatewayGroup } from './group.ts';

export interface Store {
  /** Resolves when the store can be asked. @throws Nat46Error NAT46_STORE naming the store, what is wrong and the remedy */
  ready(): Promise<void>;
  /** Every mapping record, in the order of the keys. Records written meanwhile may or may not appear. */
  load(): AsyncIterable<StoredRecord>;
  /** @returns the value, byte-exact, or null */
  get(key: string): Promise<string | null>;
  /** Write unless the key exists; one of several writers wins. @returns false when it exists: nothing was written */
  setnx(key: string, value: string): Promise<boolean>;
  /** @returns whether there was a record to delete */
  del(key: string): Promise<boolean>;
  /**
   * One of these keys for a new record: the first whose record says the same real v6 already, else the first that is free.
   * Whatever many gateways claim at once, one real v6 gets one key and one key one real v6.
   */
  claim(keys: readonly string[], value: string): Promise<Claim | null>;
  /**
   * Delete a record whose life is over here, unless another gateway prolonged it; its key rests then, for others than its
   * real v6. @returns seconds that it still has, 0 when it is gone
   */
  retire(key: string): Promise<number>;
  /** Somebody deleted the record of this real v6: the key rests for others as if it was retired, unless it has a record again. */
  rest(key: string, v6: Uint8Array): Promise<void>;
  /** These records are in use and live that many seconds more at least. @returns whether anybody had to be told */
  prolong(lives: readonly Life[]): Promise<boolean>;
  /** From now on the listener is told what others do. Once, before `ready`. */
  listen(listener: StoreListener): void;
  /** What gateways of this store share beside records; null when it belongs to one gateway. */
  readonly group: GatewayGroup | null;
  /** Read the certificates again. @returns false when there are none @throws Nat46Error NAT46_STORE, and nothing has changed */
  reload(): boolean;
  close(): Promise<void>;
}

export interface StoredRecord {
  readonly key: string;
  readonly value: string;
}

export interface Claim {
  readonly key: string;
  /** False: the record was there already. */
  readonly isNew: boolean;
}

export interface Life {
  readonly key: string;
  readonly sec: number;
}

/** What a store that others write to says of its own accord. */
export interface StoreListener {
  /** Somebody, perhaps this gateway, wrote or deleted the records of these keys. */
  changed(keys: readonly string[]): void;
  /** It may have changed without a word: compare everything, when convenient. */
  compare(): void;
  /** It does not tell of changes, for this reason; `compare` is called that often instead. */
  deaf(reason: string, everyMs: number): void;
  /** It cannot be reached; every call fails at once until `resumed`. Called again when the reason is another one. */
  lost(reason: string): void;
  /**
   * It can be reached, the first time or again.
   * @param isSame false when the server is another one or started anew: what it confirmed last may be gone
   */
  resumed(isSame: boolean): void;
}

/**
 * The store cannot be reached, and its listener knows or is about to. With a cause, it could be when it was asked, but the answer
 * did not come in time, or was that of a replica.
 */
export class StoreLost extends Error {
  constructor(options?: { cause?: unknown }) {
    super('the store cannot be reached', options);
    this.name = 'StoreLost';
  }

  /** Whether the store could be reached when it was asked. */
  get isLate(): boolean {
    return this.cause !== undefined;
  }
}

/** Whether the server itself replied this error, as when it takes no writes. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
