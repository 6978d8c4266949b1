/** What a failed call on the TUN device means to the person who started the gateway. */
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { Nat46Error } from '../error.ts';

const { EACCES, EBUSY, EINVAL, ENODEV, ENOENT, ENXIO, EPERM } = constants.errno;

const GRANT =
  'run as root, or grant it: setpriv --ambient-caps +net_admin --inh-caps +net_admin, ' +
  'in systemd AmbientCapabilities=CAP_NET_ADMIN';

export const MISSING_CAPABILITY = `missing: ${GRANT}`;

/** Open the driver and close it; no device is made. @returns what is wrong with it, or null */
export function checkDriver(name: string): string | null {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return null;
  } catch (error) {
    return openError(name, -((error as NodeJS.ErrnoException).errno ?? 0)).message;
  }
}

/**
 * The error for `tunOpen`.
 * @param errno positive
 * @param holder who has the device open (`node, pid 12`), when known
 */
export function openError(name: string, errno: number, holder: string | null = null): Nat46Error {
  switch (errno) {
    case EPERM:
      return new Nat46Error('NAT46_PERMISSION', `TUN device ${name} needs CAP_NET_ADMIN: ${GRANT}`);
    case EACCES:
      return new Nat46Error(
        'NAT46_PERMISSION',
        `/dev/net/tun may not be opened: give this user read and write access, and CAP_NET_ADMIN: ${GRANT}`,
      );
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return new Nat46Error(
        'NAT46_RUNTIME',
        '/dev/net/tun is missing: load the driver with modprobe tun, or give the container the device',
      );
    case EBUSY:
      return inUse(name, holder);
    case EINVAL:
      return otherKind(name, 'not a multi-queue TUN device');
    default:
      return new Nat46Error('NAT46_RUNTIME', `cannot open TUN device ${name}: ${errnoName(errno)}`);
  }
}

/** The device is there and another process reads it. */
export function inUse(name: string, holder: string | null): Nat46Error {
  const who = holder ?? 'another process';
  return new Nat46Error(
    'NAT46_RUNTIME',
    `device name ${name} is in use by ${who}: choose another with --tun, or stop it`,
  );
}

/** A device of that name is there, and cannot be ours. @param kind what it is */
export function otherKind(name: string, kind: string): Nat46Error {
  return new Nat46Error(
    'NAT46_RUNTIME',
    `device ${name} exists and is ${kind}: choose another name with --tun, or remove it (ip link del ${name})`,
  );
}

/** `EIO` for 5. @param errno positive */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}
