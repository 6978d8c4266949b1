/**
 * The file of the binding log (RFC 6888 §4): what a line says, that files can be moved away, and what a full disk does.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { BindingLog, type BindingLogHooks } from '../../src/gateway/binding-log.ts';
import { BindingLogMode } from '../../src/nat/binding-ring.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { BINDING_LOG_AT, NOW_SEC_AT } from '../../src/nat/segment.ts';
import { tests } from '../helpers/table.ts';
import { Flows, ICMP, TCP, UDP } from '../nat/flows.ts';
import { bytes, freshState } from '../nat/fresh-state.ts';

const SERVER = 0x0a020205;
const FLOW = { protocol: TCP, near: 0x0a000001, nearPort: 5000, far: SERVER, farPort: 443 };
const SNAT = '2001:db8:5::1';

const folder = mkdtempSync(path.join(tmpdir(), 'nat46-binding-log-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function newFile(): string {
  return path.join(folder, `log${++files}`);
}

function logging(mode: BindingLogMode = BindingLogMode.Bibs, sessions = 64): NatState {
  const state = freshState({ sessions }, [SNAT]);
  state.segment.words[BINDING_LOG_AT] = mode;
  state.segment.words[NOW_SEC_AT] = 1_700_000_000; // 2023-11-14T22:13:20Z
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  return state;
}

const QUIET: BindingLogHooks = { failed: (error) => assert.unreachable(error.message), worksAgain: () => {} };

function lines(file: string): object[] {
  const text = readFileSync(file, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as object);
}

const ADD = {
  time: '2023-11-14T22:13:20Z',
  event: 'add',
  protocol: 'tcp',
  inside: '10.0.0.1',
  inside_port: 5000,
  outside: SNAT,
  outside_port: 5000,
};

tests('binding log file', {
  '[60] [61] a line says when, what, who inside and who outside, and no destination': () => {
    const file = newFile();
    const state = logging();
    const log = new BindingLog(file, state, QUIET);
    const flows = new Flows(state);
    const ids = [flows.open(FLOW), flows.open({ ...FLOW, farPort: 80 })];
    log.write();
    assert.equal(lines(file), [ADD], 'one BIB entry, two destinations');
    state.segment.words[NOW_SEC_AT] = 1_700_000_060;
    for (const id of ids) state.endSession(id);
    log.close();
    assert.equal(lines(file), [ADD, { ...ADD, time: '2023-11-14T22:14:20Z', event: 'remove' }]);
  },

  '[61] with destinations, a line for each session': () => {
    const file = newFile();
    const state = logging(BindingLogMode.BibsAndSessions);
    const log = new BindingLog(file, state, QUIET);
    new Flows(state).open(FLOW);
    log.close();
    const session = { ...ADD, synthetic: '10.2.2.5', real: '2001:db8:64::80', real_port: 443 };
    assert.equal(lines(file), [ADD, session]);
  },

  '[61] protocols have names': () => {
    const file = newFile();
    const state = logging();
    const log = new BindingLog(file, state, QUIET);
    for (const protocol of [TCP, UDP, ICMP]) new Flows(state).open({ ...FLOW, protocol, farPort: 0 });
    log.close();
    assert.equal(
      lines(file).map((line) => (line as typeof ADD).protocol),
      ['tcp', 'udp', 'icmp'],
    );
  },

  '[61] an existing file is appended to, a new one is not for everybody to read': () => {
    const file = newFile();
    for (let i = 0; i < 2; i++) {
      const state = logging();
      const log = new BindingLog(file, state, QUIET);
      new Flows(state).open(FLOW);
      log.close();
    }
    assert.equal(lines(file), [ADD, ADD]);
    assert.is(statSync(file).mode & 0o007, 0);
  },

  '[61] moved away and opened again: no line is lost, none is in both': () => {
    const file = newFile();
    const state = logging();
    const log = new BindingLog(file, state, QUIET);
    const id = new Flows(state).open(FLOW);
    renameSync(file, `${file}.1`);
    log.reopen();
    state.endSession(id);
    log.close();
    assert.equal(lines(`${file}.1`), [ADD]);
    assert.equal(lines(file), [{ ...ADD, event: 'remove' }]);
  },

  '[61] opened again in vain: the caller is told, and the old file goes on': () => {
    const file = path.join(folder, 'gone', 'log');
    mkdirSync(path.dirname(file));
    const state = logging();
    const log = new BindingLog(file, state, { ...QUIET, failed: assert.unreachable });
    const kept = openSync(file, 'r');
    rmSync(path.dirname(file), { recursive: true });
    assert.throws(
      () => log.reopen(),
      (error: Error) =>
        error.message.startsWith(`--binding-log ${file} cannot be opened for appending (ENOENT)`),
    );
    new Flows(state).open(FLOW);
    log.close();
    assert.equal(JSON.parse(readFileSync(kept, 'utf8')), ADD);
    closeSync(kept);
  },

  '[61] what a full ring lost is said in a line': () => {
    const file = newFile();
    const state = logging(BindingLogMode.Bibs, 8);
    const log = new BindingLog(file, state, QUIET);
    const flows = new Flows(state);
    for (let i = 0; i < 20; i++) state.endSession(flows.open(FLOW));
    log.close();
    const all = lines(file);
    assert.is(all.length, state.bindings.capacity + 1);
    assert.equal(all.at(-1), { time: ADD.time, event: 'lost', count: 40 - state.bindings.capacity });
  },

  '[61] a disk that is full: said once, and everything is told when there is room again': () => {
    const file = newFile();
    symlinkSync('/dev/full', file);
    const state = logging();
    const told: string[] = [];
    const hooks = {
      failed: (error: Error) => told.push(error.message),
      worksAgain: () => told.push('works'),
    };
    const log = new BindingLog(file, state, hooks);
    const flows = new Flows(state);
    for (let i = 0; i < 3; i++) {
      state.endSession(flows.open(FLOW));
      log.write();
    }
    assert.equal(told, ['ENOSPC: no space left on device, write']);
    rmSync(file);
    log.reopen();
    flows.open(FLOW);
    log.close();
    const both = [ADD, { ...ADD, event: 'remove' }];
    assert.equal(lines(file), [...both, ...both, ...both, ADD]);
    assert.is(told.at(-1), 'works');
  },

  '[61] many end at once: none is lost, however small the ring': () => {
    const file = newFile();
    const state = logging(BindingLogMode.Bibs, 20_000);
    const log = new BindingLog(file, state, QUIET);
    state.relieve = () => log.write();
    const flows = new Flows(state, { maxClientSessions: 30_000, maxClientPorts: 30_000 });
    for (let port = 1; port <= 20_000; port++) {
      assert.ok(flows.open({ ...FLOW, nearPort: port }) >= 0, `port ${port}`);
      state.breathe();
    }
    const mapping = state.mappings.lookup4(FLOW.far);
    assert.is(state.endSessionsOf(mapping), 20_000);
    log.close();
    const events = lines(file).map((line) => (line as typeof ADD).event);
    assert.equal([events.length, events.filter((event) => event === 'lost').length], [40_000, 0]);
    assert.ok(state.bindings.capacity < 40_000);
  },

  '[61] turned on in a running gateway: what is there is told first': () => {
    const state = logging(BindingLogMode.Off);
    const flows = new Flows(state);
    flows.open(FLOW);
    flows.open({ ...FLOW, farPort: 80 });
    const session = { ...ADD, synthetic: '10.2.2.5', real: '2001:db8:64::80' };
    const both = [
      { ...session, real_port: 443 },
      { ...session, real_port: 80 },
    ];
    for (const [former, mode, expected] of [
      [BindingLogMode.Off, BindingLogMode.Bibs, [ADD]],
      [BindingLogMode.Off, BindingLogMode.BibsAndSessions, [ADD, ...both]],
      [BindingLogMode.Bibs, BindingLogMode.BibsAndSessions, both],
      [BindingLogMode.Bibs, BindingLogMode.Bibs, []],
      [BindingLogMode.BibsAndSessions, BindingLogMode.BibsAndSessions, []],
      [BindingLogMode.BibsAndSessions, BindingLogMode.Bibs, []],
    ] as const) {
      const file = newFile();
      state.segment.words[BINDING_LOG_AT] = mode;
      const log = new BindingLog(file, state, QUIET);
      log.catchUp(former);
      log.close();
      assert.equal(lines(file), [...expected]);
    }
  },

  '[61] a file that cannot be opened: one line, and an exit code': () => {
    const place = path.join(folder, 'no', 'log');
    for (const [file, code, says] of [
      [place, 'NAT46_CONFIG', 'ENOENT'],
      [folder, 'NAT46_CONFIG', 'EISDIR'],
    ] as const) {
      try {
        new BindingLog(file, logging(), QUIET);
        assert.unreachable();
      } catch (error) {
        assert.instance(error, Nat46Error);
        assert.is((error as Nat46Error).code, code);
        assert.is(
          (error as Nat46Error).message,
          `--binding-log ${file} cannot be opened for appending (${says}): name a file in a folder that exists and may be written`,
        );
      }
    }
  },
});
