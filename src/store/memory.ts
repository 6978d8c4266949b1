/**
 * `mem:` — records of this process only. After a restart the rows of the segment are what is left; the directory
 * writes them here again.
 */
import { PrivateStore } from './private-store.ts';
import { KEY_PREFIX } from './record.ts';
import type { StoredRecord } from './store.ts';

export class MemoryStore extends PrivateStore {
  readonly #records = new Map<string, string>();

  async *load(): AsyncIterable<StoredRecord> {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(KEY_PREFIX)).sort();
    for (const key of keys) {
      const value = this.#records.get(key);
      if (value !== undefined) yield { key, value };
    }
  }

  async get(key: string): Promise<string | null> {
    return this.#records.get(key) ?? null;
  }

  async setnx(key: string, value: string): Promise<boolean> {
    if (this.#records.has(key)) return false;
    this.#records.set(key, value);
    return true;
  }

  async del(key: string): Promise<boolean> {
    return this.#records.delete(key);
  }

  async close(): Promise<void> {}
}
