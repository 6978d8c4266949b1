/**
 * `nat46 stats`: every counter of a running gateway, one a line, and with --explain what it means.
 */
import { COUNTER_COLUMNS, type CounterRow } from '../control/api.ts';
import { processSurroundings } from './gateway-options.ts';
import { listRows } from './list-rows.ts';
import type { Column } from './table-output.ts';

const COLUMNS: readonly Column<CounterRow>[] = COUNTER_COLUMNS.map((key) => ({ key }));

export function stats(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const description =
    'List the counters of a running gateway. They go on over restarts; tmctl has the same numbers as tables.';
  const more = { flag: 'explain', description: 'say what each counter means', column: 'meaning' } as const;
  return listRows({ name: 'stats', description, columns: COLUMNS, more }, args, surroundings);
}
