/**
 * `nat46 run`: the gateway in the foreground, until a signal.
 */
import { parseRunConfig } from '../config/config.ts';
import { App } from '../gateway/app.ts';
import { openLog } from '../gateway/log.ts';
import { runInForeground } from './foreground.ts';

/** @param args behind the word `run`. @returns exit code */
export async function run(args: string[]): Promise<number> {
  const config = parseRunConfig(args, process.env);
  const log = openLog(config.logLevel, config.logFormat);
  return runInForeground(log, (died) => new App(config, log, died));
}
