/** Handlers of lists and of mapping records. */
import * as assert from 'uvu/assert';
import { formatV6 } from '../../src/address.ts';
import type { DssmRecord } from '../../src/control/api.ts';
import { dssmRoutes } from '../../src/control/dssm-routes.ts';
import { rowsRoute } from '../../src/control/rows.ts';
import type { ControlRequest } from '../../src/control/server.ts';
import { Nat46Error } from '../../src/error.ts';
import { table, tests } from '../helpers/table.ts';

function asked(parts: Partial<ControlRequest>): ControlRequest {
  return { params: {}, query: {}, body: undefined, ...parts };
}

const ROWS = [
  { inside: '10.1.1.2:40000', real: '[2001:db8::9]:80', sessions: 1, end: null },
  { inside: '10.1.1.2:40001', real: '[2001:db8::9]:443', sessions: 2, end: 5 },
  { inside: '10.1.1.20:40000', real: '[2001:db8::8]:80', sessions: 2, end: 0 },
];
const route = rowsRoute(['inside', 'real', 'sessions', 'end'], () => ROWS);

table(
  'rows: filters',
  [
    { name: 'none', query: {}, is: [0, 1, 2] },
    { name: 'a whole transport address', query: { inside: '10.1.1.2:40000' }, is: [0] },
    { name: 'an address without its port, and no prefix of one', query: { inside: '10.1.1.2' }, is: [0, 1] },
    { name: 'an IPv6 address without port and brackets', query: { real: '2001:db8::9' }, is: [0, 1] },
    { name: 'a number', query: { sessions: '2' }, is: [1, 2] },
    { name: 'several, all must match', query: { sessions: '2', inside: '10.1.1.2' }, is: [1] },
    { name: 'nothing there', query: { end: '-' }, is: [0] },
    { name: 'never', query: { end: 'never' }, is: [0] },
    { name: 'zero is not nothing', query: { end: '0' }, is: [2] },
    { name: 'no row', query: { inside: '10.9.9.9' }, is: [] },
  ] as { name: string; query: Record<string, string>; is: number[] }[],
  (row) => {
    const reply = route(asked({ query: row.query }));
    assert.equal(reply, { rows: row.is.map((i) => ROWS[i]), matched: row.is.length });
  },
);

tests('rows', {
  'the limit cuts, and the number that matched is told'() {
    assert.equal(route(asked({ query: { limit: '1' } })), { rows: [ROWS[0]], matched: 3 });
  },
  'an unknown column lists those there are, exit 2'() {
    assert.throws(
      () => route(asked({ query: { port: '80' } })),
      (error: Nat46Error) =>
        error.exitCode === 2 &&
        error.message === 'port: no such column; there are inside, real, sessions, end',
    );
  },
  'a word that can never be there lists those there are, exit 2; letter case does not matter'() {
    const rows = [{ kind: 'static' }, { kind: 'dynamic' }];
    const list = rowsRoute(['kind'], () => rows, { words: { kind: ['dynamic', 'static'] } });
    assert.is(list(asked({ query: { kind: 'Static' } })).matched, 1);
    assert.throws(
      () => list(asked({ query: { kind: 'stat' } })),
      (error: Nat46Error) => error.exitCode === 2 && error.message === 'kind=stat: there are dynamic, static',
    );
  },
  'a limit that is none, exit 2'() {
    for (const limit of ['0', 'x', '-1', '1000001', '1.5']) {
      assert.throws(
        () => route(asked({ query: { limit } })),
        (error: Nat46Error) => error.exitCode === 2,
      );
    }
  },
});

const RECORD: DssmRecord = {
  key: 'k',
  value: 'v',
  v4: '10.2.2.9',
  v6: '2001:db8::9',
  timeout_sec: 0,
  problem: null,
};

/** Handlers over one record. */
function routes(calls: unknown[] = []) {
  return dssmRoutes({
    list: async () => [RECORD],
    get: async (v4) => (v4 === 0x0a020209 ? RECORD : null),
    set: async (v4, v6, timeoutSec) => {
      calls.push([v4, formatV6(v6), timeoutSec]);
      return RECORD;
    },
    restore: async (records) => records.map(({ key }) => key !== 'k'),
    del: async (v4) => (v4 === 0x0a020209 ? { sessions: 3 } : null),
  });
}

async function outcome(name: string, parts: Partial<ControlRequest>): Promise<unknown> {
  try {
    return await routes()[name]?.(asked(parts));
  } catch (error) {
    if (!(error instanceof Nat46Error)) throw error;
    return [error.exitCode, error.message];
  }
}

const NO_RECORD = [4, '10.2.2.10: no record; nat46 dssm list shows those there are'];

table(
  'dssm routes',
  [
    { name: 'list', route: 'GET /v1/dssm', is: { records: [RECORD] } },
    {
      name: 'restore',
      route: 'POST /v1/dssm',
      body: {
        records: [
          { key: 'k', value: 'v' },
          { key: 'l', value: 'w' },
        ],
      },
      is: { created: 1, existing: ['k'] },
    },
    {
      name: 'restore of something else',
      route: 'POST /v1/dssm',
      body: { records: [{ key: 1 }] },
      is: [2, 'records: not a list of objects with key and value'],
    },
    { name: 'get', route: 'GET /v1/dssm/:v4', v4: '10.2.2.9', is: RECORD },
    { name: 'get of none', route: 'GET /v1/dssm/:v4', v4: '10.2.2.10', is: NO_RECORD },
    {
      name: 'get of no address',
      route: 'GET /v1/dssm/:v4',
      v4: '10.2.2',
      is: [2, '10.2.2: not an IPv4 address; write it as in 10.2.2.9'],
    },
    { name: 'set', route: 'PUT /v1/dssm/:v4', v4: '10.2.2.9', body: { v6: '2001:db8::9' }, is: RECORD },
    {
      name: 'set without v6',
      route: 'PUT /v1/dssm/:v4',
      v4: '10.2.2.9',
      body: null,
      is: [2, 'undefined: not an IPv6 address; write it as in 2001:db8::9'],
    },
    {
      name: 'set with a timeout that is none',
      route: 'PUT /v1/dssm/:v4',
      v4: '10.2.2.9',
      body: { v6: '::2', timeout_sec: '5' },
      is: [2, 'timeout_sec: not a number of seconds'],
    },
    { name: 'del', route: 'DELETE /v1/dssm/:v4', v4: '10.2.2.9', is: { v4: '10.2.2.9', sessions: 3 } },
    { name: 'del of none', route: 'DELETE /v1/dssm/:v4', v4: '10.2.2.10', is: NO_RECORD },
  ] as { name: string; route: string; v4?: string; body?: unknown; is: unknown }[],
  async (row) => {
    assert.equal(await outcome(row.route, { params: { v4: row.v4 ?? '' }, body: row.body }), row.is);
  },
);

tests('dssm routes', {
  'set hands over numbers and bytes; the timeout is 0 unless given': async () => {
    const calls: unknown[] = [];
    const set = routes(calls)['PUT /v1/dssm/:v4'];
    await set?.(asked({ params: { v4: '10.2.2.9' }, body: { v6: '2001:DB8::9' } }));
    await set?.(asked({ params: { v4: '10.2.2.9' }, body: { v6: '2001:DB8::9', timeout_sec: 60 } }));
    assert.equal(calls, [
      [0x0a020209, '2001:db8::9', 0],
      [0x0a020209, '2001:db8::9', 60],
    ]);
  },
});
