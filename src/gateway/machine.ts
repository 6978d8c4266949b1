/** Which host this is. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** The same at every start, and no other host's. */
export function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return hostname();
  }
}
