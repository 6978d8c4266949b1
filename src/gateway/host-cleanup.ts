/**
 * Where a gateway remembers what it did to the host, and how that is taken back when it could not do so itself.
 */
import { cleanup } from '../tun/host.ts';

/** Beside the state file, and like it gone after a reboot. */
export function journalPath(statePath: string): string {
  return `${statePath}.undo`;
}

/**
 * @param statePath of the gateway that was killed
 * @returns changes found, and a sentence for each that could not be taken back
 * @throws Nat46Error NAT46_RUNTIME while that gateway is running
 */
export function cleanUpHost(statePath: string): { found: number; problems: readonly string[] } {
  return cleanup(journalPath(statePath));
}
