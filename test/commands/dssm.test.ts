/** `nat46 dssm` against a real control socket and directory. */
import * as assert from 'uvu/assert';
import { dssm } from '../../src/commands/dssm.ts';
import { recordKey } from '../../src/store/record.ts';
import { table, tests } from '../helpers/table.ts';
import { v4 } from '../store/rig.ts';
import { onStand, outcome } from './stand.ts';

const LINE = '0073c3b6eft_dns4610.2.2.9 00010000000000000000000000022001:db8::9\n';

tests('nat46 dssm', {
  'set prints the record and takes effect at once': onStand(async ({ ask, rig }) => {
    assert.equal(await ask(dssm, 'set', '10.2.2.9', '2001:DB8:0::9'), { code: 0, out: LINE, notes: '' });
    assert.is(rig.mapped('10.2.2.9'), '2001:db8::9');
  }),
  'get prints key and value byte-exact': onStand(async ({ ask, rig }) => {
    await rig.store.setnx(recordKey(v4('10.2.2.9')), 'BEEF0000001cffffffffffffffff2001:DB8:0::0:9');
    assert.equal(await ask(dssm, 'get', '10.2.2.9'), {
      code: 0,
      out: '0073c3b6eft_dns4610.2.2.9 BEEF0000001cffffffffffffffff2001:DB8:0::0:9\n',
      notes: '',
    });
  }),
  'get of none: exit 4': onStand(async ({ ask }) => {
    const reply = await ask(dssm, 'get', '10.2.2.10');
    assert.is(reply.code, 4);
    assert.is(reply.notes, '10.2.2.10: no record; nat46 dssm list shows those there are\n');
  }),
  'set with a timeout writes it as eight hex digits': onStand(async ({ ask }) => {
    const { out } = await ask(dssm, 'set', '10.2.2.9', '2001:db8::9', '--timeout', '7200');
    assert.is(out, '0073c3b6eft_dns4610.2.2.9 000100001c2000000000000000022001:db8::9\n');
  }),
  'set on an existing record: exit 1, delete it first': onStand(async ({ ask, rig }) => {
    await ask(dssm, 'set', '10.2.2.9', '2001:db8::9');
    const reply = await ask(dssm, 'set', '10.2.2.9', '2001:db8::a');
    assert.is(reply.code, 1);
    assert.match(reply.notes, /^10\.2\.2\.9: has a record already.*: nat46 dssm del 10\.2\.2\.9\n$/);
    assert.is(rig.mapped('10.2.2.9'), '2001:db8::9');
  }),
  'del ends mapping and sessions; then set again; del of none: exit 4': onStand(async ({ ask, rig }) => {
    await ask(dssm, 'set', '10.2.2.9', '2001:db8::9');
    rig.addSessions('10.2.2.9', 3);
    assert.equal(await ask(dssm, 'del', '10.2.2.9'), {
      code: 0,
      out: '10.2.2.9 deleted, 3 sessions ended\n',
      notes: '',
    });
    assert.is((await ask(dssm, 'del', '10.2.2.9')).code, 4);
    assert.is((await ask(dssm, 'set', '10.2.2.9', '2001:db8::a')).code, 0);
    assert.is(rig.mapped('10.2.2.9'), '2001:db8::a');
  }),
  'list prints what is stored; what is wrong goes to standard error': onStand(async ({ ask, rig }) => {
    await ask(dssm, 'set', '10.2.2.9', '2001:db8::9');
    await rig.store.setnx(recordKey(v4('10.9.9.9')), '00010000000000000000000000022001:db8::1');
    await rig.store.setnx(recordKey(v4('10.2.2.7')), 'garbage');
    const reply = await ask(dssm, 'list');
    assert.is(reply.code, 0);
    assert.is(
      reply.out,
      '0073c3b6eft_dns4610.2.2.7 garbage\n' +
        LINE +
        '0073c3b6eft_dns4610.9.9.9 00010000000000000000000000022001:db8::1\n',
    );
    assert.match(
      reply.notes,
      /^nat46: 0073c3b6eft_dns4610\.2\.2\.7: kept, not translated: malformed: neither/,
    );
    assert.match(
      reply.notes,
      /nat46: 0073c3b6eft_dns4610\.9\.9\.9: kept, not translated: outside the subnet\n$/,
    );
  }),
  'an empty list is empty, exit 0': onStand(async ({ ask }) => {
    assert.equal(await ask(dssm, 'list'), { code: 0, out: '', notes: '' });
    assert.equal(await ask(dssm, 'list', '-j'), { code: 0, out: '[]\n', notes: '' });
  }),
  'JSON has stable keys': onStand(async ({ ask }) => {
    await ask(dssm, 'set', '10.2.2.9', '2001:db8::9');
    const record = {
      key: '0073c3b6eft_dns4610.2.2.9',
      value: '00010000000000000000000000022001:db8::9',
      v4: '10.2.2.9',
      v6: '2001:db8::9',
      timeout_sec: 0,
      problem: null,
    };
    assert.equal(JSON.parse((await ask(dssm, 'get', '10.2.2.9', '-j')).out), record);
    assert.equal(JSON.parse((await ask(dssm, 'list', '-o', 'json')).out), [record]);
    assert.equal(JSON.parse((await ask(dssm, 'del', '10.2.2.9', '-j')).out), { v4: '10.2.2.9', sessions: 0 });
  }),
  'CSV has a header': onStand(async ({ ask }) => {
    await ask(dssm, 'set', '10.2.2.9', '2001:db8::9');
    const row =
      '0073c3b6eft_dns4610.2.2.9,00010000000000000000000000022001:db8::9,10.2.2.9,2001:db8::9,0,\r\n';
    assert.is((await ask(dssm, 'list', '-o', 'csv')).out, `key,value,v4,v6,timeout_sec,problem\r\n${row}`);
    assert.is(
      (await ask(dssm, 'get', '10.2.2.9', '-o', 'csv')).out,
      `key,value,v4,v6,timeout_sec,problem\r\n${row}`,
    );
    assert.is((await ask(dssm, 'del', '10.2.2.9', '-o', 'csv')).out, 'v4,sessions\r\n10.2.2.9,0\r\n');
  }),
  'set outside the subnet is kept and says so': onStand(async ({ ask }) => {
    const reply = await ask(dssm, 'set', '10.9.9.9', '2001:db8::9');
    assert.is(reply.code, 0);
    assert.match(reply.notes, 'kept, not translated: outside the subnet');
  }),
  'set of what the gateway refuses: exit 2': onStand(async ({ ask }) => {
    assert.is((await ask(dssm, 'set', '10.2.2.8', '2001:db8::9')).code, 2);
    assert.is((await ask(dssm, 'set', '10.2.2.9', 'ff02::1')).code, 2);
  }),
});

table(
  'nat46 dssm: usage, exit 2',
  [
    {
      name: 'no verb',
      args: [],
      says: /^a command is missing: get, set, del, list, export, import; see nat46 dssm --help$/m,
    },
    {
      name: 'misspelt verb',
      args: ['gte', '10.2.2.9'],
      says: /^unknown command 'gte' \(Did you mean get\?\); see nat46 dssm --help$/m,
    },
    {
      name: 'no address',
      args: ['get'],
      says: /^missing required argument 'V4'; see nat46 dssm get --help$/m,
    },
    {
      name: 'malformed v4',
      args: ['get', '10.2.2'],
      says: /^10\.2\.2: not an IPv4 address; write it as in 10\.2\.2\.9$/m,
    },
    {
      name: 'malformed v6',
      args: ['set', '10.2.2.9', 'x'],
      says: /^x: not an IPv6 address; write it as in 2001:db8::9$/m,
    },
    {
      name: 'one address too many',
      args: ['del', '10.2.2.9', 'x'],
      says: /^unexpected argument 'x'; see nat46 dssm del --help$/m,
    },
    {
      name: 'malformed timeout',
      args: ['set', '10.2.2.9', '::2', '--timeout', '1h'],
      says: /^--timeout 1h: must be a number/m,
    },
    {
      name: 'misspelt option',
      args: ['list', '--contro', 'x'],
      says: /^unknown option '--contro' \(Did you mean --control\?\); see/m,
    },
    {
      name: 'format there is not',
      args: ['list', '-o', 'xml'],
      says: /^--output xml: must be one of table, json, csv$/m,
    },
  ],
  async (row) => {
    const reply = await outcome(dssm, row.args);
    assert.is(reply.code, 2);
    assert.is(reply.notes.trimEnd().split('\n').length, 1);
    assert.match(reply.notes, row.says);
  },
);
