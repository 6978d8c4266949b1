/**
 * A store of a test over real servers, and what it says of its own accord.
 */
import { suite } from 'uvu';
import { withTls } from '../../src/config/session-db.ts';
import { type StoreAddress, storeAddress } from '../../src/config/store-address.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import type { RedisWorld } from './redis.ts';

export function addressOf(uri: string, environment: Record<string, string>): StoreAddress {
  const address = withTls(storeAddress.parse(uri), environment);
  if ('problems' in address) throw new Error(address.problems.join('\n'));
  return address.value;
}

/** A store and what it said of its own accord. */
export class Heard {
  readonly changed: string[] = [];
  readonly said: string[] = [];
  compared = 0;
  store!: Store;

  static async of(uri: string, environment: Record<string, string>): Promise<Heard> {
    const heard = new Heard();
    heard.store = await openStore(addressOf(uri, environment), 'gw');
    heard.store.listen({
      changed: (keys) => heard.changed.push(...keys),
      compare: () => heard.compared++,
      deaf: (reason) => heard.said.push(`deaf: ${reason}`),
      lost: (reason) => heard.said.push(`lost: ${reason}`),
      resumed: (isSame) => heard.said.push(isSame ? 'resumed' : 'resumed: another server'),
    });
    try {
      await heard.store.ready();
    } catch (error) {
      await heard.store.close();
      throw error;
    }
    return heard;
  }
}

/** Cases with a world of their own. */
export function worldTests(
  title: string,
  up: () => Promise<RedisWorld>,
  cases: Record<string, (world: RedisWorld, open: () => Promise<Heard>) => Promise<void>>,
): void {
  const it = suite(title);
  let world: RedisWorld;
  const opened: Heard[] = [];
  const open = async (): Promise<Heard> => {
    const heard = await Heard.of(world.uri, world.environment);
    opened.push(heard);
    return heard;
  };
  it.before(async () => {
    world = await up().catch((error) => {
      console.error(error);
      throw error;
    });
  });
  it.after.each(async () => {
    for (const heard of opened.splice(0)) await heard.store.close();
    const master = await world.master();
    await world.cli(['FLUSHALL'], master);
  });
  it.after(() => world.down());
  for (const [name, run] of Object.entries(cases)) it(name, () => run(world, open));
  it.run();
}
