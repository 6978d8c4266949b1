/**
 * 5,000 names asked of two DNS gateways at once, the master of the store killed half-way: both give the same answers, and no
 * address stands for two names [81].
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatV6, parseV6 } from '../../src/address.ts';
import { ask } from '../dns46/client.ts';
import { decode, query } from '../dns46/packets.ts';
import { ScriptedUpstream } from '../dns46/scripted-upstream.ts';
import { type Flags, Gateway } from '../helpers/gateway.ts';
import { freePort, RedisWorld } from '../helpers/redis.ts';

const NAMES = 5000;
/** Names that are asked at the same time. */
const WIDTH = 50;
const PATIENCE_MS = 60_000;

const realOf = (n: number): string =>
  formatV6(parseV6(`2001:db8:5::${n.toString(16)}`) ?? new Uint8Array(16));

/** The address a gateway gives a name, asked until it does: while there is no master, new names get SERVFAIL. */
async function resolve(port: number, n: number): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = decode(await ask({ address: '127.0.0.1', port }, query({ name: `n${n}.example`, id: n })));
    const address = found.answers?.find((record) => record.type === 'A');
    if (address && 'data' in address) return String(address.data);
    await pause(100);
  }
  throw new Error(`n${n}: no address within ${PATIENCE_MS} ms`);
}

async function resolveAll(
  port: number,
  order: readonly number[],
  done: () => void,
): Promise<Map<number, string>> {
  const answers = new Map<number, string>();
  const queue = [...order];
  const lane = async (): Promise<void> => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
      answers.set(n, await resolve(port, n));
      done();
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return answers;
}

const it = suite('dSSM: two DNS gateways');
it('5,000 names at once on both, the master killed half-way: the same answers, no duplicates [81]', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-names-'));
  const world = await RedisWorld.up({ tls: true, servers: 2, sentinels: 3 });
  const upstream = await ScriptedUpstream.start();
  upstream.script = (question) => {
    const n = Number(/^n(\d+)\./.exec(question.name)?.[1]);
    if (question.type === 'AAAA')
      question.answer({ answers: [{ type: 'AAAA', name: question.name, ttl: 60, data: realOf(n) }] });
    else question.answer();
  };
  const gateways: Gateway[] = [];
  const start = async (name: string): Promise<number> => {
    const port = await freePort();
    const flags: Flags = {
      role: 'dns',
      subnet: '10.64.0.0/16',
      'snat-pool': '2001:db8::250',
      store: world.uri,
      state: path.join(folder, `${name}.state`),
      control: path.join(folder, `${name}.sock`),
      'dns-listen': `127.0.0.1:${port}`,
      'dns-upstream': `127.0.0.1:${upstream.endpoint.port}`,
      'max-sessions': '1024',
    };
    const environment = Object.entries(world.environment).map(([key, value]) => `${key}=${value}`);
    const gateway = new Gateway(['env', ...environment], flags);
    gateways.push(gateway);
    await gateway.ready();
    return port;
  };
  try {
    const ports = [await start('one'), await start('other')] as const;
    const order = Array.from({ length: NAMES }, (_, n) => n + 1);
    let answered = 0;
    const begin = Date.now();
    const done = (): void => {
      if (++answered === NAMES / 2) void world.servers[0]?.kill(); // half of the names: each has asked for a quarter
    };
    const [one, other] = await Promise.all([
      resolveAll(ports[0], order, done),
      resolveAll(ports[1], order.toReversed(), done),
    ]);
    const tookMs = Date.now() - begin;
    const differing = order.filter((n) => one.get(n) !== other.get(n));
    const addresses = new Set(one.values());
    const rewritten = gateways.map(({ log }) =>
      Number(/"rewritten":(\d+),"forgotten":\d+,"msg":"store works again"/.exec(log)?.[1] ?? 0),
    );
    console.log(
      `${NAMES} names on two gateways in ${tookMs} ms, ${differing.length} differ, ` +
        `${NAMES - addresses.size} duplicates, ${rewritten.join(' and ')} records written again`,
    );
    assert.equal(differing, []);
    assert.is(addresses.size, NAMES);
    const [, master] = world.servers;
    const stored = (await world.cli(['--raw', 'KEYS', '*'], master)).split('\n');
    assert.is(stored.length, NAMES);
    for (const gateway of gateways)
      assert.is(gateway.messages(/^store failed/).length, 1, gateway.log.slice(-2000));
  } finally {
    for (const gateway of gateways) await gateway.kill('SIGTERM');
    await upstream.stop();
    await world.down();
    rmSync(folder, { recursive: true });
  }
});
it.run();
