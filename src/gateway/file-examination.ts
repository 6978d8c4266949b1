/**
 * Could the files of a gateway be made or opened where the configuration says? Nothing is made.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { Segment } from '../nat/segment.ts';
import { foreignMappings } from './foreign-mappings.ts';
import type { Finding } from './host-examination.ts';
import type { Plan } from './plan.ts';
import { lookAtSegment } from './segment-file.ts';

const READ_AND_WRITE = constants.R_OK | constants.W_OK;

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
    row('--state', statePath, taken ?? problemOf(statePath, READ_AND_WRITE)),
    ...(bindingLog === null ? [] : [row('--binding-log', bindingLog, problemOf(bindingLog, constants.W_OK))]),
  ];
}

/** What would a start make of the state file that is there? A row, if there is something in it. */
export function examineState(
  config: Pick<Config, 'statePath' | 'subnet' | 'reservedStatic' | 'maps'>,
  { geometry, taken }: Pick<Plan, 'geometry' | 'taken'>,
): Finding[] {
  const { statePath } = config;
  if (problemOf(statePath, READ_AND_WRITE) !== null) return []; // a row of `examineFiles` says so
  const found = lookAtSegment(statePath, geometry);
  if (found === null) return [];
  const of = `in ${statePath}`;
  if (!(found instanceof Segment))
    return [{ check: 'mappings', of, result: `will be set aside (${found})`, isObstacle: false }];
  const problem = foreignMappings(config, taken, found);
  return [{ check: 'mappings', of, result: problem ?? 'ok', isObstacle: problem !== null }];
}

/** @param access to a file that is there @returns why it could not be opened so, or made; or null */
function problemOf(file: string, access: number): string | null {
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) return `there is no folder ${folder}; create it, or choose another`;
  const isThere = existsSync(file);
  if (isThere && statSync(file).isDirectory()) return `${file} is a folder; choose a file`;
  const target = isThere ? file : folder;
  try {
    accessSync(target, isThere ? access : constants.W_OK);
    return null;
  } catch (error) {
    return `${target} may not be opened or written (${(error as NodeJS.ErrnoException).code}); choose another`;
  }
}

function row(flag: string, file: string, problem: string | null): Finding {
  return { check: 'file', of: `${flag} ${file}`, result: problem ?? 'ok', isObstacle: problem !== null };
}
