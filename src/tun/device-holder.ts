/** Which process has a TUN device open. Only for messages: a process of another user may stay hidden. */
import { readFileSync } from 'node:fs';
import { findProcess, hasOpen, readOrEmpty } from './process-search.ts';

/** @returns e.g. `node, pid 4711`, or null when none is found in this network namespace */
export function deviceHolder(name: string, proc = '/proc'): string | null {
  const line = `iff:\t${name}`;
  const reads = (folder: string): boolean =>
    hasOpen(folder, '/dev/net/tun', (fd) =>
      readOrEmpty(() => readFileSync(`${folder}/fdinfo/${fd}`, 'utf8'))
        .split('\n')
        .includes(line),
    );
  return findProcess(reads, proc)?.name ?? null;
}
