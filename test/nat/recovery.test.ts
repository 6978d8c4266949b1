/**
 * A gateway that was killed, at any point of whatever it did, and started again on the same segment: nothing is
 * inconsistent, and every session that was there is there.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { PuntRing } from '../../src/nat/punt-ring.ts';
import { recover } from '../../src/nat/recovery.ts';
import { LOCK_AT } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { Flows, TCP, UDP } from './flows.ts';
import { bytes, copyOf, freshState, MEMBERS, SEEDS, words } from './fresh-state.ts';
import { checkInvariants, validRows } from './invariants.ts';
import { killAfter } from './killable.ts';
import { describeSessions, Machine, operation, TIGHT } from './machine.ts';

const SERVER = 0x0a020205;
const FLOW = { protocol: UDP, near: 0x0a000001, nearPort: 5000, far: SERVER, farPort: 53 };

function withSessions(count: number): NatState {
  const state = freshState();
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  const flows = new Flows(state);
  for (let i = 0; i < count; i++) {
    const protocol = i % 2 === 0 ? UDP : TCP;
    assert.ok(flows.open({ ...FLOW, protocol, near: 1 + (i % 4), nearPort: 5000 + (i >> 2) }) >= 0);
  }
  return state;
}

/** What another process finds. */
function restarted(
  state: NatState,
  members: readonly string[] = MEMBERS,
  filtering: Filtering = Filtering.EndpointIndependent,
): NatState {
  const next = copyOf(state);
  const alive = recover(next, members.map(words), filtering);
  assert.is(alive, next.sessions.rows.used());
  checkInvariants(next);
  return next;
}

tests('restart on the same segment', {
  'after an orderly end, nothing is different': () => {
    const state = withSessions(20);
    const next = restarted(state);
    assert.equal(describeSessions(next), describeSessions(state));
    assert.equal(describeSessions(restarted(next)), describeSessions(state), 'and again');
  },

  'the lock of the dead is released, questions and fragments are forgotten': () => {
    const state = withSessions(1);
    new PuntRing(state.segment, 1).push(7);
    state.fragments.insert(
      { meta: 1, identification: 1, addresses: new Int32Array(8) },
      0 as SessionId,
      0,
      10,
    );
    state.segment.words[LOCK_AT] = 1;
    const next = restarted(state);
    assert.is(next.fragments.rows.used(), 0);
    const asked = new Set<number>();
    new PuntRing(next.segment, 1).drain(asked);
    assert.is(asked.size, 0);
  },

  'a row that was taken but never published is free again': () => {
    const state = withSessions(3);
    state.sessions.rows.take();
    state.bibs.rows.take();
    state.clients.rows.take();
    state.mappings.rows.take();
    assert.is(restarted(state).sessions.rows.used(), 3);
  },

  'a BIB entry without session goes, and its port with it': () => {
    const state = withSessions(0);
    const client = state.clients.insert(9, 0);
    state.clients.addBibs(client, +1);
    state.bibs.insert(TCP, 9, (80 << 16) | state.pool.take(0, 0, 80, 0), 0, client);
    const next = restarted(state);
    assert.equal([next.bibs.rows.used(), next.clients.rows.used(), next.pool.inUse(0, 0)], [0, 0, 0]);
  },

  'remembered misses are forgotten, mappings and rests are not': () => {
    const state = withSessions(0);
    const resting = state.mappings.insert(1, bytes('2001:db8::1'), MappingKind.Dynamic, 0, 0);
    state.mappings.quarantine(resting, 50);
    state.mappings.insertNegative(2, 0);
    const { mappings } = restarted(state);
    assert.equal(mappings.counts(), { dynamic: 1, static: 0, resting: 1 });
    assert.is(mappings.keepUntilSec(mappings.lookup4(1)), 350);
    assert.is(mappings.lookup4(2), -1);
  },

  'a port that rests goes on resting': () => {
    const state = withSessions(1);
    const [id = -1] = validRows(state.sessions.rows);
    const member = state.bibs.member(state.sessions.bib(id as SessionId));
    state.endSession(id as SessionId);
    assert.is.not(restarted(state).pool.take(member, 1, 5000, 0), 5000);
  },

  'sessions of a mapping that is gone end': () => {
    const state = withSessions(4);
    state.mappings.remove(state.mappings.lookup4(SERVER));
    assert.is(restarted(state).sessions.rows.used(), 0);
  },

  'a full table survives': () => {
    const state = freshState({ sessions: 8, clients: 4 });
    state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
    const flows = new Flows(state);
    for (let i = 0; i < 9; i++) flows.open({ ...FLOW, nearPort: 5000 + i });
    assert.equal(describeSessions(restarted(state)), describeSessions(state));
  },

  'counters go on': () => {
    const state = withSessions(1);
    const { floats } = state.segment;
    const first = state.segment.counters(0);
    floats.fill(7, first);
    const next = restarted(state).segment.floats;
    assert.ok(next.subarray(first).every((value) => value === 7));
  },

  'most used is not forgotten': () => {
    const state = withSessions(8);
    for (const row of validRows(state.sessions.rows)) state.endSession(row as SessionId);
    assert.is(restarted(state).sessions.rows.mostUsed(), 8);
  },
});

tests('restart with another pool', {
  'in another order: every session keeps its address': () => {
    const state = withSessions(20);
    const next = restarted(state, [...MEMBERS].reverse());
    assert.equal(describeSessions(next), describeSessions(state));
  },

  'an address that is no longer a member: its sessions end, the others go on': () => {
    const state = withSessions(20);
    for (const kept of MEMBERS) {
      const next = restarted(state, [kept]);
      const hex = (text: string) => Array.from(words(text), (word) => (word >>> 0).toString(16)).join(':');
      const mine = describeSessions(state).filter((line) => line.includes(` ${hex(kept)}:`));
      assert.ok(mine.length > 0 && mine.length < 20);
      assert.equal(describeSessions(next), mine);
    }
  },

  'none left': () => {
    assert.is(restarted(withSessions(5), []).sessions.rows.used(), 0);
  },
});

tests('restart with another filtering', {
  '[54] on, off and on again: the peers of every BIB entry are those of its sessions': () => {
    const state = withSessions(20);
    const on = restarted(state, MEMBERS, Filtering.AddressDependent);
    assert.equal(describeSessions(on), describeSessions(state));
    const off = restarted(on);
    for (const row of validRows(off.sessions.rows).slice(0, 7)) off.endSession(row as SessionId);
    assert.is(restarted(off, MEMBERS, Filtering.AddressDependent).sessions.rows.used(), 13);
  },
});

/** Sessions, told from others that had the same row before. */
function stamps({ sessions }: NatState): string[] {
  return validRows(sessions.rows).map((row) => `${row} ${sessions.stamp(row as SessionId)}`);
}

const steps = fc.array(operation, { maxLength: 40 });
const filterings = fc.constantFrom(...Object.values(Filtering));

tests('killed at any write', {
  'of an operation: what was complete is there, the rest is not half there': () => {
    fc.assert(
      fc.property(steps, operation, fc.nat(75), filterings, (before, last, writes, filtering) => {
        const machine = new Machine(freshState(TIGHT, MEMBERS, SEEDS, filtering));
        for (const step of before) machine.step(step);
        const was = describeSessions(machine.state);
        const done = new Machine(copyOf(machine.state));
        const killed = copyOf(machine.state);
        done.now = machine.now;
        done.step(last);
        killAfter(writes, killed, (state) => {
          const dying = new Machine(state);
          dying.now = machine.now;
          dying.step(last);
        });
        recover(killed, MEMBERS.map(words), filtering);
        checkInvariants(killed);
        const is = describeSessions(killed);
        const will = describeSessions(done.state);
        const stay = stamps(done.state); // by their lines, one that ended and was made anew would be one of them
        const left = stamps(killed);
        for (const stamp of stamps(machine.state))
          if (stay.includes(stamp)) assert.ok(left.includes(stamp), 'a session was lost');
        for (const line of is) assert.ok(was.includes(line) || will.includes(line), 'a session was made up');
      }),
      { numRuns: 300 },
    );
  },

  'of the recovery itself: the next one completes it': () => {
    fc.assert(
      fc.property(steps, fc.nat(230), filterings, (before, writes, filtering) => {
        const machine = new Machine(freshState(TIGHT, MEMBERS, SEEDS, filtering));
        for (const step of before) machine.step(step);
        const was = describeSessions(machine.state);
        const killed = copyOf(machine.state);
        killAfter(writes, killed, (state) => recover(state, MEMBERS.map(words), filtering));
        assert.equal(describeSessions(restarted(killed, MEMBERS, filtering)), was);
      }),
      { numRuns: 100 },
    );
  },

  'of the recovery with another pool: no port and no address is confused': () => {
    fc.assert(
      fc.property(
        steps,
        fc.nat(230),
        fc.shuffledSubarray([...MEMBERS, '2001:db8:5::3']),
        (before, writes, pool) => {
          const machine = new Machine(freshState({ ...TIGHT, members: 3 }));
          for (const step of before) machine.step(step);
          const was = describeSessions(machine.state);
          const killed = copyOf(machine.state);
          killAfter(writes, killed, (state) => recover(state, pool.map(words)));
          for (const line of describeSessions(restarted(killed, pool))) assert.ok(was.includes(line));
        },
      ),
      { numRuns: 100 },
    );
  },
});
