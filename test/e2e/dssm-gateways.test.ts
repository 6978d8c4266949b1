/**
 * One DNS gateway, two data gateways, one store behind Sentinels over TLS: the documented procedure, names resolved on one
 * and used through another, the death of the master, and a network that parts them from the store for a minute.
 */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type DssmLab, dssmTests } from '../helpers/dssm-lab.ts';
import type { Gateway } from '../helpers/gateway.ts';
import { until } from '../helpers/redis.ts';

const V4 = '10.244.50.220';
const KEY = `0073c3b6eft_dns46${V4}`;
/** Not the address that was deleted: that one rests, and the web server gets it back. */
const FRESH_V4 = '10.244.50.221';
const FRESH_KEY = `0073c3b6eft_dns46${FRESH_V4}`;
const PARTITION_MS = 60_000;
const UNREACHABLE = 7;

const recordOf = (dssm: DssmLab): string =>
  `0001${'0'.repeat(8)}${'2'.padStart(16, '0')}${dssm.lab.name('WEB')}`;

/** Pings from cl1 at 200 a second, from now until `end` is called. @returns lost packets then */
function pings(dssm: DssmLab, address: string): { end: () => Promise<{ sent: number; lost: number }> } {
  const ping = dssm.lab.spawn('cl1', ['ping', '-q', '-n', '-i', '0.005', '-W', '2', address]);
  let output = '';
  ping.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const end = async (): Promise<{ sent: number; lost: number }> => {
    const closed = once(ping, 'close');
    ping.kill('SIGINT'); // it prints its sum then
    await closed;
    const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
    const lost = Number(sent) - Number(received);
    return { sent: Number(sent), lost: lost === 1 ? 0 : lost }; // the last one had no time to come back
  };
  return { end };
}

/** The A record that gwdns gives, or the status and extended error of the reply. */
async function asked(dssm: DssmLab, name: string): Promise<string> {
  const { stdout } = await dssm.lab.exec('cl1', [
    'kdig',
    '+timeout=5',
    '+edns',
    `@${dssm.lab.name('RESOLVER')}`,
    name,
    'A',
  ]);
  const address = /^[^;].*\sIN\s+A\s+(\S+)$/m.exec(stdout)?.[1];
  if (address) return address;
  const status = /status: (\w+)/.exec(stdout)?.[1] ?? 'no reply';
  const ede = /EDE: (\d+)/.exec(stdout)?.[1];
  return ede ? `${status} EDE ${ede}` : status;
}

/** Take the gateways off the bridge to the store, or back: what they send is dropped, as behind a broken network. */
async function parted(dssm: DssmLab, isParted: boolean): Promise<void> {
  for (const port of ['gw', 'gw2', 'gwdns']) {
    const how = isParted ? ['nomaster'] : ['master', 'bridge0'];
    await dssm.lab.ok('db', ['ip', 'link', 'set', port, ...how]);
  }
}

async function unmapped(dssm: DssmLab): Promise<true | null> {
  return (await dssm.curl(`http://${V4}/`, '--connect-timeout', '2')).code === UNREACHABLE || null;
}

let gw: Gateway;

dssmTests(
  'dSSM: one DNS gateway, two data gateways',
  async (dssm) => {
    [gw] = await Promise.all([dssm.start('gw'), dssm.start('gw2'), dssm.start('gwdns')]);
  },
  {
    'the documented procedure, typed with redis-cli --tls': async (dssm) => {
      assert.is(await unmapped(dssm), true);
      assert.is(await dssm.cli('SETNX', KEY, recordOf(dssm)), '1');
      assert.is(await dssm.cli('KEYS', '*'), KEY);
      const set = Date.now();
      await until('the connection', 10_000, async () =>
        (await dssm.curl(`http://${V4}/`)).code === 0 ? true : null,
      );
      const setMs = Date.now() - set;
      assert.is(await dssm.cli('SETNX', KEY, recordOf(dssm)), '0', 'no update of an existing entry');
      assert.is(await dssm.cli('DEL', KEY), '1');
      const deleted = Date.now();
      await until('the refusal', 10_000, () => unmapped(dssm));
      console.log(`redis-cli, and curl with all its time: SETNX ${setMs} ms, DEL ${Date.now() - deleted} ms`);
      assert.is(await dssm.cli('KEYS', '*'), '');
    },

    'a name resolved on one gateway, the connection through either': async (dssm) => {
      const address = await dssm.lab.lookup('web');
      assert.match(await dssm.cli('GET', `0073c3b6eft_dns46${address}`), /^000100001c200000000000000002/);
      for (const [gateway, snat] of [
        ['gw', /^2001::10:244:100:25\d\n$/],
        ['gw2', /^2001::10:244:102:25\d\n$/],
      ] as const) {
        await dssm.route(gateway);
        assert.match((await dssm.curl(`http://${address}/address`)).stdout, snat);
      }
      await dssm.route('gw');
    },

    'a data gateway that never heard of the mapping asks for it at the first SYN': async (dssm) => {
      await pause(1100); // nobody remembers a miss
      const notices = await dssm.cli('CONFIG', 'GET', 'notify-keyspace-events');
      await dssm.cli('CONFIG', 'SET', 'notify-keyspace-events', '');
      assert.is(await dssm.cli('SETNX', FRESH_KEY, recordOf(dssm)), '1');
      const before = await dssm.storeCounter('gw', 'asked');
      const { stdout, code } = await dssm.curl(`http://${FRESH_V4}/`, '-w', '%{time_connect}');
      assert.is(code, 0);
      const connectSec = Number(stdout.trim().split('\n').at(-1));
      console.log(`first SYN of an unknown address: connected after ${(connectSec * 1000).toFixed(1)} ms`);
      assert.is(await dssm.storeCounter('gw', 'asked'), before + 1);
      await dssm.cli('CONFIG', 'SET', 'notify-keyspace-events', notices.split('\n')[1] ?? '');
      await dssm.cli('DEL', FRESH_KEY);
    },

    'an address that nobody has is asked for once a second': async (dssm) => {
      await pause(1100);
      const before = await dssm.storeCounter('gw', 'asked');
      await dssm.lab.exec('cl1', ['ping', '-n', '-i', '0.02', '-c', '20', '-W', '1', '10.244.50.199']);
      assert.is(await dssm.storeCounter('gw', 'asked'), before + 1);
    },

    'a drain of a gateway that has no sessions': async (dssm) => {
      const { code, stderr } = await dssm.control('gwdns', ['drain']);
      assert.is(code, 1);
      assert.match(stderr, 'drain: role dns has no sessions to hand over; just stop it');
    },

    'dssm export | dssm import: a round trip, byte for byte': async (dssm) => {
      assert.is(await dssm.cli('SETNX', FRESH_KEY, recordOf(dssm)), '1');
      await dssm.cli('SETNX', '0073c3b6eft_dns46192.0.2.1', 'BEEF0000001cffffffffffffffff2001:DB8:0::0:9');
      const { stdout: exported, code } = await dssm.control('gwdns', ['dssm', 'export']);
      assert.is(code, 0);
      assert.is(exported.trim().split('\n').length, 3);
      await dssm.cli('FLUSHALL');
      const imported = await dssm.control('gw2', ['dssm', 'import'], exported);
      assert.match(imported.stdout + imported.stderr, /^3 created, 0 there already/);
      assert.is((await dssm.control('gw', ['dssm', 'export'])).stdout, exported);
      await dssm.cli('DEL', FRESH_KEY, '0073c3b6eft_dns46192.0.2.1');
    },

    'SIGKILL of the master under load: no packet of mapped traffic is lost, names resume': async (dssm) => {
      const address = await dssm.lab.lookup('web');
      const load = pings(dssm, address);
      await pause(1000);
      const old = await dssm.killMaster();
      await dssm.promoted(old);
      const begin = Date.now();
      const fresh = await until('a new name', 20_000, async () => {
        const answer = await asked(dssm, `host1.${dssm.lab.name('ZONE')}`);
        return answer.startsWith('10.244.50.') ? answer : null;
      });
      const resumedMs = Date.now() - begin;
      assert.match((await dssm.curl(`http://${fresh}/`)).stdout, 'Hello');
      const { sent, lost } = await load.end();
      console.log(
        `master killed: ${sent} packets sent, ${lost} lost; new names ${resumedMs} ms after the promotion`,
      );
      assert.ok(sent > 0);
      assert.is(lost, 0);
      assert.is(await dssm.lab.lookup('web'), address, 'the answer of before');
      await dssm.revive(old);
    },

    'a minute without the store: mapped traffic goes on, old names keep their address, new ones get SERVFAIL with EDE':
      async (dssm) => {
        const address = await dssm.lab.lookup('web');
        const gateways = [...dssm.lab.gateways];
        const before = gateways.map((gateway) => gateway.log.length);
        await parted(dssm, true);
        const begin = Date.now();
        const load = pings(dssm, address);
        await pause(5000);
        assert.match(await asked(dssm, `host2.${dssm.lab.name('ZONE')}`), /^SERVFAIL EDE 14$/);
        assert.is(await asked(dssm, `web.${dssm.lab.name('ZONE')}`), address);
        await pause(PARTITION_MS - (Date.now() - begin));
        assert.match((await dssm.curl(`http://${address}/`)).stdout, 'Hello', 'a new connection');
        await parted(dssm, false);
        const healed = Date.now();
        const fresh = await until('a new name', 20_000, async () => {
          const answer = await asked(dssm, `host2.${dssm.lab.name('ZONE')}`);
          return answer.startsWith('10.244.50.') ? answer : null;
        });
        const { sent, lost } = await load.end();
        console.log(
          `a minute without the store: ${sent} packets sent, ${lost} lost; new names ${Date.now() - healed} ms after it`,
        );
        assert.is(lost, 0);
        assert.match((await dssm.curl(`http://${fresh}/`)).stdout, 'Hello');
        for (const [i, gateway] of gateways.entries()) {
          const lines = (): string[] => gateway.log.slice(before[i]).split('\n');
          const of = (text: string): number => lines().filter((line) => line.includes(text)).length;
          await until('the line that it works again', 10_000, () => of('store works again') || null);
          assert.equal(
            lines().flatMap((line) => /"level":"(?:error|warn)".*"msg":"(.*?)[;"]/.exec(line)?.[1] ?? []),
            ['store failed'],
            gateway.log.slice(before[i]),
          );
          assert.is(of('store works again'), 1);
        }
      },

    'SIGHUP reads the certificates again; what cannot be used changes nothing': async (dssm) => {
      const certificate = path.join(dssm.lab.name('LAB_DIR'), 'dssm/client.crt');
      const kept = readFileSync(certificate);
      writeFileSync(certificate, 'garbage');
      gw.signal('SIGHUP');
      await until(
        'the refusal',
        5000,
        () => gw.messages(/^SIGHUP: the certificates of the store stay/).length || null,
      );
      assert.match(gw.log, /no PEM certificate in/);
      writeFileSync(certificate, kept);
      gw.signal('SIGHUP');
      await until(
        'the success',
        5000,
        () => gw.messages(/^SIGHUP: certificates of the store read again/).length || null,
      );
      assert.match((await dssm.curl(`http://${await dssm.lab.lookup('web')}/`)).stdout, 'Hello');
    },

    'killed and started again while the store is away: it goes on with the mappings it had': async (dssm) => {
      const address = await dssm.lab.lookup('web');
      await parted(dssm, true);
      await gw.kill('SIGKILL');
      gw = await dssm.start('gw');
      assert.is(gw.messages(/^store failed/).length, 1, gw.log);
      assert.match((await dssm.curl(`http://${address}/`)).stdout, 'Hello');
      assert.match((await dssm.control('gw', ['status'])).stdout, /cannot be reached: .*10\.244\.70\.2/);
      const { code, stderr } = await dssm.control('gw', ['dssm', 'list']);
      assert.is(code, 1);
      assert.match(stderr, /the store cannot be reached: .*10\.244\.70\.2/);
      assert.is(gw.messages(/^control request failed/).length, 0);
      await parted(dssm, false);
      await until('the store', 20_000, () => gw.messages(/^store works again/).length || null);
      assert.match((await dssm.curl(`http://${address}/`)).stdout, 'Hello');
    },
  },
);
