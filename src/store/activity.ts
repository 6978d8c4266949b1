/**
 * Mappings in use, told to the other gateways through the store, in batches: where no packet of a mapping passes, its life
 * would seem over. A life is told again when it has grown by a part of itself, and as much longer as until it will be told
 * again: traffic of a busy mapping costs a few numbers an hour.
 */
import type { LocalMappings } from './local-mappings.ts';
import { recordKey } from './record.ts';
import type { Life } from './store.ts';

/** A batch goes out every so many seconds at most. */
const EVERY_SEC = 5;
const SHARE = 8;

export class Activity {
  readonly #local: LocalMappings;
  /** Address → second until which the store was told that it lives. */
  readonly #told = new Map<number, number>();
  #nextSec = 0;

  constructor(local: LocalMappings) {
    this.#local = local;
  }

  /** Lives to be told now; empty most of the time. @param nowSec Unix epoch */
  due(nowSec: number): Life[] {
    if (nowSec < this.#nextSec) return [];
    this.#nextSec = nowSec + EVERY_SEC;
    const lives: Life[] = [];
    const present = new Set<number>();
    for (const { v4, endSec, timeoutSec, isInUse } of this.#local.lives()) {
      present.add(v4);
      // Others see a new record when this gateway does, and give it its timeout from there
      const told = this.#told.get(v4) ?? nowSec + (isInUse ? 0 : timeoutSec);
      const untilSec = endSec <= told ? told : endSec + Math.ceil(timeoutSec / SHARE);
      this.#told.set(v4, untilSec);
      if (untilSec > told) lives.push({ key: recordKey(v4), sec: untilSec - nowSec });
    }
    for (const v4 of this.#told.keys()) if (!present.has(v4)) this.#told.delete(v4);
    return lives;
  }

  /** The store was away or is another one: tell all again. */
  forget(): void {
    this.#told.clear();
    this.#nextSec = 0;
  }
}
