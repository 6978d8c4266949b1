/** A real TUN device in a network namespace: what is read and written, whose it is, how it ends. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import { TunDevice } from '../../src/tun/device.ts';
import { HostState } from '../../src/tun/host.ts';
import type { HostSetup } from '../../src/tun/host-plan.ts';
import * as native from '../../src/tun/shim.ts';
import { isLinuxSince } from '../helpers/kernel.ts';
import { tests } from '../helpers/table.ts';
import { child } from '../tun/child-process.ts';
import { Mirror, type Seen, TUN } from '../tun/mirror.ts';
import { insideNamespace, ip, NEIGHBOUR, output } from '../tun/namespace.ts';

const SETUP: HostSetup = {
  tun: TUN,
  mtu: 1500,
  addresses: ['10.99.0.1/24'],
  routes4: ['10.99.0.0/24'],
  routes6: ['2001:db8:98::46/128'],
  neighbourProxies: ['2001:db8:98::46'],
  journalPath: `/run/tunt-${process.pid}/t46h0.undo`,
  persist: false,
};
const run = promisify(execFile);
const shim = native.shim();

/** With a mirror on a host that is set up for it. */
async function withMirror(use: (mirror: Mirror) => void | Promise<void>, queues = 1): Promise<void> {
  const mirror = new Mirror({ queues });
  const host = HostState.apply(SETUP);
  try {
    await use(mirror);
  } finally {
    assert.equal(host.undo(), []);
    mirror.device.release();
  }
}

interface Reader {
  /** What reader-thread.ts does with them is told there. */
  words: Int32Array;
  wake(): void;
  /** Resolves when the thread ends, with its error or null. */
  ended: Promise<unknown>;
}

/** With a thread that reads a device as a worker does. */
async function withReader(use: (reader: Reader) => Promise<void>): Promise<void> {
  const device = TunDevice.open({ name: TUN, queues: 1 });
  const [fd = -1] = device.queues;
  const words = new Int32Array(new SharedArrayBuffer(12));
  const file = fileURLToPath(new URL('../tun/reader-thread.js', import.meta.url));
  const worker = new Worker(file, { workerData: { fd, words } });
  const ended = new Promise((resolve) => worker.once('error', resolve).once('exit', () => resolve(null)));
  const [thread] = (await once(worker, 'message')) as [number];
  const wake = () => shim.wakeReader(fd, thread);
  try {
    await use({ words, wake, ended });
  } finally {
    Atomics.store(words, 0, -1);
    wake();
    await ended;
    device.release();
  }
}

/** The kernel also reports its multicast groups on the device. */
function isIpv4({ packet }: Seen): boolean {
  return packet.readUInt8() >>> 4 === 4;
}

/** In an IPv4 packet without options. */
function isUdp4(seen: Seen): boolean {
  return isIpv4(seen) && seen.packet.readUInt8(9) === 17;
}

function destinationPort({ packet }: Seen): number {
  return packet.readUInt16BE(22);
}

function exists(device: string): boolean {
  return spawnSync('ip', ['link', 'show', 'dev', device], { stdio: 'ignore' }).status === 0;
}

async function bound(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, '10.99.0.1');
  await once(socket, 'listening');
  return socket.unref(); // a test that fails must not keep the process
}

/** Sends 32 MiB to ourselves through the mirror. @returns hashes of what was sent and received */
async function transfer(): Promise<string[]> {
  const bytes = Buffer.alloc(32 << 20, 'nat46 ');
  const [sent, received] = [createHash('sha256').update(bytes), createHash('sha256')];
  const server = createServer((socket) => socket.on('data', (chunk) => received.update(chunk)));
  server.listen(5001, '10.99.0.1');
  await once(server, 'listening');
  const arrived = once(server, 'connection').then(([socket]) => once(socket, 'end'));
  const client = connect({ port: 5001, host: '10.99.0.7', localAddress: '10.99.0.1' });
  client.end(bytes);
  await arrived;
  client.destroy();
  server.close();
  return [sent.digest('hex'), received.digest('hex')];
}

if (insideNamespace(fileURLToPath(import.meta.url))) {
  process.on('exit', () => rmSync(dirname(SETUP.journalPath), { recursive: true, force: true }));

  tests('packets', {
    'pings of a neighbour lie densely, each with its headroom': () =>
      withMirror((mirror) => {
        spawnSync('ip', `netns exec ${NEIGHBOUR} ping -c 3 -i 0.01 -W 0.1 -s 56 10.99.0.7`.split(' '));
        const seen = mirror.read();
        let slot = 0;
        for (const { at, length } of seen) {
          assert.is(at, slot + native.HEADROOM_BYTES);
          slot = Math.ceil((at + length) / 64) * 64;
        }
        const pings = seen.filter(isIpv4);
        assert.equal(
          pings.map(({ length }) => length),
          [84, 84, 84],
        );
        for (const { packet, header } of pings) {
          assert.is(packet.subarray(12, 20).toString('hex'), '0a6200020a630007');
          assert.is(packet[20], 8, 'echo request');
          assert.equal([...header], new Array(10).fill(0));
        }
      }),
    'pings are answered by what is written': () =>
      withMirror(async (mirror) => {
        const ping = `netns exec ${NEIGHBOUR} ping -c 5 -i 0.01 -W 1 10.99.0.7`.split(' ');
        const { result } = await mirror.until(run('ip', ping));
        assert.match(result.stdout, '5 received, 0% packet loss');
      }),
    'a datagram of 1200 bytes comes with its checksum left to us, and back': () =>
      withMirror(async (mirror) => {
        const socket = await bound(4000);
        socket.send(Buffer.alloc(1200, 7), 4000, '10.99.0.7');
        const { result, seen } = await mirror.until(once(socket, 'message'));
        assert.equal(result[0], Buffer.alloc(1200, 7));
        const [first] = seen.filter(isIpv4);
        assert.is(first?.length, 1228);
        assert.is(first?.header[0], 1, 'NEEDS_CSUM');
        assert.equal([first?.header.readUInt16LE(6), first?.header.readUInt16LE(8)], [20, 6]);
        socket.close();
      }),
    'TCP arrives and leaves as super-packets, unharmed': () =>
      withMirror(async (mirror) => {
        const { result, seen } = await mirror.until(transfer());
        assert.is(result[0], result[1]);
        const large = seen.filter(({ length, header }) => length > 20_000 && header[1] === 1);
        assert.ok(large.length > 50, `${large.length} of ${seen.length} packets are large`);
        assert.is(large[0]?.header.readUInt16LE(4), 1448, 'gso_size, little-endian');
      }),
    'a neighbour finds a SNAT address by neighbour solicitation': () =>
      withMirror((mirror) => {
        spawnSync('ip', `netns exec ${NEIGHBOUR} ping -6 -c 1 -W 0.1 2001:db8:98::46`.split(' '));
        const [seen] = mirror.read().filter(({ packet }) => packet[6] === 58);
        assert.is(seen?.packet.subarray(24, 40).toString('hex'), '20010db8009800000000000000000046');
        assert.match(output('ip', '-n', NEIGHBOUR, '-6', 'neigh'), /2001:db8:98::46 .*lladdr/);
      }),
    'several queues share the flows; none is lost': () =>
      withMirror(async (mirror) => {
        const socket = await bound(4000);
        const sends = Array.from(
          { length: 100 },
          (_, k) => new Promise((sent) => socket.send('x', k + 5000, '10.99.0.7', sent)),
        );
        await Promise.all(sends);
        const ports = mirror.device.queues.map((_, queue) =>
          [mirror.read(queue), mirror.read(queue)].flat().filter(isUdp4).map(destinationPort),
        );
        assert.equal(
          ports.flat().sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, k) => k + 5000),
        );
        assert.ok(
          ports.filter(({ length }) => length > 0).length > 1,
          `${ports.map(({ length }) => length)}`,
        );
        socket.close();
      }, 4),
    'who waits for ever gets what is there; after one packet that was all, the next three alone': () =>
      withMirror(async (mirror) => {
        const socket = await bound(4000);
        const send = (count: number): Promise<unknown> =>
          Promise.all(
            Array.from(
              { length: count },
              () => new Promise((sent) => socket.send('x', 5000, '10.99.0.7', sent)),
            ),
          );
        while (mirror.read(0, 100).length > 0); // what the host itself sends to a new device
        const counts: number[] = [];
        for (const count of [3, 1, 8]) {
          await send(count);
          for (let left = count; left > 0; left -= counts.at(-1)!) counts.push(mirror.read(0, -1).length);
        }
        // a device before Linux 6.4 is asked before it is read, and then for all
        assert.equal(counts, isLinuxSince(6, 4) ? [3, 1, 1, 1, 1, 5] : [3, 1, 8]);
        socket.close();
      }),
    'packets that the kernel refuses are counted': () =>
      withMirror((mirror) => {
        mirror.writes.set([1000, 20, 1000, 20]);
        mirror.exchange(2, native.WRITE_ONLY); // both IP version 0
        assert.is(mirror.words[native.REFUSED], 2);
        assert.ok(mirror.words[native.REFUSED_ERRNO]! > 0);
      }),
    '10⁵ empty batches, and as many with a packet, leave no memory behind': () =>
      withMirror((mirror) => {
        const { writes, view } = mirror;
        view.setUint32(1000, 0x45000014);
        writes.set([1000, 20]);
        const batches = (count: number) => {
          for (let i = 0; i < count; i++) {
            mirror.exchange(0, 0);
            mirror.exchange(1, 0);
          }
        };
        batches(20_000);
        const before = process.memoryUsage().rss;
        batches(100_000);
        const grown = process.memoryUsage().rss - before;
        assert.ok(grown < 8 << 20, `${grown} bytes`);
      }),
  });

  tests('the device', {
    'goes away with its last queue': () => {
      const device = TunDevice.open({ name: TUN, queues: 4 });
      assert.is(device.queues.length, 4);
      assert.ok(device.created && device.vnet);
      assert.equal([device.mtu, device.ipv4, device.ipv6, device.isUp], [1500, null, null, false]);
      ip(`addr add 10.99.0.1/24 dev ${TUN}`, `link set ${TUN} mtu 1400 up`);
      assert.equal([device.mtu, device.ipv4, device.isUp], [1400, '10.99.0.1/24', true]);
      device.release();
      device.release();
      assert.not(exists(TUN));
      assert.is(device.mtu, 0);
    },
    'stays when it is persistent, and is found again': () => {
      TunDevice.open({ name: TUN, queues: 1, persist: true }).release();
      assert.ok(exists(TUN));
      const again = TunDevice.open({ name: TUN, queues: 2 });
      assert.not(again.created);
      again.release();
      assert.ok(exists(TUN));
      ip(`link del ${TUN}`);
    },
    'offloads: TCP always, UDP where the kernel has it; unknown bits are refused': () => {
      const device = TunDevice.open({ name: TUN, queues: 1 });
      assert.is(device.offloads, device.hasUso ? 0x67 : 7);
      const [fd = -1] = device.queues;
      assert.ok(shim.tunOffload(fd, 0x8000) < 0);
      assert.is(shim.tunOffload(fd, 0x67) === 0, device.hasUso);
      assert.is(shim.tunOffload(fd, 1), 0);
      device.release();
    },
    'a read fails when somebody removes it, whether it waits for a time or for ever': () => {
      const mirror = new Mirror();
      ip(`link del ${TUN}`);
      assert.ok(mirror.exchange(0, 1000) < 0);
      assert.ok(mirror.exchange(0, -1) < 0);
      mirror.device.release();
    },
    '3000 wakes of a thread that waits for ever: none is lost, and it sleeps between them': () =>
      withReader(async ({ wake, words, ended }) => {
        for (let wanted = 1; wanted <= 3000; wanted++) {
          Atomics.store(words, 0, wanted);
          wake();
          const end = performance.now() + 5000;
          while (Atomics.load(words, 1) !== wanted)
            assert.ok(performance.now() < end, `wake ${wanted} was lost`);
        }
        const turns = Atomics.load(words, 2);
        await sleep(50);
        assert.ok(Atomics.load(words, 2) - turns <= 2, 'it does not turn while nothing happens');
        Atomics.store(words, 0, -1);
        wake();
        assert.is(await ended, null);
      }),
    'a thread that waits for ever hears when somebody removes it': () =>
      withReader(async ({ ended }) => {
        await sleep(50); // it waits by then; if not, the read fails all the same
        ip(`link del ${TUN}`);
        assert.match(String(await ended), /errno/);
      }),
    'in use by another process: exit 1, who it is, what to do': async () => {
      const device = TunDevice.open({ name: TUN, queues: 1 });
      const other = await child('open', TUN);
      assert.is(other.process.exitCode, 1);
      assert.match(
        other.said,
        `device name ${TUN} is in use by node, pid ${process.pid}: choose another with --tun`,
      );
      device.release();
    },
    'without CAP_NET_ADMIN: exit 5': async () => {
      const other = await child('open', TUN, 'setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin');
      assert.is(other.process.exitCode, 5);
      assert.match(other.said, /CAP_NET_ADMIN/);
    },
    'of another kind': () => {
      ip(`tuntap add ${TUN} mode tap`);
      assert.throws(() => TunDevice.open({ name: TUN, queues: 1 }), /exists and is no TUN device/);
      ip(`link del ${TUN}`, `link add ${TUN} type veth peer name t46h1`);
      assert.throws(() => TunDevice.open({ name: TUN, queues: 1, attach: true }), /is no TUN device/);
      ip(`link del ${TUN}`);
    },
    'to attach to, of one queue or several': () => {
      const attach = { name: TUN, queues: 2, attach: true };
      assert.throws(() => TunDevice.open(attach), /no device t46h0 to attach to/);
      ip(`tuntap add ${TUN} mode tun`);
      assert.throws(() => TunDevice.open({ name: TUN, queues: 1 }), /not multi-queue/);
      const single = TunDevice.open(attach);
      assert.is(single.queues.length, 1);
      assert.throws(() => TunDevice.open(attach), /in use by node/);
      single.release();
      ip(`link del ${TUN}`, `tuntap add ${TUN} mode tun multi_queue`);
      const several = TunDevice.open(attach);
      assert.is(several.queues.length, 2);
      several.release();
      ip(`link del ${TUN}`);
    },
  });
}
