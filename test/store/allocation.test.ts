/** Allocation of synthetic addresses: stable, idempotent, exhausted. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { formatV4 } from '../../src/address.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { formatRecord, parseKey, recordKey } from '../../src/store/record.ts';
import { tests } from '../helpers/table.ts';
import { Rig, v4, v6 } from './rig.ts';

const host = (n: number): Uint8Array => v6(`2001:db8::${n.toString(16)}`);

async function given(rig: Rig, real: Uint8Array): Promise<string> {
  const result = await rig.directory.allocate(real);
  return 'v4' in result ? formatV4(result.v4) : 'exhausted';
}

/** Answers late and in any order, as a store behind a network does. */
class SlowStore extends MemoryStore {
  #turn = 0;

  override async setnx(key: string, value: string): Promise<boolean> {
    for (let i = this.#turn++ % 7; i > 0; i--) await Promise.resolve();
    return super.setnx(key, value);
  }
}

tests('allocation', {
  'is in the store and in the table before it is answered, and lasts 7200 s': async () => {
    const rig = new Rig();
    const address = await given(rig, host(1));
    const record = await rig.directory.get(v4(address));
    assert.is(record?.value, '000100001c2000000000000000022001:db8::1');
    assert.is(rig.mapped(address), '2001:db8::1');
    assert.is(rig.counts.allocated, 1);
  },
  'the same address for the same name, after a total loss of store and table too': async () => {
    const first = await given(new Rig(), host(7));
    assert.is(await given(new Rig(), host(7)), first);
  },
  'the address a name has is given again, without asking the store': async () => {
    const rig = new Rig();
    const first = await given(rig, host(7));
    rig.store.setnx = () => Promise.reject(new Error('not to be asked'));
    assert.is(await given(rig, host(7)), first);
    assert.is(rig.counts.allocated, 1);
  },
  'a static mapping is the answer for its name, even outside the subnet': async () => {
    const rig = new Rig({ maps: { '192.0.2.9': '2001:db8::9' } });
    await rig.directory.loadAll();
    assert.is(await given(rig, host(9)), '192.0.2.9');
    assert.equal(await rig.directory.list(), []);
  },
  'property: 10,000 concurrent calls for 1,000 names give 1,000 addresses, one each [81]': async () => {
    const rig = new Rig({ subnet: '10.2.0.0/21', store: new SlowStore() });
    const calls = Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 1_000);
    const results = await Promise.all(calls.map((n) => given(rig, host(n + 1))));
    const byName = new Map<number, Set<string>>();
    for (const [i, n] of calls.entries()) {
      byName.set(n, (byName.get(n) ?? new Set()).add(results[i] ?? ''));
    }
    assert.is(byName.size, 1_000);
    assert.ok([...byName.values()].every((addresses) => addresses.size === 1));
    assert.is(new Set(results).size, 1_000);
    assert.is((await rig.directory.list()).length, 1_000);
    assert.is(rig.counts.allocated, 1_000);
    assert.is(rig.directory.free, 2_048 - 3 - 1_000);
  },
  'property: two gateways on one store never give one address to two names, nor two to one [81]':
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(12)), { maxLength: 60 }), async (calls) => {
          const store = new SlowStore();
          const rigs = [new Rig({ subnet: '10.2.2.0/28', store }), new Rig({ subnet: '10.2.2.0/28', store })];
          const names = new Map<string, string>();
          const results = await Promise.all(
            calls.map(
              async ([second, n]) => [n, await given(rigs[second ? 1 : 0] as Rig, host(n + 1))] as const,
            ),
          );
          for (const [n, address] of results) {
            assert.is.not(address, 'exhausted');
            const key = recordKey(v4(address));
            assert.is(await store.get(key), formatRecord(host(n + 1), 7200));
            assert.is(names.get(address) ?? `${n}`, `${n}`);
            names.set(address, `${n}`);
          }
          assert.is(names.size, new Set(calls.map(([, n]) => n)).size);
        }),
        { numRuns: 50 },
      );
    },
});

tests('allocation: collisions', {
  'the next free slot is taken': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/28' });
    const addresses = [];
    for (let n = 1; n <= 13; n++) addresses.push(await given(rig, host(n)));
    assert.is(new Set(addresses).size, 13);
    assert.not(
      addresses.includes('10.2.2.0') || addresses.includes('10.2.2.1') || addresses.includes('10.2.2.15'),
    );
  },
  'a record that appeared in the store meanwhile is taken into the table, and the next slot tried':
    async () => {
      const preferred = await given(new Rig(), host(1));
      const rig = new Rig();
      await rig.store.setnx(recordKey(v4(preferred)), formatRecord(host(2), 0));
      const address = await given(rig, host(1));
      assert.is.not(address, preferred);
      assert.is(rig.mapped(preferred), '2001:db8::2');
      assert.is(await given(rig, host(2)), preferred);
    },
  'a record another gateway made for the same name is the answer': async () => {
    const preferred = await given(new Rig(), host(1));
    const rig = new Rig();
    await rig.store.setnx(recordKey(v4(preferred)), formatRecord(host(1), 60));
    assert.is(await given(rig, host(1)), preferred);
    assert.is(rig.counts.allocated, 0);
    assert.is((await rig.directory.get(v4(preferred)))?.timeout_sec, 60);
  },
  'a malformed record keeps its slot, is counted and logged once': async () => {
    const preferred = await given(new Rig(), host(1));
    const rig = new Rig();
    await rig.store.setnx(recordKey(v4(preferred)), 'garbage');
    assert.is.not(await given(rig, host(1)), preferred);
    await rig.directory.resolve(v4(preferred));
    assert.is(rig.counts.malformed, 1);
    assert.is(rig.logged.filter((line) => line.message === 'record is not translated').length, 1);
    assert.is(await rig.store.get(recordKey(v4(preferred))), 'garbage');
  },
  'a slot of which a miss is remembered is free': async () => {
    const preferred = await given(new Rig(), host(1));
    const rig = new Rig();
    assert.is(await rig.directory.resolve(v4(preferred)), false);
    assert.is(rig.mapped(preferred), 'miss');
    assert.is(await given(rig, host(1)), preferred);
  },
});

tests('allocation: exhaustion', {
  'four addresses and five names: the fifth finds none, the four keep theirs': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/29', reservedStatic: 2 });
    assert.is(rig.directory.free, 4);
    const four = [];
    for (let n = 1; n <= 4; n++) four.push(await given(rig, host(n)));
    assert.equal(four.toSorted(), ['10.2.2.3', '10.2.2.4', '10.2.2.5', '10.2.2.6']);
    assert.is(rig.directory.free, 0);
    assert.is(await given(rig, host(5)), 'exhausted');
    assert.is(rig.counts.exhausted, 1);
    for (let n = 1; n <= 4; n++) assert.is(await given(rig, host(n)), four[n - 1]);
    assert.is((await rig.directory.list()).length, 4);
  },
  'an address that is freed by hand rests 300 s before another name gets it, its own gets it at once [82]':
    async () => {
      const rig = new Rig({ subnet: '10.2.2.0/30' });
      const only = await given(rig, host(1));
      await rig.directory.del(v4(only));
      assert.is(rig.mapped(only), 'resting');
      assert.is(await given(rig, host(2)), 'exhausted');
      assert.is(await given(rig, host(1)), only);
      await rig.directory.del(v4(only));
      rig.clock.sec += 299;
      await rig.directory.expire();
      assert.is(await given(rig, host(2)), 'exhausted');
      rig.clock.sec += 1;
      await rig.directory.expire();
      assert.is(await given(rig, host(2)), only);
    },
  'and as long as an answer may be remembered, if that is longer [82]': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/30' });
    const only = await given(rig, host(1));
    rig.directory.answered(v4(only), host(1), 1_000);
    await rig.directory.del(v4(only));
    rig.clock.sec += 1_059;
    await rig.directory.expire();
    assert.is(await given(rig, host(2)), 'exhausted');
    rig.clock.sec += 1;
    await rig.directory.expire();
    assert.is(await given(rig, host(2)), only);
  },
  'records in the reserved head do not use up the dynamic part': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/29', reservedStatic: 2 });
    await rig.directory.set(v4('10.2.2.2'), host(9), 0);
    assert.is(rig.directory.free, 4);
    await rig.directory.set(v4('10.2.2.3'), host(10), 0);
    assert.is(rig.directory.free, 3);
  },
  'a full table leaves no record behind': async () => {
    const rig = new Rig({ rows: 2 });
    await given(rig, host(1));
    await given(rig, host(2));
    assert.is(await given(rig, host(3)), 'exhausted');
    assert.is((await rig.directory.list()).length, 2);
  },
  'nor when it fills while the store is asked': async () => {
    const rig = new Rig({ rows: 2, store: new SlowStore() });
    const all = await Promise.all([1, 2, 3, 4, 5].map((n) => given(rig, host(n))));
    assert.is(all.filter((address) => address === 'exhausted').length, 3);
    assert.is((await rig.directory.list()).length, 2);
  },
  'remembered misses leave room for mappings': async () => {
    const rig = new Rig({ rows: 16 });
    for (let n = 2; n < 200; n++) await rig.directory.resolve(v4(`10.2.2.${n}`));
    assert.ok(rig.table.size() <= 2, `${rig.table.size()} rows`);
    for (let n = 1; n <= 14; n++) assert.is.not(await given(rig, host(n)), 'exhausted');
  },
});

tests('allocation: a store that fails', {
  'is an error of this call, and the next one works again': async () => {
    const rig = new Rig();
    const { setnx } = rig.store;
    rig.store.setnx = () => Promise.reject(new Error('disk full'));
    await rig.directory.allocate(host(1)).then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.message, 'disk full'),
    );
    rig.store.setnx = setnx;
    assert.is.not(await given(rig, host(1)), 'exhausted');
    assert.equal(
      (await rig.directory.list()).map((line) => parseKey(line.key) !== null),
      [true],
    );
  },
});
