/**
 * Lists over the control socket: filters `column=value` and a limit, applied where the rows are, because a gateway can
 * have a hundred thousand sessions and a terminal wants twenty.
 */
import { Nat46Error } from '../error.ts';
import type { RowsReply } from './api.ts';
import type { ControlRequest } from './server.ts';

/** Rows in a reply unless asked otherwise, and at most. */
export const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 1_000_000;

type Cell = string | number | null;

/** A handler for a list. @param rows called for each request; read once */
export function rowsRoute<Column extends string, Row extends Readonly<Record<Column, Cell>>>(
  columns: readonly Column[],
  rows: () => Iterable<Row>,
): (request: ControlRequest) => RowsReply<Row> {
  return ({ query }) => {
    const filters = Object.entries(query).filter(([name]) => name !== 'limit');
    const limit = readLimit(query.limit);
    for (const [name] of filters) checkColumn(name, columns);
    const found: Row[] = [];
    let matched = 0;
    for (const row of rows()) {
      if (!filters.every(([name, value]) => matches(row[name as Column], value))) continue;
      if (++matched <= limit) found.push(row);
    }
    return { rows: found, matched };
  };
}

/** @throws Nat46Error NAT46_USAGE that lists the columns */
export function checkColumn(name: string, columns: readonly string[]): void {
  if (columns.includes(name)) return;
  throw new Nat46Error('NAT46_USAGE', `${name}: no such column; there are ${columns.join(', ')}`);
}

/** A transport address matches with its port and without; `-` and `never` match what has none. */
function matches(cell: Cell, value: string): boolean {
  if (cell === null) return value === '-' || value === 'never';
  const text = String(cell);
  return text === value || withoutPort(text) === value;
}

/** `10.1.1.2:80` → `10.1.1.2`, `[2001:db8::1]:80` → `2001:db8::1`; anything else stays. */
function withoutPort(text: string): string {
  const [, v6, v4] = /^(?:\[(.*)\]|([\d.]+)):\d+$/.exec(text) ?? [];
  return v6 ?? v4 ?? text;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT) return Number(text);
  throw new Nat46Error('NAT46_USAGE', `limit ${text}: must be a number of rows from 1 to ${MAX_LIMIT}`);
}
