/**
 * `tmctl` on a state file: the documented output, every option, every error; and reading while somebody writes.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import { tmctl } from '../../src/commands/tmctl.ts';
import { Verdict } from '../../src/datapath/verdict.ts';
import { Nat46Error } from '../../src/error.ts';
import { CREATED, PACKETS } from '../../src/nat/counters.ts';
import { VERSION } from '../../src/nat/segment.ts';
import { ControlCounters } from '../../src/stats/control-counters.ts';
import { describe } from '../../src/stats/description.ts';
import { TABLES } from '../../src/stats/tables.ts';
import { table, tests } from '../helpers/table.ts';
import { freshState } from '../nat/fresh-state.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nat46-tmctl-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** 19 sessions, 12 upstream queries, 3 packets dropped for their TTL. */
function writeState(name: string): string {
  const { segment } = freshState();
  describe(segment, {
    subnet: { base: 0x0a020200, length: 24 },
    reservedStatic: 0,
    reserved: [],
    dnsListen: [{ address: '10.2.2.1', port: 53 }],
  });
  segment.floats[segment.counters(0) + CREATED] = 15;
  segment.floats[segment.counters(1) + CREATED] = 4;
  segment.floats[segment.counters(1) + PACKETS + Verdict.DropTtl] = 3;
  new ControlCounters(segment).add('upstreamQueries', 12);
  const file = path.join(folder, name);
  writeFileSync(file, new Uint8Array(segment.words.buffer));
  return file;
}

const STATE = writeState('good.state');

interface Result {
  code: number;
  stdout: string;
  /** Message of the error it ended with. */
  error: string;
}

async function run(args: string[], environment: Record<string, string> = {}): Promise<Result> {
  const { write } = process.stdout;
  const before = { ...process.env };
  for (const name of ['COLUMNS', 'NO_COLOR', 'NAT46_STATE', 'NAT46_TUN']) delete process.env[name];
  Object.assign(process.env, environment);
  let stdout = '';
  process.stdout.write = ((chunk: string) => {
    stdout += chunk;
    return true;
  }) as typeof write;
  try {
    return { code: await tmctl(args), stdout, error: '' };
  } catch (error) {
    if (!(error instanceof Nat46Error)) throw error;
    return { code: error.exitCode, stdout, error: error.message };
  } finally {
    process.stdout.write = write;
    process.env = before;
  }
}

interface Golden {
  name: string;
  args: string[];
  environment?: Record<string, string>;
  out: string;
}

const TWO_ROWS = `
name              serverside.tot_conns
----------------- --------------------
egress-ipv4-nat46                   19
egress-dns-ipv4                     12
`;
const COLUMNS = 'name,serverside.tot_conns';

table<Golden>(
  'tmctl prints',
  [
    { name: 'the documented table', args: ['virtual_server_stat', '-s', COLUMNS], out: TWO_ROWS },
    { name: 'the same with options first', args: ['-s', COLUMNS, 'virtual_server_stat'], out: TWO_ROWS },
    {
      name: 'columns of several -s, blanks ignored',
      args: ['virtual_server_stat', '-s', 'name, ', '-s', 'serverside.tot_conns'],
      out: TWO_ROWS,
    },
    {
      name: 'CSV',
      args: ['-c', 'virtual_server_stat', '-s', COLUMNS],
      out: '\nname,serverside.tot_conns\negress-ipv4-nat46,19\negress-dns-ipv4,12\n',
    },
    {
      name: 'no header',
      args: ['-q', '-c', 'virtual_server_stat', '-s', COLUMNS],
      out: '\negress-ipv4-nat46,19\negress-dns-ipv4,12\n',
    },
    {
      name: 'rows that match',
      args: [
        'virtual_server_stat',
        'name=egress-dns-ipv4',
        'serverside.tot_conns=12',
        '-q',
        '-s',
        'destination',
      ],
      out: '\n10.2.2.1:53\n',
    },
    {
      name: 'the largest drop reason',
      args: ['nat46_drop_stat', '-K', 'packets', '-O', '-L', '1'],
      out: '\nreason       packets bytes\n------------ ------- -----\nttl_exceeded       3     0\n',
    },
    {
      name: 'the smallest first',
      args: ['virtual_server_stat', '-q', '-K', 'serverside.tot_conns', '-s', 'name'],
      out: '\negress-dns-ipv4\negress-ipv4-nat46\n',
    },
    {
      name: 'blocks as wide as -w says',
      args: ['-w', '20', 'nat46_snat_stat', '-L', '1'],
      environment: { COLUMNS: '200' },
      out: '\naddress\n-------------\n2001:db8:5::1\n\nprotocol in_use\n-------- ------\ntcp           0\n\n free alloc_fail\n----- ----------\n65535          0\n',
    },
    {
      name: 'blocks as wide as COLUMNS says',
      args: ['nat46_snat_stat', '-L', '1', '-s', 'protocol,free'],
      environment: { COLUMNS: '8' },
      out: '\nprotocol\n--------\ntcp\n\n free\n-----\n65535\n',
    },
    {
      name: 'JSON',
      args: ['-j', 'virtual_server_stat', '-s', COLUMNS, '-L', '1'],
      out: '\n[\n  {\n    "name": "egress-ipv4-nat46",\n    "serverside.tot_conns": 19\n  }\n]\n',
    },
    {
      name: 'all tables that have a column',
      args: ['-a', '-s', 'in_use', '-q', '-L', '1', '-i'],
      out: '\nnat46_snat_stat\n0\n\nnat46_table_stat\n0\n',
    },
    {
      name: 'all tables that have a column, as JSON',
      args: ['-a', '-o', 'json', '-s', 'reason', '-L', '1'],
      out: '\n{\n  "nat46_drop_stat": [\n    {\n      "reason": "malformed"\n    }\n  ]\n}\n',
    },
  ],
  async (row) => {
    const result = await run(['-f', STATE, ...row.args], row.environment);
    assert.equal(result, { code: 0, stdout: row.out.slice(1), error: '' });
  },
);

const TABLE_NAMES = TABLES.map(({ name }) => name).join(', ');

table<{ name: string; args: string[]; code: number; error: string | RegExp }>(
  'tmctl refuses',
  [
    { name: 'no table', args: [], code: 2, error: `name a table, or -a for all: ${TABLE_NAMES}` },
    {
      name: 'an unknown table',
      args: ['vs_stat'],
      code: 2,
      error: `no table 'vs_stat', but: ${TABLE_NAMES}`,
    },
    {
      name: 'an unknown column',
      args: ['nat46_drop_stat', '-s', 'reasons'],
      code: 2,
      error: "nat46_drop_stat has no column 'reasons', but: reason, packets, bytes",
    },
    {
      name: 'an unknown column in a filter',
      args: ['nat46_drop_stat', 'why=ttl'],
      code: 2,
      error: "nat46_drop_stat has no column 'why', but: reason, packets, bytes",
    },
    {
      name: 'an unknown column to order by',
      args: ['nat46_drop_stat', '-K', 'x'],
      code: 2,
      error: "nat46_drop_stat has no column 'x', but: reason, packets, bytes",
    },
    { name: 'two tables', args: ['tmm_stat', 'dns46_stat'], code: 2, error: /one table at a time/ },
    { name: 'all tables with a column of none', args: ['-a', '-s', 'x'], code: 2, error: /no table has/ },
    {
      name: 'a width of 0',
      args: ['tmm_stat', '-w', '0'],
      code: 2,
      error: '-w 0: wants a whole number from 1 on',
    },
    { name: 'a limit that is none', args: ['tmm_stat', '-L', 'all'], code: 2, error: /^-L all: wants/ },
    { name: 'a format that is none', args: ['tmm_stat', '-o', 'xml'], code: 2, error: /table, csv, json/ },
    { name: 'a misspelt option', args: ['tmm_stat', '--widht', '9'], code: 2, error: /Did you mean --width/ },
    {
      name: 'a filter that no row passes',
      args: ['virtual_server_stat', 'name=egress-ipv6'],
      code: 4,
      error: 'no row in virtual_server_stat with name=egress-ipv6',
    },
    { name: 'a table without rows', args: ['tmm_stat'], code: 4, error: 'no row in tmm_stat' },
    {
      name: 'a missing state file, saying what to do',
      args: ['-f', path.join(folder, 'none'), 'tmm_stat'],
      code: 3,
      error: /none cannot be read \(ENOENT\): start the gateway, or name its --state with -f/,
    },
  ],
  async (row) => {
    const { code, stdout, error } = await run(['-f', STATE, ...row.args]);
    assert.equal([code, stdout], [row.code, '']);
    assert.match(error, row.error);
    assert.not.match(error, /\n/);
  },
);

const MAGIC_AT = 0;
const VERSION_AT = 4;

table<{ name: string; spoil: (file: string, bytes: DataView) => void; error: RegExp }>(
  'tmctl does not read a file that is not ours',
  [
    {
      name: 'of another version',
      spoil: (file, bytes) => {
        bytes.setInt32(VERSION_AT, VERSION + 1, true);
        writeFileSync(file, bytes);
      },
      error: /is not a state file of this version \(version\)/,
    },
    {
      name: 'of another kind',
      spoil: (file, bytes) => {
        bytes.setInt32(MAGIC_AT, 0x7f454c46, true);
        writeFileSync(file, bytes);
      },
      error: /\(magic\)/,
    },
    { name: 'cut short', spoil: (file) => truncateSync(file, 4096), error: /\(size\)/ },
    { name: 'shorter than a header', spoil: (file) => truncateSync(file, 10), error: /\(size\)/ },
    { name: 'empty', spoil: (file) => truncateSync(file, 0), error: /\(empty\)/ },
  ],
  async (row) => {
    const file = writeState('spoilt.state');
    row.spoil(file, new DataView(new Uint8Array(freshState().segment.words.buffer as ArrayBuffer).buffer));
    const { code, error } = await run(['-f', file, 'virtual_server_stat']);
    assert.is(code, 1);
    assert.match(error, row.error);
  },
);

tests('tmctl environment', {
  'NAT46_STATE names the file, -f is stronger': async () => {
    const args = ['-q', 'virtual_server_stat', '-s', 'name', '-L', '1'];
    assert.is((await run(args, { NAT46_STATE: STATE })).stdout, 'egress-ipv4-nat46\n');
    assert.match((await run(args, { NAT46_STATE: '/nowhere' })).error, '/nowhere');
    assert.is((await run(['-f', STATE, ...args], { NAT46_STATE: '/nowhere' })).code, 0);
  },
  'without it, the file of the device': async () => {
    const tun = 'tmctl-test';
    assert.match((await run(['tmm_stat'], { NAT46_TUN: tun })).error, '/dev/shm/nat46-tmctl-test.state');
  },
  'help names every table': async () => {
    const { code, stdout } = await run(['--help']);
    assert.is(code, 0);
    for (const { name } of TABLES) assert.match(stdout, name);
  },
});

/** Counts a session and its packet, thousands of times while the other side reads. */
const WRITER = `
const { workerData, parentPort } = require('node:worker_threads');
const { openSync } = require('node:fs');
const shim = require(workerData.shim);
const buffer = shim.mapFd(openSync(workerData.file, 'r+'), workerData.bytes, true);
const floats = new Float64Array(buffer);
parentPort.postMessage('writing');
const end = Date.now() + 2000;
let stop = false;
parentPort.on('message', () => { stop = true; });
const burst = () => {
  for (let i = 0; i < 20000; i++) floats[workerData.slot]++;
  if (!stop && Date.now() < end) setImmediate(burst);
  else parentPort.close();
};
burst();
`;

tests('tmctl beside a running gateway', {
  'reads whole numbers that only grow': async () => {
    const file = writeState('live.state');
    const { segment } = freshState();
    const worker = new Worker(WRITER, {
      eval: true,
      workerData: {
        file,
        bytes: segment.words.byteLength,
        slot: segment.counters(0) + CREATED,
        shim: path.resolve(import.meta.dirname, '../../nat46-shim.node'),
      },
    });
    await new Promise((resolve) => worker.once('message', resolve));
    let last = 15 + 4;
    const first = last;
    for (let i = 0; i < 20 || (last === first && i < 200); i++) {
      const { stdout } = await run([
        '-f',
        file,
        '-q',
        'virtual_server_stat',
        '-s',
        'clientside.tot_conns',
        '-L',
        '1',
      ]);
      assert.match(stdout, /^\d+\n$/);
      assert.ok(Number(stdout) >= last, `${stdout} after ${last}`);
      last = Number(stdout);
      await new Promise((resolve) => setImmediate(resolve));
    }
    worker.postMessage('stop');
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.ok(last > first, 'the other thread wrote meanwhile');
  },
});
