/**
 * What housekeeping does to the segment, by an injected clock.
 */
import * as assert from 'uvu/assert';
import { Housekeeping } from '../../src/gateway/housekeeping.ts';
import { PORT_REST_MS } from '../../src/nat/lifetimes.ts';
import { table } from '../helpers/table.ts';
import { freshState } from '../nat/fresh-state.ts';

const UDP = 1;
const ICMP = 2;
const PORT = 5000;
const TICK_MS = 250;

interface Row {
  name: string;
  column: number;
  /** When the port is freed, relative to the moment at which ports are aged. */
  freed: number;
  /** Ms after it was freed. */
  asked: number;
  isFree: boolean;
}

const ROWS: readonly Row[] = [UDP, ICMP].flatMap((column) =>
  [-1, 0].flatMap((freed) => {
    const rest = freed < 0 ? PORT_REST_MS + 1 : 2 * PORT_REST_MS;
    return [-1, 0, 1].map((off) => ({
      name: `[60] ${column === UDP ? 'UDP' : 'ICMP'}, freed ${freed} ms from an ageing, ${rest} ms ${off} later`,
      column,
      freed,
      asked: rest + off,
      isFree: off >= 0,
    }));
  }),
);

/** RFC 6888 REQ-8: 120 s at least; twice that at most. */
table('a freed port rests', ROWS, ({ column, freed, asked, isFree }) => {
  const state = freshState();
  let now = 2 ** 31 - 200_000; // the clock wraps on the way
  const ticks: number[] = [];
  const hooks = {
    nowMs: () => now | 0,
    sessionExpired: () => {},
    everyTick: () => ticks.push(now),
    everySecond: () => {},
  };
  const house = new Housekeeping(state, hooks);
  const start = now;
  const goTo = (ms: number): void => {
    for (; now < ms; now = Math.min(ms, start + (Math.floor((now - start) / TICK_MS) + 1) * TICK_MS))
      house.tick();
    house.tick();
  };
  assert.is(state.pool.take(0, column, PORT, 1), PORT);
  goTo(start + PORT_REST_MS + freed);
  state.pool.give(0, column, PORT);
  const freedAt = now;
  assert.is(ticks.at(-1), now, 'the hook of each tick');
  goTo(freedAt + asked);
  assert.ok(isFree || asked < 2 * PORT_REST_MS);
  assert.is(state.pool.take(0, column, PORT, 1) === PORT, isFree);
});
