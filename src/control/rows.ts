/**
 * Lists over the control socket: filters `column=value` and a limit, applied where the rows are, because a gateway can
 * have a hundred thousand sessions and a terminal wants twenty.
 */
import { formatV6, parseV4, parseV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { RowsReply } from './api.ts';
import type { ControlRequest } from './server.ts';

/** Rows in a reply unless asked otherwise, and at most. */
export const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 1_000_000;

type Cell = string | number | null;

/** What stands in some columns, so that a filter for what can never be there is refused. */
export interface ColumnKinds<Column extends string> {
  /** With port or without. */
  readonly addresses?: readonly Column[];
  /** One of these words, lower case. */
  readonly words?: Partial<Readonly<Record<Column, readonly string[]>>>;
}

/** A handler for a list. @param rows called for each request; read once */
export function rowsRoute<Column extends string, Row extends Readonly<Record<Column, Cell>>>(
  columns: readonly Column[],
  rows: () => Iterable<Row>,
  { addresses = [], words = {} }: ColumnKinds<Column> = {},
): (request: ControlRequest) => RowsReply<Row> {
  const read = (name: Column, value: string): string => {
    if (addresses.includes(name)) return canonical(name, value);
    const known = words[name];
    return known ? wordOf(name, value, known) : value;
  };
  return ({ query }) => {
    const given = Object.entries(query).filter(([name]) => name !== 'limit');
    const limit = readLimit(query.limit);
    for (const [name] of given) checkColumn(name, columns);
    const filters = given.map(([name, value]) => [name, read(name as Column, value)] as const);
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

const NONE: readonly string[] = ['-', 'never'];

/** A transport address matches with its port and without; `-` and `never` match what has none. */
function matches(cell: Cell, value: string): boolean {
  if (cell === null) return NONE.includes(value);
  const text = String(cell);
  return text === value || withoutPort(text) === value;
}

/** `10.1.1.2:80` → `10.1.1.2`, `[2001:db8::1]:80` → `2001:db8::1`; anything else stays. */
function withoutPort(text: string): string {
  const [, v6, v4] = /^(?:\[(.*)\]|([\d.]+)):\d+$/.exec(text) ?? [];
  return v6 ?? v4 ?? text;
}

/** @throws Nat46Error NAT46_USAGE for what is none of them */
function wordOf(name: string, value: string, words: readonly string[]): string {
  const word = value.toLowerCase();
  if (words.includes(word)) return word;
  throw new Nat46Error('NAT46_USAGE', `${name}=${value}: there are ${words.join(', ')}`);
}

/** An address as the rows have it. @throws Nat46Error NAT46_USAGE for what is none */
function canonical(name: string, value: string): string {
  if (NONE.includes(value)) return value;
  const address = withoutPort(value);
  const v4 = parseV4(address);
  const v6 = parseV6(address);
  if (v4 === null && v6 === null) {
    const how = 'write it as in 10.2.2.9, 2001:db8::9 or [2001:db8::9]:443';
    throw new Nat46Error('NAT46_USAGE', `${name}=${value}: not an address; ${how}`);
  }
  const text = v6 ? formatV6(v6) : address;
  if (address === value) return text;
  return value.replace(address, () => text);
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT) return Number(text);
  throw new Nat46Error('NAT46_USAGE', `limit ${text}: must be a number of rows from 1 to ${MAX_LIMIT}`);
}
