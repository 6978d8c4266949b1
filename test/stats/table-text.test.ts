/**
 * Tables as text: the documented layout, widths, CSV; and which rows and columns are chosen.
 */
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { checkColumns, type Selection, selectColumns, selectRows } from '../../src/stats/selection.ts';
import { count, type Row, type StatTable, text } from '../../src/stats/stat-table.ts';
import { alignedLines, csvLines } from '../../src/stats/table-text.ts';
import { table, tests } from '../helpers/table.ts';

const COLUMNS = [text('name', ''), count('serverside.tot_conns', '')];
const ROWS: Row[] = [
  { name: 'egress-ipv4-nat46', 'serverside.tot_conns': 19 },
  { name: 'egress-dns-ipv4', 'serverside.tot_conns': 12 },
];
const PLAIN = { width: Number.POSITIVE_INFINITY, hasHeader: true, isColoured: false };

tests('aligned text', {
  'names left, numbers right, one space, dashes under the header': () =>
    assert.is(
      alignedLines(COLUMNS, ROWS, PLAIN).join('\n'),
      `
name              serverside.tot_conns
----------------- --------------------
egress-ipv4-nat46                   19
egress-dns-ipv4                     12`.slice(1),
    ),
  'without a header, columns are as wide as their cells': () =>
    assert.equal(alignedLines(COLUMNS, ROWS, { ...PLAIN, hasHeader: false }), [
      'egress-ipv4-nat46 19',
      'egress-dns-ipv4   12',
    ]),
  'a number wider than its header widens the column': () =>
    assert.equal(alignedLines([count('n', ''), text('x', '')], [{ n: 1234567, x: 'y' }], PLAIN), [
      '      n x',
      '------- -',
      '1234567 y',
    ]),
  'no blanks at the end of a line': () =>
    assert.equal(alignedLines([text('name', '')], ROWS, PLAIN)[0], 'name'),
  'bold header for a terminal': () =>
    assert.is(
      alignedLines([text('name', '')], ROWS, { ...PLAIN, isColoured: true })[0],
      '\u001b[1mname\u001b[0m',
    ),
  'no rows: the header alone': () => assert.is(alignedLines(COLUMNS, [], PLAIN).length, 2),
});

const LETTERS = ['aaaa', 'bbbb', 'cccc'].map((name) => count(name, ''));
table(
  'width: columns that do not fit go on below',
  [
    { name: 'all fit exactly', width: 14, out: ['aaaa bbbb cccc', '', '1 2 3'] },
    { name: 'one too narrow', width: 13, out: ['aaaa bbbb', '', '1 2', '', 'cccc', '', '3'] },
    {
      name: 'narrower than any column',
      width: 1,
      out: ['aaaa', '', '1', '', 'bbbb', '', '2', '', 'cccc', '', '3'],
    },
  ],
  ({ width, out }) => {
    const lines = alignedLines(LETTERS, [{ aaaa: 1, bbbb: 2, cccc: 3 }], { ...PLAIN, width });
    assert.equal(
      lines.map((line) =>
        line
          .replaceAll('-', '')
          .replaceAll(/ +(?=\d)/g, ' ')
          .trim(),
      ),
      out,
    );
  },
);

tests('CSV, RFC 4180', {
  'header and rows': () =>
    assert.equal(csvLines(COLUMNS, ROWS, true), [
      'name,serverside.tot_conns',
      'egress-ipv4-nat46,19',
      'egress-dns-ipv4,12',
    ]),
  'without a header': () => assert.is(csvLines(COLUMNS, ROWS, false).length, 2),
  'quotes where needed': () =>
    assert.equal(csvLines([text('a', '')], [{ a: 'x,y' }, { a: 'say "hi"' }, { a: 'plain' }], false), [
      '"x,y"',
      '"say ""hi"""',
      'plain',
    ]),
});

const TABLE: StatTable = {
  name: 't',
  meaning: '',
  isInternal: false,
  columns: [text('name', ''), count('n', ''), count('m', '')],
  rows: () => [
    { name: 'b', n: 9, m: 1 },
    { name: 'a', n: 10, m: 1 },
    { name: 'c', n: 2, m: 2 },
  ],
};
const ALL: Selection = { columns: [], filters: [], orderBy: null, isDescending: false, limit: null };

table<{ name: string; with: Partial<Selection>; out: string }>(
  'selection of rows',
  [
    { name: 'everything, as it is', with: {}, out: 'bac' },
    { name: 'a filter', with: { filters: [{ column: 'm', value: '1' }] }, out: 'ba' },
    {
      name: 'two filters: both hold',
      with: {
        filters: [
          { column: 'm', value: '1' },
          { column: 'name', value: 'a' },
        ],
      },
      out: 'a',
    },
    { name: 'a filter is the whole cell', with: { filters: [{ column: 'n', value: '1' }] }, out: '' },
    { name: 'numbers by size', with: { orderBy: 'n' }, out: 'cba' },
    { name: 'largest first', with: { orderBy: 'n', isDescending: true }, out: 'abc' },
    { name: 'names by their characters', with: { orderBy: 'name' }, out: 'abc' },
    {
      name: 'the limit counts after the order',
      with: { orderBy: 'n', isDescending: true, limit: 2 },
      out: 'ab',
    },
    { name: 'a limit beyond the end', with: { limit: 9 }, out: 'bac' },
  ],
  (row) => {
    const rows = selectRows(TABLE.rows(undefined as never), { ...ALL, ...row.with });
    assert.is(rows.map(({ name }) => name).join(''), row.out);
  },
);

tests('selection of columns', {
  'in the order asked for': () =>
    assert.equal(
      selectColumns(TABLE, { ...ALL, columns: ['m', 'name'] }).map(({ name }) => name),
      ['m', 'name'],
    ),
  'an unknown one is named, with those that there are': () => {
    const selections: Partial<Selection>[] = [
      { columns: ['nn'] },
      { filters: [{ column: 'nn', value: '1' }] },
      { orderBy: 'nn' },
    ];
    for (const part of selections) {
      assert.throws(
        () => checkColumns(TABLE, { ...ALL, ...part }),
        (error: unknown) =>
          error instanceof Nat46Error &&
          error.exitCode === 2 &&
          error.message === "t has no column 'nn', but: name, n, m",
      );
    }
  },
});
