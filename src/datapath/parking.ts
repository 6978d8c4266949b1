/**
 * Packets that wait: for the store to say what a synthetic address stands for, or for the first fragment of their
 * datagram. A bounded queue in the last region of the arena; order is kept. When it is full, a packet for the store is not
 * taken, and of fragments the oldest gives way.
 */
import { isPast } from '../nat/lifetimes.ts';
import { type Batch, HEADROOM, PARKING_BYTES, READ_BYTES, SPARE_BYTES } from './batch.ts';

const START = READ_BYTES + SPARE_BYTES;
const END = START + PARKING_BYTES;
const MAX_PARKED = 256;
/** Fragments leave room for packets that wait for the store: anybody can send a fragment without its first. */
const MAX_HELD = MAX_PARKED / 2;
const END_OF_HELD = END - PARKING_BYTES / 4;
/** Fields of an entry: offset, length (0 = released), deadline, far address (0 = nobody stays behind it). */
const FIELDS = 4;

export class Parking {
  size = 0;
  private readonly batch: Batch;
  private readonly fields = new Int32Array(MAX_PARKED * FIELDS);
  private next = START;

  constructor(batch: Batch) {
    this.batch = batch;
  }

  /**
   * Copy a packet away, virtio header and all.
   * @param far IPv4 destination whose mapping it waits for, or 0. @returns false when there is no room
   */
  add(at: number, length: number, deadline: number, far: number): boolean {
    const slot = this.next + HEADROOM;
    const isHeld = far === 0;
    if (this.size === MAX_PARKED || slot + length > (isHeld ? END_OF_HELD : END)) return false;
    if (isHeld && this.held() >= MAX_HELD) return false;
    this.batch.bytes.copyWithin(slot - 10, at - 10, at + length);
    this.set(this.size, slot, length);
    this.fields[this.size * FIELDS + 2] = deadline;
    this.fields[this.size * FIELDS + 3] = far;
    this.size++;
    this.next = (slot + length + 15) & ~15;
    return true;
  }

  /**
   * Make room for a fragment: drop the one that has waited longest. Packets of this region must be written by now.
   * @returns its length, or 0 when none waits
   */
  evictHeld(): number {
    for (let i = 0; i < this.size; i++) {
      const length = this.length(i);
      if (this.fields[i * FIELDS + 3] !== 0) continue;
      this.release(i);
      this.compact();
      return length;
    }
    return 0;
  }

  private held(): number {
    let held = 0;
    for (let i = 0; i < this.size; i++) if (this.fields[i * FIELDS + 3] === 0) held++;
    return held;
  }

  at(i: number): number {
    return this.fields[i * FIELDS]!;
  }

  length(i: number): number {
    return this.fields[i * FIELDS + 1]!;
  }

  isPast(i: number, now: number): boolean {
    return isPast(this.fields[i * FIELDS + 2]!, now);
  }

  /** Whether a packet to this address waits already: a later one must not overtake it. */
  waitsFor(far: number): boolean {
    return this.waits(far, this.size);
  }

  /** Whether an earlier packet to the same address still waits. */
  isBehind(i: number): boolean {
    return this.waits(this.fields[i * FIELDS + 3]!, i);
  }

  /** It waits for a first fragment only: nobody has to stay behind it. */
  letPass(i: number): void {
    this.fields[i * FIELDS + 3] = 0;
  }

  /** Mark an entry as done; `compact` removes it. */
  release(i: number): void {
    this.fields[i * FIELDS + 1] = 0;
  }

  /** Close the gaps. Released packets must be written by now: their bytes are overwritten. */
  compact(): void {
    let kept = 0;
    let next = START;
    for (let i = 0; i < this.size; i++) {
      const length = this.length(i);
      if (length === 0) continue;
      const slot = next + HEADROOM;
      const at = this.at(i);
      this.batch.bytes.copyWithin(slot - 10, at - 10, at + length);
      this.fields.copyWithin(kept * FIELDS, i * FIELDS, (i + 1) * FIELDS);
      this.set(kept, slot, length);
      next = (slot + length + 15) & ~15;
      kept++;
    }
    this.size = kept;
    this.next = next;
  }

  private waits(far: number, before: number): boolean {
    if (far === 0) return false;
    for (let i = 0; i < before; i++) {
      if (this.fields[i * FIELDS + 3] === far && this.length(i) !== 0) return true;
    }
    return false;
  }

  private set(i: number, at: number, length: number): void {
    this.fields[i * FIELDS] = at;
    this.fields[i * FIELDS + 1] = length;
  }
}
