/**
 * Mappings in use, told to the other gateways through the store, in batches: where no packet of a mapping passes, its life
 * would seem over. A life is told again when it has grown by a part of itself, and as much longer as until it will be told
 * again: traffic of a busy mapping costs a few numbers an hour.
 */
import { MappingKind } from '../nat/mapping.ts';
import { endSec, type MappingRows } from './local-mappings.ts';
import { NEVER_SEC, recordKey } from './record.ts';
import type { Life } from './store.ts';

/** The table is looked through in so many steps, one a second: a step of a large one stays about a millisecond. */
const STEPS = 5;
const LEAST_ROWS = 4096;
const SHARE = 8;
/** No mapping has it. */
const NO_ADDRESS = 0;

export class Activity {
  readonly #table: MappingRows;
  /** Row → the address whose life was told, and the second until which it was told to live. */
  readonly #toldV4: Uint32Array;
  readonly #toldSec: Uint32Array;
  #from = 0;

  constructor(table: MappingRows) {
    this.#table = table;
    this.#toldV4 = new Uint32Array(table.capacity);
    this.#toldSec = new Uint32Array(table.capacity);
  }

  /** One step: lives to be told now; none most of the time. @param nowSec Unix epoch */
  due(nowSec: number): Life[] {
    const lives: Life[] = [];
    const { capacity, rows } = this.#table;
    const behind = Math.min(this.#from + Math.max(Math.ceil(capacity / STEPS), LEAST_ROWS), capacity);
    for (let row = this.#from; row < behind; row++) {
      const free = row;
      row = rows.next(row, behind);
      this.#toldV4.fill(NO_ADDRESS, free, row);
      if (row === behind) break;
      const v4 = this.#isMortal(row) ? this.#table.v4(row) : NO_ADDRESS;
      const sec = v4 === NO_ADDRESS ? 0 : this.#news(row, v4, nowSec);
      if (sec > 0) lives.push({ key: recordKey(v4), sec });
      this.#toldV4[row] = v4;
    }
    this.#from = behind < capacity ? behind : 0;
    return lives;
  }

  /** The store was away or is another one: tell all again. */
  forget(): void {
    this.#toldSec.fill(0);
  }

  #isMortal(row: number): boolean {
    const table = this.#table;
    const isDynamic = table.rows.isValid(row) && table.kind(row) === MappingKind.Dynamic;
    return isDynamic && table.timeoutSec(row) !== NEVER_SEC;
  }

  /** @returns seconds from now that it is to be told to live, 0 when what was told is enough */
  #news(row: number, v4: number, nowSec: number): number {
    const timeoutSec = this.#table.timeoutSec(row);
    const isInUse = this.#table.sessions(row) > 0;
    const end = isInUse ? nowSec + timeoutSec : endSec(this.#table, row);
    // Others see a new record when this gateway does, and give it its timeout from there
    const fresh = nowSec + (isInUse ? 0 : timeoutSec);
    const told = this.#toldV4[row] === v4 ? (this.#toldSec[row] ?? 0) : fresh;
    const untilSec = end <= told ? told : end + Math.ceil(timeoutSec / SHARE);
    this.#toldSec[row] = untilSec;
    return untilSec > told ? untilSec - nowSec : 0;
  }
}
