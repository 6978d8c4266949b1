/**
 * All tables of statistics, in the order in which they are listed.
 */
import { tableStat } from './capacities.ts';
import { dnsStat } from './dns.ts';
import { dropStat } from './drops.ts';
import { mappingStat } from './mappings.ts';
import { snatStat } from './snat.ts';
import type { StatTable } from './stat-table.ts';
import { storeStat } from './store.ts';
import { virtualServerStat } from './virtual-servers.ts';
import { workerStat } from './workers.ts';

export const TABLES: readonly StatTable[] = [
  virtualServerStat,
  dropStat,
  snatStat,
  mappingStat,
  storeStat,
  dnsStat,
  workerStat,
  tableStat,
];

export function findTable(name: string): StatTable | undefined {
  return TABLES.find((table) => table.name === name);
}
