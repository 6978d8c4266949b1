/**
 * Random well-formed packets of the world, with the header that the device puts before them. Sizes crowd around the
 * limits; a packet may be one fragment of several, a super-packet, or leave its checksum to the device.
 */
import fc from 'fast-check';
import { hex } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import type { TwinWorld } from './twin.ts';

/** A packet and the header that the device puts before it; as text, its first bytes and how many there are. */
export class Sent {
  readonly packet: Uint8Array;
  readonly virtio: Uint8Array;

  constructor(packet: Uint8Array, virtio: Uint8Array = build.virtio({})) {
    this.packet = packet;
    this.virtio = virtio;
  }

  [fc.toStringMethod](): string {
    return `${hex(this.virtio)} ${hex(this.packet.subarray(0, 120))} (${this.packet.length} bytes)`;
  }
}

/** Ports that exist on both sides, and servers. */
export interface Cast {
  world: TwinWorld;
  /** Addresses that the client dials, and hosts that send from outside. */
  dialled: readonly Uint8Array[];
  senders: readonly Uint8Array[];
}

const SERVER_PORTS = [53, 80];
const NO_OPTIONS = new Uint8Array(0);

/** @param pattern not empty */
function repeated(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += pattern.length) bytes.set(pattern.subarray(0, length - at), at);
  return bytes;
}

const dataLengths = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 70 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1190, max: 1250 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1410, max: 1480 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1481, max: 5000 }) },
);
/** A short random pattern, repeated: what it is does not matter, what it sums to does. */
const data = fc
  .tuple(dataLengths, fc.uint8Array({ minLength: 1, maxLength: 8 }))
  .map(([length, pattern]) => repeated(pattern, length));

const ipOptions = fc.oneof(
  { weight: 12, arbitrary: fc.constant(NO_OPTIONS) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 10 }).map((n) => new Uint8Array(n * 4).fill(1)) },
  { weight: 1, arbitrary: fc.constant(Uint8Array.of(0x83, 7, 4, 192, 0, 2, 1, 0)) },
  { weight: 1, arbitrary: fc.constant(Uint8Array.of(1, 0x89, 7, 8, 192, 0, 2, 1)) },
);
const mss = fc.integer({ min: 0, max: 65535 }).map((value) => [2, 4, value >> 8, value & 0xff]);
const tcpOptions = fc
  .array(fc.oneof(mss, fc.constant([1]), fc.constant([3, 3, 7]), fc.constant([4, 2])), { maxLength: 5 })
  .map((options) => options.flat())
  .map((bytes) => Uint8Array.from([...bytes, ...new Array((4 - (bytes.length % 4)) % 4).fill(0)]));
const tcpFlags = fc.constantFrom(0x02, 0x02, 0x02, 0xc2, 0x10, 0x12, 0x11, 0x14, 0x18, 0x90, 0xc2);
const hops = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(64, 63, 255, 2) },
  { weight: 1, arbitrary: fc.constantFrom(1, 0) },
);

interface Upper {
  protocol: number;
  /** Whole checksum, or the sum of the pseudo-header where the device is to finish it. */
  bytes: Uint8Array;
  headerLength: number;
}

type Finish = 'whole' | 'partial' | 'wrong' | 'none';
const finish: fc.Arbitrary<Finish> = fc.constantFrom('whole', 'whole', 'whole', 'partial', 'wrong', 'none');

function tcp(pair: build.Pair, ports: [number, number]): fc.Arbitrary<Upper> {
  return fc.tuple(data, tcpOptions, tcpFlags, finish).map(([payload, options, flags, how]) => {
    const right = build.tcp(pair, ports, payload, { flags, options });
    const bytes = finished(right, 16, pair, 6, how === 'none' ? 'whole' : how);
    return { protocol: 6, bytes, headerLength: 20 + options.length };
  });
}

function udp(pair: build.Pair, ports: [number, number]): fc.Arbitrary<Upper> {
  return fc.tuple(data, finish).map(([payload, how]) => {
    const bytes = finished(build.udp(pair, ports, payload), 6, pair, 17, how);
    return { protocol: 17, bytes, headerLength: 8 };
  });
}

function echo(pair: build.Pair, types: readonly number[], id: number): fc.Arbitrary<Upper> {
  return fc
    .tuple(data, fc.constantFrom(...types), fc.nat(0xffff), finish)
    .map(([payload, type, seq, how]) => {
      const right = build.icmp(pair, type << 8, build.u16(id, seq), payload);
      const bytes = finished(right, 2, pair, 58, how === 'none' ? 'whole' : how);
      return { protocol: pair.source.length === 4 ? 1 : 58, bytes, headerLength: 8 };
    });
}

function finished(
  right: Uint8Array,
  at: number,
  pair: build.Pair,
  protocol: number,
  how: Finish,
): Uint8Array {
  const out = right.slice();
  if (how === 'wrong') out.set(build.u16((out[at]! << 8) ^ 0x1200 ^ (out[at + 1]! | 1)), at);
  if (how === 'none') out.set([0, 0], at);
  if (how === 'partial') {
    const isIcmp4 = protocol === 58 && pair.source.length === 4;
    const pseudo = isIcmp4 ? NO_OPTIONS : build.pseudoHeader(pair, protocol, right.length);
    out.set(build.u16(build.sum(pseudo)), at);
  }
  return out;
}

/** Whether the field holds the sum of the pseudo-header only: 10 bits of luck aside, the builder's own knowledge. */
function isPartial(upper: Upper, pair: build.Pair): boolean {
  const at = upper.protocol === 6 ? 16 : upper.protocol === 17 ? 6 : 2;
  const pseudo =
    upper.protocol === 1 ? NO_OPTIONS : build.pseudoHeader(pair, upper.protocol, upper.bytes.length);
  return upper.bytes[at]! * 256 + upper.bytes[at + 1]! === build.sum(pseudo);
}

/** What the device says of a whole packet. @param start of the upper layer in it */
function device(upper: Upper, pair: build.Pair, start: number): fc.Arbitrary<Uint8Array> {
  if (!isPartial(upper, pair)) return fc.constant(build.virtio({}));
  const sumOffset = upper.protocol === 6 ? 16 : upper.protocol === 17 ? 6 : 2;
  const partial = { needsChecksum: true, sumStart: start, sumOffset };
  if (upper.protocol !== 6 && upper.protocol !== 17) return fc.constant(build.virtio(partial));
  const family = pair.source.length === 4 ? 1 : 4;
  const gsoType = upper.protocol === 17 ? 5 : family | ((upper.bytes[13]! & 0x80) !== 0 ? 0x80 : 0);
  const headers = start + upper.headerLength;
  const segments = fc.oneof(fc.integer({ min: 1180, max: 1240 }), fc.integer({ min: 1400, max: 1470 }));
  const superPacket = segments.map((segment) => build.virtio({ ...partial, gsoType, segment, headers }));
  return fc.oneof(fc.constant(build.virtio(partial)), superPacket);
}

/** A slice of the upper layer, or all of it. */
interface Cut {
  offset: number;
  length: number;
  more: boolean;
}

function cut(total: number): fc.Arbitrary<Cut | null> {
  const blocks = Math.max(1, Math.floor(total / 8));
  const some = fc
    .tuple(fc.integer({ min: 0, max: Math.min(blocks - 1, 6) }), fc.integer({ min: 1, max: blocks }))
    .map(([start, size]) => {
      const offset = start * 8;
      const length = Math.min(size * 8, total - offset);
      return { offset, length, more: offset + length < total };
    });
  return fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some });
}

export function packets4(cast: Cast): fc.Arbitrary<Sent> {
  const inside = fc.constantFrom(...cast.world.bindings);
  return fc
    .tuple(inside, fc.constantFrom(...cast.dialled), fc.constantFrom(...SERVER_PORTS))
    .chain(([binding, destination, port]) => {
      const pair = { source: binding.address, destination };
      const ports: [number, number] = [binding.inside, port];
      const upper =
        binding.protocol === 6
          ? tcp(pair, ports)
          : binding.protocol === 17
            ? udp(pair, ports)
            : echo(pair, [8, 8, 0], binding.inside);
      return upper.chain((made) => whole4(pair, made));
    });
}

function whole4(pair: build.Pair, upper: Upper): fc.Arbitrary<Sent> {
  const header = fc.record({
    tos: fc.nat(255),
    id: fc.nat(3),
    df: fc.boolean(),
    ttl: hops,
    options: ipOptions,
  });
  return fc.tuple(header, cut(upper.bytes.length)).chain(([fields, piece]) => {
    const protocol = upper.protocol;
    if (piece && !isPartial(upper, pair)) {
      const split = { offset: piece.offset, mf: piece.more };
      const payload = upper.bytes.slice(piece.offset, piece.offset + piece.length);
      const packet = build.v4({ ...pair, ...fields, ...split, protocol }, payload);
      return fc.constant(new Sent(packet));
    }
    const packet = build.v4({ ...pair, ...fields, protocol }, upper.bytes);
    const start = 20 + fields.options.length;
    return device(upper, pair, start).map((virtio) => new Sent(packet, virtio));
  });
}

export function packets6(cast: Cast): fc.Arbitrary<Sent> {
  const outside = fc.constantFrom(...cast.world.bindings);
  return fc
    .tuple(outside, fc.constantFrom(...cast.senders), fc.constantFrom(...SERVER_PORTS))
    .chain(([binding, source, port]) => {
      const pair = { source, destination: cast.world.snat };
      const ports: [number, number] = [port, binding.outside];
      const upper =
        binding.protocol === 6
          ? tcp(pair, ports)
          : binding.protocol === 17
            ? udp(pair, ports)
            : echo(pair, [129, 129, 128], binding.outside);
      return upper.chain((made) => whole6(pair, made));
    });
}

/** Extension headers in front: type and content. A Routing header may have segments left. */
const chain = fc.array(
  fc.tuple(
    fc.constantFrom(0, 60, 60, 43),
    fc.constantFrom([0, 0, 0, 0, 0, 0], [1, 12, ...new Array(12).fill(0)]),
  ),
  { maxLength: 3 },
);
const segmentsLeft = fc.constantFrom(0, 0, 0, 0, 0, 0, 1);

function whole6(pair: build.Pair, upper: Upper): fc.Arbitrary<Sent> {
  const header = fc.record({ trafficClass: fc.nat(255), flow: fc.nat(0xfffff), hops });
  const id = fc.constantFrom(1, 2, 0x10001, 0xffff0002);
  return fc
    .tuple(header, cut(upper.bytes.length), chain, segmentsLeft, id)
    .chain(([fields, piece, headers, left, identification]) => {
      const isCut = piece !== null && !isPartial(upper, pair);
      let next = upper.protocol;
      let payload = upper.bytes;
      if (isCut) {
        payload = payload.slice(piece.offset, piece.offset + piece.length);
        const fragment = build.fragmentHeader(next, piece.offset, piece.more, identification);
        payload = build.concat(fragment, payload);
        next = 44;
      }
      for (const [type, content] of headers) {
        const [first, , ...rest] = content;
        const body = type === 43 ? [first!, left, ...rest] : content;
        payload = build.concat(build.extensionHeader(next, Uint8Array.from(body)), payload);
        next = type;
      }
      const packet = build.v6({ ...pair, ...fields, next }, payload);
      const start = packet.length - upper.bytes.length;
      if (isCut) return fc.constant(new Sent(packet));
      return device(upper, pair, start).map((virtio) => new Sent(packet, virtio));
    });
}
