/**
 * A table as text for people, as JSON or as CSV (RFC 4180) for scripts. The keys of JSON and the header of CSV are the
 * names of the columns and stay; what people see may be worded otherwise.
 */
import type { Terminal } from './terminal.ts';

export const FORMATS = ['table', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];

export type Cell = string | number | boolean | null;

export interface Column<Row> {
  readonly key: keyof Row & string;
  /** Above the column; the key unless given. */
  readonly title?: string;
  /** How people read the cell; as it is unless given. */
  readonly text?: (cell: Cell) => string;
}

const BOLD = '\u001b[1m';
const PLAIN = '\u001b[0m';
const GAP = '  ';

/** Write rows in a format. CSV and tables have a header always, so that no rows can be told from no answer. */
export function printRows<Row extends object>(
  terminal: Terminal,
  format: Format,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): void {
  if (format === 'json') terminal.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'csv') terminal.write(csv(columns, rows));
  else terminal.write(textTable(terminal, columns, rows));
}

/** One JSON value, indented as the tables are. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${JSON.stringify(value, null, 2)}\n`);
}

function csv<Row extends object>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ key }) => quoted(key))];
  for (const row of rows) lines.push(columns.map(({ key }) => quoted(cellOf(row, key))));
  return lines.map((line) => `${line.join(',')}\r\n`).join('');
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textTable<Row extends object>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const body = rows.map((row) => columns.map((column) => show(column, cellOf(row, column.key))));
  const titles = columns.map(({ key, title }) => (title ?? key).toUpperCase());
  const widths = titles.map((title, i) =>
    body.reduce((most, line) => Math.max(most, (line[i] ?? '').length), title.length),
  );
  const right = columns.map(({ key }) => rows.length > 0 && rows.every((row) => isNumeric(cellOf(row, key))));
  const lines = [titles, ...body].map((line) => cut(layOut(line, widths, right), terminal.columns));
  if (terminal.color) lines[0] = `${BOLD}${lines[0]}${PLAIN}`;
  return lines.map((line) => `${line}\n`).join('');
}

function layOut(cells: readonly string[], widths: readonly number[], right: readonly boolean[]): string {
  return cells
    .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
    .join(GAP)
    .trimEnd();
}

/** Cut to the width of the terminal, so that a row stays a line. */
function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(columns - 1, 1))}…`;
}

function show<Row>(column: Column<Row>, cell: Cell): string {
  if (column.text) return column.text(cell);
  return cell === null ? '-' : printable(String(cell));
}

/** Control characters of a stored value must not drive the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

function isNumeric(cell: Cell): boolean {
  return cell === null || typeof cell === 'number';
}

function cellOf<Row extends object>(row: Row, key: keyof Row): Cell {
  return (row[key] ?? null) as Cell;
}
