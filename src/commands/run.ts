/**
 * `nat46 run`: the gateway in the foreground, until a signal.
 */
import { parseRunConfig } from '../config/config.ts';
import { App } from '../gateway/app.ts';
import { openLog } from '../gateway/log.ts';

/** @param args behind the word `run`. @returns exit code */
export async function run(args: string[]): Promise<number> {
  const config = parseRunConfig(args, process.env);
  const log = openLog(config.logLevel, config.logFormat);
  // A terminal's Ctrl-C may come twice, from it and from npm: the second must not end us in the middle of the undo
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
  let died: (error: Error) => void = () => {};
  const failure = new Promise<Error>((resolve) => {
    died = resolve;
  });
  const app = new App(config, log, died);
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
