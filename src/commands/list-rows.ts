/**
 * `nat46 sessions`, `mappings` and `stats` are the same command over different rows: filters, a limit, a table.
 */
import type { RowsReply } from '../control/api.ts';
import { checkColumn, DEFAULT_LIMIT } from '../control/rows.ts';
import { Nat46Error } from '../error.ts';
import { connect, formatOf, gatewayCommand, type Surroundings, withFormat } from './gateway-options.ts';
import { type Column, printRows } from './table-output.ts';

const NOTHING_MATCHED = 4;

export interface RowList<Row> {
  /** Of the command and of its route: `sessions`. */
  readonly name: string;
  readonly description: string;
  readonly columns: readonly Column<Row>[];
  /** A switch that shows one more column, which is left out without it. */
  readonly more?: { readonly flag: string; readonly description: string; readonly column: keyof Row };
}

/** @returns exit code: 4 when filters were given and nothing matched */
export async function listRows<Row extends object>(
  list: RowList<Row>,
  args: readonly string[],
  { terminal, env }: Surroundings,
): Promise<number> {
  const names = list.columns.map(({ key }) => key);
  const command = withFormat(gatewayCommand(`nat46 ${list.name}`, list.description))
    .argument('[COLUMN=VALUE...]', `only rows that match all of these; columns: ${names.join(', ')}`)
    .option('--limit <N>', `at most so many rows (default: ${DEFAULT_LIMIT})`);
  if (list.more) command.option(`--${list.more.flag}`, list.more.description);
  const client = connect(command, args, env);
  const format = formatOf(command);
  const columns = shownColumns(list, command.opts());
  const filters = readFilters(command.args, names);
  const { limit } = command.opts<{ limit?: string }>();
  const query = limit === undefined ? filters : { ...filters, limit };
  const reply = await client.ask<RowsReply<Row>>('GET', `/v1/${list.name}`, { query });
  const rows =
    columns.length === list.columns.length ? reply.rows : reply.rows.map((row) => pick(row, columns));
  printRows(terminal, format, columns, rows);
  if (reply.rows.length < reply.matched) {
    terminal.note(
      `nat46: ${reply.rows.length} of ${reply.matched} rows; --limit N shows more, COLUMN=VALUE fewer\n`,
    );
  }
  if (reply.matched > 0 || command.args.length === 0) return 0;
  if (format === 'table') terminal.note(`nat46: no row has ${command.args.join(' and ')}\n`);
  return NOTHING_MATCHED;
}

function shownColumns<Row>(
  { columns, more }: RowList<Row>,
  options: Record<string, unknown>,
): readonly Column<Row>[] {
  if (!more || options[more.flag] === true) return columns;
  return columns.filter(({ key }) => key !== more.column);
}

function pick<Row extends object>(row: Row, columns: readonly Column<Row>[]): Row {
  return Object.fromEntries(columns.map(({ key }) => [key, row[key]])) as Row;
}

function readFilters(args: readonly string[], columns: readonly string[]): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const arg of args) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (name === undefined || value === undefined) {
      throw new Nat46Error(
        'NAT46_USAGE',
        `${arg}: not a filter; write COLUMN=VALUE with a column of ${columns.join(', ')}`,
      );
    }
    checkColumn(name, columns);
    if (name in filters)
      throw new Nat46Error('NAT46_USAGE', `${arg}: ${name} is there already; give each column once`);
    filters[name] = value;
  }
  return filters;
}
