/**
 * A binding log whose file ends in the middle of a line because the disk was full: what comes later is whole lines again.
 * The disk is a limit on the size of files, which a process of its own lives under.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { BindingLog } from '../../src/gateway/binding-log.ts';
import { BindingLogMode } from '../../src/nat/binding-ring.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { BINDING_LOG_AT } from '../../src/nat/segment.ts';
import { tests } from '../helpers/table.ts';
import { Flows, TCP } from '../nat/flows.ts';
import { bytes, freshState } from '../nat/fresh-state.ts';

const FILE = process.env.NAT46_TEST_TORN_LOG;
/** Blocks of 512 bytes: three lines and a piece of the fourth. */
const LIMIT_BLOCKS = 1;
const SERVER = 0x0a020205;
/** One line and a piece of the second. */
const KEPT_BYTES = 200;

/** Six lines are too many; then there is room for two, and they are tried again from the first. */
function overflow(file: string): void {
  const state = freshState();
  state.segment.words[BINDING_LOG_AT] = BindingLogMode.Bibs;
  state.mappings.insert(SERVER, bytes('2001:db8:64::80'), MappingKind.Dynamic, 0, 0);
  const flows = new Flows(state);
  const open = (nearPort: number) =>
    flows.open({ protocol: TCP, near: 0x0a000001, nearPort, far: SERVER, farPort: 443 });
  const log = new BindingLog(file, state, {
    failed: ({ message }) => console.log(message),
    worksAgain: () => {},
  });
  for (let port = 5000; port < 5006; port++) open(port);
  log.write();
  truncateSync(file, KEPT_BYTES);
  open(6000);
  log.close();
}

if (FILE !== undefined) {
  overflow(FILE);
} else {
  tests('binding log on a disk that was full', {
    '[61] a torn line stays alone, and the ones after it are whole': () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'nat46-torn-'));
      const file = path.join(folder, 'log');
      const script = `ulimit -f ${LIMIT_BLOCKS}; exec "$0" "$1"`;
      const argv = ['-c', script, process.execPath, fileURLToPath(import.meta.url)];
      const env = { ...process.env, NAT46_TEST_TORN_LOG: file };
      const { status, stdout, stderr } = spawnSync('sh', argv, { env, encoding: 'utf8' });
      assert.is(status, 0, stderr);
      assert.match(stdout, /^EFBIG/);
      const lines = readFileSync(file, 'utf8').split('\n');
      rmSync(folder, { recursive: true });
      assert.throws(() => JSON.parse(lines[1] ?? ''));
      assert.throws(() => JSON.parse(lines[4] ?? ''));
      const ports = [0, 2, 3].map((i) => JSON.parse(lines[i] ?? '').inside_port);
      assert.equal(ports, [5000, 5000, 5001]);
    },
  });
}
