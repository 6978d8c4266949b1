/** Which process listens on a port, found through /proc. Only for messages: a process of another user may stay hidden. */
import { readFileSync } from 'node:fs';
import { parsePrefix } from './prefix.ts';
import { findProcess, hasOpen, type Process, readOrEmpty } from './process-search.ts';

const WILDCARD = /^0+$/;
/** Of a TCP socket; those of UDP have no such state. */
const LISTENING = '0A';

interface Listening {
  /** Hexadecimal, as /proc has it: each 32-bit word in the order of this host. */
  readonly address: string;
  readonly inode: string;
}

/**
 * @param address text; of everywhere (`0.0.0.0`, `::`) all who listen on the port are in the way
 * @returns who listens there or everywhere, or null when nobody is seen
 */
export function portHolder(address: string, port: number): Process | null {
  const wanted = asInProc(address);
  const inodes = ['tcp', 'tcp6', 'udp', 'udp6']
    .flatMap((table) => listeners(table, port))
    .filter((one) => one.address === wanted || WILDCARD.test(one.address) || WILDCARD.test(wanted))
    .map(({ inode }) => inode);
  if (inodes.length === 0) return null;
  return findProcess((folder) => inodes.some((inode) => hasOpen(folder, `socket:[${inode}]`)));
}

/** Whether somebody listens on the port of every address. */
export function isHeldEverywhere(family: 4 | 6, port: number): boolean {
  const tables = family === 4 ? ['tcp', 'udp'] : ['tcp6', 'udp6'];
  return tables.some((table) => listeners(table, port).some(({ address }) => WILDCARD.test(address)));
}

function listeners(table: string, port: number): Listening[] {
  const lines = readOrEmpty(() => readFileSync(`/proc/net/${table}`, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', hex = ''] = local.split(':');
    const isListening = table.startsWith('udp') || state === LISTENING;
    return isListening && Number.parseInt(hex, 16) === port ? [{ address, inode }] : [];
  });
}

function asInProc(address: string): string {
  const bytes = parsePrefix(address)?.bytes ?? new Uint8Array(0);
  const words = new Uint32Array(Uint8Array.from(bytes).buffer);
  return Array.from(words, (word) => word.toString(16).padStart(8, '0').toUpperCase()).join('');
}
