/**
 * Could the files of a gateway be made or opened where the configuration says? Nothing is made.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import type { Finding } from './host-examination.ts';

type Files = Pick<Config, 'statePath' | 'bindingLog'>;

/**
 * A row each.
 * @param stateHolder who has the state file open, or null @param holder who has the device open, or null: the gateway itself
 */
export function examineFiles(
  { statePath, bindingLog }: Files,
  stateHolder: string | null,
  holder: string | null,
): Finding[] {
  const other = stateHolder !== null && stateHolder !== holder && holder !== null;
  const taken = other
    ? `in use by ${stateHolder}, not by the gateway with this --tun; choose another --state`
    : null;
  return [
    row('--state', statePath, taken ?? problemOf(statePath)),
    ...(bindingLog === null ? [] : [row('--binding-log', bindingLog, problemOf(bindingLog))]),
  ];
}

/** @returns why it could not be opened for writing, or null */
function problemOf(file: string): string | null {
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}; create it, or choose another`;
  const target = existsSync(file) ? file : folder;
  try {
    accessSync(target, constants.W_OK);
    return null;
  } catch (error) {
    return `${target} may not be written (${(error as NodeJS.ErrnoException).code}); choose another`;
  }
}

function row(flag: string, file: string, problem: string | null): Finding {
  return { check: 'file', of: `${flag} ${file}`, result: problem ?? 'ok', isObstacle: problem !== null };
}
