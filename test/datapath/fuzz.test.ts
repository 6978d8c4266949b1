/**
 * No byte string makes the translator throw or write outside its slot, with sessions or without.
 */
import * as assert from 'uvu/assert';
import { CORPUS, type Specimen, superPacket } from '../helpers/corpus.ts';
import { Fuzz } from '../helpers/fuzz.ts';
import { largest, SIIT_CORPUS } from '../helpers/siit-corpus.ts';
import { SiitWorld } from '../helpers/siit-world.ts';
import type { Slot } from '../helpers/slot.ts';
import { tests } from '../helpers/table.ts';
import { World } from '../helpers/world.ts';

const ARBITRARY = 60_000;
const CHANGED = 140_000;
const SIIT_ARBITRARY = 30_000;
const SIIT_CHANGED = 100_000;
const LARGE = 200;

const RATE = { icmpRate: 1000 };
const SIIT = { ...RATE, hairpin: 'intrinsic' as const };
const stateful = new Fuzz(new World(RATE));
const stateless = new Fuzz(new SiitWorld(SIIT));

function every(world: Slot, corpus: readonly Specimen[]): void {
  for (const { name, packet, virtio } of corpus) {
    const { verdict } = world.translate(packet, virtio);
    assert.not(verdict === 'DropMalformed' || verdict === 'DropHeaderChecksum', name);
  }
}

tests('no packet throws, none is written outside its slot', {
  [`${ARBITRARY} times arbitrary bytes`]: () => {
    for (let i = 0; i < ARBITRARY; i++) stateful.arbitrary();
  },
  [`${CHANGED} times a specimen, changed`]: () => {
    for (let i = 0; i < CHANGED; i++) {
      // The sessions that specimens belong to: they are ended by nothing here but time.
      if (i % 5000 === 0) for (const specimen of CORPUS.slice(0, 4)) stateful.whole(specimen);
      stateful.changed(CORPUS[i % CORPUS.length]!);
    }
  },
  [`${LARGE} times 64 KiB`]: () => {
    const large = [superPacket(4, 65_495), superPacket(6, 65_496)];
    for (let i = 0; i < LARGE; i++) stateful.changed(large[i % 2]!);
  },
  'every specimen as it is': () => every(new World(RATE), CORPUS),
});

tests('the same without state', {
  [`${SIIT_ARBITRARY} times arbitrary bytes`]: () => {
    for (let i = 0; i < SIIT_ARBITRARY; i++) stateless.arbitrary();
  },
  [`${SIIT_CHANGED} times a specimen, changed`]: () => {
    for (let i = 0; i < SIIT_CHANGED; i++) stateless.changed(SIIT_CORPUS[i % SIIT_CORPUS.length]!);
  },
  [`${LARGE} times 64 KiB`]: () => {
    const specimen = largest();
    for (let i = 0; i < LARGE; i++) stateless.changed(specimen);
  },
  'every specimen as it is': () => every(new SiitWorld(SIIT), SIIT_CORPUS),
});
