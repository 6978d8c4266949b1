/**
 * `nat46 mappings`: synthetic v4 ↔ real v6, and how long.
 */
import { MAPPING_COLUMNS, type MappingRow } from '../control/api.ts';
import { duration } from './duration.ts';
import { processSurroundings } from './gateway-options.ts';
import { listRows } from './list-rows.ts';
import type { Cell, Column } from './table-output.ts';

const TEXTS: Partial<Record<keyof MappingRow, Omit<Column<MappingRow>, 'key'>>> = {
  idle_sec: { title: 'idle', text: (cell) => duration(Number(cell)) },
  timeout_sec: { title: 'timeout', text: (cell) => (cell === 0 ? 'never' : duration(Number(cell))) },
  expires_sec: { title: 'expires', text: (cell: Cell) => (cell === null ? '-' : duration(Number(cell))) },
};

const COLUMNS: readonly Column<MappingRow>[] = MAPPING_COLUMNS.map((key) => ({ key, ...TEXTS[key] }));

export function mappings(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const description = 'List mappings: synthetic IPv4 address, real IPv6 address, and when they end.';
  return listRows({ name: 'mappings', description, columns: COLUMNS }, args, surroundings);
}
