/** `nat46 sessions`, `mappings`, `status` and `drain` against a real control socket. */
import * as assert from 'uvu/assert';
import { drain, said } from '../../src/commands/drain.ts';
import { mappings } from '../../src/commands/mappings.ts';
import { sessions } from '../../src/commands/sessions.ts';
import { stats } from '../../src/commands/stats.ts';
import { screen, status } from '../../src/commands/status.ts';
import type { StatusReply } from '../../src/control/api.ts';
import { table, tests } from '../helpers/table.ts';
import { onStand, outcome, Paper, SESSIONS, STATUS } from './stand.ts';

const HEAD =
  'PROTOCOL  INSIDE             SYNTHETIC    SNAT                          REAL              STATE        EXPIRES\n';
const TCP =
  'tcp       10.244.10.2:40000  10.2.2.9:80  [2001::10:244:100:250]:40000  [2001:db8::9]:80  established    2h 4m\n';
const ICMP =
  'icmp      10.244.10.3:7      10.2.2.9:7   [2001::10:244:100:251]:7      [2001:db8::9]:7   -                59s\n';

tests('nat46 sessions', {
  'a table': onStand(async ({ ask }) => {
    assert.equal(await ask(sessions), { code: 0, out: HEAD + TCP + ICMP, notes: '' });
  }),
  'JSON is the rows': onStand(async ({ ask }) => {
    assert.equal(JSON.parse((await ask(sessions, '-j')).out), SESSIONS);
  }),
  CSV: onStand(async ({ ask }) => {
    const { out } = await ask(sessions, '-o', 'csv', 'protocol=icmp');
    assert.is(
      out,
      'protocol,inside,synthetic,snat,real,state,expires_sec\r\n' +
        'icmp,10.244.10.3:7,10.2.2.9:7,[2001::10:244:100:251]:7,[2001:db8::9]:7,-,59\r\n',
    );
  }),
  'filters, with and without port': onStand(async ({ ask }) => {
    assert.equal(JSON.parse((await ask(sessions, '-j', 'inside=10.244.10.2')).out), [SESSIONS[0]]);
    assert.equal(JSON.parse((await ask(sessions, '-j', 'real=2001:db8::9', 'protocol=icmp')).out), [
      SESSIONS[1],
    ]);
  }),
  'addresses are compared as addresses, however they are written': onStand(async ({ ask }) => {
    for (const filter of ['real=2001:DB8:0::9', 'real=[2001:db8:0:0::9]:80', 'snat=2001:0::10:0244:100:250'])
      assert.equal(
        JSON.parse((await ask(sessions, '-j', filter, 'protocol=tcp')).out),
        [SESSIONS[0]],
        filter,
      );
    assert.is((await ask(sessions, 'real=[2001:DB8::9]:81')).code, 4);
    assert.is((await ask(mappings, 'v6=2001:DB8:0::8')).code, 0);
  }),
  'a column twice, or a word that can never be there: exit 2': onStand(async ({ ask }) => {
    assert.equal(await ask(sessions, 'protocol=tcp', 'protocol=udp'), {
      code: 2,
      out: '',
      notes: 'protocol=udp: protocol is there already; give each column once\n',
    });
    assert.match(
      (await ask(sessions, 'state=open')).notes,
      /^state=open: there are closed, .*fin-outside-reset, -\n$/,
    );
    assert.match(
      (await ask(mappings, 'kind=hand')).notes,
      /^kind=hand: there are dynamic, static, resting\n$/,
    );
    assert.is((await ask(sessions, 'protocol=TCP')).code, 0);
  }),
  'what is no address: exit 2': onStand(async ({ ask }) => {
    assert.equal(await ask(sessions, 'real=web.example'), {
      code: 2,
      out: '',
      notes: 'real=web.example: not an address; write it as in 10.2.2.9, 2001:db8::9 or [2001:db8::9]:443\n',
    });
    assert.is((await ask(mappings, 'v6=-')).code, 4, 'none of them rests');
  }),
  'nothing matched: exit 4, the table has its header, JSON is empty': onStand(async ({ ask }) => {
    const reply = await ask(sessions, 'protocol=udp');
    assert.is(reply.code, 4);
    assert.is(reply.out, 'PROTOCOL  INSIDE  SYNTHETIC  SNAT  REAL  STATE  EXPIRES\n');
    assert.is(reply.notes, 'nat46: no row has protocol=udp\n');
    assert.equal(await ask(sessions, 'protocol=udp', '-j'), { code: 4, out: '[]\n', notes: '' });
  }),
  'a limit says that it cut': onStand(async ({ ask }) => {
    const reply = await ask(sessions, '--limit', '1');
    assert.is(reply.code, 0);
    assert.is(reply.out.split('\n').length, 3);
    assert.is(reply.notes, 'nat46: 1 of 2 rows; --limit N shows more, COLUMN=VALUE fewer\n');
  }),
  'cut to the width of the terminal, header bold': onStand(async ({ socket }) => {
    const { out } = await outcome(sessions, ['--control', socket], {}, new Paper(40, true));
    const lines = out.trimEnd().split('\n');
    assert.is(lines[0], '\u001b[1mPROTOCOL  INSIDE             SYNTHETIC …\u001b[0m');
    assert.equal(
      lines.slice(1).map((line) => line.length),
      [40, 40],
    );
  }),
});

tests('nat46 mappings', {
  'a table of what the directory has': onStand(async ({ ask, rig }) => {
    await rig.directory.set(0x0a020209, SOME_V6, 7200);
    rig.addSessions('10.2.2.9', 2);
    await rig.directory.set(0x0a02020a, SOME_V6, 100);
    rig.clock.sec += 40;
    assert.is(
      (await ask(mappings)).out,
      'V4         V6           KIND     SESSIONS  IDLE  TIMEOUT  EXPIRES\n' +
        '10.2.2.8   2001:db8::8  static          0   40s    never        -\n' +
        '10.2.2.9   2001:db8::2  dynamic         2    0s       2h        -\n' +
        '10.2.2.10  2001:db8::2  dynamic         0   40s   1m 40s       1m\n',
    );
  }),
  'filters on what is never': onStand(async ({ ask, rig }) => {
    await rig.directory.set(0x0a020209, SOME_V6, 7200);
    const rows = JSON.parse((await ask(mappings, '-j', 'expires_sec=never')).out);
    assert.equal(
      rows.map((row: { v4: string }) => row.v4),
      ['10.2.2.8'],
    );
  }),
});

const SOME_V6 = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

tests('nat46 stats', {
  'a counter a line': onStand(async ({ ask }) => {
    const { code, out } = await ask(stats, 'table=dns46_stat', '--limit', '2');
    assert.is(code, 0);
    assert.is(
      out,
      'TABLE       ROW  COUNTER  VALUE\ndns46_stat    -  queries      0\ndns46_stat    -  replies      0\n',
    );
  }),
  'what each means': onStand(async ({ ask }) => {
    const { out } = await ask(stats, '--explain', 'row=malformed', '-o', 'csv');
    assert.is(
      out,
      'table,row,counter,value,meaning\r\n' +
        'nat46_drop_stat,malformed,packets,0,"packets dropped for that reason: not a whole, well-formed IPv4 or IPv6 packet"\r\n' +
        'nat46_drop_stat,malformed,bytes,0,"their bytes, IP headers included: not a whole, well-formed IPv4 or IPv6 packet"\r\n',
    );
  }),
  'JSON has the meaning when it is asked for; every counter has one': onStand(async ({ ask }) => {
    const plain = JSON.parse((await ask(stats, '-j', 'table=nat46_mapping_stat')).out);
    assert.equal(plain[0], { table: 'nat46_mapping_stat', row: null, counter: 'total', value: 0 });
    const explained = JSON.parse((await ask(stats, '-j', '--explain')).out);
    assert.ok(explained.length > 100);
    for (const { counter, meaning } of explained) assert.match(meaning, /\w{3}/, counter);
  }),
  'no such counter: exit 4': onStand(async ({ ask }) => {
    assert.is((await ask(stats, 'counter=nope')).code, 4);
  }),
});

tests('nat46 status', {
  'one screen': onStand(async ({ ask }) => {
    assert.is(
      (await ask(status)).out,
      `gateway     nat46 0.1.0, pid 4711, up 1d 2h
device      nat46, 2 workers, role all
subnet      10.2.2.0/24, 249 addresses free
snat pool   2001:db8::1 2001:db8::2 2001:db8::3, and 1 more
dns         10.2.2.1:53
upstreams   192.0.2.53:53 up, 192.0.2.54:53 down
            cluster.east: 10.0.0.10:53 down
store       lmdb:/var/lib/nat46
state       /dev/shm/nat46-nat46.state
mappings    3 dynamic, 1 static, 0 resting
counters    since 2026-11-26 20:11 UTC, over restarts
sessions    2 of 262144, 19 since the counters began
packets     100 v4 to v6, 99 v6 to v4, 1 dropped
queries     12, 24 sent upstream
`,
    );
  }),
  'leases, and a store that is away, have lines of their own': () => {
    const shown = (reply: Partial<StatusReply>): string[] =>
      screen({ ...STATUS, upstreams: [], ...reply })
        .split('\n')
        .filter((line) => /^(leases|store| {2})/.test(line));
    const some = {
      held: ['2001:db8::1'],
      missing: ['2001:db8::2'],
      free: [],
      inherited: ['2001:db8::9'],
      drained: false,
    };
    assert.equal(
      shown({ snat_leases: some, store: 'redis://h', store_problem: 'h:6379 cannot be reached' }),
      [
        'leases      1 of 2 held',
        '            another gateway has 2001:db8::2',
        '            taken over: 2001:db8::9',
        'store       redis://h',
        '            cannot be reached: h:6379 cannot be reached',
      ],
    );
    const none = { held: [], missing: ['2001:db8::1'], free: [], inherited: [], drained: false };
    assert.equal(shown({ snat_leases: none }).slice(0, 2), [
      'leases      0 of 1 held',
      '            no lease: new sessions are refused, old ones go on',
    ]);
    const drained = { ...none, free: ['2001:db8::2', '2001:db8::3'], drained: true };
    assert.equal(shown({ snat_leases: drained }).slice(0, 4), [
      'leases      0 of 3 held, drained: restart the gateway to take them again',
      '            no lease: new sessions are refused, old ones go on',
      '            given up: 2001:db8::2 2001:db8::3',
      '            another gateway has 2001:db8::1',
    ]);
    const before = JSON.parse(JSON.stringify({ ...none, free: undefined }));
    assert.is(
      shown({ snat_leases: before })[0],
      'leases      0 of 1 held',
      'a gateway of the version before',
    );
    const away = { ...none, missing: [], free: ['2001:db8::1'] };
    assert.equal(shown({ snat_leases: away }).slice(0, 2), [
      'leases      0 of 1 held',
      '            not leased yet: 2001:db8::1',
    ]);
  },
  'role dns has no device, no workers and no SNAT addresses': () => {
    const shown = screen({ ...STATUS, role: 'dns', tun: null, workers: 0, snat_pool: [] });
    assert.match(shown, '\nrole        dns\n');
    assert.not.match(shown, /^device|^snat pool|^sessions|^packets|worker/m);
  },
  'a state file that does not say when it was made': () => {
    assert.match(
      screen({ ...STATUS, counters_since: null }),
      '\ncounters    since the state file was made, over restarts\n',
    );
  },
  'JSON is the reply': onStand(async ({ ask }) => {
    assert.equal(JSON.parse((await ask(status, '-o', 'json')).out), STATUS);
  }),
  'CSV is a name and a value a row': onStand(async ({ ask }) => {
    const { out } = await ask(status, '-o', 'csv');
    assert.match(out, 'name,value\r\nversion,0.1.0\r\n');
    assert.match(out, '\r\nmappings.free,249\r\n');
    assert.match(out, '\r\nupstreams.1.upstream,192.0.2.54:53\r\nupstreams.1.state,down\r\n');
    assert.match(out, '\r\nsnat_pool,2001:db8::1 2001:db8::2 2001:db8::3 2001:db8::4\r\n');
  }),
});

tests('nat46 drain', {
  'says what others can take over': onStand(async ({ ask }) => {
    const out =
      '3 sessions on 2 addresses can be taken over now; before you change the route, wait until `nat46 status` of another gateway says: taken over\n';
    assert.equal(await ask(drain), { code: 0, out, notes: '' });
    assert.equal(JSON.parse((await ask(drain, '-j')).out), {
      addresses: ['2001:db8::1', '2001:db8::2'],
      sessions: 3,
    });
  }),
  'says so when there is nothing to wait for': () => {
    assert.is(
      said({ addresses: ['2001:db8::1'], sessions: 0 }),
      'no established session to hand over; the route may change now\n',
    );
    assert.match(said({ addresses: [], sessions: 0 }), /^nothing to hand over/);
  },
});

table(
  'lists: which gateway',
  [
    { name: 'the default', args: [], env: {}, socket: '/run/nat46/nat46.sock' },
    { name: '--tun', args: ['--tun', 'nope0'], env: {}, socket: '/run/nat46/nope0.sock' },
    { name: '--control', args: ['--control', '/nope/a'], env: {}, socket: '/nope/a' },
    {
      name: '--control before --tun',
      args: ['--tun', 'x', '--control', '/nope/a'],
      env: {},
      socket: '/nope/a',
    },
    { name: 'NAT46_TUN', args: [], env: { NAT46_TUN: 'nope0' }, socket: '/run/nat46/nope0.sock' },
    { name: 'NAT46_CONTROL', args: [], env: { NAT46_CONTROL: '/nope/b', NAT46_TUN: 'x' }, socket: '/nope/b' },
    {
      name: '--tun before NAT46_CONTROL',
      args: ['--tun', 'nope0'],
      env: { NAT46_CONTROL: '/nope/b' },
      socket: '/run/nat46/nope0.sock',
    },
  ] as { name: string; args: string[]; env: Record<string, string>; socket: string }[],
  async (row) => {
    for (const command of [status, sessions, mappings]) {
      const reply = await outcome(command, row.args, row.env);
      if (row.name === 'the default' && reply.code === 0) return; // a gateway runs on this machine
      assert.is(reply.code, 3);
      assert.ok(
        reply.notes.startsWith(`${row.socket}: no gateway answers there; start it with nat46 run, or `),
        reply.notes,
      );
    }
  },
);

table(
  'lists: usage, exit 2',
  [
    {
      name: 'no filter',
      args: ['x'],
      says: /^x: not a filter; write COLUMN=VALUE with a column of protocol, inside, /,
    },
    {
      name: 'unknown column',
      args: ['port=80'],
      says: /^port: no such column; there are protocol, inside, synthetic, /,
    },
    {
      name: 'limit',
      args: ['--limit'],
      says: /^option '--limit <N>' argument missing; see nat46 sessions --help/,
    },
    { name: 'format', args: ['-o', 'yaml'], says: /^--output yaml: must be one of table, json, csv/ },
  ],
  async (row) => {
    const reply = await outcome(sessions, row.args);
    assert.is(reply.code, 2);
    assert.match(reply.notes, row.says);
  },
);

tests('lists: what the gateway refuses', {
  'a limit that is none: exit 2': onStand(async ({ ask }) => {
    assert.equal(await ask(sessions, '--limit', '0'), {
      code: 2,
      out: '',
      notes: 'limit 0: must be a number of rows from 1 to 1000000\n',
    });
  }),
});
