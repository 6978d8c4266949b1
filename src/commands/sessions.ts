/**
 * `nat46 sessions`: who talks with whom, on both sides.
 */
import { SESSION_COLUMNS, type SessionRow } from '../control/api.ts';
import { duration } from './duration.ts';
import { processSurroundings } from './gateway-options.ts';
import { listRows } from './list-rows.ts';
import type { Column } from './table-output.ts';

const COLUMNS: readonly Column<SessionRow>[] = SESSION_COLUMNS.map((key) =>
  key === 'expires_sec' ? { key, title: 'expires', text: (cell) => duration(Number(cell)) } : { key },
);

export function sessions(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const description = 'List sessions: the inside host, what it dialled, its SNAT address, the real host.';
  return listRows({ name: 'sessions', description, columns: COLUMNS }, args, surroundings);
}
