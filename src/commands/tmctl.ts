/**
 * `tmctl`: tables of statistics, read from the state file of a gateway that runs, or ran. Nothing is asked of the
 * gateway: the file is mapped read-only.
 */
import { commandLine, isHelpShown, readCommandLine } from '../config/command-line.ts';
import { Nat46Error } from '../error.ts';
import { openSegmentReadOnly } from '../gateway/segment-file.ts';
import { NatState } from '../nat/nat-state.ts';
import { checkColumns, hasColumns, type Selection, selectColumns, selectRows } from '../stats/selection.ts';
import type { Column, Row, StatTable } from '../stats/stat-table.ts';
import { alignedLines, csvLines } from '../stats/table-text.ts';
import { findTable, TABLES } from '../stats/tables.ts';

const EXAMPLES = `
Tables:
${TABLES.map((table) => `  ${table.name.padEnd(20)} ${table.meaning}${table.isInternal ? ' (internal)' : ''}`).join('\n')}

Examples:
  tmctl virtual_server_stat -s name,serverside.tot_conns
  tmctl nat46_drop_stat -K packets -O -L 5
  tmctl -c nat46_snat_stat protocol=tcp

nat46 stats --explain says what each column means.

Exit codes: 0 ok, 2 usage, 3 no state file, 4 nothing matched, 1 anything else
`;

const FORMATS = ['table', 'csv', 'json'] as const;
type Format = (typeof FORMATS)[number];

interface Request extends Selection {
  readonly statePath: string;
  readonly tables: readonly StatTable[];
  /** One table by name, not all. */
  readonly isSingle: boolean;
  readonly format: Format;
  readonly hasHeader: boolean;
  readonly width: number;
}

/** A table with what is shown of it. */
interface Shown {
  readonly table: StatTable;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/**
 * @param args behind the word `tmctl`
 * @returns exit code
 * @throws Nat46Error NAT46_USAGE, NAT46_UNREACHABLE without a state file, NAT46_NO_MATCH, NAT46_RUNTIME when the file is none of ours
 */
export async function tmctl(args: string[]): Promise<number> {
  const request = readRequest(args);
  if (request === null) return 0;
  const state = new NatState(openSegmentReadOnly(request.statePath), () => {});
  const shown = request.tables.map((table) => ({
    table,
    columns: selectColumns(table, request),
    rows: selectRows(table.rows(state), request),
  }));
  if (shown.every(({ rows }) => rows.length === 0)) throw nothingMatched(request);
  process.stdout.write(print(shown, request));
  return 0;
}

/** @returns null when the help was asked for and printed */
function readRequest(args: readonly string[]): Request | null {
  const command = commandLine('tmctl', 'Tables of statistics, from the state file of a gateway.')
    .argument('[TABLE]', 'table to print')
    .argument('[COL=VAL...]', 'only rows whose columns have these values')
    .option('-f, --file <FILE>', 'state file of the gateway', defaultStatePath())
    .option('-s, --select <COL,COL>', 'columns to print, in this order', splitNames)
    .option('-c, --csv', 'comma-separated values')
    .option('-j, --json', 'JSON')
    .option('-o, --output <FORMAT>', 'table, csv or json')
    .option('-q, --quiet', 'no header')
    .option('-w, --width <N>', 'characters a line: other columns go on below (default: of the terminal)')
    .option('-K, --key <COL>', 'order by this column')
    .option('-O, --descending', 'largest first')
    .option('-L, --limit <N>', 'rows at most, each table')
    .option('-a, --all', 'all tables; with -s, -K or a filter those that have these columns')
    .option('-i, --internal', 'with -a: internal tables as well')
    .addHelpText('after', EXAMPLES);
  try {
    readCommandLine(command, args);
  } catch (error) {
    if (isHelpShown(error)) return null;
    throw error;
  }
  return toRequest(command.args, command.opts());
}

function toRequest(operands: readonly string[], options: Record<string, unknown>): Request {
  const names = operands.filter((operand) => !operand.includes('='));
  const selection: Selection = {
    columns: (options.select as string[] | undefined) ?? [],
    filters: operands.filter((operand) => operand.includes('=')).map(filter),
    orderBy: typeof options.key === 'string' ? options.key : null,
    isDescending: options.descending === true,
    limit: positive(options.limit, '-L'),
  };
  const isSingle = names.length > 0;
  return {
    ...selection,
    statePath: String(options.file),
    tables: isSingle
      ? [named(names, selection)]
      : all(options.all === true, options.internal === true, selection),
    isSingle,
    format: formatOf(options),
    hasHeader: options.quiet !== true,
    width: positive(options.width, '-w') ?? lineWidth(),
  };
}

function defaultStatePath(): string {
  const { NAT46_STATE, NAT46_TUN } = process.env;
  return NAT46_STATE ?? `/dev/shm/nat46-${NAT46_TUN ?? 'nat46'}.state`;
}

function splitNames(names: string, before: string[] = []): string[] {
  return [...before, ...names.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))];
}

function filter(operand: string): Selection['filters'][number] {
  const at = operand.indexOf('=');
  return { column: operand.slice(0, at), value: operand.slice(at + 1) };
}

function positive(text: unknown, option: string): number | null {
  if (text === undefined) return null;
  if (typeof text === 'string' && /^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Nat46Error('NAT46_USAGE', `${option} ${text}: wants a whole number from 1 on`);
}

function named(names: readonly string[], selection: Selection): StatTable {
  const [name = '', second] = names;
  if (second !== undefined) {
    throw new Nat46Error('NAT46_USAGE', `one table at a time, not '${name}' and '${second}'; -a prints all`);
  }
  const table = findTable(name);
  if (table === undefined) throw new Nat46Error('NAT46_USAGE', `no table '${name}', but: ${tableNames()}`);
  checkColumns(table, selection);
  return table;
}

function all(isWanted: boolean, withInternal: boolean, selection: Selection): StatTable[] {
  if (!isWanted) throw new Nat46Error('NAT46_USAGE', `name a table, or -a for all: ${tableNames()}`);
  const tables = TABLES.filter((table) => withInternal || !table.isInternal);
  const fitting = tables.filter((table) => hasColumns(table, selection));
  if (fitting.length > 0) return fitting;
  throw new Nat46Error('NAT46_USAGE', 'no table has all the columns that -s, -K and the filters name');
}

function tableNames(): string {
  return TABLES.map(({ name }) => name).join(', ');
}

function formatOf({ csv, json, output }: Record<string, unknown>): Format {
  if (output === undefined) return csv === true ? 'csv' : json === true ? 'json' : 'table';
  const format = FORMATS.find((name) => name === output);
  if (format !== undefined) return format;
  throw new Nat46Error('NAT46_USAGE', `-o ${output}: wants one of ${FORMATS.join(', ')}`);
}

/** A file or a pipe has no width unless COLUMNS gives it one. */
function lineWidth(): number {
  const columns = Number(process.env.COLUMNS);
  if (Number.isInteger(columns) && columns > 0) return columns;
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}

function nothingMatched({ tables, isSingle, filters }: Request): Nat46Error {
  const where = isSingle ? (tables[0]?.name ?? '') : 'any table';
  const what = filters.map(({ column, value }) => `${column}=${value}`).join(' ');
  return new Nat46Error('NAT46_NO_MATCH', `no row in ${where}${what === '' ? '' : ` with ${what}`}`);
}

function print(shown: readonly Shown[], request: Request): string {
  if (request.format === 'json') return printJson(shown, request.isSingle);
  const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const tables = shown.map(({ table, columns, rows }) => {
    const lines =
      request.format === 'csv'
        ? csvLines(columns, rows, request.hasHeader)
        : alignedLines(columns, rows, { ...request, isColoured });
    return [...(request.isSingle ? [] : [table.name]), ...lines, ''].join('\n');
  });
  return tables.join('\n');
}

/** The rows; of several tables an object by table. */
function printJson(shown: readonly Shown[], isSingle: boolean): string {
  const pick = ({ columns, rows }: Shown): Row[] =>
    rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? ''])));
  const tables = Object.fromEntries(shown.map((each) => [each.table.name, pick(each)]));
  const first = shown[0];
  return `${JSON.stringify(isSingle && first ? pick(first) : tables, null, 2)}\n`;
}
