/**
 * One packet of each kind that the stateless translator knows, all of the world of `siit-world.ts` with intrinsic
 * hairpinning: what fuzzing starts from and what the heap is measured with.
 */
import type { Specimen } from './corpus.ts';
import { bytes } from './hex.ts';
import * as build from './packets.ts';
import * as scene from './siit-world.ts';

/** 198.51.100.9, which has a mapping, by the prefix. */
const OTHER6_BY_PREFIX = '20010db801c633640009000000000000';
const STRANGER6 = '20010db8ffff000000000000000000fe';

const INTERNET = pair(scene.HOST4, scene.HOST6_BY_MAPPING);
const HOST = pair(scene.HOST6, scene.HOST4_BY_PREFIX);
/** What comes back to each of them, quoted by errors. */
const TO_INTERNET = pair(scene.HOST6_BY_MAPPING, scene.HOST4);
const TO_HOST = pair(scene.HOST4_BY_PREFIX, scene.HOST6);
const ROUTER = pair(STRANGER6, scene.HOST4_BY_PREFIX);
/** Turns back. */
const NEIGHBOUR = pair(scene.HOST6, OTHER6_BY_PREFIX);
const TO_NEIGHBOUR = pair(OTHER6_BY_PREFIX, scene.HOST6);
const PORTS: [number, number] = [40000, 53];
const PLAIN = build.virtio({});
const EXTENSION = build.concat(new Uint8Array(4), data(16));

function pair(source: string, destination: string): build.Pair {
  return { source: bytes(source), destination: bytes(destination) };
}

function data(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
}

/** A packet of either family around what is behind its header. */
function ip(
  addresses: build.Pair,
  protocol: number,
  payload: Uint8Array,
  more: Partial<build.V4Header> = {},
): Uint8Array {
  if (addresses.source.length === 4) return build.v4({ ...addresses, protocol, ...more }, payload);
  return build.v6({ ...addresses, next: protocol, hops: more.ttl ?? 64 }, payload);
}

function udp(addresses: build.Pair, length: number, more: Partial<build.V4Header> = {}): Uint8Array {
  return ip(addresses, 17, build.udp(addresses, PORTS, data(length)), more);
}

function ping(addresses: build.Pair): Uint8Array {
  const [protocol, type] = addresses.source.length === 4 ? [1, 0x0800] : [58, 0x8000];
  return ip(addresses, protocol, build.icmp(addresses, type, build.u16(5, 1), data(56)));
}

function error(addresses: build.Pair, typeCode: number, rest: number, quote: Uint8Array): Uint8Array {
  const protocol = addresses.source.length === 4 ? 1 : 58;
  return ip(addresses, protocol, build.icmp(addresses, typeCode, build.u32(rest), quote));
}

/** Part of a datagram of 2000 bytes. */
function fragment(addresses: build.Pair, offset: number, mf: boolean): Uint8Array {
  const part = build.udp(addresses, PORTS, data(2000)).slice(offset, mf ? offset + 1000 : undefined);
  if (addresses.source.length === 4) return ip(addresses, 17, part, { offset, mf, id: 9 });
  return ip(addresses, 44, build.concat(build.fragmentHeader(17, offset, mf, 9), part));
}

function plain(packets: Record<string, Uint8Array>): Specimen[] {
  return Object.entries(packets).map(([name, packet]) => ({ name: `siit: ${name}`, packet, virtio: PLAIN }));
}

/** 64 KiB that turn back. */
export function largest(): Specimen {
  return superPacket('super-packet that turns back, 64 KiB', NEIGHBOUR, 65_495);
}

/** A super-packet of TCP, its checksum left to the device. @param length bytes of payload */
function superPacket(name: string, addresses: build.Pair, length: number): Specimen {
  const isV4 = addresses.source.length === 4;
  const header = isV4 ? 20 : 40;
  const checksum = build.sum(build.pseudoHeader(addresses, 6, 20 + length));
  const segment = build.tcp(addresses, [40000, 80], data(length), { checksum });
  const offload = {
    needsChecksum: true,
    segment: 1400,
    headers: header + 20,
    sumStart: header,
    sumOffset: 16,
  };
  const virtio = build.virtio({ ...offload, gsoType: isV4 ? 1 : 4 });
  return { name: `siit: ${name}`, packet: ip(addresses, 6, segment, { df: true }), virtio };
}

export const SIIT_CORPUS: readonly Specimen[] = [
  ...plain({
    'UDP 46': udp(INTERNET, 32),
    'UDP 64': udp(HOST, 32),
    'UDP that turns back': udp(NEIGHBOUR, 32),
    'UDP between mapped hosts 46': udp(pair(scene.OTHER6_BY_MAPPING, scene.HOST6_BY_MAPPING), 32),
    'UDP from the neighbour 64': udp(pair(scene.OTHER6, scene.HOST4_BY_PREFIX), 32),
    'ping 46': ping(INTERNET),
    'ping 64': ping(HOST),
    'ping that turns back': ping(NEIGHBOUR),
    'GRE 46': ip(INTERNET, 47, data(60)),
    'GRE 64': ip(HOST, 47, data(60)),
    'options 46': udp(INTERNET, 32, { options: new Uint8Array(40).fill(1) }),
    'extension headers 64': ip(
      HOST,
      0,
      build.concat(
        build.extensionHeader(60, data(6)),
        build.extensionHeader(17, data(6)),
        udp(HOST, 32).slice(40),
      ),
    ),
    'to be split 46': udp(INTERNET, 1472),
    'first fragment 46': fragment(INTERNET, 0, true),
    'last fragment 46': fragment(INTERNET, 1000, false),
    'first fragment 64': fragment(HOST, 0, true),
    'last fragment 64': fragment(HOST, 1000, false),
    'fragment that turns back': fragment(NEIGHBOUR, 1000, false),
    'port unreachable 46': error(INTERNET, 0x0303, 0, udp(TO_INTERNET, 300)),
    'fragmentation needed 46': error(INTERNET, 0x0304, 1400, udp(TO_INTERNET, 300)),
    'error about a fragment 46': error(INTERNET, 0x0b01, 0, fragment(TO_INTERNET, 1000, false).slice(0, 300)),
    'error about a ping 46': error(INTERNET, 0x0300, 0, ping(TO_INTERNET)),
    'extension 46': error(
      INTERNET,
      0x0b00,
      0x00200000,
      build.concat(udp(TO_INTERNET, 300).slice(0, 128), EXTENSION),
    ),
    'packet too big 64': error(ROUTER, 0x0200, 1400, udp(TO_HOST, 300)),
    'error about a fragment 64': error(ROUTER, 0x0301, 0, fragment(TO_HOST, 1000, false).slice(0, 300)),
    'error about a ping 64': error(ROUTER, 0x0100, 0, ping(TO_HOST)),
    'extension 64': error(
      ROUTER,
      0x0100,
      0x10000000,
      build.concat(udp(TO_HOST, 300).slice(0, 128), EXTENSION),
    ),
    'parameter problem 64': error(ROUTER, 0x0400, 40, udp(TO_HOST, 300)),
    'error that turns back': error(NEIGHBOUR, 0x0104, 0, udp(TO_NEIGHBOUR, 300)),
    'TTL 1 46': udp(INTERNET, 32, { ttl: 1 }),
    'hop limit 1 64': udp(HOST, 32, { ttl: 1 }),
    'too big 46': udp(INTERNET, 1473, { df: true }),
    'too big 64': udp(HOST, 1473),
    'ping to us 46': ping(pair(scene.HOST4, scene.SIIT_SELF4)),
    'ping to us 64': ping(pair(scene.HOST6, scene.SIIT_SELF6)),
    'nobody 64': udp(pair(scene.HOST6, STRANGER6), 32),
    'stranger 64': udp(ROUTER, 32),
    'broadcast 46': udp(pair(scene.HOST4, 'ffffffff'), 32),
  }),
  superPacket('super-packet 46', INTERNET, 4000),
  superPacket('super-packet 64', HOST, 4000),
  superPacket('super-packet that turns back', NEIGHBOUR, 4000),
];
