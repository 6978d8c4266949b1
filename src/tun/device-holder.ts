/** Which process has a TUN device open. Only for messages: a process of another user may stay hidden. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** @returns e.g. `node, pid 4711`, or null when none is found in this network namespace */
export function deviceHolder(name: string, proc = '/proc'): string | null {
  const namespace = readOrEmpty(() => readlinkSync(`${proc}/self/ns/net`));
  for (const pid of listOrEmpty(proc)) {
    if (!/^\d+$/.test(pid) || readOrEmpty(() => readlinkSync(`${proc}/${pid}/ns/net`)) !== namespace)
      continue;
    if (holds(`${proc}/${pid}`, name)) {
      return `${readOrEmpty(() => readFileSync(`${proc}/${pid}/comm`, 'utf8')).trim()}, pid ${pid}`;
    }
  }
  return null;
}

function holds(process: string, name: string): boolean {
  return listOrEmpty(`${process}/fd`).some(
    (fd) =>
      readOrEmpty(() => readlinkSync(`${process}/fd/${fd}`)) === '/dev/net/tun' &&
      readOrEmpty(() => readFileSync(`${process}/fdinfo/${fd}`, 'utf8'))
        .split('\n')
        .includes(`iff:\t${name}`),
  );
}

/** Processes end while they are looked at. */
function readOrEmpty(read: () => string): string {
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
