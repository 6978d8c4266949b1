/** Store and table in step: start, records from elsewhere, set and delete by hand. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { formatV4, formatV6 } from '../../src/address.ts';
import type { Nat46Error } from '../../src/error.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { formatRecord, recordKey } from '../../src/store/record.ts';
import { table, tests } from '../helpers/table.ts';
import { GroupWorld } from './group-world.ts';
import { Rig, v4, v6 } from './rig.ts';

const ADDRESS = '10.2.2.9';
const REAL = v6('2001:db8::9');
const OTHER = v6('2001:db8::aa');

async function storeWith(records: Readonly<Record<string, string>>): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const [address, value] of Object.entries(records))
    await store.setnx(`0073c3b6eft_dns46${address}`, value);
  return store;
}

table(
  'directory: a record at start',
  [
    { name: 'is taken into the table', address: ADDRESS, value: formatRecord(REAL, 0), is: '2001:db8::9' },
    {
      name: 'in the newer envelope too',
      address: ADDRESS,
      value: 'V0010001xS2001:db8::9',
      is: '2001:db8::9',
    },
    { name: 'malformed: counted, logged, unmapped', address: ADDRESS, value: 'x', is: null, malformed: 1 },
    { name: 'malformed key', address: '10.2.2', value: formatRecord(REAL, 0), is: null, malformed: 1 },
    {
      name: 'outside the subnet: kept, logged',
      address: '10.9.9.9',
      value: formatRecord(REAL, 0),
      is: null,
      outside: 1,
    },
    { name: 'of the own address', address: '10.2.2.1', value: formatRecord(REAL, 0), is: null, outside: 1 },
    {
      name: 'of the network address',
      address: '10.2.2.0',
      value: formatRecord(REAL, 0),
      is: null,
      outside: 1,
    },
    {
      name: 'of the broadcast address',
      address: '10.2.2.255',
      value: formatRecord(REAL, 0),
      is: null,
      outside: 1,
    },
  ] as {
    name: string;
    address: string;
    value: string;
    is: string | null;
    malformed?: number;
    outside?: number;
  }[],
  async (row) => {
    const rig = new Rig({ store: await storeWith({ [row.address]: row.value }) });
    await rig.directory.loadAll();
    if (row.address.split('.').length === 4) assert.is(rig.mapped(row.address), row.is);
    assert.is(rig.counts.malformed, row.malformed ?? 0);
    assert.is(rig.counts.outside, row.outside ?? 0);
    assert.is(
      rig.logged.filter((line) => line.message === 'record is not translated').length,
      row.is ? 0 : 1,
    );
    assert.equal(
      (await rig.directory.list()).map(({ key, value }) => [key, value]),
      [[`0073c3b6eft_dns46${row.address}`, row.value]],
      'kept in the store, byte for byte',
    );
  },
);

tests('directory: real addresses', {
  'of a mapping, of a record that appeared, of nothing, of an address that cannot be mapped [72]':
    async () => {
      const rig = new Rig();
      await rig.directory.set(v4('10.2.2.7'), v6('2001:db8::7'), 0);
      await rig.store.setnx(recordKey(v4('10.2.2.8')), formatRecord(v6('2001:db8::8'), 0));
      const found = [];
      for (const address of ['10.2.2.7', '10.2.2.8', '10.2.2.9', '10.2.2.1'])
        found.push(await rig.directory.realOf(v4(address)));
      assert.equal(
        found.map((real) => real && formatV6(real)),
        ['2001:db8::7', '2001:db8::8', null, null],
      );
      assert.equal([rig.mapped('10.2.2.9'), rig.mapped('10.2.2.1')], ['miss', null]);
    },
});

tests('directory: start on the table of an earlier run', {
  'what the store still says goes on with its sessions': async () => {
    const before = new Rig();
    await before.directory.set(v4(ADDRESS), REAL, 0);
    before.addSessions(ADDRESS, 3);
    const after = new Rig({ table: before.table, store: before.store });
    await after.directory.loadAll();
    assert.is(after.mapped(ADDRESS), '2001:db8::9');
    assert.equal(after.ended, []);
    assert.is(after.directory.free, 252);
  },
  'a record that was changed meanwhile wins, the sessions of the old one end': async () => {
    const before = new Rig();
    await before.directory.set(v4(ADDRESS), REAL, 0);
    before.addSessions(ADDRESS, 3);
    const store = await storeWith({ [ADDRESS]: formatRecord(OTHER, 0) });
    const after = new Rig({ table: before.table, store });
    await after.directory.loadAll();
    assert.is(after.mapped(ADDRESS), '2001:db8::aa');
    assert.equal(after.ended.map(formatV4), [ADDRESS]);
  },
  'a record that is missing: of a store that others write to it was deleted, else it was not written in time':
    async () => {
      for (const [group, mapped, ended] of [
        [new GroupWorld().group('one'), 'resting', [ADDRESS]],
        [null, '2001:db8::9', []],
      ] as const) {
        const before = new Rig();
        await before.directory.set(v4(ADDRESS), REAL, 0);
        before.addSessions(ADDRESS, 1);
        const store = Object.assign(await storeWith({ '10.2.2.77': formatRecord(OTHER, 0) }), { group });
        const after = new Rig({ table: before.table, store });
        await after.directory.loadAll();
        assert.is(after.mapped(ADDRESS), mapped);
        assert.equal(after.ended.map(formatV4), ended);
        assert.is(await store.get(recordKey(v4(ADDRESS))), group ? null : formatRecord(REAL, 0));
      }
    },
  'a store that lost everything (or mem:) is written again': async () => {
    const before = new Rig();
    await before.directory.set(v4(ADDRESS), REAL, 1234);
    before.addSessions(ADDRESS, 1);
    const after = new Rig({ table: before.table });
    await after.directory.loadAll();
    assert.is(after.mapped(ADDRESS), '2001:db8::9');
    assert.is((await after.directory.get(v4(ADDRESS)))?.value, formatRecord(REAL, 1234));
    assert.equal(after.ended, []);
  },
  'a static mapping that is no longer configured is gone, a new one is there': async () => {
    const before = new Rig({ maps: { '10.2.2.8': '2001:db8::8', [ADDRESS]: '2001:db8::9' } });
    await before.directory.loadAll();
    const after = new Rig({
      table: before.table,
      maps: { [ADDRESS]: '2001:db8::9', '192.0.2.1': '2001:db8::1' },
    });
    await after.directory.loadAll();
    assert.equal([...after.directory.lines()].map((line) => [line.v4, line.v6, line.kind]).toSorted(), [
      [ADDRESS, '2001:db8::9', 'static'],
      ['192.0.2.1', '2001:db8::1', 'static'],
    ]);
  },
  'a static mapping stands above a record': async () => {
    const rig = new Rig({
      maps: { [ADDRESS]: '2001:db8::9' },
      store: await storeWith({ [ADDRESS]: formatRecord(OTHER, 0) }),
    });
    await rig.directory.loadAll();
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.is((await rig.directory.get(v4(ADDRESS)))?.problem, '--map decides about this address');
  },
});

tests('directory: resolve, a packet met an address the table does not have', {
  'the record is taken into the table': async () => {
    const rig = new Rig();
    await rig.store.setnx(recordKey(v4(ADDRESS)), formatRecord(REAL, 0));
    assert.is(await rig.directory.resolve(v4(ADDRESS)), true);
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.is(await rig.directory.resolve(v4(ADDRESS)), true);
  },
  'no record: remembered': async () => {
    const rig = new Rig();
    assert.is(await rig.directory.resolve(v4(ADDRESS)), false);
    assert.is(rig.mapped(ADDRESS), 'miss');
  },
  'concurrent ones ask the store once': async () => {
    const rig = new Rig();
    let asked = 0;
    const { get } = rig.store;
    rig.store.get = (key) => {
      asked++;
      return get.call(rig.store, key);
    };
    await Promise.all(Array.from({ length: 100 }, () => rig.directory.resolve(v4(ADDRESS))));
    assert.is(asked, 1);
  },
  'outside the subnet or reserved: the store is not asked': async () => {
    const rig = new Rig();
    rig.store.get = () => Promise.reject(new Error('not to be asked'));
    for (const address of ['192.0.2.1', '10.2.2.0', '10.2.2.1', '10.2.2.255']) {
      assert.is(await rig.directory.resolve(v4(address)), false);
    }
    assert.equal(rig.logged, []);
  },
  'a dead store: unknown stays unknown, a line for each change': async () => {
    const rig = new Rig();
    const { get } = rig.store;
    rig.store.get = () => Promise.reject(new Error('dead'));
    assert.is(await rig.directory.resolve(v4('10.2.2.8')), false);
    assert.is(await rig.directory.resolve(v4(ADDRESS)), false);
    assert.is(rig.mapped(ADDRESS), null, 'no word is no miss');
    assert.is(await rig.directory.resolve(v4('10.2.2.255')), false);
    assert.ok(rig.directory.storeProblem, 'an address that is never asked for proves nothing');
    assert.is(rig.logged.length, 1);
    rig.store.get = get;
    assert.is(await rig.directory.resolve(v4('10.2.2.7')), false);
    rig.store.get = () => Promise.reject(new Error('dead'));
    assert.is(await rig.directory.resolve(v4('10.2.2.6')), false);
    assert.equal(
      rig.logged.map(({ message }) => message.replace(/;.*/, '')),
      ['store failed', 'store works again', 'store failed'],
    );
  },
});

tests('directory: set and del', {
  'set takes effect at once, a remembered miss or not': async () => {
    const rig = new Rig();
    await rig.directory.resolve(v4(ADDRESS));
    const line = await rig.directory.set(v4(ADDRESS), REAL, 0);
    assert.equal(line, {
      key: `0073c3b6eft_dns46${ADDRESS}`,
      value: '00010000000000000000000000022001:db8::9',
      v4: ADDRESS,
      v6: '2001:db8::9',
      timeout_sec: 0,
      problem: null,
    });
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
  },
  'set on an existing record changes nothing': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 0);
    await rig.directory.set(v4(ADDRESS), OTHER, 0).then(
      () => assert.unreachable(),
      (error: Nat46Error) => {
        assert.is(error.exitCode, 1);
        assert.match(
          error.message,
          /^10\.2\.2\.9: has a record already.*delete it first: nat46 dssm del 10\.2\.2\.9$/,
        );
      },
    );
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
  },
  'of 20 concurrent sets one wins, in store and table': async () => {
    const rig = new Rig();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => rig.directory.set(v4(ADDRESS), v6(`2001:db8::${i + 1}`), 0)),
    );
    const won = results.filter((result) => result.status === 'fulfilled').map((result) => result.value.v6);
    assert.is(won.length, 1);
    assert.is(rig.mapped(ADDRESS), won[0]);
  },
  'set outside the subnet is kept and says so': async () => {
    const rig = new Rig();
    assert.is((await rig.directory.set(v4('10.9.9.9'), REAL, 0)).problem, 'outside the subnet');
    assert.is(rig.mapped('10.9.9.9'), null);
  },
  'del ends the mapping and its sessions at once; the address may be set again at once': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 0);
    rig.addSessions(ADDRESS, 3);
    assert.equal(await rig.directory.del(v4(ADDRESS)), { sessions: 3 });
    assert.equal(rig.ended.map(formatV4), [ADDRESS]);
    assert.is(rig.mapped(ADDRESS), 'resting');
    assert.is(await rig.directory.get(v4(ADDRESS)), null);
    assert.is((await rig.directory.set(v4(ADDRESS), OTHER, 0)).v6, '2001:db8::aa');
    assert.is(rig.mapped(ADDRESS), '2001:db8::aa');
  },
  'del of nothing': async () => {
    assert.is(await new Rig().directory.del(v4(ADDRESS)), null);
  },
  'del of a record under a static mapping leaves the mapping': async () => {
    const rig = new Rig({
      maps: { [ADDRESS]: '2001:db8::9' },
      store: await storeWith({ [ADDRESS]: formatRecord(OTHER, 0) }),
    });
    await rig.directory.loadAll();
    assert.equal(await rig.directory.del(v4(ADDRESS)), { sessions: 0 });
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
  },
  'property: whatever is called at once, store and table say the same afterwards': async () => {
    const call = fc.record({
      what: fc.constantFrom('allocate', 'set', 'del', 'resolve'),
      n: fc.nat(4),
      real: fc.nat(4),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
        const rig = new Rig({ subnet: '10.2.2.0/29' });
        const { directory } = rig;
        await Promise.allSettled(
          calls.map(({ what, n, real }) => {
            const address = v4(`10.2.2.${n + 2}`);
            if (what === 'allocate') return directory.allocate(v6(`2001:db8::${real + 1}`));
            if (what === 'set') return directory.set(address, v6(`2001:db8::${real + 1}`), 0);
            return what === 'del' ? directory.del(address) : directory.resolve(address);
          }),
        );
        const lines = [...directory.lines()];
        const live = lines.filter((line) => line.v6 !== null).map((line) => `${line.v4} ${line.v6}`);
        assert.equal(
          live.toSorted(),
          (await directory.list()).map((line) => `${line.v4} ${line.v6}`),
        );
        assert.is(directory.free, 5 - lines.length, 'what rests is not free');
      }),
      { numRuns: 200 },
    );
  },
});

table(
  'directory: set refuses what cannot be a mapping, exit 2',
  [
    {
      name: 'network address',
      address: '10.2.2.0',
      real: REAL,
      timeout: 0,
      says: /^10\.2\.2\.0: .*cannot be mapped; choose/,
    },
    { name: 'broadcast address', address: '10.2.2.255', real: REAL, timeout: 0, says: /cannot be mapped/ },
    { name: 'own address', address: '10.2.2.1', real: REAL, timeout: 0, says: /cannot be mapped/ },
    {
      name: 'static mapping',
      address: '10.2.2.8',
      real: REAL,
      timeout: 0,
      says: /^10\.2\.2\.8: --map decides/,
    },
    {
      name: 'multicast',
      address: ADDRESS,
      real: v6('ff02::1'),
      timeout: 0,
      says: /^ff02::1: not a unicast address/,
    },
    {
      name: 'timeout too long',
      address: ADDRESS,
      real: REAL,
      timeout: 0xffffffff,
      says: /^timeout 4294967295: must be/,
    },
    { name: 'timeout negative', address: ADDRESS, real: REAL, timeout: -1, says: /^timeout -1: must be/ },
    { name: 'timeout broken', address: ADDRESS, real: REAL, timeout: 1.5, says: /^timeout 1.5: must be/ },
  ],
  async (row) => {
    const rig = new Rig({ maps: { '10.2.2.8': '2001:db8::8' } });
    await rig.directory.loadAll();
    try {
      await rig.directory.set(v4(row.address), row.real, row.timeout);
      assert.unreachable();
    } catch (error) {
      assert.is((error as Nat46Error).exitCode, 2);
      assert.match((error as Error).message, row.says);
    }
    assert.equal(await rig.directory.list(), []);
  },
);
