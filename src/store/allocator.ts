/**
 * A synthetic v4 for a real v6: the one it has, else one that the store gives it and nobody else, in the table before it is
 * handed out. Stable: every gateway offers the same addresses in the same order (slots.ts).
 */
import { formatV4, formatV6 } from '../address.ts';
import type { Follower } from './follower.ts';
import type { StoreHealth } from './health.ts';
import type { LocalMappings } from './local-mappings.ts';
import { formatRecord, parseKey, recordKey } from './record.ts';
import type { Slots } from './slots.ts';
import type { Store } from './store.ts';

/** Inactivity after which a mapping that DNS46 made ends: as long as an established TCP session may be idle. */
const DYNAMIC_TIMEOUT_SEC = 7200;
/** Candidates that are offered to the store at once: one, because the table knows which are taken; then more and more. */
const OFFER_GROWTH = 16;
const LARGEST_OFFER = 256;

export interface AllocatorParts {
  readonly store: Store;
  readonly slots: Slots;
  readonly local: LocalMappings;
  readonly follower: Follower;
  readonly health: StoreHealth;
  readonly count: (event: 'allocated' | 'exhausted', n: number) => void;
  readonly log: { info(fields: object, message: string): void };
}

export type Allocation = { v4: number } | { exhausted: true };
const EXHAUSTED: Allocation = { exhausted: true };

export class Allocator {
  readonly #parts: AllocatorParts;
  readonly #running = new Map<string, Promise<Allocation>>();

  constructor(parts: AllocatorParts) {
    this.#parts = parts;
  }

  /** Those who want the same at the same time share one answer. Rejects when the store does not work. */
  allocate(v6: Uint8Array): Promise<Allocation> {
    const name = Buffer.from(v6).toString('latin1');
    const running = this.#running.get(name);
    if (running) return running;
    const allocation = this.#allocate(Uint8Array.from(v6)).finally(() => this.#running.delete(name));
    this.#running.set(name, allocation);
    return allocation;
  }

  async #allocate(v6: Uint8Array): Promise<Allocation> {
    const { count, health, local } = this.#parts;
    const known = local.addressOf(v6);
    if (known !== null) return this.#handOut(known, v6);
    try {
      const v4 = await this.#claim(v6);
      if (v4 !== null) return this.#handOut(v4, v6);
    } catch (error) {
      health.failed(error);
      throw error;
    }
    count('exhausted', 1);
    return EXHAUSTED;
  }

  /**
   * Another gateway may be given an address for this name between two offers: it is vacant no longer, so no offer has it.
   * @returns an address that the store and the table have for this real v6 now, or null when none is left
   */
  async #claim(v6: Uint8Array): Promise<number | null> {
    for (const offer of this.#offers(v6)) {
      const v4 = this.#parts.local.addressOf(v6) ?? (await this.#offer(offer, v6));
      if (v4 !== null) return v4;
    }
    return null;
  }

  /** @returns the address of the offer that is this real v6's now, or null */
  async #offer(offer: readonly number[], v6: Uint8Array): Promise<number | null> {
    const { follower, health, local, store } = this.#parts;
    const claim = await store.claim(offer.map(recordKey), formatRecord(v6, DYNAMIC_TIMEOUT_SEC));
    health.works();
    const v4 = claim && parseKey(claim.key);
    // Those before it are others', which the table did not know
    await follower.read(v4 === null ? offer : offer.slice(0, offer.indexOf(v4) + 1));
    if (claim === null || v4 === null) return null;
    if (local.standsFor(v4, v6)) {
      if (claim.isNew) this.#noteNew(v4, v6);
      return v4;
    }
    if (claim.isNew && !local.hasRoom) await store.del(claim.key);
    return null;
  }

  /** What to offer to the store: the address it had, then those that are free as far as the table knows. */
  *#offers(v6: Uint8Array): Generator<number[]> {
    const { local } = this.#parts;
    const former = local.formerOf(v6);
    if (former !== null) yield [former];
    let offer: number[] = [];
    let size = 1;
    for (const v4 of local.vacant(v6)) {
      if (!local.hasRoom) return;
      offer.push(v4);
      if (offer.length < size) continue;
      yield offer;
      offer = [];
      size = Math.min(size * OFFER_GROWTH, LARGEST_OFFER);
    }
    if (offer.length > 0) yield offer;
  }

  #noteNew(v4: number, v6: Uint8Array): void {
    this.#parts.count('allocated', 1);
    this.#parts.log.info({ v4: formatV4(v4), v6: formatV6(v6) }, 'mapping allocated');
  }

  /** The answer is not out yet: keep the mapping until `answered` says for how long. */
  #handOut(v4: number, v6: Uint8Array): Allocation {
    this.#parts.local.noteAnswer(v4, v6, 0);
    return { v4 };
  }
}
