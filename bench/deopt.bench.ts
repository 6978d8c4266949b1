/**
 * Does the engine take optimised code back while packets flow? Warms a stateful and a stateless translator up in processes
 * of their own, then sends a million packets of all usual kinds and counts deoptimisations of our code: there are to be
 * none. `npm run bench -- deopt`
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bytes } from '../test/helpers/hex.ts';
import * as build from '../test/helpers/packets.ts';
import { HOST4, HOST4_BY_PREFIX, HOST6, HOST6_BY_MAPPING, SiitWorld } from '../test/helpers/siit-world.ts';
import type { Slot } from '../test/helpers/slot.ts';
import { CLIENT, INSIDE_PORT, OUTSIDE_PORT, REAL, SNAT, SYNTHETIC, World } from '../test/helpers/world.ts';

const WARM_UP = 300_000;
const MEASURED = 1_000_000;
const MARK = '--- steady ---';
const AT = 8192;
const ROLE = process.env.BENCH_ROLE;

/** TCP and UDP, both ways, whole and as a super-packet, and a ping. */
function packets(
  v4: build.Pair,
  v6: build.Pair,
  ports: [inside: number, outside: number],
): [Uint8Array, Uint8Array][] {
  const plain = build.virtio({});
  const far = 443;
  const data = new Uint8Array(64).fill(0xa5);
  const super4 = build.virtio({
    needsChecksum: true,
    gsoType: 1,
    segment: 32,
    headers: 40,
    sumStart: 20,
    sumOffset: 16,
  });
  const super6 = build.virtio({
    needsChecksum: true,
    gsoType: 4,
    segment: 32,
    headers: 60,
    sumStart: 40,
    sumOffset: 16,
  });
  const tcp4 = build.v4(
    { ...v4, protocol: 6, df: true },
    build.tcp(v4, [ports[0], far], data, { flags: 0x18 }),
  );
  const tcp6 = build.v6({ ...v6, next: 6 }, build.tcp(v6, [far, ports[1]], data, { flags: 0x18 }));
  return [
    [
      build.v4(
        { ...v4, protocol: 6, df: true },
        build.tcp(v4, [ports[0], far], new Uint8Array(0), { flags: 2 }),
      ),
      plain,
    ],
    [tcp4, plain],
    [tcp6, plain],
    [tcp4, super4],
    [tcp6, super6],
    [build.v4({ ...v4, protocol: 17, df: true }, build.udp(v4, [ports[0], far], data)), plain],
    [build.v4({ ...v4, protocol: 17 }, build.udp(v4, [ports[0], far], data)), plain],
    [build.v6({ ...v6, next: 17 }, build.udp(v6, [far, ports[1]], data)), plain],
  ];
}

function send(
  { batch, translator, now }: Slot,
  specimens: readonly [Uint8Array, Uint8Array][],
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const [packet, virtio] = specimens[i % specimens.length]!;
    batch.clear();
    batch.bytes.set(virtio, AT - virtio.length);
    batch.bytes.set(packet, AT);
    translator.translate(AT, packet.length, now);
  }
}

function measureHere(role: string): void {
  const pair = (source: string, destination: string): build.Pair => ({
    source: bytes(source),
    destination: bytes(destination),
  });
  const [world, specimens] =
    role === 'run'
      ? [new World(), packets(pair(CLIENT, SYNTHETIC), pair(REAL, SNAT), [INSIDE_PORT, OUTSIDE_PORT])]
      : [new SiitWorld(), packets(pair(HOST4, HOST6_BY_MAPPING), pair(HOST6, HOST4_BY_PREFIX), [1000, 1000])];
  send(world, specimens, WARM_UP);
  console.log(MARK);
  send(world, specimens, MEASURED);
}

/** What the engine says after the mark; nothing but the translator runs then. */
function deoptimisations(role: string): string[] {
  const argv = ['--trace-deopt', fileURLToPath(import.meta.url)];
  const env = { ...process.env, BENCH_ROLE: role };
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  const [, steady = ''] = stdout.split(MARK);
  return steady.split('\n').filter((line) => line.startsWith('[bailout'));
}

if (ROLE !== undefined) measureHere(ROLE);
else {
  let found = 0;
  for (const role of ['run', 'siit']) {
    const lines = deoptimisations(role);
    console.log(`${role.padEnd(5)} ${MEASURED} packets after ${WARM_UP}: ${lines.length} deoptimisations`);
    for (const line of lines) console.log(`  ${line}`);
    found += lines.length;
  }
  process.exitCode = found > 0 ? 1 : 0;
}
