/**
 * What the binding log is told (RFC 6888 §4, REQ-12): replayed, its records are what is there.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { BindingEvent, BindingLogMode, type BindingRecord } from '../../src/nat/binding-ring.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { recover } from '../../src/nat/recovery.ts';
import { BINDING_LOG_AT, type Geometry, NOW_SEC_AT } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { tests } from '../helpers/table.ts';
import { Flows, TCP, UDP } from './flows.ts';
import { bytes, copyOf, freshState, MEMBERS, words } from './fresh-state.ts';
import { validRows } from './invariants.ts';
import { killAfter } from './killable.ts';
import { Machine, operation, TIGHT } from './machine.ts';

const { Bibs, BibsAndSessions, Off } = BindingLogMode;
const SERVER = 0x0a020205;
const FLOW = { protocol: UDP, near: 0x0a000001, nearPort: 5000, far: SERVER, farPort: 53 };
const NOW_SEC = 1_700_000_000;

function logging(mode: BindingLogMode, geometry: Partial<Geometry> = {}): NatState {
  const state = freshState(geometry, [MEMBERS[0]]);
  state.segment.words[BINDING_LOG_AT] = mode;
  state.segment.words[NOW_SEC_AT] = NOW_SEC;
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  return state;
}

/** Records as text: sign, kind, protocol, inside, outside; of a session also its destination. */
function drained({ bindings }: NatState): { lines: string[]; lost: number } {
  const lines: string[] = [];
  const lost = bindings.read(Number.POSITIVE_INFINITY, (record) => lines.push(text(record)));
  bindings.release();
  return { lines, lost };
}

function hex(address: Int32Array): string {
  return Array.from(address, (word) => (word >>> 0).toString(16)).join(':');
}

function text(record: BindingRecord): string {
  const sign = record.event === BindingEvent.Add ? '+' : '-';
  const { protocol, inside, insidePort, outside, outsidePort } = record;
  const bib = `${protocol} ${inside.toString(16)} ${insidePort} ${hex(outside)} ${outsidePort}`;
  if (!record.isSession) return `${sign} bib ${bib}`;
  const { synthetic, farPort, real } = record;
  return `${sign} session ${bib} ${synthetic.toString(16)} ${farPort} ${hex(real)}`;
}

const SNAT = hex(words(MEMBERS[0]));
const BIB = `bib 17 a000001 5000 ${SNAT} 5000`;
const SESSION = `session 17 a000001 5000 ${SNAT} 5000 a020205 53 ${hex(words('2001:db8:64::80'))}`;

tests('binding log', {
  '[61] off: nothing is recorded': () => {
    const state = logging(Off);
    const id = new Flows(state).open(FLOW);
    state.endSession(id);
    assert.equal(drained(state), { lines: [], lost: 0 });
  },

  '[60] [61] a BIB entry is told once, whatever the destinations, and no destination is': () => {
    const state = logging(Bibs);
    const flows = new Flows(state);
    const ids = [53, 54, 55].map((farPort) => flows.open({ ...FLOW, farPort }));
    assert.equal(drained(state).lines, [`+ ${BIB}`]);
    for (const id of ids) state.endSession(id);
    assert.equal(drained(state).lines, [`- ${BIB}`]);
  },

  '[61] with destinations, each session is told between its BIB entry': () => {
    const state = logging(BibsAndSessions);
    const id = new Flows(state).open(FLOW);
    state.endSession(id);
    assert.equal(drained(state).lines, [`+ ${BIB}`, `+ ${SESSION}`, `- ${SESSION}`, `- ${BIB}`]);
  },

  '[61] the time is that of the segment, beyond 2038 as well': () => {
    const state = logging(Bibs);
    state.segment.words[NOW_SEC_AT] = 4_000_000_000;
    new Flows(state).open(FLOW);
    const times: number[] = [];
    state.bindings.read(Number.POSITIVE_INFINITY, ({ timeSec }) => times.push(timeSec));
    assert.equal(times, [4_000_000_000]);
  },

  '[61] a full ring keeps what it has, counts what it lost, and goes on': () => {
    const state = logging(Bibs, { sessions: 8 });
    const { capacity } = state.bindings;
    const flows = new Flows(state);
    const live = (nearPort: number) => {
      const id = flows.open({ ...FLOW, protocol: TCP, nearPort });
      assert.ok(id >= 0);
      state.endSession(id);
    };
    for (let port = 1; port <= capacity; port++) live(port);
    const { lines, lost } = drained(state);
    assert.equal([lines.length, lost], [capacity, capacity]);
    assert.ok(lines[0]?.startsWith('+ bib 6 a000001 1 '), 'the oldest are kept');
    live(9);
    assert.equal(drained(state).lines.length, 2);
    assert.is(drained(state).lost, 0, 'told once');
  },

  '[61] a restart loses no record, and tells what ends with it': () => {
    const state = logging(BibsAndSessions);
    new Flows(state).open(FLOW);
    const next = copyOf(state);
    recover(next, [words(MEMBERS[1])], Filtering.EndpointIndependent, BibsAndSessions);
    assert.equal(drained(next).lines, [`+ ${BIB}`, `+ ${SESSION}`, `- ${BIB}`, `- ${SESSION}`]);
  },

  '[61] a restart with the same pool tells nothing': () => {
    const state = logging(BibsAndSessions);
    new Flows(state).open(FLOW);
    drained(state);
    const next = copyOf(state);
    recover(next, [words(MEMBERS[0])], Filtering.EndpointIndependent, BibsAndSessions);
    assert.equal(drained(next), { lines: [], lost: 0 });
  },
});

/** What is there, as the log would have added it. */
function alive({ bibs, pool, segment, sessions }: NatState): string[] {
  const address = (at: number) => hex(segment.words.slice(at, at + 4));
  const bib = (row: number) =>
    `${bibs.protocol(row)} ${(bibs.insideAddress(row) >>> 0).toString(16)} ${bibs.insidePort(row)} ` +
    `${address(pool.addressAt(bibs.member(row)))} ${bibs.outsidePort(row)}`;
  const all = validRows(bibs.rows).map((row) => `bib ${bib(row)}`);
  for (const row of validRows(sessions.rows)) {
    const id = row as SessionId;
    const far = `${(sessions.insideFar(id) >>> 0).toString(16)} ${sessions.insidePorts(id) & 0xffff}`;
    all.push(`session ${bib(sessions.bib(id))} ${far} ${address(sessions.outsideAt(id) + 4)}`);
  }
  return all.sort();
}

/** A log played from its start. */
class Replay {
  readonly #alive = new Set<string>();

  /** @param strict nothing comes that is there and nothing goes that is not */
  play(state: NatState, strict: boolean): void {
    const { lines, lost } = drained(state);
    assert.is(lost, 0);
    for (const line of lines) {
      const what = line.slice(2);
      if (strict) assert.is(this.#alive.has(what), line.startsWith('-'), line);
      if (line.startsWith('+')) this.#alive.add(what);
      else this.#alive.delete(what);
    }
  }

  expect(state: NatState): void {
    assert.equal([...this.#alive].sort(), alive(state));
  }
}

const steps = fc.array(operation, { maxLength: 40 });

function machine(): Machine {
  const state = freshState(TIGHT);
  state.segment.words[BINDING_LOG_AT] = BibsAndSessions;
  return new Machine(state);
}

tests('a binding log, replayed', {
  '[61] is what is there, after any sequence of operations': () => {
    fc.assert(
      fc.property(steps, (all) => {
        const running = machine();
        const replay = new Replay();
        for (const step of all) {
          running.step(step);
          replay.play(running.state, true);
          replay.expect(running.state);
        }
      }),
      { numRuns: 60 },
    );
  },

  '[61] is what is there after a kill at any write; at worst something is told twice, or ends that never began':
    () => {
      fc.assert(
        fc.property(steps, operation, fc.nat(90), (before, last, writes) => {
          const running = machine();
          const replay = new Replay();
          for (const step of before) {
            running.step(step);
            replay.play(running.state, true);
          }
          const { state, now } = running;
          killAfter(writes, state, (dying) => {
            const again = new Machine(dying);
            again.now = now;
            again.step(last);
          });
          recover(state, MEMBERS.map(words), Filtering.EndpointIndependent, BibsAndSessions);
          replay.play(state, false);
          replay.expect(state);
        }),
        { numRuns: 300 },
      );
    },
});
