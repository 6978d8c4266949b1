/**
 * Sockets that this host does not give us, because descriptors, memory or ports have run out: no upstream is to blame. Said
 * once when it begins, and once when sockets have been had again for a while.
 */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What opening a socket, binding it to any port or watching it may say that does not depend on the other side. */
const CAUSES: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOBUFS',
  'EADDRINUSE',
  'ENOSPC',
]);
/** At the limit, one socket is had and the next one is not: that is one shortage. */
export const OVER_AFTER_MS = 5_000;

export class SocketShortage {
  readonly #clock: Clock;
  readonly #log: Log;
  #lastMs: number | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** @param error of the system @returns whether it is a shortage; that is noted */
  causes(error: unknown): boolean {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!CAUSES.has(code)) return false;
    if (this.#lastMs === null) this.#log.warn({ reason: code }, 'no socket could be opened');
    this.#lastMs = this.#clock.now();
    return true;
  }

  /** A socket could be opened. */
  opened(): void {
    if (this.#lastMs === null || this.#clock.now() - this.#lastMs < OVER_AFTER_MS) return;
    this.#lastMs = null;
    this.#log.info({}, 'sockets can be opened again');
  }
}
