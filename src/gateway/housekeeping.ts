/**
 * What must happen now and then: in the segment the coarse clock, the sweeps, the rest of freed ports; besides what its hooks
 * say. Every step is bounded, and takes the lock for one removal or one member at a time.
 */
import { isPast, PORT_REST_MS } from '../nat/lifetimes.ts';
import type { NatState } from '../nat/nat-state.ts';
import { NOW_SEC_AT } from '../nat/segment.ts';

/** Seldom: in an idle gateway, waking the thread costs more than the step. */
export const TICK_MS = 250;
/** Every row is looked at within about this long. */
const ROUND_MS = 5_000;
const LEAST_ROWS = 1024;

export interface HousekeepingHooks {
  /** A session expired. */
  readonly sessionExpired: () => void;
  /** Each tick, four times a second: so that nothing else wakes the thread as often. */
  readonly everyTick: () => void;
  /** Once a second. */
  readonly everySecond: () => void;
  /** Clock of the data plane, ms. */
  readonly nowMs: () => number;
}

export class Housekeeping {
  readonly #state: NatState;
  readonly #hooks: HousekeepingHooks;
  #timer: NodeJS.Timeout | null = null;
  #ticks = 0;
  #sessionRow = 0;
  #fragmentRow = 0;
  /** When freed ports are aged next, ms. */
  #restAt: number;

  constructor(state: NatState, hooks: HousekeepingHooks) {
    this.#state = state;
    this.#hooks = hooks;
    this.#restAt = (hooks.nowMs() + PORT_REST_MS) | 0;
    this.#setClock();
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One step; called every TICK_MS. */
  tick(): void {
    this.#ticks++;
    this.#setClock();
    const now = this.#hooks.nowMs();
    const { sessions, fragments } = this.#state;
    const ended = this.#hooks.sessionExpired;
    this.#sessionRow = this.#state.sweepSessions(
      now,
      this.#sessionRow,
      budget(sessions.rows.capacity),
      ended,
    );
    this.#fragmentRow = this.#state.sweepFragments(now, this.#fragmentRow, budget(fragments.rows.capacity));
    this.#hooks.everyTick();
    if (this.#ticks % (1000 / TICK_MS) === 0) this.#hooks.everySecond();
    if (isPast(this.#restAt, now)) this.#restPorts(now);
  }

  #setClock(): void {
    this.#state.segment.words[NOW_SEC_AT] = Math.floor(Date.now() / 1000);
  }

  /** Twice for each port: it rests for one whole period at least. */
  #restPorts(now: number): void {
    const { lock, pool } = this.#state;
    this.#restAt = (now + PORT_REST_MS) | 0;
    for (let member = 0; member < pool.size(); member++) {
      lock.acquire();
      pool.rotate(member);
      lock.release();
    }
  }
}

function budget(capacity: number): number {
  return Math.max(LEAST_ROWS, Math.ceil((capacity * TICK_MS) / ROUND_MS));
}
