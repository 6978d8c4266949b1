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
import { table, tests } from '../helpers/table.ts';
import { CLIENT, SYNTHETIC, World, words } from '../helpers/world.ts';

const SPECIMENS = [...CORPUS, { ...superPacket(4, 65_495), name: 'super-packet 46, 64 KiB' }];
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

const world = new World({ icmpRate: 1_000_000 });
const { batch, translator } = world;

function place({ packet, virtio }: Specimen, at: number): void {
  batch.bytes.set(virtio, at - VIRTIO_LENGTH);
  batch.bytes.set(packet, at);
}

/** Translate a specimen again and again. @returns sum of verdicts, so that nothing is optimised away */
function run(length: number, times: number): number {
  const restored = TEMPLATE + Math.min(length, RESTORED);
  let verdicts = 0;
  for (let i = 0; i < times; i++) {
    batch.clear();
    batch.bytes.copyWithin(AT - VIRTIO_LENGTH, TEMPLATE - VIRTIO_LENGTH, restored);
    verdicts += translator.translate(AT, length, world.now);
  }
  return verdicts;
}

/** Heap bytes that one packet of this kind costs: the least of several trials, others pay for compilation. */
function cost(specimen: Specimen): number {
  place(specimen, TEMPLATE);
  place(specimen, AT);
  const { length } = specimen.packet;
  let least = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < TRIALS && least > LIMIT; trial++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    run(length, MEASURED);
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / MEASURED);
  }
  return least;
}

for (const specimen of SPECIMENS) {
  place(specimen, TEMPLATE);
  place(specimen, AT);
  run(specimen.packet.length, WARM_UP);
}
for (const specimen of SPECIMENS.slice(0, 3)) cost(specimen); // warms the measurement up too

table('a packet allocates nothing', SPECIMENS, (specimen) => {
  const bytes = cost(specimen);
  assert.ok(bytes < LIMIT, `${bytes.toFixed(2)} bytes a packet`);
});

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
    place(udp, TEMPLATE);
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
