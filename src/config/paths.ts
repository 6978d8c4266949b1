/**
 * Where a gateway's files are unless it is told otherwise. Apart from the rest of the configuration, so that a command
 * that only looks for a running gateway starts without it.
 */

/** Default of `--control`. */
export function defaultControlPath(tun: string): string {
  return `/run/nat46/${tun}.sock`;
}

/** Default of `siit --state`: another than that of `run`, which a change between the two must not cost its sessions. */
export function defaultSiitStatePath(tun: string): string {
  return `/dev/shm/nat46-${tun}.siit.state`;
}

/** Default of `--state`. */
export function defaultStatePath(tun: string): string {
  return `/dev/shm/nat46-${tun}.state`;
}
