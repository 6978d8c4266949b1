/**
 * Hears from the Sentinels that another server is the master now. A master that died closes its connections and needs no
 * such news; one that is cut off from the others, but not from us, goes on taking writes that will be lost.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { HostPort } from './redis-address.ts';

const CHANNEL = '+switch-master';

export class FailoverWatch {
  readonly #sentinels: Redis[];

  /** @param options of a connection to a Sentinel, without its host and port @param onSwitch the master is another one */
  constructor(hosts: readonly HostPort[], options: RedisOptions, master: string, onSwitch: () => void) {
    this.#sentinels = hosts.map(({ host, port }) => {
      const sentinel = new Redis({ ...options, host, port, enableReadyCheck: false, replyMapping: 'legacy' });
      sentinel.on('error', () => {}); // the other connections say what is wrong with a store
      sentinel.on('ready', () => void sentinel.subscribe(CHANNEL).catch(() => {}));
      // name old-host old-port new-host new-port
      sentinel.on('message', (_channel: string, message: string) => {
        if (message.split(' ')[0] === master) onSwitch();
      });
      return sentinel;
    });
  }

  start(): void {
    for (const sentinel of this.#sentinels) sentinel.connect().catch(() => {});
  }

  close(): void {
    for (const sentinel of this.#sentinels) sentinel.disconnect();
  }
}
