/**
 * Hears from the Sentinels that another server is the master now. A master that died closes its connections and needs no
 * such news; one that is cut off from the others, but not from us, goes on taking writes that will be lost. A Sentinel that is
 * cut off together with it goes on naming it: whoever was told of a successor takes that one.
 */
import { Redis, type RedisOptions } from 'ioredis';
import type { HostPort } from './redis-address.ts';

const CHANNEL = '+switch-master';

export class FailoverWatch {
  readonly #sentinels: Redis[];
  /** Address of a former master → the one that came after it. */
  readonly #successors = new Map<string, HostPort>();

  /** @param options of a connection to a Sentinel, without its host and port @param onSwitch the master is another one */
  constructor(hosts: readonly HostPort[], options: RedisOptions, master: string, onSwitch: () => void) {
    this.#sentinels = hosts.map(({ host, port }) => {
      const sentinel = new Redis({ ...options, host, port, enableReadyCheck: false, replyMapping: 'legacy' });
      sentinel.on('error', () => {}); // the other connections say what is wrong with a store
      sentinel.on('ready', () => void sentinel.subscribe(CHANNEL).catch(() => {}));
      // name old-host old-port new-host new-port
      sentinel.on('message', (_channel: string, message: string) => {
        const [name, oldHost, oldPort, host = '', port] = message.split(' ');
        if (name !== master) return;
        this.#successors.delete(`${host}:${port}`);
        this.#successors.set(`${oldHost}:${oldPort}`, { host, port: Number(port) });
        onSwitch();
      });
      return sentinel;
    });
  }

  /** Whom to take in place of this `host:port` that a Sentinel names, or null: that one. */
  successorOf(address: string): HostPort | null {
    let found: HostPort | null = null;
    for (let at = this.#successors.get(address); at; at = this.#successors.get(`${at.host}:${at.port}`))
      found = at;
    return found;
  }

  /** What was told of successors led nowhere: news of several failovers may arrive in any order. */
  forget(): void {
    this.#successors.clear();
  }

  start(): void {
    for (const sentinel of this.#sentinels) sentinel.connect().catch(() => {});
  }

  close(): void {
    for (const sentinel of this.#sentinels) sentinel.disconnect();
  }
}
