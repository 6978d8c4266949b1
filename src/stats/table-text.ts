/**
 * A table as text. Aligned: names left, numbers right, one space between columns, dashes under the header:
 *
 *     name              serverside.tot_conns
 *     ----------------- --------------------
 *     egress-ipv4-nat46                   19
 *
 * or as CSV, RFC 4180 but with the line ends of this system.
 */
import type { Cell, Column, Row } from './stat-table.ts';

export interface Layout {
  /** Characters a line; columns that do not fit go on below, in a block of their own. Infinity = one block. */
  readonly width: number;
  readonly hasHeader: boolean;
  /** Bold header, by escape sequences of a terminal. */
  readonly isColoured: boolean;
}

/** Lines without line ends; none when there is nothing to print. */
export function alignedLines(columns: readonly Column[], rows: readonly Row[], layout: Layout): string[] {
  const widths = columns.map((column) =>
    Math.max(layout.hasHeader ? column.name.length : 0, ...rows.map((row) => cell(row, column).length)),
  );
  return blocks(widths, layout.width).flatMap(([from, to], i) => [
    ...(i > 0 ? [''] : []),
    ...block(columns.slice(from, to), widths.slice(from, to), rows, layout),
  ]);
}

/** Lines without line ends. */
export function csvLines(columns: readonly Column[], rows: readonly Row[], hasHeader: boolean): string[] {
  const lines = rows.map((row) => columns.map((column) => quoted(row[column.name])).join(','));
  return hasHeader ? [columns.map(({ name }) => quoted(name)).join(','), ...lines] : lines;
}

/** Runs of columns that fit the width; at least one column each. @returns pairs [from, to) */
function blocks(widths: readonly number[], limit: number): [number, number][] {
  const runs: [number, number][] = [];
  let from = 0;
  let used = 0;
  for (const [i, width] of widths.entries()) {
    if (i > from && used + 1 + width > limit) {
      runs.push([from, i]);
      from = i;
    }
    used = i === from ? width : used + 1 + width;
  }
  if (widths.length > 0) runs.push([from, widths.length]);
  return runs;
}

function block(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly Row[],
  layout: Layout,
): string[] {
  const line = (cells: readonly string[]): string =>
    cells
      .map((value, i) => {
        const width = widths[i] ?? 0;
        return columns[i]?.isNumber ? value.padStart(width) : value.padEnd(width);
      })
      .join(' ')
      .trimEnd();
  const lines = rows.map((row) => line(columns.map((column) => cell(row, column))));
  if (!layout.hasHeader) return lines;
  const header = line(columns.map(({ name }) => name));
  const rule = widths.map((width) => '-'.repeat(width)).join(' ');
  return [layout.isColoured ? `\u001b[1m${header}\u001b[0m` : header, rule, ...lines];
}

function cell(row: Row, column: Column): string {
  return String(row[column.name] ?? '');
}

function quoted(value: Cell | undefined): string {
  const plain = String(value ?? '');
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
