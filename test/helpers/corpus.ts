/**
 * One packet of each kind that the data plane knows, all of the world of `world.ts`: what fuzzing starts from and what the
 * heap is measured with.
 */
import { bytes } from './hex.ts';
import * as build from './packets.ts';
import * as scene from './world.ts';

export interface Specimen {
  name: string;
  packet: Uint8Array;
  virtio: Uint8Array;
}

const HTTP = 80;
const DNS = 53;
const INSIDE = { source: bytes(scene.CLIENT), destination: bytes(scene.SYNTHETIC) };
const INWARD = { source: INSIDE.destination, destination: INSIDE.source };
const OUTSIDE = { source: bytes(scene.SNAT), destination: bytes(scene.REAL) };
const OUTWARD = { source: OUTSIDE.destination, destination: OUTSIDE.source };
const ROUTER = { ...OUTWARD, source: bytes('20010db8ffff000000000000000000fe') };
const PLAIN = build.virtio({});

function data(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
}

function tcp4(length: number, header: build.TcpHeader = {}): Uint8Array {
  const segment = build.tcp(INSIDE, [scene.INSIDE_PORT, HTTP], data(length), header);
  return build.v4({ ...INSIDE, protocol: 6, df: true }, segment);
}

function tcp6(length: number, header: build.TcpHeader = {}): Uint8Array {
  const segment = build.tcp(OUTWARD, [HTTP, scene.OUTSIDE_PORT], data(length), header);
  return build.v6({ ...OUTWARD, next: 6 }, segment);
}

function udp4(length: number, header: Partial<build.V4Header> = {}, checksum?: number): Uint8Array {
  const datagram = build.udp(INSIDE, [scene.INSIDE_PORT, DNS], data(length), checksum);
  return build.v4({ ...INSIDE, protocol: 17, ...header }, datagram);
}

function udp6(length: number, header: Partial<build.V6Header> = {}): Uint8Array {
  return build.v6({ ...OUTWARD, next: 17, ...header }, datagram6(length));
}

function datagram6(length: number): Uint8Array {
  return build.udp(OUTWARD, [DNS, scene.OUTSIDE_PORT], data(length));
}

function ping4(): Uint8Array {
  const message = build.icmp(INSIDE, 0x0800, build.u16(scene.INSIDE_ID, 1), data(56));
  return build.v4({ ...INSIDE, protocol: 1 }, message);
}

function pong6(): Uint8Array {
  const message = build.icmp(OUTWARD, 0x8100, build.u16(scene.OUTSIDE_ID, 1), data(56));
  return build.v6({ ...OUTWARD, next: 58 }, message);
}

/** An error about what came in from outside, quoting what was made of it. */
function error4(typeCode: number, rest: number, quote: Uint8Array): Uint8Array {
  return build.v4({ ...INSIDE, protocol: 1 }, build.icmp(INSIDE, typeCode, build.u32(rest), quote));
}

function error6(typeCode: number, rest: number, quote: Uint8Array): Uint8Array {
  return build.v6({ ...ROUTER, next: 58 }, build.icmp(ROUTER, typeCode, build.u32(rest), quote));
}

function quoted4(): Uint8Array {
  const datagram = build.udp(INWARD, [DNS, scene.INSIDE_PORT], data(300));
  return build.v4({ ...INWARD, protocol: 17, id: 7 }, datagram);
}

function quoted6(): Uint8Array {
  const segment = build.tcp(OUTSIDE, [scene.OUTSIDE_PORT, HTTP], data(300));
  return build.v6({ ...OUTSIDE, next: 6 }, segment);
}

function fragment4(offset: number, mf: boolean): Uint8Array {
  const datagram = build.udp(INSIDE, [scene.INSIDE_PORT, DNS], data(2000));
  const part = datagram.slice(offset, mf ? offset + 1000 : undefined);
  return build.v4({ ...INSIDE, protocol: 17, offset, mf, id: 9 }, part);
}

function fragment6(offset: number, more: boolean): Uint8Array {
  const datagram = datagram6(2000);
  const part = datagram.slice(offset, more ? offset + 1000 : undefined);
  return build.v6({ ...OUTWARD, next: 44 }, build.concat(build.fragmentHeader(17, offset, more, 9), part));
}

const EXTENSION = build.concat(new Uint8Array(4), data(16));
const LONG_OPTIONS = new Uint8Array(40).fill(1);
const SUPER4 = { needsChecksum: true, gsoType: 1, segment: 1448, headers: 40, sumStart: 20, sumOffset: 16 };
const SUPER6 = { needsChecksum: true, gsoType: 4, segment: 1428, headers: 60, sumStart: 40, sumOffset: 16 };

/** A super-packet, its checksum left to the device. @param length bytes of payload */
export function superPacket(version: 4 | 6, length: number): Specimen {
  const pair = version === 4 ? INSIDE : OUTWARD;
  const checksum = build.sum(build.pseudoHeader(pair, 6, 20 + length));
  const packet = version === 4 ? tcp4(length, { checksum }) : tcp6(length, { checksum });
  return { name: `super-packet ${version}`, packet, virtio: build.virtio(version === 4 ? SUPER4 : SUPER6) };
}

/** A super-packet of UDP, its checksum left to the device. @param df of IPv4 */
function train(version: 4 | 6, length: number, segment: number, df = true): Specimen {
  const pair = version === 4 ? INSIDE : OUTWARD;
  const checksum = build.sum(build.pseudoHeader(pair, 17, 8 + length));
  const start = version === 4 ? 20 : 40;
  const ports: [number, number] = version === 4 ? [scene.INSIDE_PORT, DNS] : [DNS, scene.OUTSIDE_PORT];
  const datagram = build.udp(pair, ports, data(length), checksum);
  const packet =
    version === 4
      ? build.v4({ ...pair, protocol: 17, df }, datagram)
      : build.v6({ ...pair, next: 17 }, datagram);
  const device = { needsChecksum: true, gsoType: 5, segment, headers: start + 8, sumStart: start };
  const name = `train of ${segment} bytes ${version}${df ? '' : ', DF=0'}`;
  return { name, packet, virtio: build.virtio({ ...device, sumOffset: 6 }) };
}

/** In this order the first ones open the sessions of the others. */
export const CORPUS: readonly Specimen[] = [
  ...plain({
    'TCP SYN 46': tcp4(0, { flags: 2, options: Uint8Array.of(2, 4, 5, 180) }),
    'TCP SYN ACK 64': tcp6(0, { flags: 0x12, options: Uint8Array.of(2, 4, 5, 180) }),
    'UDP 46': udp4(32),
    'ping 46': ping4(),
    'TCP 46': tcp4(1400),
    'TCP 64': tcp6(1400),
    'UDP 64': udp6(32),
    'pong 64': pong6(),
    'UDP without checksum 46': udp4(32, { options: LONG_OPTIONS }, 0),
    'UDP to be split 46': udp4(1472),
    'UDP behind options 64': build.v6(
      { ...OUTWARD, next: 0 },
      build.concat(build.extensionHeader(60, data(6)), build.extensionHeader(17, data(6)), datagram6(32)),
    ),
    'first fragment 46': fragment4(0, true),
    'last fragment 46': fragment4(1000, false),
    'first fragment 64': fragment6(0, true),
    'last fragment 64': fragment6(1000, false),
    'port unreachable 46': error4(0x0303, 0, quoted4()),
    'fragmentation needed 46': error4(0x0304, 1400, quoted4()),
    'time exceeded with extension 46': error4(
      0x0b00,
      0x00200000,
      build.concat(quoted4().slice(0, 128), EXTENSION),
    ),
    'packet too big 64': error6(0x0200, 1400, quoted6()),
    'no route with extension 64': error6(
      0x0100,
      0x10000000,
      build.concat(quoted6().slice(0, 128), EXTENSION),
    ),
    'parameter problem 64': error6(0x0400, 40, quoted6()),
    'TTL 1 46': udp4(32, { ttl: 1 }),
    'Hop Limit 1 64': udp6(32, { hops: 1 }),
    'too big 46': udp4(1473, { df: true }),
    'too big 64': udp6(1473),
    'ping to us 46': build.v4(
      { source: INSIDE.source, destination: bytes(scene.SELF4), protocol: 1 },
      build.icmp(INSIDE, 0x0800, build.u16(5, 1), data(56)),
    ),
    'ping to us 64': build.v6({ ...ROUTER, next: 58 }, build.icmp(ROUTER, 0x8000, build.u16(5, 1), data(56))),
    'unmapped 46': build.v4(
      { ...INSIDE, destination: bytes(scene.SYNTHETIC_RESTING), protocol: 17 },
      build.udp(INSIDE, [scene.INSIDE_PORT, DNS], data(8)),
    ),
    'unknown 46': build.v4(
      { ...INSIDE, destination: bytes(scene.SYNTHETIC_UNKNOWN), protocol: 17 },
      build.udp(INSIDE, [scene.INSIDE_PORT, DNS], data(8)),
    ),
    'GRE 46': build.v4({ ...INSIDE, protocol: 47 }, data(20)),
    'segments left 64': build.v6(
      { ...OUTWARD, next: 43 },
      build.concat(build.extensionHeader(17, Uint8Array.of(0, 1, 0, 0, 0, 0)), datagram6(8)),
    ),
    'source route 46': udp4(8, { options: Uint8Array.of(0x83, 7, 4, 192, 0, 2, 1, 0) }),
    'stranger 64': build.v6({ ...ROUTER, next: 17 }, datagram6(8)),
  }),
  superPacket(4, 4000),
  superPacket(6, 4000),
  train(4, 5000, 1200),
  train(6, 5000, 1200),
  train(4, 5000, 1472, false),
  train(4, 5000, 1472),
  train(6, 5000, 1480),
];

function plain(packets: Record<string, Uint8Array>): Specimen[] {
  return Object.entries(packets).map(([name, packet]) => ({ name, packet, virtio: PLAIN }));
}
