/**
 * Kernel settings as files. A setting is named by its path below /proc/sys (`net/ipv6/conf/eth0.7/proxy_ndp`): with
 * dots a device name that holds one would be ambiguous.
 */
import { accessSync, constants, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Nat46Error } from '../error.ts';

export interface Sysctls {
  /** @returns the value without its newline, or null when there is no such setting */
  read(path: string): string | null;
  /** Whether `write` may succeed. */
  isWritable(path: string): boolean;
  /** @throws Nat46Error NAT46_PERMISSION when it may not be changed here, NAT46_RUNTIME for any other reason */
  write(path: string, value: string): void;
  /** Names in a folder; empty when there is none. */
  list(folder: string): string[];
}

/** The settings of this network namespace. @param root another folder, for tests */
export function sysctls(root = '/proc/sys'): Sysctls {
  return {
    read: (path) => orNull(() => readFileSync(join(root, path), 'utf8').trim()),
    isWritable: (path) => orNull(() => accessSync(join(root, path), constants.W_OK) ?? true) !== null,
    write: (path, value) => writeSysctl(root, path, value),
    list: (folder) => orNull(() => readdirSync(join(root, folder))) ?? [],
  };
}

function orNull<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function writeSysctl(root: string, path: string, value: string): void {
  try {
    writeFileSync(join(root, path), `${value}\n`);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code);
    const remedy = denied
      ? ': set it by hand, or run with the right to (CAP_NET_ADMIN, /proc/sys writable)'
      : '';
    throw new Nat46Error(
      denied ? 'NAT46_PERMISSION' : 'NAT46_RUNTIME',
      `cannot set sysctl ${path.replaceAll('/', '.')}=${value} (${code})${remedy}`,
      { cause },
    );
  }
}
