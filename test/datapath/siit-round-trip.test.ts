/**
 * Without state a translation can be undone: what comes out on one side is put in again as it is, and the packet comes
 * back, but for TTL, DF, options, extension headers and the identification of what is no fragment. [18]
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ZeroChecksum } from '../../src/datapath/settings.ts';
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { holds } from '../helpers/property.ts';
import * as scene from '../helpers/siit-world.ts';
import { tests } from '../helpers/table.ts';
import { same, settle } from '../helpers/vector.ts';
import { type Cast, packets4, packets6, type Sent } from './arbitrary-packets.ts';
import { type Packet4, type Packet6, parse4, parse6, word } from './twin-parse.ts';

const HOST = bytes(scene.HOST6_BY_MAPPING);
const CAST: Cast = {
  world: {
    mtu4: 1480,
    mtu6: 1500,
    lowestIpv6Mtu: 1280,
    self4: bytes(scene.SIIT_SELF4),
    snat: bytes(scene.HOST4_BY_PREFIX),
    mappings: [],
    bindings: [6, 17, 1].map((protocol) => ({ protocol, address: HOST, inside: 0x9c40, outside: 0x9c40 })),
  },
  dialled: [bytes(scene.HOST4), bytes(scene.OTHER6_BY_MAPPING)],
  senders: [bytes(scene.HOST6), bytes(scene.OTHER6)],
};

/** A UDP checksum of 0 is none, and none is computed: it comes back as it was. What fits one link fits the other. */
const AS_IT_IS = { mtu4: 1480, zeroChecksum46: ZeroChecksum.Forward, zeroChecksum64: ZeroChecksum.Forward };
const world = new scene.SiitWorld(AS_IT_IS);
let restored = 0;

/** Fields that mean the same in two forms, or that are rewritten in one direction. */
function isPreserved(payload: Uint8Array, protocol: number, virtio: Uint8Array): boolean {
  if (virtio[0] !== 0 && protocol === 1) return false;
  if (protocol === 6) return ![0, 0xffff].includes(word(payload, 16));
  if (protocol === 1) return payload[1] === 0 && ![0, 0xffff].includes(word(payload, 2));
  return true;
}

function comesBack({ packet, virtio }: Sent): void {
  const there = world.translate(packet, virtio);
  if (there.verdict !== 'Forward46' || packet[8]! < 4) return;
  const sent = parse4(packet);
  const { protocol } = sent;
  // Summed before it was split; and pieces of a ping are not translated (RFC 7915 §1.2).
  const isChanged = there.outputs.length > 1 && (virtio[0] !== 0 || protocol === 1);
  if (isChanged || (sent.offset === 0 && !isPreserved(sent.payload, protocol, virtio))) return;
  let at = 0;
  for (const out of there.outputs) {
    const made = parse6(out.packet)!;
    const back = world.translate(out.packet, out.virtio);
    assert.is(back.verdict, 'Forward64');
    const part = sent.payload.slice(at, at + made.payload.length);
    const want = expected(sent, made.fragment, at, part, out.virtio);
    same(settle(back.outputs[0]!.packet, want), want, 'comes back');
    at += part.length;
    restored++;
  }
  assert.is(at, sent.payload.length);
}

/** @param at where `part` begins in what was sent @param fragment of the IPv6 packet in between */
function expected(
  sent: Packet4,
  fragment: unknown,
  at: number,
  part: Uint8Array,
  virtio: Uint8Array,
): Uint8Array {
  const { source, destination, protocol, tos, ttl, id } = sent;
  const header = { source, destination, protocol, tos, ttl: ttl - 2 };
  const isLast = at + part.length === sent.payload.length;
  if (fragment !== null)
    return build.v4({ ...header, id, offset: sent.offset + at, mf: sent.mf || !isLast }, part);
  const segment = segmentSize(virtio);
  const length =
    segment === 0 ? part.length : Math.min(part.length, segment + headerLength(sent.payload, protocol));
  return build.v4({ ...header, df: 20 + length > 1260 }, part);
}

function segmentSize(virtio: Uint8Array): number {
  return virtio[4]! + virtio[5]! * 256;
}

function headerLength(payload: Uint8Array, protocol: number): number {
  return protocol === 17 ? 8 : (payload[12]! >> 4) * 4;
}

function comesBack6({ packet, virtio }: Sent): void {
  const there = world.translate(packet, virtio);
  if (there.verdict !== 'Forward64' || packet[7]! < 4) return;
  const sent = parse6(packet)!;
  const offset = sent.fragment?.offset ?? 0;
  const protocol = sent.next === 58 ? 1 : sent.next;
  const header = segmentSize(virtio) === 0 ? 0 : headerLength(sent.payload, protocol);
  if (segmentSize(virtio) > sent.payload.length - header) return; // no super-packet, whatever it says
  if (offset === 0 && !isPreserved(sent.payload, protocol, virtio)) return;
  const [out] = there.outputs;
  const back = world.translate(out!.packet, out!.virtio);
  assert.is(back.verdict, 'Forward46');
  let at = 0;
  for (const output of back.outputs) {
    const part = sent.payload.slice(at, at + parse6(output.packet)!.payload.length);
    const isLast = at + part.length === sent.payload.length;
    same(output.packet, expected6(sent, offset + at, part, isLast), 'comes back');
    at += part.length;
    restored++;
  }
  assert.is(at, sent.payload.length);
}

/** An atomic fragment that needs not be split comes back whole, RFC 8021. */
function expected6(sent: Packet6, offset: number, part: Uint8Array, isLast: boolean): Uint8Array {
  const { source, destination, next, trafficClass, hops } = sent;
  const header = { source, destination, trafficClass, hops: hops - 2 };
  const more = !isLast || (sent.fragment?.more ?? false);
  if (offset === 0 && !more) return build.v6({ ...header, next }, part);
  const id = (sent.fragment?.id ?? 0) & 0xffff;
  return build.v6({ ...header, next: 44 }, build.concat(build.fragmentHeader(next, offset, more, id), part));
}

tests('there and back', {
  'RFC 7915 §4, §5: 46, then 64': () => {
    holds(fc.noShrink(packets4(CAST)), 800, comesBack);
    assert.ok(restored > 200, `${restored} packets came back`);
  },
  'RFC 7915 §5, §4: 64, then 46': () => {
    restored = 0;
    holds(fc.noShrink(packets6(CAST)), 800, comesBack6);
    assert.ok(restored > 200, `${restored} packets came back`);
  },
});
