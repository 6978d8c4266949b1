/**
 * Which rows of the session table have their record in a journal, or will: row → stamp, member, key of the record. A
 * connection that is made anew with the same ends has the same key in another row; the record is the newer row's then.
 */

/** No session. */
export const NO_STAMP = 0;

export class RecordedRows {
  readonly #stamps: Int32Array;
  readonly #members: Int32Array;
  readonly #keys = new Map<number, string>();
  /** Member → key → row. */
  readonly #owners = new Map<number, Map<string, number>>();

  /** @param capacity of the session table, rows */
  constructor(capacity: number) {
    this.#stamps = new Int32Array(capacity);
    this.#members = new Int32Array(capacity);
  }

  get size(): number {
    return this.#keys.size;
  }

  rows(): IterableIterator<number> {
    return this.#keys.keys();
  }

  /** @returns NO_STAMP when the row has no record */
  stamp(row: number): number {
    return this.#stamps[row] ?? NO_STAMP;
  }

  /** The row has a record. */
  member(row: number): number {
    return this.#members[row] ?? 0;
  }

  /** The row has a record. */
  key(row: number): string {
    return this.#keys.get(row) ?? '';
  }

  /** Whether a row has this record. */
  has(member: number, key: string): boolean {
    return this.#owners.get(member)?.has(key) ?? false;
  }

  set(row: number, stamp: number, member: number, key: string): void {
    this.#stamps[row] = stamp;
    this.#members[row] = member;
    this.#keys.set(row, key);
    this.#ownersOf(member).set(key, row);
  }

  /** @returns whether the record was still of this row */
  delete(row: number): boolean {
    const owners = this.#ownersOf(this.member(row));
    const key = this.key(row);
    this.#stamps[row] = NO_STAMP;
    this.#keys.delete(row);
    return owners.get(key) === row && owners.delete(key);
  }

  clear(): void {
    this.#stamps.fill(NO_STAMP);
    this.#keys.clear();
    this.#owners.clear();
  }

  #ownersOf(member: number): Map<string, number> {
    let owners = this.#owners.get(member);
    if (!owners) {
      owners = new Map();
      this.#owners.set(member, owners);
    }
    return owners;
  }
}
