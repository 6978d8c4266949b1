/**
 * Which rows and columns of a table are shown: filters, then order, then limit, then columns.
 */
import { Nat46Error } from '../error.ts';
import type { Cell, Column, Row, StatTable } from './stat-table.ts';

export interface Selection {
  /** Columns in the order they are shown in; empty = all. */
  readonly columns: readonly string[];
  /** Every one must hold: the cell, as it is printed, equals the value. */
  readonly filters: readonly { readonly column: string; readonly value: string }[];
  /** Column to order by; null = as the table is. */
  readonly orderBy: string | null;
  readonly isDescending: boolean;
  /** Rows at most; null = all. */
  readonly limit: number | null;
}

/** Columns that a selection names, wherever it names them. */
function namedColumns(selection: Selection): string[] {
  const { columns, filters, orderBy } = selection;
  return [...columns, ...filters.map(({ column }) => column), ...(orderBy === null ? [] : [orderBy])];
}

/**
 * Whether a table has every column that a selection names.
 * @throws Nat46Error NAT46_USAGE, which names the columns that there are
 */
export function checkColumns(table: StatTable, selection: Selection): void {
  const known = table.columns.map(({ name }) => name);
  const unknown = namedColumns(selection).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new Nat46Error('NAT46_USAGE', `${table.name} has no column '${unknown}', but: ${known.join(', ')}`);
}

/** Whether a table has every column that a selection names. */
export function hasColumns(table: StatTable, selection: Selection): boolean {
  return namedColumns(selection).every((name) => table.columns.some((column) => column.name === name));
}

/** The columns to show; call after `checkColumns`. */
export function selectColumns(table: StatTable, { columns }: Selection): Column[] {
  if (columns.length === 0) return [...table.columns];
  return columns.flatMap((name) => table.columns.filter((column) => column.name === name));
}

/** The rows to show; call after `checkColumns`. */
export function selectRows(rows: readonly Row[], selection: Selection): Row[] {
  const { filters, orderBy, isDescending, limit } = selection;
  const kept = rows.filter((row) => filters.every(({ column, value }) => String(row[column]) === value));
  if (orderBy !== null) kept.sort((a, b) => compare(a[orderBy], b[orderBy]));
  if (isDescending) kept.reverse();
  return limit === null ? kept : kept.slice(0, limit);
}

/** Numbers by size, names by their characters. */
function compare(a: Cell | undefined, b: Cell | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
