/**
 * Which synthetic v4 a real v6 gets. Stable: the preferred slot is a hash of the IPv6 address, and the next free slot
 * follows on a collision, so that one name keeps its address when the store is lost, and every gateway of a group
 * proposes the same one.
 *
 * The hash is keyed, but with a key that follows from the subnet alone. A random key would have to live in the very
 * store whose loss it must survive, and be shared by all gateways. What a secret would protect here is little: who
 * aims many AAAA records at one slot makes allocation look a few slots further, no more.
 *
 *     | network | own | reserved head … | dynamic part …                | broadcast |
 *      0         1     1 … N             N + 1 … (own addresses skipped)  2^k - 1
 */
import { createHmac } from 'node:crypto';
import { type Cidr4, contains4, formatV4 } from '../address.ts';
import { FreeSlots } from './free-slots.ts';

export interface SlotOptions {
  readonly subnet: Cidr4;
  /** The first so many host addresses are never given out dynamically. */
  readonly reservedStatic: number;
  /** Addresses (host order) that no mapping may have; those outside the subnet do no harm. */
  readonly reserved: Iterable<number>;
}

export class Slots {
  readonly subnet: Cidr4;
  readonly #key: string;
  readonly #first: number;
  readonly #reserved: ReadonlySet<number>;
  /** Slots of the dynamic part, those of reserved addresses included. */
  readonly #span: number;

  constructor({ subnet, reservedStatic, reserved }: SlotOptions) {
    const hosts = 2 ** (32 - subnet.length) - 2;
    this.subnet = subnet;
    this.#key = `nat46 slots of ${formatV4(subnet.base)}/${subnet.length}`;
    this.#first = subnet.base + 1 + reservedStatic;
    this.#span = Math.max(hosts - reservedStatic, 0);
    this.#reserved = new Set([subnet.base, subnet.base + hosts + 1, ...reserved]);
  }

  /** Whether a record may map this address: inside the subnet and not one of the reserved ones. */
  isMappable(v4: number): boolean {
    return contains4(this.subnet, v4) && !this.#reserved.has(v4);
  }

  isReserved(v4: number): boolean {
    return this.#reserved.has(v4);
  }

  /** Whether this address can be given out dynamically. */
  isAssignable(v4: number): boolean {
    return this.#isDynamic(v4) && !this.#reserved.has(v4);
  }

  /** A set of the slots that can be given out, all of them free. */
  vacant(): FreeSlots {
    const vacant = new FreeSlots(this.#span);
    for (const v4 of this.#reserved) if (this.#isDynamic(v4)) vacant.take(this.slotOf(v4));
    return vacant;
  }

  /** Number of an assignable address within the dynamic part, counted from 0. */
  slotOf(v4: number): number {
    return v4 - this.#first;
  }

  addressOf(slot: number): number {
    return this.#first + slot;
  }

  /** Slot of the address that this IPv6 address gets unless it is taken or reserved. */
  preferred(v6: Uint8Array): number {
    const hash = createHmac('sha256', this.#key).update(v6).digest();
    return hash.readUIntBE(0, 6) % Math.max(this.#span, 1);
  }

  #isDynamic(v4: number): boolean {
    return v4 >= this.#first && v4 < this.#first + this.#span;
  }
}
