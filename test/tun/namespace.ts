/**
 * Runs a test file again inside a network namespace of its own, with a neighbour behind a veth pair:
 *
 *   tunt-a, the test         10.98.0.1  2001:db8:98::1   a0 ── b0   10.98.0.2  2001:db8:98::2         tunt-b
 */
import { execFileSync, spawnSync } from 'node:child_process';

const HERE = 'tunt-a';
export const NEIGHBOUR = 'tunt-b';

/** Whether this process is inside already; if not, runs `file` there and sets the exit code to what it ends with. */
export function insideNamespace(file: string): boolean {
  if (process.env.TUNT_INSIDE === '1') return true;
  if ('testRegistry' in globalThis) return false; // only asked which tests there are
  removeNamespaces();
  try {
    make();
    const env = { ...process.env, TUNT_INSIDE: '1' };
    const ran = spawnSync('ip', ['netns', 'exec', HERE, process.execPath, file], { env, stdio: 'inherit' });
    process.exitCode = ran.status ?? 1;
  } finally {
    removeNamespaces();
  }
  return false;
}

function make(): void {
  ip('netns add tunt-a', 'netns add tunt-b');
  for (const namespace of [HERE, NEIGHBOUR]) {
    ip(`netns exec ${namespace} sysctl -qw net.ipv6.conf.default.accept_dad=0`); // link-local addresses at once
  }
  ip('link add a0 netns tunt-a type veth peer name b0 netns tunt-b');
  for (const [namespace, device, host] of [
    [HERE, 'a0', 1],
    [NEIGHBOUR, 'b0', 2],
  ]) {
    ip(
      `-n ${namespace} link set lo up`,
      `-n ${namespace} addr add 10.98.0.${host}/24 dev ${device}`,
      `-n ${namespace} addr add 2001:db8:98::${host}/64 dev ${device} nodad`,
      `-n ${namespace} link set ${device} up`,
    );
  }
  ip(`-n ${NEIGHBOUR} route add default via 10.98.0.1`);
}

function removeNamespaces(): void {
  for (const namespace of [HERE, NEIGHBOUR])
    spawnSync('ip', ['netns', 'del', namespace], { stdio: 'ignore' });
}

/** Runs each line. */
export function ip(...lines: string[]): void {
  for (const line of lines) execFileSync('ip', line.split(' '));
}

/** What a command prints. */
export function output(...command: [string, ...string[]]): string {
  const [file, ...args] = command;
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
