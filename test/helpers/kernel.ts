/** What the kernel under the tests can. */
import { release } from 'node:os';

export function isLinuxSince(major: number, minor: number): boolean {
  const [its = 0, minorOfIt = 0] = release().split('.').map(Number);
  return its > major || (its === major && minorOfIt >= minor);
}
