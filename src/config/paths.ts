/**
 * Where a gateway's files are unless it is told otherwise. Apart from the rest of the configuration, so that a command
 * that only looks for a running gateway starts without it.
 */

/** Default of `--control`. */
export function defaultControlPath(tun: string): string {
  return `/run/nat46/${tun}.sock`;
}

/** Default of `--state`. */
export function defaultStatePath(tun: string): string {
  return `/dev/shm/nat46-${tun}.state`;
}
