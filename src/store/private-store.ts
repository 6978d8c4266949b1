/**
 * What a store does that belongs to one gateway: there are no others to be waited for, told or asked.
 */
import type { GatewayGroup } from './group.ts';
import { parseRecord } from './record.ts';
import type { Claim, Store, StoredRecord } from './store.ts';

export abstract class PrivateStore implements Store {
  readonly group: GatewayGroup | null = null;

  abstract load(): AsyncIterable<StoredRecord>;
  abstract get(key: string): Promise<string | null>;
  abstract setnx(key: string, value: string): Promise<boolean>;
  abstract del(key: string): Promise<boolean>;
  abstract close(): Promise<void>;

  async ready(): Promise<void> {}

  async claim(keys: readonly string[], value: string): Promise<Claim | null> {
    for (const key of keys) {
      if (await this.setnx(key, value)) return { key, isNew: true };
      const held = await this.get(key);
      if (held !== null && sameReal(held, value)) return { key, isNew: false };
    }
    return null;
  }

  async retire(key: string): Promise<number> {
    await this.del(key);
    return 0;
  }

  async rest(): Promise<void> {}

  async prolong(): Promise<boolean> {
    return false;
  }

  listen(): void {}

  reload(): boolean {
    return false;
  }
}

/** Whether two records are of the same host. */
export function sameReal(one: string, other: string): boolean {
  const [left, right] = [parseRecord(one), parseRecord(other)];
  return 'record' in left && 'record' in right && Buffer.compare(left.record.v6, right.record.v6) === 0;
}
