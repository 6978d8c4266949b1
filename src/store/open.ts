/**
 * `--store URI` → a store.
 */
import { Nat46Error } from '../error.ts';
import { MemoryStore } from './memory.ts';
import type { Store } from './store.ts';

/**
 * @param uri `mem:` or `lmdb:DIR`
 * @throws Nat46Error NAT46_STORE when it cannot be opened, NAT46_CONFIG when this build has no such store
 */
export async function openStore(uri: string): Promise<Store> {
  if (uri === 'mem:') return new MemoryStore();
  const folder = /^lmdb:(.+)$/s.exec(uri)?.[1];
  if (folder === undefined) {
    throw new Nat46Error(
      'NAT46_CONFIG',
      `--store ${uri}: this build has the stores mem: and lmdb:DIR; name one of them`,
    );
  }
  const { LmdbStore } = await import('./lmdb.ts'); // a native module that mem: can do without
  return LmdbStore.open(folder);
}
