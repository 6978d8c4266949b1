/**
 * No byte string makes the translator throw or write outside its slot: arbitrary bytes, and specimens with a few bytes
 * changed, cut or lengthened, under any virtio header. What comes out is whole and lies in the slot or the spare region;
 * what has to wait is left as it came, because it is translated again.
 */
import * as assert from 'uvu/assert';
import { HEADROOM, READ_BYTES, SPARE_BYTES } from '../../src/datapath/batch.ts';
import { Verdict } from '../../src/datapath/verdict.ts';
import { CORPUS, type Specimen, superPacket } from '../helpers/corpus.ts';
import { dump } from '../helpers/hex.ts';
import { tests } from '../helpers/table.ts';
import { World } from '../helpers/world.ts';

const ARBITRARY = 60_000;
const CHANGED = 140_000;
const LARGE = 200;

const SLOT = 8192;
const AT = SLOT + HEADROOM;
const GUARD = 64;
const CANARY = 0xc5;
const VIRTIO_LENGTH = 10;

/** xorshift32: fast, and the same sequence for the same seed. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 1;
  }

  /** 0 … limit − 1 */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

const seed = Date.now() | 0;
const dice = new Dice(seed);
const world = new World({ icmpRate: 1000 });
const { bytes: arena, view, writes } = world.batch;
const before = new Uint8Array(1 << 17);
let now = 0;

/** Translate what stands at `AT`. */
function run(length: number): void {
  const start = AT - VIRTIO_LENGTH;
  arena.fill(CANARY, SLOT - GUARD, SLOT);
  arena.fill(CANARY, AT + length, AT + length + GUARD);
  before.set(arena.subarray(start, AT + length));
  world.batch.clear();
  now = (now + 3) | 0;
  let verdict: number;
  try {
    verdict = world.translator.translate(AT, length, now);
    check(verdict, length);
  } catch (error) {
    const packet = dump(before.subarray(0, Math.min(VIRTIO_LENGTH + length, 200)));
    throw new Error(`seed ${seed}, ${length} bytes\n${packet}\n${(error as Error).stack}`);
  }
}

function check(verdict: number, length: number): void {
  for (let i = 0; i < GUARD; i++) {
    if (arena[SLOT - GUARD + i] !== CANARY) throw new Error('written before the headroom');
    if (arena[AT + length + i] !== CANARY) throw new Error('written behind the packet');
  }
  if (!(verdict >= 0 && verdict <= Verdict.DropParkingFull)) throw new Error(`verdict ${verdict}`);
  const { count } = world.batch;
  if (count === 0 && verdict <= Verdict.Reply) throw new Error('nothing came out');
  const free = world.batch.reserve(0) - HEADROOM;
  for (let i = 0; i < count; i++) checkOutput(writes[2 * i]!, writes[2 * i + 1]!, AT + length, free);
  if (verdict !== Verdict.Punt && verdict !== Verdict.Hold) return;
  for (let i = 0; i < VIRTIO_LENGTH + length; i++) {
    if (arena[AT - VIRTIO_LENGTH + i] !== before[i]) throw new Error('changed, and has to wait');
  }
}

/** @param end of the packet @param free where the next packet of ours would begin */
function checkOutput(at: number, length: number, end: number, free: number): void {
  const inSlot = at - VIRTIO_LENGTH >= SLOT && at + length <= end;
  const inSpare = at - VIRTIO_LENGTH >= READ_BYTES && at + length <= Math.min(free, READ_BYTES + SPARE_BYTES);
  if (!inSlot && !inSpare) throw new Error(`output at ${at}, ${length} bytes`);
  const version = view.getUint8(at) >>> 4;
  const claimed = version === 4 ? view.getUint16(at + 2) : 40 + view.getUint16(at + 4);
  if ((version !== 4 && version !== 6) || claimed !== length)
    throw new Error(`${claimed} bytes, not ${length}`);
}

/** Any bytes, most of them beginning like a packet. */
function arbitrary(): void {
  const length = dice.below(dice.below(4) === 0 ? 1500 : 120);
  for (let i = 0; i < length; i++) arena[AT + i] = dice.below(256);
  arena[AT] = [0x45, 0x46, 0x4f, 0x60, 0x6f, dice.below(256)][dice.below(6)]!;
  if (length > 20 && dice.below(4) > 0) view.setUint16(AT + 2, length);
  if (length > 60 && dice.below(4) > 0 && arena[AT]! >>> 4 === 6) view.setUint16(AT + 4, length - 40);
  if (dice.below(2) === 0) fixHeader(length);
  randomVirtio(3);
  run(length);
}

/** A specimen with a few bytes changed, cut or lengthened. */
function changed({ packet, virtio }: Specimen): void {
  arena.set(virtio, AT - VIRTIO_LENGTH);
  arena.set(packet, AT);
  let { length } = packet;
  const changes = dice.below(5);
  for (let i = 0; i < changes; i++) {
    const near = dice.below(4) === 0 ? length : Math.min(length, 120);
    arena[AT + dice.below(near)]! ^= dice.below(3) === 0 ? dice.below(256) : 1 << dice.below(8);
  }
  if (dice.below(8) === 0) length = dice.below(length);
  if (dice.below(16) === 0) length += dice.below(40);
  if (dice.below(8) > 0) fixHeader(length);
  if (dice.below(8) > 0) fixMessage(length);
  if (dice.below(8) === 0) randomVirtio(1);
  run(length);
}

/** A right IPv4 header checksum, so that more than the first check is reached. */
function fixHeader(length: number): void {
  const header = (arena[AT]! & 15) * 4;
  if (arena[AT]! >>> 4 !== 4 || header < 20 || header > length) return;
  view.setUint16(AT + 10, 0);
  view.setUint16(AT + 10, ~sum(AT, AT + header));
}

/** The same for a message of ICMP: what it quotes is looked at only then. */
function fixMessage(length: number): void {
  const isV4 = arena[AT]! >>> 4 === 4;
  const message = AT + (isV4 ? (arena[AT]! & 15) * 4 : 40);
  const end = Math.min(AT + length, AT + (isV4 ? view.getUint16(AT + 2) : 40 + view.getUint16(AT + 4)));
  if (end < message + 8 || arena[AT + (isV4 ? 9 : 6)] !== (isV4 ? 1 : 58)) return;
  view.setUint16(message + 2, 0);
  const pseudo = isV4 ? 0 : sum(AT + 8, AT + 40) + (end - message) + 58;
  const total = pseudo + sum(message, end);
  view.setUint16(message + 2, ~((total >>> 16) + total));
}

function sum(from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i += 2) total += i + 1 < to ? view.getUint16(i) : arena[i]! << 8;
  total = (total >>> 16) + (total & 0xffff);
  return (total >>> 16) + (total & 0xffff);
}

/** @param odds one in so many is random, the others plain */
function randomVirtio(odds: number): void {
  const isRandom = dice.below(odds) === 0;
  for (let i = 1; i <= VIRTIO_LENGTH; i++) arena[AT - i] = isRandom ? dice.below(256) : 0;
  if (!isRandom) return;
  arena[AT - 10] = dice.below(4);
  arena[AT - 9] = [0, 1, 4, 5, 0x81, 0x84][dice.below(6)]!;
  if (dice.below(2) === 0) view.setUint32(AT - 4, [0x14001000, 0x28001000, 0x28000600][dice.below(3)]!);
}

/** The sessions that specimens belong to: they are ended by nothing here but time. */
function open(): void {
  for (const specimen of CORPUS.slice(0, 4)) {
    arena.set(specimen.virtio, AT - VIRTIO_LENGTH);
    arena.set(specimen.packet, AT);
    run(specimen.packet.length);
  }
}

tests('no packet throws, none is written outside its slot', {
  [`${ARBITRARY} times arbitrary bytes`]: () => {
    for (let i = 0; i < ARBITRARY; i++) arbitrary();
  },
  [`${CHANGED} times a specimen, changed`]: () => {
    for (let i = 0; i < CHANGED; i++) {
      if (i % 5000 === 0) open();
      changed(CORPUS[i % CORPUS.length]!);
    }
  },
  [`${LARGE} times 64 KiB`]: () => {
    const large = [superPacket(4, 65_495), superPacket(6, 65_496)];
    for (let i = 0; i < LARGE; i++) changed(large[i % 2]!);
  },
  'every specimen as it is': () => {
    const fresh = new World({ icmpRate: 1000 });
    for (const { name, packet, virtio } of CORPUS) {
      const { verdict } = fresh.translate(packet, virtio);
      assert.not(verdict === 'DropMalformed' || verdict === 'DropHeaderChecksum', name);
    }
  },
});
