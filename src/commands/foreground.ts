/**
 * A gateway in the foreground, from its start to the signal that ends it.
 */
import type { Logger } from 'pino';

/** What `run` and `siit` start. */
export interface ForegroundApp {
  /** Resolves when packets are carried. @throws Nat46Error; everything is taken down then */
  start(): Promise<void>;
  /** Take everything down. @param hurry then nothing is waited for any more */
  stop(hurry: AbortSignal): Promise<void>;
  /** What SIGUSR2 puts into the log. */
  status(): object;
  /** SIGHUP: validate, then apply; the old configuration stays on an error. Never throws. */
  reload(): void;
}

/** A terminal's Ctrl-C may come twice, from it and from npm. */
const SAME_MS = 500;

/**
 * @param open makes the app; `died` tells that a part died that it cannot do without
 * @returns exit code
 */
export async function runInForeground(
  log: Logger,
  open: (died: (error: Error) => void) => ForegroundApp,
): Promise<number> {
  const { asked, hurry } = endSignals();
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
  await app.stop(hurry);
  log.info({}, 'stopped');
  return typeof end === 'string' ? 0 : 1;
}

/** The first signal asks for the end, a second one hurries; none of them cuts off the undo of what was done to the host. */
function endSignals(): { asked: Promise<string>; hurry: AbortSignal } {
  const hurry = new AbortController();
  let firstMs: number | null = null;
  const asked = new Promise<string>((resolve) => {
    const ask = (signal: string): void => {
      resolve(signal);
      firstMs ??= performance.now();
      if (performance.now() - firstMs > SAME_MS) hurry.abort();
    };
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, ask);
  });
  return { asked, hurry: hurry.signal };
}
