/**
 * Sessions end: because nothing passed (swept), because their mapping went, one by one; and after any sequence of
 * operations everything is as the rows say.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { type Flow, Flows, UDP } from './flows.ts';
import { bytes, freshState, MEMBERS, SEEDS } from './fresh-state.ts';
import { checkInvariants, validRows } from './invariants.ts';
import { Machine, operation, TIGHT } from './machine.ts';

const SERVER = 0x0a020205;
const OTHER = 0x0a020206;

const FLOW: Flow = { protocol: UDP, near: 0x0a000001, nearPort: 5000, far: SERVER, farPort: 53 };

function mapped(): NatState {
  const state = freshState();
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  state.mappings.insert(OTHER, bytes('2001:db8:64::81'), MappingKind.Static, 0, 0);
  return state;
}

tests('ending sessions of a mapping', {
  'all of them, and no others': () => {
    const state = mapped();
    const flows = new Flows(state);
    const keep = [1, 2].map((nearPort) => ({ ...FLOW, nearPort, far: OTHER }));
    const end = [1, 2, 3].map((nearPort) => ({ ...FLOW, nearPort }));
    for (const flow of [...end, ...keep]) flows.open(flow);
    const row = state.mappings.lookup4(SERVER);
    assert.is(state.endSessionsOf(row), 3);
    assert.is(state.endSessionsOf(row), 0);
    for (const flow of end) assert.is(flows.find(flow), -1);
    for (const flow of keep) assert.ok(flows.find(flow) >= 0);
    checkInvariants(state);
  },
});

tests('sweep', {
  'looks at as many rows as it may, comes round, and tells which ended': () => {
    const state = mapped();
    const flows = new Flows(state);
    for (let i = 0; i < 10; i++) flows.open({ ...FLOW, nearPort: 1000 + i }, 0, i % 2 === 0 ? 10 : 100);
    const ended: number[] = [];
    let from = 0;
    const stops: number[] = [];
    do {
      from = state.sweepSessions(50, from, 24, (id) => ended.push(id));
      stops.push(from);
    } while (from > 0);
    assert.equal(stops, [24, 48, 0]);
    assert.is(ended.length, 5);
    assert.is(state.sessions.rows.used(), 5);
    checkInvariants(state);
  },

  'takes the lock for one removal at a time': () => {
    const state = mapped();
    const flows = new Flows(state);
    for (let i = 0; i < 5; i++) flows.open({ ...FLOW, nearPort: 1000 + i }, 0, 10);
    let taken = 0;
    const { acquire } = state.lock;
    state.lock.acquire = () => {
      taken++;
      acquire.call(state.lock);
    };
    state.sweepSessions(9, 0, 64, () => {});
    assert.is(taken, 0, 'looking takes no lock');
    state.sweepSessions(10, 0, 64, () => {});
    assert.is(taken, 5);
  },

  'a session that was prolonged meanwhile stays': () => {
    const state = mapped();
    const flows = new Flows(state);
    const id = flows.open(FLOW, 0, 10);
    const { acquire } = state.lock;
    state.lock.acquire = () => {
      acquire.call(state.lock);
      state.sessions.refresh(id, 100); // a packet passes between the look and the lock
    };
    state.sweepSessions(10, 0, 64, () => assert.unreachable());
    assert.is(flows.find(FLOW), id);
  },

  'fragments are swept under the lock': () => {
    const state = mapped();
    const key = { meta: 1, identification: 1, addresses: new Int32Array(8) };
    state.fragments.insert(key, 0 as SessionId, 0, 10);
    assert.is(state.sweepFragments(9, 0, 3), 3);
    assert.is(state.fragments.rows.used(), 1);
    state.sweepFragments(10, 0, 8);
    assert.is(state.fragments.rows.used(), 0);
    checkInvariants(state);
  },
});

const filterings = fc.constantFrom(...Object.values(Filtering));

tests('any sequence of operations', {
  'leaves counts, ports, links and queues as the rows say': () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), filterings, (steps, filtering) => {
        const machine = new Machine(freshState(TIGHT, MEMBERS, SEEDS, filtering));
        for (const step of steps) {
          machine.step(step);
          checkInvariants(machine.state);
        }
      }),
      { numRuns: 60 },
    );
  },

  'comes to nothing when all have ended': () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), filterings, (steps, filtering) => {
        const { state } = steps.reduce(
          (machine, step) => {
            machine.step(step);
            return machine;
          },
          new Machine(freshState(TIGHT, MEMBERS, SEEDS, filtering)),
        );
        for (const row of validRows(state.sessions.rows)) state.endSession(row as SessionId);
        assert.equal(
          [state.sessions.rows.used(), state.bibs.rows.used(), state.clients.rows.used()],
          [0, 0, 0],
        );
        checkInvariants(state);
      }),
      { numRuns: 30 },
    );
  },
});
