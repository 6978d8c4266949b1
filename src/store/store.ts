/**
 * Where mapping records live. Keys and values are the text of a record as it is stored (record.ts); the store knows
 * nothing of what they mean, but for the prefix that `load` scans.
 */
export interface Store {
  /** Every mapping record, in the order of the keys. Records written meanwhile may or may not appear. */
  load(): AsyncIterable<StoredRecord>;
  /** @returns the value, byte-exact, or null */
  get(key: string): Promise<string | null>;
  /** Write unless the key exists; one of several writers wins. @returns false when it exists: nothing was written */
  setnx(key: string, value: string): Promise<boolean>;
  /** @returns whether there was a record to delete */
  del(key: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface StoredRecord {
  readonly key: string;
  readonly value: string;
}
