/**
 * Where a gateway remembers what it did to the host, and how that is taken back when it could not do so itself.
 */
import { existsSync } from 'node:fs';
import { cleanup } from '../tun/host.ts';
import { removeSegment } from './segment-file.ts';

/** Beside the state file, and like it gone after a reboot. */
export function journalPath(statePath: string): string {
  return `${statePath}.undo`;
}

/**
 * @param statePath of the gateway that was killed @param forget remove the state file, too, once nothing else is left
 * @returns changes found, a sentence for each that could not be taken back, and what became of the state file
 * @throws Nat46Error NAT46_RUNTIME while that gateway is running
 */
export function cleanUpHost(statePath: string, forget: boolean): Cleaned {
  const host = cleanup(journalPath(statePath));
  if (forget && host.problems.length === 0)
    return { ...host, state: removeSegment(statePath) ? 'removed' : 'none' };
  return { ...host, state: existsSync(statePath) ? 'kept' : 'none' };
}

export interface Cleaned {
  readonly found: number;
  readonly problems: readonly string[];
  readonly state: 'none' | 'kept' | 'removed';
}
