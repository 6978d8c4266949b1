/**
 * A gateway in the foreground, from its start to the signal that ends it.
 */
import type { Logger } from 'pino';

/** What `run` and `siit` start. */
export interface ForegroundApp {
  /** Resolves when packets are carried. @throws Nat46Error; everything is taken down then */
  start(): Promise<void>;
  /** Take everything down. */
  stop(): Promise<void>;
  /** What SIGUSR2 puts into the log. */
  status(): object;
  /** SIGHUP: validate, then apply; the old configuration stays on an error. Never throws. */
  reload(): void;
}

/**
 * @param open makes the app; `died` tells that a part died that it cannot do without
 * @returns exit code
 */
export async function runInForeground(
  log: Logger,
  open: (died: (error: Error) => void) => ForegroundApp,
): Promise<number> {
  // A terminal's Ctrl-C may come twice, from it and from npm: the second must not end us in the middle of the undo
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
  let died: (error: Error) => void = () => {};
  const failure = new Promise<Error>((resolve) => {
    died = resolve;
  });
  const app = open(died);
  process.on('SIGHUP', () => app.reload());
  process.on('SIGUSR2', () => log.info(app.status(), 'status'));
  await app.start();
  const end = await Promise.race([asked, failure]);
  if (typeof end === 'string') log.info({ signal: end }, 'stopping');
  else log.fatal({ err: end }, 'a worker died');
  await app.stop();
  log.info({}, 'stopped');
  return typeof end === 'string' ? 0 : 1;
}
