/**
 * `--store URI` → a store.
 */
import { MemoryStore } from './memory.ts';
import type { RedisAddress } from './redis-address.ts';
import type { Store } from './store.ts';

/** As the configuration has it. */
export type StoreAddress =
  | { readonly kind: 'memory' }
  | { readonly kind: 'lmdb'; readonly folder: string }
  | (RedisAddress & { readonly kind: 'redis' });

/**
 * @param gateway name of this one among those of the store, the same after a restart @param subnet that it translates
 * @throws Nat46Error NAT46_STORE when it cannot be opened; whether a server answers, `ready` says
 */
export async function openStore(address: StoreAddress, gateway: string, subnet = ''): Promise<Store> {
  if (address.kind === 'memory') return new MemoryStore();
  if (address.kind === 'redis')
    return (await import('./redis-store.ts')).RedisStore.open(address, gateway, subnet);
  const { LmdbStore } = await import('./lmdb.ts'); // a native module that the others can do without
  return LmdbStore.open(address.folder);
}
