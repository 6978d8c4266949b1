/**
 * DNS46 under load: many first-time queries at once, and three million messages that nobody should send.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { Dns46 } from '../../src/dns46/dns46.ts';
import { Arena, BatchSocket, ENVELOPE_BYTES, MAX_DATAGRAM_BYTES } from '../../src/dns46/udp-batch.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';
import { LmdbStore } from '../../src/store/lmdb.ts';
import { parseKey } from '../../src/store/record.ts';
import { shim } from '../../src/tun/shim.ts';
import { FakeCounters, FakeLog } from '../dns46/fake-parts.ts';
import { generator, mutated } from '../dns46/mutation.ts';
import { dnsOptions } from '../dns46/options.ts';
import { aaaa, decode, query, reply } from '../dns46/packets.ts';
import { BULK_NAMES, kdig, RealUpstream, ZONE } from '../dns46/real-upstreams.ts';
import { Gateway } from '../helpers/gateway.ts';
import { tests } from '../helpers/table.ts';
import { Rig } from '../store/rig.ts';

const QUERIES = 10_000;
const CLIENTS = 40;
const SUBNET = { base: 0x0af40000, length: 16 };

/** Sends its share of the queries at once and collects name → addresses. */
async function client(
  endpoint: Endpoint,
  names: readonly string[],
  found: Map<string, string[]>,
): Promise<void> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.connect(endpoint.port, endpoint.address);
  await once(socket, 'connect');
  let open = names.length;
  const done = new Promise<void>((resolve) => {
    socket.on('message', (bytes) => {
      const message = decode(bytes);
      const name = message.questions?.[0]?.name ?? '';
      const given = message.answers?.find((record) => record.type === 'A') as { data: string } | undefined;
      found.get(name)?.push(given?.data ?? 'none');
      if (--open === 0) resolve();
    });
  });
  for (const [id, name] of names.entries()) socket.send(query({ name, id }));
  await done;
  socket.close();
}

async function concurrentQueries(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-dns-load-'));
  const store = LmdbStore.open(folder);
  const upstream = await RealUpstream.start('unbound');
  const rig = new Rig({ subnet: '10.244.0.0/16', reserved: ['10.244.0.1'], rows: 70_000, store });
  const counters = new FakeCounters();
  const surroundings = { addresses: rig.directory, counters, log: new FakeLog(), udp: shim() };
  const dns46 = new Dns46(dnsOptions({ dnsUpstream: [upstream.endpoint], subnet: SUBNET }), surroundings);
  await dns46.start();
  try {
    const names = Array.from({ length: QUERIES }, (_, i) => `bulk${(i * 7919) % BULK_NAMES}.${ZONE}`);
    const found = new Map(names.map((name) => [name, [] as string[]]));
    const share = QUERIES / CLIENTS;
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) =>
        client(dns46.listening[0]!, names.slice(i * share, (i + 1) * share), found),
      ),
    );
    const addresses = new Set<string>();
    for (const [name, given] of found) {
      assert.is(given.length, QUERIES / BULK_NAMES, `${name}: none lost`);
      assert.is(new Set(given).size, 1, `${name}: one address`);
      assert.match(given[0] ?? '', /^10\.244\./);
      addresses.add(given[0] ?? '');
    }
    assert.is(addresses.size, BULK_NAMES, 'no address twice');
    const records = await rig.directory.list();
    assert.is(
      new Set(records.map((record) => parseKey(record.key))).size,
      BULK_NAMES,
      'each is in the store',
    );
    const repeated = counters.of('upstreamTimeout');
    assert.ok(counters.rows.upstreamQueries - repeated <= 2 * BULK_NAMES, 'each name was asked for once');
  } finally {
    await dns46.stop();
    await upstream.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** From both sides together. The cache of 64 MiB is full after fewer than three quarters of them. */
const MESSAGES = 3_000_000;
const BATCH = 48;
const GOOD_NAME = 'good.test';
const MIB = 2 ** 20;

/** An upstream that answers everything with mutated messages, and mostly with a proper one behind them. */
class NoiseUpstream {
  readonly socket = BatchSocket.listening(shim(), { address: '127.0.0.1', port: 0 });
  readonly #random = generator(1_000_003);
  sent = 0;

  constructor() {
    this.socket.watch(() => {
      const count = this.socket.receive();
      for (let slot = 0; slot < count; slot++) this.#answer(slot);
      this.socket.flush();
    });
  }

  #answer(slot: number): void {
    const asked = this.socket.message(slot);
    if (asked === null) return;
    const question = Buffer.from(asked);
    const envelope = Uint8Array.from(this.socket.envelope(slot));
    const good = question.includes('good');
    for (let noise = good ? 0 : 4; noise > 0; noise--) {
      const bytes = mutated(this.#random).subarray(0, MAX_DATAGRAM_BYTES);
      if (bytes.length > 2) question.copy(bytes, 0, 0, 2);
      this.socket.queue(envelope, bytes);
      this.sent++;
    }
    const answers = question.at(-3) === 28 ? [aaaa(GOOD_NAME, '2001:db8::1', 0)] : [];
    const proper = good ? reply(question, { answers }) : Buffer.from(question);
    proper[2] = (proper[2] ?? 0) | 0x80;
    if (good || this.#random(20) > 0) this.socket.queue(envelope, proper);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}

async function millionsOfMessages(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-dns-fuzz-'));
  const upstream = new NoiseUpstream();
  const endpoint = { address: '127.0.0.1', port: await freePort() };
  const gateway = new Gateway([], {
    role: 'dns',
    store: 'mem:',
    'snat-pool': '2001:db8:ffff::1',
    state: `${folder}/state`,
    control: `${folder}/sock`,
    'dns-listen': `127.0.0.1:${endpoint.port}`,
    'dns-upstream': `127.0.0.1:${upstream.socket.port}`,
    'no-setup': true,
    'log-level': 'warn',
  });
  const random = generator(46);
  const socket = BatchSocket.connected(shim(), endpoint, new Arena());
  let received = 0;
  socket.watch(() => {
    received += Math.max(socket.receive(), 0);
  });
  const nowhere = new Uint8Array(ENVELOPE_BYTES);
  const resident: number[] = [];
  try {
    await answersWell(endpoint);
    for (let sent = 0, quarter = 1; sent + upstream.sent < MESSAGES; ) {
      for (let i = 0; i < BATCH; i++, sent++)
        socket.queue(nowhere, mutated(random).subarray(0, MAX_DATAGRAM_BYTES));
      socket.flush();
      await new Promise((resolve) => setImmediate(resolve));
      if (sent + upstream.sent < (MESSAGES * quarter) / 4) continue;
      await answersWell(endpoint);
      resident.push(residentBytes(gateway.pid));
      quarter++;
    }
    await answersWell(endpoint);
    assert.ok(received > MESSAGES / 100, `${received} replies`);
    const [, , full = 0, end = residentBytes(gateway.pid)] = resident;
    assert.ok(end - full < 48 * MIB, `${full} and ${end} bytes after three quarters and at the end`);
    assert.is(await gateway.kill('SIGTERM'), 0, gateway.log);
    assert.not.match(gateway.log, 'uncaught');
  } finally {
    gateway.signal('SIGKILL');
    socket.close();
    upstream.socket.close();
    rmSync(folder, { recursive: true });
  }
}

/** Between all the noise, a good query gets its answer. */
async function answersWell(endpoint: Endpoint): Promise<void> {
  for (let tries = 1; ; tries++) {
    const found = await kdig(endpoint, GOOD_NAME, 'A', '+timeout=5', '+retry=0').catch(() => null);
    if (found?.status === 'NOERROR' && found.answer.some((row) => / A 10\.2\.2\./.test(row))) return;
    if (tries === 20) throw new Error(`no good answer: ${found?.text}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

tests('DNS46 under load', {
  '10,000 concurrent first-time queries for 1,000 names: one address a name, none twice, none lost [81]':
    concurrentQueries,
  'three million mutated messages from both sides: no crash, no hang, memory flat': millionsOfMessages,
});
