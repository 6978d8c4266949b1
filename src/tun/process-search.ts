/** Which process has something open, found through /proc. Only for messages: a process of another user may stay hidden. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** A process of this network namespace. */
export interface Process {
  /** `node, pid 4711` */
  readonly name: string;
  /** `/proc/4711` */
  readonly folder: string;
}

/** @param holds told the folder of a process @returns the first for which it holds, or null */
export function findProcess(holds: (folder: string) => boolean, proc = '/proc'): Process | null {
  const namespace = readOrEmpty(() => readlinkSync(`${proc}/self/ns/net`));
  for (const pid of listOrEmpty(proc)) {
    const folder = `${proc}/${pid}`;
    if (!/^\d+$/.test(pid) || readOrEmpty(() => readlinkSync(`${folder}/ns/net`)) !== namespace) continue;
    if (!holds(folder)) continue;
    return {
      name: `${readOrEmpty(() => readFileSync(`${folder}/comm`, 'utf8')).trim()}, pid ${pid}`,
      folder,
    };
  }
  return null;
}

/** Whether a process has a file open whose link is `target`. @param more looks at the number of the descriptor as well */
export function hasOpen(folder: string, target: string, more = (_fd: string): boolean => true): boolean {
  return listOrEmpty(`${folder}/fd`).some(
    (fd) => readOrEmpty(() => readlinkSync(`${folder}/fd/${fd}`)) === target && more(fd),
  );
}

/** Whether a process has a file open, whatever path it came by. @param path as seen from here; nobody has one that is not there */
export function hasFileOpen(folder: string, path: string): boolean {
  const wanted = identity(path);
  return wanted !== '' && listOrEmpty(`${folder}/fd`).some((fd) => identity(`${folder}/fd/${fd}`) === wanted);
}

/** @returns the first process that has a file open, or null */
export function fileHolder(path: string): string | null {
  return findProcess((folder) => hasFileOpen(folder, path))?.name ?? null;
}

/** Device and inode; empty when there is no such file. */
function identity(path: string): string {
  return readOrEmpty(() => {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  });
}

/** Processes end while they are looked at. */
export function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function listOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
