/**
 * A packet allocates nothing: every kind of packet that the data plane knows, forwarded, answered and dropped, measured
 * after the engine has compiled what it runs. A garbage collection during a measurement would hide what was allocated,
 * so each is short.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { HEADROOM, READ_BYTES, SPARE_BYTES } from '../../src/datapath/batch.ts';
import { portPair } from '../../src/nat/session.ts';
import { CORPUS, type Specimen, superPacket } from '../helpers/corpus.ts';
import { largest, SIIT_CORPUS } from '../helpers/siit-corpus.ts';
import { SiitWorld } from '../helpers/siit-world.ts';
import type { Slot } from '../helpers/slot.ts';
import { table, tests } from '../helpers/table.ts';
import { CLIENT, SYNTHETIC, World, words } from '../helpers/world.ts';

const SPECIMENS = [...CORPUS, { ...superPacket(4, 65_495), name: 'super-packet 46, 64 KiB' }];
const SIIT_SPECIMENS = [...SIIT_CORPUS, largest()];
/** Packets of each kind: 36 kinds make more than 10⁵. */
const MEASURED = 3000;
const WARM_UP = 6000;
/** Bytes a packet: less than a number that does not fit 32 bits, once in a hundred packets. */
const LIMIT = 0.15;
const TRIALS = 4;

const AT = 4096 + HEADROOM;
/** Where the packets are copied from: the parking region, which is nobody's here. */
const TEMPLATE = READ_BYTES + SPARE_BYTES + 256;
const VIRTIO_LENGTH = 10;
/** Translation in place changes headers, not payload: more need not be put back. */
const RESTORED = 400;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
const collect = (): void => gc({ type: 'minor' }); // room for new objects, so that none is due while we count

const RATE = { icmpRate: 1_000_000 };
const world = new World(RATE);
const { batch, translator } = world;
const stateless = new SiitWorld({ ...RATE, hairpin: 'intrinsic' });

function place({ batch }: Slot, { packet, virtio }: Specimen, at: number): void {
  batch.bytes.set(virtio, at - VIRTIO_LENGTH);
  batch.bytes.set(packet, at);
}

/** Translate a specimen again and again. @returns sum of verdicts, so that nothing is optimised away */
function run({ batch, translator, now }: Slot, length: number, times: number): number {
  const restored = TEMPLATE + Math.min(length, RESTORED);
  let verdicts = 0;
  for (let i = 0; i < times; i++) {
    batch.clear();
    batch.bytes.copyWithin(AT - VIRTIO_LENGTH, TEMPLATE - VIRTIO_LENGTH, restored);
    verdicts += translator.translate(AT, length, now);
  }
  return verdicts;
}

/** Heap bytes that one packet of this kind costs: the least of several trials, others pay for compilation. */
function cost(slot: Slot, specimen: Specimen): number {
  place(slot, specimen, TEMPLATE);
  place(slot, specimen, AT);
  const { length } = specimen.packet;
  let least = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < TRIALS && least > LIMIT; trial++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    run(slot, length, MEASURED);
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / MEASURED);
  }
  return least;
}

function warmUp(slot: Slot, specimens: readonly Specimen[]): void {
  for (const specimen of specimens) {
    place(slot, specimen, TEMPLATE);
    place(slot, specimen, AT);
    run(slot, specimen.packet.length, WARM_UP);
  }
  for (const specimen of specimens.slice(0, 3)) cost(slot, specimen); // warms the measurement up too
}

/** One after the other: what is compiled for both is measured with both. */
function measure(title: string, slot: Slot, specimens: readonly Specimen[]): void {
  table(title, specimens, (specimen) => {
    const bytes = cost(slot, specimen);
    assert.ok(bytes < LIMIT, `${bytes.toFixed(2)} bytes a packet`);
  });
}

warmUp(world, SPECIMENS);
warmUp(stateless, SIIT_SPECIMENS);
measure('a packet allocates nothing', world, SPECIMENS);
measure('nor without state', stateless, SIIT_SPECIMENS);

let opened = 0;

/** UDP from one port after another, each session ended again. */
function openAndEnd(times: number): void {
  const { sessions, lock } = world.state;
  const near = words(CLIENT)[0]!;
  const far = words(SYNTHETIC)[0]!;
  for (let i = 0; i < times; i++) {
    batch.clear();
    batch.bytes.copyWithin(AT - VIRTIO_LENGTH, TEMPLATE - VIRTIO_LENGTH, TEMPLATE + 60);
    const port = 1024 + (opened++ % 64_000);
    batch.view.setUint16(AT + 20, port);
    translator.translate(AT, 60, world.now);
    lock.acquire();
    world.state.endSession(sessions.lookupInside(near, far, portPair(port, 53), 17));
    lock.release();
  }
}

tests('a new session', {
  'allocates nothing': () => {
    const udp = SPECIMENS.find(({ name }) => name === 'UDP 46')!;
    place(world, udp, TEMPLATE);
    openAndEnd(WARM_UP);
    let least = Number.POSITIVE_INFINITY;
    for (let trial = 0; trial < TRIALS && least >= 1; trial++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      openAndEnd(MEASURED);
      least = Math.min(least, (process.memoryUsage().heapUsed - before) / MEASURED);
    }
    assert.ok(least < 1, `${least.toFixed(2)} bytes a session`);
  },
});

tests('the measurement', {
  'sees one small object a packet': () => {
    const kept: object[] = [];
    let most = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      collect();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < MEASURED; i++) kept[i] = { i };
      most = Math.max(most, (process.memoryUsage().heapUsed - before) / MEASURED);
    }
    assert.ok(most > 10, `${most.toFixed(2)} bytes`);
  },
});
