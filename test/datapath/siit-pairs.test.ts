/**
 * The stateless translator remembers address pairs in few rows, where many pairs meet. Whatever came before, each packet
 * has the addresses that the mappings say now: the same sequence against a twin that looks them up anew each time.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Hairpin } from '../../src/datapath/address-flows.ts';
import { bytes, hex } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { holds } from '../helpers/property.ts';
import { map, SiitWorld } from '../helpers/siit-world.ts';
import { tests } from '../helpers/table.ts';
import { same, settle } from '../helpers/vector.ts';

const PACKETS = 1500;
const RUNS = 3;

/** Eight hosts of each mapping of the world, and eight that the prefix alone makes known: 576 pairs, of two kinds each. */
const HOSTS = Array.from({ length: 8 }, (_, i) => [
  `c00002${hexByte(0x20 + i)}`,
  `c63364${hexByte(8 + i)}`,
  `cb0071${hexByte(i * 31)}`,
]).flat();

const KINDS = ['udp', 'tcp', 'ping', 'pong', 'gre', 'fragment', 'error'] as const;
interface Sent {
  source: string;
  destination: string;
  kind: (typeof KINDS)[number];
  port: number;
  /** From IPv6: by explicit mappings where there are some, or the destination by the prefix. */
  from: 'v4' | 'v6' | 'v6 by prefix';
}

const sent: fc.Arbitrary<Sent> = fc.record({
  source: fc.constantFrom(...HOSTS),
  destination: fc.constantFrom(...HOSTS),
  kind: fc.constantFrom(...KINDS),
  port: fc.nat(65535),
  from: fc.constantFrom('v4' as const, 'v6' as const, 'v6 by prefix' as const),
});

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function isMapped(v4: string): boolean {
  const last = Number.parseInt(v4.slice(6), 16);
  return v4.startsWith('c00002') || (v4.startsWith('c63364') && last >= 8 && last < 16);
}

function embedded(v4: string): string {
  return `20010db801${v4.slice(0, 6)}00${v4.slice(6)}${'00'.repeat(6)}`;
}

function counterpart(v4: string): string {
  if (!isMapped(v4)) return embedded(v4);
  return `20010db800${v4.startsWith('c00002') ? '02' : '03'}${'00'.repeat(9)}${v4.slice(6)}`;
}

function pair(source: string, destination: string): build.Pair {
  return { source: bytes(source), destination: bytes(destination) };
}

/** The packet of a family, as the addresses say. */
function packet(addresses: build.Pair, { kind, port }: Sent, hops: number): Uint8Array {
  const isV4 = addresses.source.length === 4;
  const [protocol, payload] = upper(addresses, kind, port);
  const part = kind === 'fragment' ? { mf: true, offset: 64, id: port } : {};
  if (isV4) return build.v4({ ...addresses, protocol, ttl: hops, ...part }, payload);
  if (kind !== 'fragment') return build.v6({ ...addresses, next: protocol, hops }, payload);
  const header = build.fragmentHeader(protocol, 64, true, port);
  return build.v6({ ...addresses, next: 44, hops }, build.concat(header, payload));
}

function upper(addresses: build.Pair, kind: Sent['kind'], port: number): [protocol: number, Uint8Array] {
  const isV4 = addresses.source.length === 4;
  const icmp = isV4 ? 1 : 58;
  const back = { source: addresses.destination, destination: addresses.source };
  switch (kind) {
    case 'udp':
      return [17, build.udp(addresses, [port, 53], bytes('dead beef'))];
    case 'tcp':
      return [6, build.tcp(addresses, [80, port], bytes('dead beef'))];
    case 'ping':
      return [icmp, build.icmp(addresses, isV4 ? 0x0800 : 0x8000, build.u16(port, 1), bytes('dead'))];
    case 'pong':
      return [icmp, build.icmp(addresses, isV4 ? 0x0000 : 0x8100, build.u16(port, 1), bytes('dead'))];
    case 'error':
      return [icmp, build.icmp(addresses, isV4 ? 0x0303 : 0x0104, build.u32(0), quoted(back, port))];
    default:
      return [kind === 'gre' ? 47 : 17, bytes('00112233 44556677')];
  }
}

function quoted(addresses: build.Pair, port: number): Uint8Array {
  const datagram = build.udp(addresses, [53, port], bytes('dead beef'));
  if (addresses.source.length === 4) return build.v4({ ...addresses, protocol: 17, ttl: 9 }, datagram);
  return build.v6({ ...addresses, next: 17, hops: 9 }, datagram);
}

/** RFC 7757 §4.2 from scratch. @returns the packet to send, and what must come out */
function expected(from: Sent, hairpin: Hairpin): [sent: Uint8Array, want: Uint8Array] {
  const { source, destination } = from;
  const v4 = pair(source, destination);
  if (from.from === 'v4') {
    const near = hairpin === 'simple' ? embedded(source) : counterpart(source);
    return [packet(v4, from, 64), packet(pair(near, counterpart(destination)), from, 63)];
  }
  const dialled = from.from === 'v6' ? counterpart(destination) : embedded(destination);
  const received = packet(pair(counterpart(source), dialled), from, 64);
  const turns = hairpin === 'intrinsic' && dialled === embedded(destination) && isMapped(destination);
  const turned = pair(embedded(source), counterpart(destination));
  return [received, turns ? packet(turned, from, 63) : packet(v4, from, 63)];
}

function check(world: SiitWorld, from: Sent, hairpin: Hairpin): void {
  const [received, want] = expected(from, hairpin);
  const { verdict, outputs } = world.translate(received);
  assert.is(verdict, want[0]! >>> 4 === 4 ? 'Forward64' : 'Forward46');
  assert.is(outputs.length, 1);
  same(settle(outputs[0]!.packet, want), want, `${JSON.stringify(from)} ${hex(received)}`);
}

function sequence(hairpin: Hairpin): () => void {
  return () =>
    holds(fc.integer(), RUNS, (seed) => {
      const world = new SiitWorld({ hairpin });
      for (const from of fc.sample(sent, { numRuns: PACKETS, seed })) check(world, from, hairpin);
    });
}

tests(`RFC 7757 §3.3, §4.2 [36]: ${PACKETS} packets of 576 pairs equal their twins`, {
  'no hairpinning': sequence('off'),
  'simple hairpinning': sequence('simple'),
  'intrinsic hairpinning': sequence('intrinsic'),
});

const UDP: Sent = { source: HOSTS[0]!, destination: HOSTS[1]!, kind: 'udp', port: 9, from: 'v4' };

tests('other mappings hold at once', {
  'a pair that is known gets its new addresses, to IPv6': () => {
    const world = new SiitWorld();
    check(world, UDP, 'off');
    world.flows.replace({
      map: map({ pairs: ['c0000200/24=20010db8000900000000000000000000/120'] }),
      hairpin: 'off',
    });
    const moved = pair(`20010db80009${'00'.repeat(9)}20`, embedded(UDP.destination));
    const want = packet(moved, UDP, 63);
    const { outputs } = world.translate(packet(pair(UDP.source, UDP.destination), UDP, 64));
    same(outputs[0]!.packet, want, 'by the new mapping, and by the prefix');
  },
  'a pair that is known has no addresses any more, to IPv4': () => {
    const world = new SiitWorld();
    const received = packet(pair(counterpart(UDP.source), counterpart(UDP.destination)), UDP, 64);
    assert.is(world.translate(received).verdict, 'Forward64');
    world.flows.replace({ map: map({ pairs: [] }), hairpin: 'off' });
    assert.is(world.translate(received).verdict, 'DropUnmapped');
  },
  'another kind of hairpinning': () => {
    const world = new SiitWorld();
    const turned: Sent = { ...UDP, from: 'v6 by prefix' };
    for (const hairpin of ['off', 'intrinsic', 'simple', 'off'] as const) {
      world.flows.replace({ map: map({}), hairpin });
      check(world, turned, hairpin);
      check(world, UDP, hairpin);
    }
  },
});
