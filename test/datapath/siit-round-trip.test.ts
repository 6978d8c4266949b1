/**
 * Without state a translation can be undone: what comes out on the IPv6 side is put in again as it is, and the IPv4
 * packet comes back, but for TTL, DF, options and the identification of what is no fragment. [18]
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
import { type Cast, packets4, type Sent } from './arbitrary-packets.ts';
import { type Packet4, parse4, parse6, word } from './twin-parse.ts';

const HOST = bytes(scene.HOST6_BY_MAPPING);
const CAST: Cast = {
  world: {
    mtu4: 1500,
    mtu6: 1500,
    lowestIpv6Mtu: 1280,
    self4: bytes(scene.SIIT_SELF4),
    snat: bytes(scene.SIIT_SELF6),
    mappings: [],
    bindings: [6, 17, 1].map((protocol) => ({ protocol, address: HOST, inside: 0x9c40, outside: 0x9c40 })),
  },
  dialled: [bytes(scene.HOST4), bytes(scene.OTHER6_BY_MAPPING)],
  senders: [],
};

/** A UDP checksum of 0 is none, and none is computed: it comes back as it was. */
const AS_IT_IS = { zeroChecksum46: ZeroChecksum.Forward, zeroChecksum64: ZeroChecksum.Forward };
const world = new scene.SiitWorld(AS_IT_IS);
let restored = 0;

/** Fields that mean the same in two forms, or that are rewritten in one direction. */
function isPreserved({ payload, protocol, offset }: Packet4, virtio: Uint8Array): boolean {
  if (offset > 0) return true;
  if (virtio[0] !== 0 && protocol === 1) return false;
  if (protocol === 6) return ![0, 0xffff].includes(word(payload, 16));
  if (protocol === 1) return payload[1] === 0 && ![0, 0xffff].includes(word(payload, 2));
  return true;
}

function comesBack({ packet, virtio }: Sent): void {
  const there = world.translate(packet, virtio);
  if (there.verdict !== 'Forward46' || packet[8]! < 4) return;
  const sent = parse4(packet);
  // Summed before it was split; and pieces of a ping are not translated (RFC 7915 §1.2).
  const isChanged = there.outputs.length > 1 && (virtio[0] !== 0 || sent.protocol === 1);
  if (isChanged || !isPreserved(sent, virtio)) return;
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
  const segment = virtio[4]! + virtio[5]! * 256;
  const length = segment === 0 ? part.length : Math.min(part.length, segment + headerLength(sent));
  return build.v4({ ...header, df: 20 + length > 1260 }, part);
}

function headerLength({ payload, protocol }: Packet4): number {
  return protocol === 17 ? 8 : (payload[12]! >> 4) * 4;
}

tests('46, then 64', {
  'RFC 7915 §4, §5: restores what both headers have': () => {
    holds(fc.noShrink(packets4(CAST)), 800, comesBack);
    assert.ok(restored > 200, `${restored} packets came back`);
  },
});
