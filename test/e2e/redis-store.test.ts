/**
 * The Redis store against a real server, over TLS with client certificates: what every store promises, and what many gateways
 * need of one.
 */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { GatewayGroup } from '../../src/store/group.ts';
import { openStore } from '../../src/store/open.ts';
import { KEY_PREFIX, recordKey } from '../../src/store/record.ts';
import type { Store } from '../../src/store/store.ts';
import { addressOf, Heard, worldTests } from '../helpers/heard-store.ts';
import { RedisWorld, until } from '../helpers/redis.ts';
import { Rig, v4, v6 } from '../store/rig.ts';

const KEY = recordKey(v4('10.144.175.220'));
const VALUE = '00010000000000000000000000022002::10:20:2:206';
const record = (real: string): string => `000100001c200000000000000002${real}`;
const key = (n: number): string => recordKey(v4('10.2.0.0') + n);

/** Retire a record whose use everybody had time to tell of: the first call gives that time. */
async function retired(world: RedisWorld, store: Store, name: string): Promise<number> {
  assert.ok((await store.retire(name)) > 0);
  await world.cli(['-n', '1', 'ZADD', 'nat46:alive', '1', name.slice(KEY_PREFIX.length)]);
  return store.retire(name);
}

async function all(store: Store): Promise<string[]> {
  const records: string[] = [];
  for await (const stored of store.load()) records.push(`${stored.key} ${stored.value}`);
  return records;
}

worldTests(
  'store rediss, client certificate and password',
  () => RedisWorld.up({ tls: true, password: 'pass' }),
  {
    'get gives what setnx wrote, byte for byte; setnx never writes twice; del says whether there was something':
      async (_world, open) => {
        const { store } = await open();
        assert.is(await store.get(KEY), null);
        assert.is(await store.setnx(KEY, VALUE), true);
        assert.is(await store.setnx(KEY, 'other'), false);
        assert.is(await store.get(KEY), VALUE);
        assert.is(await store.del(KEY), true);
        assert.is(await store.del(KEY), false);
      },

    'load gives 3,000 mapping records and nothing else, ordered by key': async (world, open) => {
      const { store } = await open();
      const keys = Array.from({ length: 3000 }, (_, n) => key(n));
      await Promise.all(keys.map((one) => store.setnx(one, VALUE)));
      await world.cli(['SET', 'other', 'x']);
      assert.equal(
        await all(store),
        keys.toSorted().map((one) => `${one} ${VALUE}`),
      );
    },

    'the documented procedure: what redis-cli writes and deletes is heard of at once': async (
      world,
      open,
    ) => {
      const heard = await open();
      const timed = async (argv: string[]): Promise<number> => {
        heard.changed.length = 0;
        const reply = await world.cli(argv);
        assert.is(reply, '1');
        const begin = Date.now();
        await until('the change', 10_000, () => heard.changed.includes(KEY) || null);
        return Date.now() - begin;
      };
      const setMs = await timed(['SETNX', KEY, VALUE]);
      assert.is(await world.cli(['SETNX', KEY, VALUE]), '0', 'no update of an existing record');
      assert.is(await world.cli(['KEYS', '*']), KEY);
      assert.is(await heard.store.get(KEY), VALUE);
      console.log(`redis-cli: SETNX heard of after ${setMs} ms, DEL after ${await timed(['DEL', KEY])} ms`);
    },

    'database 0 has mapping records only, whatever was done': async (world, open) => {
      const { store } = await open();
      await store.claim([key(1), key(2)], record('2001:db8::1'));
      await store.claim([key(1), key(2)], record('2001:db8::2'));
      await store.prolong([{ key: key(1), sec: 100 }]);
      await retired(world, store, key(2));
      assert.is(await world.cli(['KEYS', '*']), key(1));
      assert.equal((await world.cli(['-n', '1', 'KEYS', '*'])).split('\n').toSorted(), [
        'nat46:alive',
        'nat46:rest:10.2.0.2',
      ]);
    },

    'property: two gateways claim at once, and one real v6 gets one key and one key one real v6 [81]': async (
      _world,
      open,
    ) => {
      const stores = [(await open()).store, (await open()).store];
      const offer = (n: number): string[] => Array.from({ length: 8 }, (_, i) => key((n * 3 + i) % 400));
      const claims = await Promise.all(
        Array.from({ length: 600 }, async (_, i) => {
          const n = i % 100;
          const claim = await stores[i % 2]!.claim(offer(n), record(`2001:db8::${(n + 1).toString(16)}`));
          return [n, claim?.key] as const;
        }),
      );
      const byName = new Map<number, Set<string | undefined>>();
      for (const [n, found] of claims) byName.set(n, (byName.get(n) ?? new Set()).add(found));
      assert.ok([...byName.values()].every((keys) => keys.size === 1 && !keys.has(undefined)));
      assert.is(new Set(claims.map(([, found]) => found)).size, 100);
      assert.is((await all(stores[0]!)).length, 100);
    },

    'a claim finds the record of its real v6 behind a free key, in either envelope': async (_world, open) => {
      const { store } = await open();
      await store.setnx(key(2), 'V0010001xS2001:db8::9');
      assert.equal(await store.claim([key(1), key(2)], record('2001:db8::9')), { key: key(2), isNew: false });
      await store.setnx(key(3), record('2001:DB8::A'));
      assert.equal(await store.claim([key(1), key(3)], record('2001:db8::a')), { key: key(3), isNew: false });
    },

    'all keys are others: null': async (_world, open) => {
      const { store } = await open();
      await store.setnx(key(1), record('2001:db8::1'));
      assert.is(await store.claim([key(1)], record('2001:db8::2')), null);
    },

    'a retired key rests for others, on every gateway [82]': async (world, open) => {
      const [one, other] = [(await open()).store, (await open()).store];
      await one.claim([key(1), key(2)], record('2001:db8::1'));
      assert.is(await retired(world, one, key(1)), 0);
      assert.equal(await other.claim([key(1), key(2)], record('2001:db8::2')), { key: key(2), isNew: true });
      assert.equal(await other.claim([key(3), key(1)], record('2001:db8::1')), { key: key(1), isNew: true });
    },

    'the address of a record that somebody deleted rests with gateways that never knew it, too [82]': async (
      world,
      open,
    ) => {
      const address = addressOf(world.uri, world.environment);
      const rig = new Rig({ store: await openStore(address, 'knows it') });
      try {
        await rig.directory.loadAll();
        for (const [name, way] of [
          ['10.2.2.5', 'redis-cli'],
          ['10.2.2.6', 'dssm'],
        ] as const) {
          const freed = recordKey(v4(name));
          await rig.directory.set(v4(name), v6('2001:db8::1'), 0);
          if (way === 'dssm') await rig.directory.del(v4(name));
          else await world.cli(['DEL', freed]);
          const rest = () => world.cli(['-n', '1', 'GET', `nat46:rest:${name}`]);
          await until(`its rest, ${way}`, 5000, async () => (await rest()) || null);
          const { store } = await open();
          assert.is(await store.claim([freed], record('2001:db8::2')), null, way);
          assert.equal(await store.claim([freed], record('2001:db8::1')), { key: freed, isNew: true }, way);
          await rig.directory.del(v4(name));
        }
      } finally {
        await rig.store.close();
      }
    },

    'a key that has a record again does not rest': async (world, open) => {
      const { store } = await open();
      await store.setnx(key(1), record('2001:db8::2'));
      await store.rest(key(1), v6('2001:db8::1'));
      assert.is(await world.cli(['-n', '1', 'KEYS', '*']), '');
    },

    'a record that another gateway uses is not retired': async (_world, open) => {
      const [one, other] = [(await open()).store, (await open()).store];
      await one.setnx(key(1), record('2001:db8::1'));
      await other.prolong([{ key: key(1), sec: 100 }]);
      await other.prolong([{ key: key(1), sec: 5 }]); // a shorter life takes nothing back
      const left = await one.retire(key(1));
      assert.ok(left > 90 && left <= 110, `${left}`);
      assert.is(await one.get(key(1)), record('2001:db8::1'));
    },

    'a mapping that one gateway uses does not end on another, and ends on all when nobody does [82]': async (
      world,
    ) => {
      const rigs: Rig[] = [];
      for (const name of ['one', 'other']) {
        const rig = new Rig({ store: await openStore(addressOf(world.uri, world.environment), name) });
        await rig.directory.loadAll();
        rigs.push(rig);
      }
      const [one, other] = rigs as [Rig, Rig];
      const address = '10.2.2.9';
      const swept = async (rig: Rig): Promise<void> => {
        for (let i = 0; i < 61; i++) await rig.directory.expire();
      };
      try {
        await one.directory.set(v4(address), v6('2001:db8::9'), 60);
        await until('the record on the other', 5000, () => other.mapped(address));
        one.addSessions(address, 1);
        await one.directory.expire(); // tells it
        other.clock.sec += 61;
        await swept(other);
        assert.is(other.mapped(address), '2001:db8::9');
        one.addSessions(address, -1);
        await world.cli(['-n', '1', 'ZADD', 'nat46:alive', '1', address]); // its time goes by
        other.clock.sec += 200;
        await swept(other);
        assert.is(other.mapped(address), 'resting');
        await until('its end on the other', 5000, () => (one.mapped(address) === 'resting' ? true : null));
        assert.is(await world.cli(['KEYS', '*']), '');
      } finally {
        for (const { store } of rigs) await store.close();
      }
    },

    'a master that was made a replica is left at its first refusal, and found again when it is one': async (
      world,
      open,
    ) => {
      const { said, store } = await open();
      await world.cli(['REPLICAOF', '127.0.0.1', '1']);
      try {
        await store.setnx(KEY, VALUE).then(
          () => assert.unreachable(),
          (error: Error) => assert.is(error.name, 'StoreLost'),
        );
        await until('the loss', 10_000, () => (said.some((line) => line.startsWith('lost: ')) ? true : null));
      } finally {
        await world.cli(['REPLICAOF', 'NO', 'ONE']);
      }
      await until('the store', 20_000, () => (said.at(-1) === 'resumed: another server' ? true : null));
      assert.is(said.filter((line) => line.startsWith('lost: ')).length, 1, said.join());
    },

    'an address has one gateway; the journal is written with its token only, and an orphan is inherited':
      async (world) => {
        const open = async (gateway: string, subnet = ''): Promise<Store> => {
          const store = await openStore(addressOf(world.uri, world.environment), gateway, subnet);
          await store.ready();
          return store;
        };
        const stores = [await open('one'), await open('one-more')] as const;
        const [one, other] = stores.map(({ group }) => group) as [GatewayGroup, GatewayGroup];
        try {
          const home = { address: '2001:db8::1', isHome: true };
          const [token = 0] = await one.lease([home]);
          assert.ok(token > 0);
          assert.equal(await one.lease([home]), [token], 'prolonged');
          assert.is(await one.since(home.address), 0);
          assert.is(await one.resign(), false, 'no other is alive');
          assert.equal(await other.lease([home]), [0]);
          assert.is(await one.resign(), true);
          assert.is(await other.resign(), false, 'who resigned is not counted');
          assert.equal(await one.lease([]), [], 'the sign that it is alive');
          assert.is(await other.resign(), true);
          const journal = async () => Object.fromEntries(await other.read(home.address));
          const changes = { put: [['s', 'r'] as const, ['t', 'q'] as const], remove: ['u'] };
          assert.is(await other.write(home.address, token, changes), false);
          assert.is(await one.write(home.address, token + 1, changes), false);
          assert.is(await one.write(home.address, token, changes), true);
          assert.equal(await journal(), { s: 'r', t: 'q' });
          const asked = [home.address, '2001:db8::2'];
          assert.equal(await one.elsewhere(asked), []);
          assert.equal(await other.elsewhere(asked), [home.address]);
          assert.equal(await other.orphans(), []);
          assert.equal(await one.orphans(), [home.address], 'its own, for when it starts again');
          assert.is(await other.clear(home.address, token), false);
          assert.is(await one.clear(home.address, token + 1), false);
          assert.equal(await journal(), { s: 'r', t: 'q' });
          const many = Array.from({ length: 5000 }, (_, n) => [`session ${n}`, `${n}`] as const);
          assert.is(await one.write(home.address, token, { put: many, remove: ['s', 't'] }), true);
          assert.equal(await journal(), Object.fromEntries(many), 'more than one answer brings');
          assert.is(await one.clear(home.address, token), true);
          assert.equal(await journal(), {});
          assert.is(await one.write(home.address, token, changes), true);
          await one.release(home.address);
          assert.equal(await other.orphans(), [], 'the one that is configured with it waits for it');
          await world.cli(['-n', '1', 'DEL', `nat46:want:${home.address}`]);
          assert.equal(await other.orphans(), [home.address]);
          const stranger = await open('stranger', '10.244.60.0/24');
          assert.equal(await stranger.group?.orphans(), [], 'one of another subnet could not serve it');
          await stranger.close();
          const inherited = { ...home, isHome: false };
          const [second = 0] = await other.lease([inherited]);
          assert.ok(second > token, 'a newer token');
          assert.is(await other.since(home.address), second);
          assert.equal(await one.lease([home]), [0]);
          assert.equal(await other.lease([inherited]), [-second], 'its home is back');
          assert.is(await other.write(home.address, second, { put: [], remove: ['s', 't'] }), true);
          await other.release(home.address);
          const [third = 0] = await one.lease([home]);
          assert.ok(third > second);
          assert.is(await one.since(home.address), third);
          await one.release(home.address);
          assert.ok(((await one.lease([home]))[0] ?? 0) > third);
          assert.is(await one.since(home.address), third, 'nobody had it in between');
          assert.ok(Number(await world.cli(['-n', '1', 'PTTL', `nat46:lease:${home.address}`])) > 3000);
        } finally {
          for (const store of stores) await store.close();
        }
      },

    'who counts as alive: not whose time is over, nor who is said to live longer than a lease': async (
      world,
      open,
    ) => {
      const { group } = (await open()).store;
      assert.ok(group);
      await group.lease([]);
      const names = () => world.cli(['-n', '1', 'ZRANGE', 'nat46:gateways:', '0', '-1']);
      const [sec = ''] = (await world.cli(['TIME'])).split('\n');
      for (const score of ['1', `${sec}000`, '99999999999999']) {
        await world.cli(['-n', '1', 'ZADD', 'nat46:gateways:', score, 'ghost']);
        assert.is(await group.resign(), false, score);
        await world.cli(['-n', '1', 'ZADD', 'nat46:gateways:', score, 'ghost']);
        await group.lease([]);
        assert.is(await names(), 'gw', 'a beat strikes it out, too');
      }
      const stranger = await openStore(addressOf(world.uri, world.environment), 'stranger', '10.9.0.0/16');
      await stranger.ready();
      await stranger.group?.lease([]);
      await stranger.close();
      assert.is(await group.resign(), false, 'one of another subnet could take nothing over');
      await group.leave();
      assert.is(await names(), '', 'who leaves does not ask whether there is another');
    },

    'a full Redis: leases are prolonged, though it takes no names': async (world, open) => {
      const { group } = (await open()).store;
      assert.ok(group);
      const home = { address: '2001:db8::7', isHome: true };
      const [token] = await group.lease([home]);
      await world.cli(['-n', '1', 'PEXPIRE', `nat46:lease:${home.address}`, '1000']);
      await world.cli(['CONFIG', 'SET', 'maxmemory', '1']);
      try {
        assert.equal(await group.lease([home]), [token]);
        assert.equal(await group.lease([]), []);
        assert.ok(Number(await world.cli(['-n', '1', 'PTTL', `nat46:lease:${home.address}`])) > 3000);
      } finally {
        await world.cli(['CONFIG', 'SET', 'maxmemory', '0']);
      }
    },

    'a store that lost its memory, or has an older one again, gives no token twice': async (world, open) => {
      const { group } = (await open()).store;
      assert.ok(group);
      const home = { address: '2001:db8::8', isHome: true };
      for (const fence of [null, '7']) {
        await world.cli(['FLUSHALL']);
        if (fence !== null) await world.cli(['-n', '1', 'SET', 'nat46:fence', fence]);
        const [sec] = (await world.cli(['TIME'])).split('\n');
        const [token = 0] = await group.lease([home]);
        assert.ok(token >= Number(sec), `${token}`);
        assert.is(await world.cli(['-n', '1', 'GET', 'nat46:fence']), `${token}`);
        assert.is(await group.write(home.address, token, { put: [['s', 'r']], remove: [] }), true);
        await group.release(home.address);
        assert.ok(((await group.lease([home]))[0] ?? 0) > token);
      }
    },

    'certificates are read again: a connection made afterwards uses the new ones': async (world, open) => {
      const heard = await open();
      const at = (name: string): string => path.join(world.folder, name);
      copyFileSync(at('client.crt'), at('kept.crt'));
      copyFileSync(at('client.key'), at('kept.key'));
      copyFileSync(at('other-client.crt'), at('client.crt'));
      assert.throws(
        () => heard.store.reload(),
        /certificates cannot be used/,
        'a key of another certificate',
      );
      copyFileSync(at('other-client.key'), at('client.key'));
      heard.store.reload();
      await heard.store.get(KEY); // the old connection goes on
      const kill = async (): Promise<void> => {
        for (const name of ['kept.crt', 'kept.key'])
          copyFileSync(at(name), at(name.replace('kept', 'client')));
        await world.cli(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      };
      await kill();
      await until(
        'the refusal',
        5000,
        () => heard.said.some((line) => line.includes('refuses the client certificate')) || null,
      );
      heard.store.reload();
      await until('the end of it', 5000, () => (heard.said.at(-1) === 'resumed' ? true : null));
      assert.is(await heard.store.get(KEY), null);
    },
  },
);

worldTests(
  'store redis: a user who may not configure notices',
  () => RedisWorld.up({ lines: ['user plain on >pw ~* &* +@all -config'] }),
  {
    'says so once, and everything is compared every second instead': async (world) => {
      const heard = await Heard.of(world.uri.replace('redis://', 'redis://plain:pw@'), {});
      try {
        await until('two comparisons', 5000, () => (heard.compared >= 2 ? true : null));
        assert.equal(heard.said.filter((line) => line.startsWith('deaf')).length, 1);
        assert.match(heard.said[0] ?? '', /NOPERM/);
      } finally {
        await heard.store.close();
      }
    },
  },
);
