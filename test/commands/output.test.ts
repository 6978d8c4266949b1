/** Tables, CSV, JSON, durations, groups of verbs, and how failures are told. */
import * as assert from 'uvu/assert';
import { duration } from '../../src/commands/duration.ts';
import { reportFailure } from '../../src/commands/failure.ts';
import { printRows } from '../../src/commands/table-output.ts';
import { processTerminal } from '../../src/commands/terminal.ts';
import { runVerb, type VerbGroup } from '../../src/commands/verbs.ts';
import { Nat46Error } from '../../src/error.ts';
import { table, tests } from '../helpers/table.ts';
import { Paper } from './stand.ts';

const COLUMNS = [{ key: 'name' }, { key: 'count' }, { key: 'note', title: 'remark' }] as const;
const ROWS = [
  { name: 'a', count: 1, note: null },
  { name: 'longer', count: 1000, note: 'x, "y"' },
];

tests('output', {
  'numbers right, text left, no blanks at the end of a line'() {
    const paper = new Paper();
    printRows(paper, 'table', COLUMNS, ROWS);
    assert.is(paper.out, 'NAME    COUNT  REMARK\na           1  -\nlonger   1000  x, "y"\n');
  },
  'no rows: a header'() {
    const paper = new Paper();
    printRows(paper, 'table', COLUMNS, [] as typeof ROWS);
    assert.is(paper.out, 'NAME  COUNT  REMARK\n');
  },
  'CSV quotes what needs it, RFC 4180 §2'() {
    const paper = new Paper();
    printRows(paper, 'csv', COLUMNS, ROWS);
    assert.is(paper.out, 'name,count,note\r\na,1,\r\nlonger,1000,"x, ""y"""\r\n');
  },
  'JSON is never cut or coloured'() {
    const paper = new Paper(5, true);
    printRows(paper, 'json', COLUMNS, ROWS);
    assert.equal(JSON.parse(paper.out), ROWS);
  },
  'a stored value cannot drive the terminal'() {
    const paper = new Paper();
    printRows(paper, 'table', [{ key: 'value' }], [{ value: 'a\u001b[2Jb\n' }]);
    assert.is(paper.out, 'VALUE\na\ufffd[2Jb\ufffd\n');
  },
});

table(
  'terminal: width and colour of the environment',
  [
    { name: 'COLUMNS', env: { COLUMNS: '72' }, columns: 72 },
    {
      name: 'nobody says',
      env: {},
      columns: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
    },
    { name: 'NO_COLOR', env: { NO_COLOR: '1', COLUMNS: '80' }, columns: 80 },
    {
      name: 'nonsense',
      env: { COLUMNS: 'wide', NO_COLOR: '1' },
      columns: process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
    },
  ] as { name: string; env: Record<string, string>; columns: number }[],
  (row) => {
    const terminal = processTerminal(row.env);
    assert.is(terminal.columns, row.columns);
    if (row.env.NO_COLOR || !process.stdout.isTTY) assert.is(terminal.color, false);
  },
);

table(
  'durations',
  [
    { name: '0', sec: 0, is: '0s' },
    { name: 'seconds', sec: 59, is: '59s' },
    { name: 'a minute', sec: 60, is: '1m' },
    { name: 'minutes', sec: 119, is: '1m 59s' },
    { name: 'hours', sec: 7440, is: '2h 4m' },
    { name: 'hours, seconds left out', sec: 3601, is: '1h' },
    { name: 'days', sec: 93784, is: '1d 2h' },
  ],
  (row) => assert.is(duration(row.sec), row.is),
);

function group(calls: string[][]): VerbGroup {
  const run = (name: string) => async (args: string[]) => {
    calls.push([name, ...args]);
    return 7;
  };
  return {
    name: 'nat46',
    description: 'A description.',
    options: ['--version'],
    verbs: { run: { summary: 'start', run: run('run') }, status: { summary: 'show', run: run('status') } },
  };
}

table(
  'verbs',
  [
    {
      name: 'a verb gets everything behind it',
      args: ['run', '--help', '-x'],
      calls: [['run', '--help', '-x']],
      code: 7,
    },
    { name: 'help of a verb', args: ['help', 'status'], calls: [['status', '--help']], code: 7 },
    {
      name: '--help',
      args: ['--help'],
      calls: [],
      code: 0,
      out: /^Usage: nat46 COMMAND.*\n {2}run {5}start\n {2}status {2}show\n/s,
    },
    { name: 'help', args: ['help'], calls: [], code: 0, out: /^Usage/ },
    {
      name: 'none',
      args: [],
      calls: [],
      code: 2,
      says: 'a command is missing: run, status; see nat46 --help',
    },
    {
      name: 'misspelt',
      args: ['sttaus'],
      calls: [],
      code: 2,
      says: "unknown command 'sttaus' (Did you mean status?); see nat46 --help",
    },
    {
      name: 'far off',
      args: ['frobnicate'],
      calls: [],
      code: 2,
      says: "unknown command 'frobnicate'; see nat46 --help",
    },
    {
      name: 'misspelt option',
      args: ['--vresion'],
      calls: [],
      code: 2,
      says: "unknown option '--vresion' (Did you mean --version?); see nat46 --help",
    },
    {
      name: 'a name every object has',
      args: ['toString'],
      calls: [],
      code: 2,
      says: "unknown command 'toString'; see nat46 --help",
    },
  ] as { name: string; args: string[]; calls: string[][]; code: number; out?: RegExp; says?: string }[],
  async (row) => {
    const calls: string[][] = [];
    const paper = new Paper();
    const code = await runVerb(group(calls), row.args, paper).catch((error) =>
      reportFailure(error, 'nat46', paper),
    );
    assert.is(code, row.code);
    assert.equal(calls, row.calls);
    if (row.out) assert.match(paper.out, row.out);
    assert.is(paper.notes, row.says ? `nat46: ${row.says}\n` : '');
  },
);

tests('failures', {
  'each line of a message is a line of the program'() {
    const paper = new Paper();
    const error = new Nat46Error('NAT46_CONFIG', '--mtu 1: wrong\n--tun x y: wrong');
    assert.is(reportFailure(error, 'nat46', paper), 78);
    assert.is(paper.notes, 'nat46: --mtu 1: wrong\nnat46: --tun x y: wrong\n');
  },
  'a mistake of ours shows where it is, exit 1'() {
    const paper = new Paper();
    assert.is(reportFailure(new TypeError('oops'), 'nat46', paper), 1);
    assert.match(paper.notes, /^nat46: TypeError: oops\n {4}at /);
  },
});
