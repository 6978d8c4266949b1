/**
 * `nat46 siit`: a stateless translator in the foreground, until a signal.
 */
import { parseSiitConfig } from '../config/siit-config.ts';
import { openLog } from '../gateway/log.ts';
import { SiitApp } from '../gateway/siit-app.ts';
import { runInForeground } from './foreground.ts';

/** @param args behind the word `siit`. @returns exit code */
export async function siit(args: string[]): Promise<number> {
  const config = parseSiitConfig(args, process.env);
  const log = openLog(config.logLevel, config.logFormat);
  return runInForeground(log, (died) => new SiitApp(config, log, died));
}
