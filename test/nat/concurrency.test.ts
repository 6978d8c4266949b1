/**
 * Two threads make, find and prolong sessions in one mapped segment while the main thread sweeps, maps and unmaps, as
 * in a gateway; tables are small, so rows and ports come and go all the time.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import { BindingEvent, BindingLogMode, type BindingRecord } from '../../src/nat/binding-ring.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { NatState } from '../../src/nat/nat-state.ts';
import { Refusal } from '../../src/nat/nat46-resolver.ts';
import { recover } from '../../src/nat/recovery.ts';
import { byteLength, type Geometry, Segment } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { shim } from '../../src/tun/shim.ts';
import { tests } from '../helpers/table.ts';
import { type Flow, Flows, ICMP, TCP, UDP } from './flows.ts';
import { bytes, MEMBERS, words } from './fresh-state.ts';
import { checkInvariants, validRows } from './invariants.ts';

/** Every row that comes or goes is logged, and looked for by its peer. */
const FILTERING = Filtering.AddressDependent;
const LOG = BindingLogMode.BibsAndSessions;
const GEOMETRY: Geometry = { sessions: 96, mappings: 16, clients: 12, fragments: 16, members: 2, workers: 2 };
const SERVERS = 4;
const STEPS = 30_000;
const SERVER = 0x0a020200;
/** Flows that nobody ends. */
const LASTING: readonly Flow[] = Array.from({ length: 8 }, (_, i) => ({
  protocol: i % 2 === 0 ? TCP : UDP,
  near: 0x0a0000f0 + (i >> 1),
  nearPort: 4000,
  far: SERVER,
  farPort: 80 + i,
}));
const NEVER = 2 ** 30;

interface Input {
  readonly fd: number;
  readonly seed: number;
  readonly lasting: readonly number[];
}

interface Outcome {
  opened: number;
  refused: number;
  /** Lasting flows that one lookup without the lock did not find. */
  missed: number;
  wrong: number;
}

function map(fd: number): Segment {
  const buffer = shim().mapFd(fd, byteLength(GEOMETRY), true);
  if (typeof buffer === 'number') throw new Error(`mapFd: ${buffer}`);
  return new Segment(buffer, GEOMETRY);
}

function stateOver(segment: Segment): NatState {
  return new NatState(segment, () => shim().yieldThread());
}

/** Numbers that look random and are the same every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

function work({ fd, seed, lasting }: Input): Outcome {
  const state = stateOver(map(fd));
  const flows = new Flows(state, { maxClientSessions: 24 });
  const random = generator(seed);
  const outcome: Outcome = { opened: 0, refused: 0, missed: 0, wrong: 0 };
  for (let now = 0; now < STEPS; now++) {
    const protocol = [TCP, UDP, ICMP][random(3)] ?? TCP;
    const flow = {
      protocol,
      near: 0x0a000001 + random(10),
      nearPort: 5000 + random(3),
      far: SERVER + random(SERVERS),
      farPort: protocol === ICMP ? 0 : 53 + random(2),
    };
    const id = flows.open(flow, now, now + 1 + random(2000));
    if (id >= 0) outcome.opened++;
    else outcome.refused++;
    if (id >= 0) state.sessions.refresh(id, now + random(500));
    if (id < 0 && id < Refusal.SenderUnmapped) outcome.wrong++;
    const known = random(LASTING.length);
    const wanted = LASTING[known] as Flow;
    if (flows.find(wanted) !== lasting[known]) {
      outcome.missed++;
      if (flows.open(wanted, now, NEVER) !== lasting[known]) outcome.wrong++;
    }
    const port = 5000 + random(3);
    const came = flows.openOutside(
      UDP,
      MEMBERS[random(2)] ?? '::',
      port,
      `2001:db8::${random(SERVERS) + 1}`,
      9,
      now,
    );
    if (came >= 0) state.sessions.refresh(came, now + 50);
  }
  return outcome;
}

/** A record of the binding log that no two threads wrote together. */
function checkRecord({
  event,
  protocol,
  inside,
  insidePort,
  outside,
  isSession,
  synthetic,
  real,
}: BindingRecord): void {
  assert.ok(event === BindingEvent.Add || event === BindingEvent.Remove);
  assert.ok([TCP, UDP, ICMP].includes(protocol));
  assert.ok(inside >>> 8 === 0x0a0000 && insidePort >= 4000 && insidePort < 5003);
  assert.ok(MEMBERS.some((member) => words(member).every((word, i) => outside[i] === word)));
  if (!isSession) return;
  assert.is(real[3], synthetic - SERVER + 1, 'the real address of this synthetic one');
}

/**
 * What the main thread does meanwhile: sweeps, the binding log, and the mappings of all servers but the first come and go.
 * @returns records of the binding log that were read
 */
function keepHouse(state: NatState, turn: number): number {
  state.sweepSessions(turn * 16, 0, GEOMETRY.sessions, () => {});
  let records = 0;
  state.bindings.read(Number.POSITIVE_INFINITY, (record) => {
    checkRecord(record);
    records++;
  });
  state.bindings.release();
  const server = 1 + (turn % (SERVERS - 1));
  const row = state.mappings.lookup4(SERVER + server);
  if (row < 0) {
    const real = bytes(`2001:db8::${server + 1}`);
    state.locked(() => state.mappings.insert(SERVER + server, real, MappingKind.Dynamic, 0, 0));
  } else if (turn % 7 === 0) {
    state.locked(() => state.mappings.quarantine(row, 0));
    state.endSessionsOf(row);
    state.locked(() => state.mappings.remove(row));
  }
  if (turn % 5 === 0) for (const member of [0, 1]) state.locked(() => state.pool.rotate(member));
  return records;
}

async function together(fd: number): Promise<void> {
  const segment = map(fd);
  segment.format(Int32Array.of(1, 2, 3, 4));
  const state = stateOver(segment);
  recover(state, MEMBERS.map(words), FILTERING, LOG);
  state.mappings.insert(SERVER, bytes('2001:db8::1'), MappingKind.Static, 0, 0);
  const flows = new Flows(state);
  const lasting = LASTING.map((flow) => flows.open(flow, 0, NEVER));
  assert.ok(lasting.every((id) => id >= 0));
  const outcomes: Outcome[] = [];
  const workers = [11, 22].map(
    (seed) => new Worker(new URL(import.meta.url), { workerData: { fd, seed, lasting } }),
  );
  const ends = workers.map((worker) => {
    worker.on('message', (outcome: Outcome) => outcomes.push(outcome));
    return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  });
  let records = 0;
  for (let turn = 0; outcomes.length < workers.length; turn++) {
    records += keepHouse(state, turn);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(ends);
  assert.ok(records > 100, `${records} records`);
  checkInvariants(state);
  for (const [i, flow] of LASTING.entries())
    assert.is(flows.find(flow), lasting[i], 'a lasting session lasts');
  for (const { opened, refused, missed, wrong } of outcomes) {
    assert.is(wrong, 0);
    assert.ok(opened > STEPS / 20 && refused > 0, `${opened} opened, ${refused} refused`);
    assert.ok(missed < STEPS / 100, `${missed} missed`);
  }
  for (const row of validRows(state.sessions.rows)) state.endSession(row as SessionId);
  assert.equal([state.bibs.rows.used(), state.clients.rows.used()], [0, 0]);
  checkInvariants(state);
}

if (isMainThread) {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-concurrency-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  tests('three threads on one segment', {
    '[54] [61] nothing is inconsistent afterwards, what lasts is always found, and no record is torn':
      async () => {
        const fd = openSync(path.join(folder, 'segment'), 'w+');
        ftruncateSync(fd, byteLength(GEOMETRY));
        try {
          await together(fd);
        } finally {
          closeSync(fd);
        }
      },
  });
} else {
  parentPort?.postMessage(work(workerData as Input));
}
