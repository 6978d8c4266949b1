/**
 * What RFC 7915 preserves comes back: a packet that went from IPv4 to IPv6 is turned around by the server and goes back;
 * turned around again it is the packet it was, but for TTL, identification, DF and options. [18]
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { bytes, dump } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { holds } from '../helpers/property.ts';
import { tests } from '../helpers/table.ts';
import { settle } from '../helpers/vector.ts';
import * as scene from '../helpers/world.ts';
import { type Cast, packets4, type Sent } from './arbitrary-packets.ts';
import { parse4, parse6, word } from './twin-parse.ts';

const CLIENT = bytes(scene.CLIENT);
const CAST: Cast = {
  world: {
    mtu4: 1500,
    mtu6: 1500,
    lowestIpv6Mtu: 1280,
    self4: bytes(scene.SELF4),
    snat: bytes(scene.SNAT),
    mappings: [],
    bindings: [
      { protocol: 6, address: CLIENT, inside: scene.INSIDE_PORT, outside: scene.OUTSIDE_PORT },
      { protocol: 17, address: CLIENT, inside: scene.INSIDE_PORT, outside: scene.OUTSIDE_PORT },
      { protocol: 1, address: CLIENT, inside: scene.INSIDE_ID, outside: scene.OUTSIDE_ID },
    ],
  },
  dialled: [bytes(scene.SYNTHETIC), bytes(scene.SYNTHETIC_2)],
  senders: [],
};

/** What the other end answers: ports change places, a request becomes a reply. The checksum covers both all the same. */
function turn(upper: Uint8Array, protocol: number): Uint8Array {
  if (protocol === 6 || protocol === 17)
    return build.concat(upper.slice(2, 4), upper.slice(0, 2), upper.slice(4));
  const types: Record<number, number> = { 8: 0, 0: 8, 128: 129, 129: 128 };
  const out = upper.slice();
  out[0] = types[upper[0]!]!;
  const checksum = word(upper, 2) + upper[0]! * 256 - out[0] * 256;
  out.set(build.u16(((checksum % 65535) + 65535) % 65535), 2);
  return out;
}

/** Nothing about it is rewritten but addresses, ports and hop limit. */
function isPreserved(upper: Uint8Array, protocol: number): boolean {
  if (protocol === 17) return word(upper, 6) !== 0;
  if (protocol === 6) return (upper[13]! & 2) === 0 && ![0, 0xffff].includes(word(upper, 16));
  return upper[1] === 0 && ![0, 0xffff].includes(word(upper, 2));
}

const world = new scene.World();
for (const port of [53, 80]) for (const destination of CAST.dialled) openTcp(destination, port);
let restored = 0;

function comesBack({ packet, virtio }: Sent): void {
  const sent = parse4(packet);
  const there = world.translate(packet, virtio);
  if (there.verdict !== 'Forward46' || there.outputs.length !== 1) return;
  const [out] = there.outputs;
  const outside = parse6(out!.packet)!;
  const isOrdinary = outside.fragment === null && out!.virtio.every((byte) => byte === 0);
  if (!isOrdinary || virtio[0] !== 0 || !isPreserved(sent.payload, sent.protocol)) return;
  const header = {
    source: outside.destination,
    destination: outside.source,
    trafficClass: outside.trafficClass,
  };
  const answer = build.v6(
    { ...header, hops: outside.hops, next: outside.next },
    turn(outside.payload, outside.next),
  );
  const back = world.translate(answer);
  if (outside.hops <= 1) return;
  assert.is(back.verdict, 'Forward64');
  const want = build.v4(
    {
      source: sent.destination,
      destination: sent.source,
      protocol: sent.protocol,
      tos: sent.tos,
      ttl: sent.ttl - 2,
      df: sent.payload.length + 20 > 1260,
    },
    turn(sent.payload, sent.protocol),
  );
  assert.is(dump(settle(back.outputs[0]!.packet, want)), dump(want));
  restored++;
}

function openTcp(destination: Uint8Array, port: number): void {
  const pair = { source: CLIENT, destination };
  const syn = build.tcp(pair, [scene.INSIDE_PORT, port], new Uint8Array(0), { flags: 2 });
  world.translate(build.v4({ ...pair, protocol: 6 }, syn));
}

tests('46, then 64', {
  'restores what RFC 7915 preserves': () => {
    holds(fc.noShrink(packets4(CAST)), 800, comesBack);
    assert.ok(restored > 50, `${restored} packets came back`);
  },
});
