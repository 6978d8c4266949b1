/**
 * The Redis store against real servers and Sentinels that stop, hang, restart and fail over: what is lost, and what is not.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { formatV4 } from '../../src/address.ts';
import { openStore } from '../../src/store/open.ts';
import { recordKey } from '../../src/store/record.ts';
import { addressOf, Heard, worldTests } from '../helpers/heard-store.ts';
import { MASTER, RedisWorld, until } from '../helpers/redis.ts';
import { Rig, v4, v6 } from '../store/rig.ts';

const KEY = recordKey(v4('10.144.175.220'));
const VALUE = '00010000000000000000000000022002::10:20:2:206';
const key = (n: number): string => recordKey(v4('10.2.0.0') + n);

worldTests('store rediss: outages', () => RedisWorld.up({ tls: true }), {
  'a server that stops answering is lost, calls fail, and it resumes by itself': async (world, open) => {
    const heard = await open();
    const [server] = world.servers;
    server?.signal('SIGSTOP');
    const begin = Date.now();
    await until('the loss', 10_000, () => heard.said.some((line) => line.startsWith('lost')) || null);
    console.log(`a silent server: lost after ${Date.now() - begin} ms`);
    await heard.store.get(KEY).then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.name, 'StoreLost'),
    );
    server?.signal('SIGCONT');
    await until('the end of it', 5000, () => (heard.said.at(-1) === 'resumed' ? true : null));
    assert.is(heard.said.filter((line) => line.startsWith('lost')).length, 1, heard.said.join('\n'));
  },

  'a restart loses what was not saved, and the listener is told that it may be': async (world, open) => {
    const heard = await open();
    const [server] = world.servers;
    await server?.kill();
    await until(
      'the loss',
      5000,
      () => heard.said.some((line) => /^lost: .*connection refused/.test(line)) || null,
    );
    server?.start();
    await until('the end of it', 5000, () => (heard.said.at(-1) === 'resumed: another server' ? true : null));
  },
});

worldTests('store sentinels, TLS: failover', () => RedisWorld.up({ tls: true, servers: 2, sentinels: 3 }), {
  'the master is found without its name, and another one after it is killed': async (world, open) => {
    const heard = await open();
    assert.is(await heard.store.setnx(KEY, VALUE), true);
    await world.cli(['WAIT', '1', '1000'], await world.master());
    const old = await world.master();
    await old.kill();
    await world.promotedInsteadOf(old);
    const begin = Date.now();
    const claimed = await until('a claim', 20_000, () =>
      heard.store.claim([key(1)], VALUE).catch(() => null),
    );
    console.log(`new names resume ${Date.now() - begin} ms after the promotion`);
    assert.is(claimed.isNew, true);
    assert.is(await heard.store.get(KEY), VALUE, 'what was replicated is there');
    // A link that is made anew afterwards, to the same one, may be told behind it.
    assert.ok(heard.said.includes('resumed: another server'), heard.said.join('; '));
    assert.not.match(heard.said.join('\n'), /entinels are|Retrying|retries/, 'in our own words');
    heard.changed.length = 0;
    await world.cli(['DEL', KEY], await world.master());
    await until('the change, heard from the new master', 1000, () => heard.changed.includes(KEY) || null);
  },
});

worldTests('store sentinels: a move to another master', () => RedisWorld.up({ servers: 2, sentinels: 3 }), {
  'while all servers are up is no failure that is told': async (world, open) => {
    const heard = await open();
    const old = await world.master();
    await world.cli(['SENTINEL', 'FAILOVER', MASTER], world.sentinels[0]);
    await world.promotedInsteadOf(old);
    await until('the move', 20_000, () => (heard.said.at(-1) === 'resumed: another server' ? true : null));
    assert.equal(
      heard.said.filter((line) => line.startsWith('lost')),
      [],
    );
  },
});

worldTests(
  'store sentinels: a failover that loses what was confirmed',
  () => RedisWorld.up({ servers: 2, sentinels: 3 }),
  {
    'each gateway writes again what it knows; nothing changes for anybody': async (world) => {
      const rig = new Rig({ store: await openStore(addressOf(world.uri, world.environment), 'one') });
      try {
        await rig.directory.loadAll();
        const allocate = async (n: number): Promise<string> => {
          const found = await rig.directory.allocate(v6(`2001:db8::${n}`));
          return 'v4' in found ? formatV4(found.v4) : 'exhausted';
        };
        const before = [await allocate(1), await allocate(2)];
        const [master, replica] = world.servers;
        await world.cli(['WAIT', '1', '1000'], master);
        await world.cli(['CONFIG', 'SET', 'masterauth', 'wrong'], replica); // the master has no password
        await world.cli(['CLIENT', 'KILL', 'TYPE', 'master'], replica);
        await until(
          'the replica on its own',
          10_000,
          async () =>
            (await world.cli(['INFO', 'replication'], master)).includes('connected_slaves:0') || null,
        );
        before.push(await allocate(3), await allocate(4), await allocate(5));
        await master?.kill();
        const next = await world.promotedInsteadOf(master!);
        await until(
          'the end of the outage',
          20_000,
          () => rig.logged.some(({ message }) => message === 'store works again') || null,
        );
        assert.is(rig.counts.rewritten, 3, 'those that were lost');
        const stored = (await world.cli(['KEYS', '*'], next)).split('\n');
        assert.equal(stored.toSorted(), before.map((address) => recordKey(v4(address))).toSorted());
        assert.equal([await allocate(1), await allocate(5)], [before[0], before[4]]);
      } finally {
        await rig.store.close();
      }
    },
  },
);

/**
 * Sentinels that are cut off: they heard of no failover, and name the master of before. Each reconnection asks another one:
 * there are more of them than there are news of the failover.
 */
async function cutOff(port: number): Promise<{ at: string; close: () => void }> {
  const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      // *2 $8 SENTINEL $9 sentinels …: commands, each with its words
      for (const command of String(chunk)
        .split(/^\*\d+\r\n/m)
        .slice(1)) {
        const words = command.split('\r\n').filter((_, i) => i % 2 === 1);
        const isAsked = words[1] === 'get-master-addr-by-name';
        const isList = words[1] === 'sentinels';
        socket.write(
          isAsked ? `*2\r\n${bulk('127.0.0.1')}${bulk(String(port))}` : isList ? '*0\r\n' : '+OK\r\n',
        );
      }
    });
  });
  server.listen(0);
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  const at = [1, 2, 3, 4, 5, 6].map((n) => `127.0.0.${n}:${own}`).join();
  return { at, close: () => server.close() };
}

worldTests('store sentinels: some of them are cut off', () => RedisWorld.up({ servers: 2, sentinels: 3 }), {
  'they name the former master still: who was told of the failover does not follow them': async (world) => {
    const old = await world.master();
    const sentinel = await cutOff(old.port);
    await world.cli(['ACL', 'SETUSER', 'default', '-replicaof', '-slaveof'], old); // nobody makes it a replica
    const uri = `${world.uri.replace('sentinel://', `sentinel://${sentinel.at},`)}/${MASTER}`;
    const heard = await Heard.of(uri, {});
    try {
      await world.cli(['SENTINEL', 'FAILOVER', MASTER], world.sentinels[0]);
      const next = await world.promotedInsteadOf(old);
      await until('the new server', 20_000, () =>
        heard.said.at(-1) === 'resumed: another server' ? true : null,
      );
      assert.is((await heard.store.claim([key(1)], VALUE))?.isNew, true);
      assert.is(await world.cli(['GET', key(1)], next), VALUE);
      assert.match(await world.cli(['ROLE'], old), 'master');
    } finally {
      await heard.store.close();
      sentinel.close();
    }
  },
});

worldTests('store sentinels: a failover on purpose', () => RedisWorld.up({ servers: 2, sentinels: 3 }), {
  'the old master lives on as a replica; the gateway goes to the new one': async (world, open) => {
    const heard = await open();
    const old = await world.master();
    await world.cli(['SENTINEL', 'FAILOVER', MASTER], world.sentinels[0]);
    const next = await world.promotedInsteadOf(old);
    await until('the new server', 20_000, () =>
      heard.said.at(-1) === 'resumed: another server' ? true : null,
    );
    assert.is((await heard.store.claim([key(1)], VALUE))?.isNew, true);
    assert.is(await world.cli(['GET', key(1)], next), VALUE);
  },
});
