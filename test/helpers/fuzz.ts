/**
 * Packets that nobody would send: arbitrary bytes, and specimens with a few bytes changed, cut or lengthened, under any
 * virtio header. The translator must not throw, nor write outside the slot of the packet and the spare region; what comes
 * out is whole; what has to wait is left as it came, because it is translated again.
 */
import { HEADROOM, READ_BYTES, SPARE_BYTES } from '../../src/datapath/batch.ts';
import { Verdict } from '../../src/datapath/verdict.ts';
import type { Specimen } from './corpus.ts';
import { dump } from './hex.ts';
import type { Slot } from './slot.ts';

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

export class Fuzz {
  readonly #world: Slot;
  readonly #seed = Date.now() | 0;
  readonly #dice = new Dice(this.#seed);
  readonly #arena: Uint8Array;
  readonly #view: DataView;
  readonly #before = new Uint8Array(1 << 17);
  #now = 0;

  constructor(world: Slot) {
    this.#world = world;
    this.#arena = world.batch.bytes;
    this.#view = world.batch.view;
  }

  /** Any bytes, most of them beginning like a packet. */
  arbitrary(): void {
    const arena = this.#arena;
    const view = this.#view;
    const dice = this.#dice;
    const length = dice.below(dice.below(4) === 0 ? 1500 : 120);
    for (let i = 0; i < length; i++) arena[AT + i] = dice.below(256);
    arena[AT] = [0x45, 0x46, 0x4f, 0x60, 0x6f, dice.below(256)][dice.below(6)]!;
    if (length > 20 && dice.below(4) > 0) view.setUint16(AT + 2, length);
    if (length > 60 && dice.below(4) > 0 && arena[AT]! >>> 4 === 6) view.setUint16(AT + 4, length - 40);
    if (dice.below(2) === 0) this.#fixHeader(length);
    this.#randomVirtio(3);
    this.#run(length);
  }

  /** A specimen with a few bytes changed, cut or lengthened. */
  changed(specimen: Specimen): void {
    this.#place(specimen);
    const dice = this.#dice;
    let { length } = specimen.packet;
    const changes = dice.below(5);
    for (let i = 0; i < changes; i++) {
      const near = dice.below(4) === 0 ? length : Math.min(length, 120);
      this.#arena[AT + dice.below(near)]! ^= dice.below(3) === 0 ? dice.below(256) : 1 << dice.below(8);
    }
    if (dice.below(8) === 0) length = dice.below(length);
    if (dice.below(16) === 0) length += dice.below(40);
    if (dice.below(8) > 0) this.#fixHeader(length);
    if (dice.below(8) > 0) this.#fixMessage(length);
    if (dice.below(8) === 0) this.#randomVirtio(1);
    this.#run(length);
  }

  /** A specimen as it is. */
  whole(specimen: Specimen): void {
    this.#place(specimen);
    this.#run(specimen.packet.length);
  }

  #place({ packet, virtio }: Specimen): void {
    this.#arena.set(virtio, AT - VIRTIO_LENGTH);
    this.#arena.set(packet, AT);
  }

  /** Translate what stands at `AT`. */
  #run(length: number): void {
    const { batch, translator } = this.#world;
    const start = AT - VIRTIO_LENGTH;
    this.#arena.fill(CANARY, SLOT - GUARD, SLOT);
    this.#arena.fill(CANARY, AT + length, AT + length + GUARD);
    this.#before.set(this.#arena.subarray(start, AT + length));
    batch.clear();
    this.#now = (this.#now + 3) | 0;
    try {
      this.#check(translator.translate(AT, length, this.#now), length);
    } catch (error) {
      const packet = dump(this.#before.subarray(0, Math.min(VIRTIO_LENGTH + length, 200)));
      throw new Error(`seed ${this.#seed}, ${length} bytes\n${packet}\n${(error as Error).stack}`);
    }
  }

  #check(verdict: number, length: number): void {
    const { batch } = this.#world;
    for (let i = 0; i < GUARD; i++) {
      if (this.#arena[SLOT - GUARD + i] !== CANARY) throw new Error('written before the headroom');
      if (this.#arena[AT + length + i] !== CANARY) throw new Error('written behind the packet');
    }
    if (!(verdict >= 0 && verdict <= Verdict.DropParkingFull)) throw new Error(`verdict ${verdict}`);
    const { count, writes } = batch;
    if (count === 0 && verdict <= Verdict.Reply) throw new Error('nothing came out');
    const free = batch.reserve(0) - HEADROOM;
    for (let i = 0; i < count; i++) {
      this.#checkOutput(writes[2 * i]!, writes[2 * i + 1]!, AT + length, free);
    }
    if (verdict !== Verdict.Punt && verdict !== Verdict.Hold) return;
    for (let i = 0; i < VIRTIO_LENGTH + length; i++) {
      if (this.#arena[AT - VIRTIO_LENGTH + i] !== this.#before[i])
        throw new Error('changed, and has to wait');
    }
  }

  /** @param end of the packet @param free where the next packet of ours would begin */
  #checkOutput(at: number, length: number, end: number, free: number): void {
    const inSlot = at - VIRTIO_LENGTH >= SLOT && at + length <= end;
    const inSpare =
      at - VIRTIO_LENGTH >= READ_BYTES && at + length <= Math.min(free, READ_BYTES + SPARE_BYTES);
    if (!inSlot && !inSpare) throw new Error(`output at ${at}, ${length} bytes`);
    const version = this.#view.getUint8(at) >>> 4;
    const claimed = version === 4 ? this.#view.getUint16(at + 2) : 40 + this.#view.getUint16(at + 4);
    if ((version !== 4 && version !== 6) || claimed !== length)
      throw new Error(`${claimed} bytes, not ${length}`);
  }

  /** A right IPv4 header checksum, so that more than the first check is reached. */
  #fixHeader(length: number): void {
    const header = (this.#arena[AT]! & 15) * 4;
    if (this.#arena[AT]! >>> 4 !== 4 || header < 20 || header > length) return;
    this.#view.setUint16(AT + 10, 0);
    this.#view.setUint16(AT + 10, ~this.#sum(AT, AT + header));
  }

  /** The same for a message of ICMP: what it quotes is looked at only then. */
  #fixMessage(length: number): void {
    const arena = this.#arena;
    const view = this.#view;
    const isV4 = arena[AT]! >>> 4 === 4;
    const message = AT + (isV4 ? (arena[AT]! & 15) * 4 : 40);
    const end = Math.min(AT + length, AT + (isV4 ? view.getUint16(AT + 2) : 40 + view.getUint16(AT + 4)));
    if (end < message + 8 || arena[AT + (isV4 ? 9 : 6)] !== (isV4 ? 1 : 58)) return;
    view.setUint16(message + 2, 0);
    const pseudo = isV4 ? 0 : this.#sum(AT + 8, AT + 40) + (end - message) + 58;
    const total = pseudo + this.#sum(message, end);
    view.setUint16(message + 2, ~((total >>> 16) + total));
  }

  #sum(from: number, to: number): number {
    let total = 0;
    for (let i = from; i < to; i += 2) {
      total += i + 1 < to ? this.#view.getUint16(i) : this.#arena[i]! << 8;
    }
    total = (total >>> 16) + (total & 0xffff);
    return (total >>> 16) + (total & 0xffff);
  }

  /** @param odds one in so many is random, the others plain */
  #randomVirtio(odds: number): void {
    const arena = this.#arena;
    const dice = this.#dice;
    const isRandom = dice.below(odds) === 0;
    for (let i = 1; i <= VIRTIO_LENGTH; i++) arena[AT - i] = isRandom ? dice.below(256) : 0;
    if (!isRandom) return;
    arena[AT - 10] = dice.below(4);
    arena[AT - 9] = [0, 1, 4, 5, 0x81, 0x84][dice.below(6)]!;
    if (dice.below(2) === 0) {
      this.#view.setUint32(AT - 4, [0x14001000, 0x28001000, 0x28000600][dice.below(3)]!);
    }
  }
}
