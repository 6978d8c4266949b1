/**
 * Every counter of every table, one below the other, with what it means.
 */
import type { NatState } from '../nat/nat-state.ts';
import type { Column, Row, StatTable } from './stat-table.ts';
import { TABLES } from './tables.ts';

export interface Counter {
  readonly table: string;
  /** Which row of the table; null when there is one. */
  readonly row: string | null;
  readonly counter: string;
  readonly value: number;
  readonly meaning: string;
}

export function* counters(state: NatState): Generator<Counter> {
  for (const table of TABLES)
    for (const row of table.rows(state))
      for (const column of table.columns) if (isCounter(table, column)) yield counter(table, row, column);
}

function isCounter({ rowNames = [] }: StatTable, { name, isNumber }: Column): boolean {
  return isNumber && !rowNames.includes(name);
}

function counter(table: StatTable, row: Row, { name, meaning }: Column): Counter {
  const { rowNames = [], rowMeaning } = table;
  return {
    table: table.name,
    row: rowNames.length === 0 ? null : rowNames.map((key) => row[key]).join(' '),
    counter: name,
    value: Number(row[name]),
    meaning: rowMeaning ? `${meaning}: ${rowMeaning(row)}` : meaning,
  };
}
