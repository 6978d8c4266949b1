/**
 * A super-packet of UDP has the effect that its datagrams would have had one by one: what it becomes is cut as the kernel
 * cuts, and compared with what they become. RFC 7915 §4.1 [7] [8], §5.1 [23] [29].
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { type Batch, HEADROOM, MAX_WRITES, READ_BYTES, SPARE_BYTES } from '../../src/datapath/batch.ts';
import { FIRST_DROP, Verdict } from '../../src/datapath/verdict.ts';
import { bytes, hex } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { holds } from '../helpers/property.ts';
import * as siit from '../helpers/siit-world.ts';
import type { Output, Slot } from '../helpers/slot.ts';
import { tests } from '../helpers/table.ts';
import { same } from '../helpers/vector.ts';
import * as scene from '../helpers/world.ts';
import { Sent } from './arbitrary-packets.ts';
import { parseVirtio } from './twin-parse.ts';
import { segments } from './twin-segments.ts';

const RUNS = 40;
const UDP_SUPER = 5;
/** Payload bytes of a whole train. */
const MOST = 65_507 - 40;

interface Scene {
  readonly open: () => Slot;
  readonly pair: build.Pair;
  readonly ports: [number, number];
}

const INSIDE = { source: bytes(scene.CLIENT), destination: bytes(scene.SYNTHETIC) };
const OUTSIDE = { source: bytes(scene.REAL), destination: bytes(scene.SNAT) };
const INTERNET = { source: bytes(siit.HOST4), destination: bytes(siit.HOST6_BY_MAPPING) };
const HOST = { source: bytes(siit.HOST6), destination: bytes(siit.HOST4_BY_PREFIX) };
const NEIGHBOUR = { source: bytes(siit.HOST6), destination: bytes('20010db801c633640009000000000000') };
const PORTS: [number, number] = [scene.INSIDE_PORT, 53];

function scenes(mtus: { mtu4: number; mtu6: number; lowestIpv6Mtu: number }): Record<string, Scene> {
  const stateful = () => new scene.World(mtus);
  const stateless = () => new siit.SiitWorld({ ...mtus, hairpin: 'intrinsic' });
  return {
    'to IPv6': { open: stateful, pair: INSIDE, ports: PORTS },
    'to IPv4': { open: stateful, pair: OUTSIDE, ports: [53, scene.OUTSIDE_PORT] },
    'stateless, to IPv6': { open: stateless, pair: INTERNET, ports: PORTS },
    'stateless, to IPv4': { open: stateless, pair: HOST, ports: PORTS },
    'stateless, turning back': { open: stateless, pair: NEIGHBOUR, ports: PORTS },
  };
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 1190, max: 1250 }),
  fc.integer({ min: 1340, max: 1480 }),
  fc.integer({ min: 2000, max: 9000 }),
);

/** More than one datagram, the last one possibly short. */
function trains({ pair, ports }: Scene): fc.Arbitrary<Sent> {
  const shape = sizes.chain((size) => {
    const most = Math.min(128, Math.floor(MOST / size));
    return fc.record({
      size: fc.constant(size),
      whole: fc.integer({ min: 1, max: most - 1 }),
      rest: fc.integer({ min: 1, max: size }),
    });
  });
  const fields = fc.record({
    df: fc.boolean(),
    id: fc.constantFrom(1, 0x7fff, 0xfff0, 0xffff),
    ttl: fc.constantFrom(64, 64, 64, 2, 1),
    tos: fc.nat(255),
    extra: fc.constantFrom(0, 0, 0, 1, 3),
  });
  return fc
    .tuple(shape, fields, fc.uint8Array({ minLength: 1, maxLength: 7 }))
    .map(([{ size, whole, rest }, header, pattern]) => {
      const payload = new Uint8Array(whole * size + rest);
      for (let i = 0; i < payload.length; i++) payload[i] = pattern[i % pattern.length]! + i;
      const partial = build.sum(build.pseudoHeader(pair, 17, 8 + payload.length));
      const packet = ip(pair, header, build.udp(pair, ports, payload, partial));
      const sumStart = packet.length - payload.length - 8;
      const device = { needsChecksum: true, gsoType: UDP_SUPER, segment: size, headers: sumStart + 8 };
      return new Sent(packet, build.virtio({ ...device, sumStart, sumOffset: 6 }));
    });
}

/** @param header.extra options of 4 bytes, or extension headers */
function ip(
  pair: build.Pair,
  header: { extra: number; ttl: number; tos: number; df: boolean; id: number },
  datagram: Uint8Array,
): Uint8Array {
  const { extra, tos, ttl } = header;
  if (pair.source.length === 4) {
    return build.v4(
      { ...pair, ...header, protocol: 17, options: new Uint8Array(extra * 4).fill(1) },
      datagram,
    );
  }
  let payload = datagram;
  for (let i = 0; i < extra; i++)
    payload = build.concat(build.extensionHeader(i === 0 ? 17 : 60, new Uint8Array(6)), payload);
  return build.v6({ ...pair, trafficClass: tos, hops: ttl, next: extra === 0 ? 17 : 60 }, payload);
}

/**
 * Packets on the wire: super-packets cut. Of IPv4 packets from IPv6 the identification is left out, which is random, and
 * of the last DF, which it shares with longer ones.
 */
function onWire(outputs: readonly Output[], isFrom6: boolean): Output[] {
  const packets = outputs.flatMap(({ packet, virtio }) => {
    const device = parseVirtio(virtio);
    const cut = device.segment === 0 ? [{ packet, virtio }] : segments(packet, device);
    return cut.map((each) => {
      const settled = each.packet.slice();
      if (isFrom6 && settled[0]! >> 4 === 4 && settled[9] === 17) settled.fill(0, 4, 6).fill(0, 10, 12);
      return { packet: settled, virtio: each.virtio };
    });
  });
  const last = packets.at(-1)?.packet;
  if (isFrom6 && last?.[0] === 0x45) last.fill(0, 6, 8);
  return packets;
}

function compare({ open, pair }: Scene, { packet, virtio }: Sent): void {
  const atOnce = open().translate(packet, virtio);
  const slot = open();
  const outcomes = segments(packet, parseVirtio(virtio)).map((each) =>
    slot.translate(each.packet, each.virtio),
  );
  assert.is(atOnce.verdict, outcomes[0]!.verdict);
  const isDropped = Verdict[atOnce.verdict] >= FIRST_DROP;
  // Of many packets that are refused one is told about
  const want = isDropped ? outcomes[0]!.outputs : outcomes.flatMap(({ outputs }) => outputs);
  const isFrom6 = pair.source.length === 16;
  const [got, due] = [onWire(atOnce.outputs, isFrom6), onWire(want, isFrom6)];
  assert.is(got.length, due.length);
  for (const [i, output] of due.entries()) {
    same(got[i]!.packet, output.packet, `packet ${i}`);
    assert.is(hex(got[i]!.virtio), hex(output.virtio), `virtio header of packet ${i}`);
  }
}

for (const mtus of [
  { mtu4: 1500, mtu6: 1500, lowestIpv6Mtu: 1280 },
  { mtu4: 1400, mtu6: 1400, lowestIpv6Mtu: 1400 },
  { mtu4: 1000, mtu6: 9000, lowestIpv6Mtu: 1280 },
]) {
  const cases = Object.entries(scenes(mtus)).map(([name, one]) => [
    name,
    () => holds(trains(one), RUNS, (sent) => compare(one, sent)),
  ]);
  tests(
    `[7] [8] [23] [29] a train equals its datagrams, MTU ${mtus.mtu4}, ${mtus.mtu6}`,
    Object.fromEntries(cases),
  );
}

/** As full as a batch may be before a packet is translated. */
function fill(batch: Batch): void {
  batch.clear();
  let most = 0;
  for (; !batch.isFull(); most++) batch.reserve(1);
  batch.clear();
  for (let i = 0; i < most - 1; i++) batch.reserve(1);
  while (!batch.isFull()) batch.push(0, 0);
  batch.pop();
  assert.not(batch.isFull());
}

const WORST = [1233, 1234, 1240, 1300, 2457, 9000];

tests('[7] room for what a train becomes', {
  'the most pieces, behind a batch that is nearly full': () => {
    for (const size of WORST) {
      const world = new scene.World();
      const { batch } = world;
      const payload = new Uint8Array(65_507);
      const partial = build.sum(build.pseudoHeader(INSIDE, 17, 8 + payload.length));
      const packet = build.v4({ ...INSIDE, protocol: 17 }, build.udp(INSIDE, PORTS, payload, partial));
      const device = { needsChecksum: true, gsoType: UDP_SUPER, segment: size, headers: 28, sumStart: 20 };
      fill(batch);
      batch.bytes.set(build.virtio({ ...device, sumOffset: 6 }), HEADROOM - 10);
      batch.bytes.set(packet, HEADROOM);
      const before = batch.count;
      assert.is(world.translator.translate(HEADROOM, packet.length, world.now), Verdict.Forward46);
      assert.ok(batch.count <= MAX_WRITES, `${batch.count} packets of ${size} bytes`);
      assert.ok(batch.count - before > 50);
      for (let k = before; k < batch.count; k++) {
        const end = batch.writes[2 * k]! + batch.writes[2 * k + 1]!;
        assert.ok(end <= READ_BYTES + SPARE_BYTES, `ends at ${end}`);
      }
    }
  },
});
