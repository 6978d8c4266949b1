/**
 * Deadlines on a clock of 32 bits that wraps.
 */
import * as assert from 'uvu/assert';
import * as lifetimes from '../../src/nat/lifetimes.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { table, tests } from '../helpers/table.ts';
import { Flows, UDP } from './flows.ts';
import { bytes, freshState } from './fresh-state.ts';

const CLOCKS = [
  { name: 'at zero', now: 0 },
  { name: 'before the sign changes', now: 2 ** 31 - 1000 },
  { name: 'just before the sign changes', now: 2 ** 31 - 1 },
  { name: 'after the sign changed', now: -(2 ** 31) },
  { name: 'before zero comes again', now: -1 },
];
const LIVES = Object.entries(lifetimes).flatMap(([name, ms]): [string, number][] =>
  typeof ms === 'number' && name.endsWith('_MS') ? [[name, ms]] : [],
);

table(
  'a deadline is past at its millisecond and not before, wherever the clock stands',
  CLOCKS,
  ({ now }) => {
    for (const [name, ms] of [...LIVES, ['the longest', 2 ** 31 - 1] as const]) {
      const deadline = (now + ms) | 0;
      const past = [-1, 0, 1].map((off) => lifetimes.isPast(deadline, (now + ms + off) | 0));
      assert.equal(past, [false, true, true], name);
      assert.not(lifetimes.isPast(deadline, now), `${name} from its start`);
    }
  },
);

table('a session lives to its deadline, wherever the clock stands', CLOCKS, ({ now }) => {
  for (const [off, ended] of [
    [-1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const state = freshState();
    state.mappings.insert(0x0a020205, bytes('2001:db8::80'), MappingKind.Dynamic, 0, 0);
    const flows = new Flows(state);
    const flow = { protocol: UDP, near: 0x0a000001, nearPort: 5000, far: 0x0a020205, farPort: 53 };
    const id = flows.open(flow, now, (now + lifetimes.UDP_MS) | 0);
    assert.ok(id >= 0);
    let count = 0;
    const then = (now + lifetimes.UDP_MS + off) | 0;
    state.sweepSessions(then, 0, 64, (each: SessionId) => {
      assert.is(each, id);
      count++;
    });
    assert.is(count, ended);
    assert.is(flows.find(flow) >= 0, ended === 0);
  }
});

tests('lifetimes, RFC 6146 §4 and RFC 4787 §4.3', {
  'none is longer than the clock can tell': () => {
    assert.ok(LIVES.length >= 7);
    for (const [name, ms] of LIVES) assert.ok(ms > 0 && ms < 24 * 86_400_000, name);
  },
  '[40] [45] [58] UDP five minutes, never below two; ICMP query 60 s; FRAGMENT_MIN 2 s': () => {
    assert.is(lifetimes.UDP_MS, 300_000);
    assert.is(lifetimes.ICMP_QUERY_MS, 60_000);
    assert.ok(lifetimes.FRAGMENT_MS >= 2000);
  },
});
