/**
 * The translator equals its slow, obvious twin: verdict, bytes and virtio header, over random sequences of packets in
 * both directions. [1]–[32], [84], [88]; RFC 1624 §3: the incremental checksum equals the recomputed one [18].
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { bytes, dump, hex } from '../helpers/hex.ts';
import { holds } from '../helpers/property.ts';
import { tests } from '../helpers/table.ts';
import { same, settle } from '../helpers/vector.ts';
import * as scene from '../helpers/world.ts';
import { type Cast, packets4, packets6, type Sent } from './arbitrary-packets.ts';
import { Twin, type TwinWorld } from './twin.ts';

/** Sequences of packets for each pair of MTUs. */
const RUNS = 40;

const CLIENTS = [bytes(scene.CLIENT), bytes(scene.CLIENT_2)];
const BINDINGS = [
  { protocol: 6, address: CLIENTS[0]!, inside: scene.INSIDE_PORT, outside: scene.OUTSIDE_PORT },
  { protocol: 17, address: CLIENTS[0]!, inside: scene.INSIDE_PORT, outside: scene.OUTSIDE_PORT },
  { protocol: 1, address: CLIENTS[0]!, inside: scene.INSIDE_ID, outside: scene.OUTSIDE_ID },
  { protocol: 6, address: CLIENTS[1]!, inside: scene.INSIDE_PORT, outside: 1024 },
  { protocol: 17, address: CLIENTS[1]!, inside: 0xffff, outside: 0xfffe },
];

const { SYNTHETIC, SYNTHETIC_2, SYNTHETIC_UNKNOWN, REAL, REAL_2 } = scene;
const STRANGER = '20010db8000500000000000000000005';
const DIALLED = [SYNTHETIC, SYNTHETIC, SYNTHETIC, SYNTHETIC_2, SYNTHETIC_2, SYNTHETIC_UNKNOWN];
const SENDERS = [REAL, REAL, REAL, REAL_2, REAL_2, STRANGER];

const MTUS = [
  { mtu4: 1500, mtu6: 1500, lowestIpv6Mtu: 1280 },
  { mtu4: 1400, mtu6: 1500, lowestIpv6Mtu: 1280 },
  { mtu4: 1500, mtu6: 1280, lowestIpv6Mtu: 1280 },
  { mtu4: 1200, mtu6: 1460, lowestIpv6Mtu: 1400 },
];

function cast(mtus: (typeof MTUS)[number]): Cast {
  const world: TwinWorld = {
    ...mtus,
    self4: bytes(scene.SELF4),
    snat: bytes(scene.SNAT),
    mappings: [
      [bytes(scene.SYNTHETIC), bytes(scene.REAL)],
      [bytes(scene.SYNTHETIC_2), bytes(scene.REAL_2)],
    ],
    bindings: BINDINGS,
  };
  return {
    world,
    dialled: DIALLED.map(bytes),
    senders: SENDERS.map(bytes),
  };
}

function openWorld(mtus: (typeof MTUS)[number]): scene.World {
  const geometry = { sessions: 128, fragments: 128 };
  const world = new scene.World({ ...mtus, icmpRate: 1000, geometry });
  for (const { protocol, address, inside, outside } of BINDINGS.slice(3)) {
    world.bind(protocol, hex(address), inside, outside);
  }
  return world;
}

/** Both translate the same packets, one after another. */
function compare(world: scene.World, twin: Twin, sent: readonly Sent[]): void {
  for (const { packet, virtio } of sent) {
    const fast = world.translate(packet, virtio);
    const slow = twin.translate(packet, virtio);
    const about = `${hex(virtio)}\n${dump(packet.subarray(0, 128))}`;
    assert.is(fast.verdict, slow.verdict, about);
    assert.is(fast.outputs.length, slow.outputs.length, about);
    for (const [i, want] of slow.outputs.entries()) {
      const got = fast.outputs[i]!;
      same(settle(got.packet, want.packet), want.packet, about);
      assert.is(hex(got.virtio), hex(want.virtio), about);
    }
  }
}

for (const mtus of MTUS) {
  const { world, ...rest } = cast(mtus);
  const sequence = fc.array(fc.oneof(packets4({ world, ...rest }), packets6({ world, ...rest })), {
    minLength: 1,
    maxLength: 20,
  });
  tests(`equals its twin, MTU ${mtus.mtu4}, ${mtus.mtu6}`, {
    'random packets': () => holds(sequence, RUNS, (sent) => compare(openWorld(mtus), new Twin(world), sent)),
  });
}
