/**
 * `nat46_table_stat`: how full the tables of the segment are, to choose `--max-sessions` by.
 */
import type { Rows } from '../nat/rows.ts';
import { count, type Row, type StatTable, text } from './stat-table.ts';

function row(table: string, rows: Rows): Row {
  return { table, capacity: rows.capacity, in_use: rows.used(), max_in_use: rows.mostUsed() };
}

export const tableStat: StatTable = {
  name: 'nat46_table_stat',
  meaning: 'capacity and use of the tables in the segment',
  isInternal: true,
  rowNames: ['table'],
  columns: [
    text('table', 'what a row of that table is'),
    count('capacity', 'rows that there are'),
    count('in_use', 'rows in use; of mappings, with resting addresses and remembered misses'),
    count('max_in_use', 'most rows in use at once'),
  ],
  rows: ({ mappings, bibs, sessions, clients, fragments }) => [
    row('mapping', mappings.rows),
    row('bib', bibs.rows),
    row('session', sessions.rows),
    row('client', clients.rows),
    row('fragment', fragments.rows),
  ],
};
