/** The program as a person runs it: exit codes, standard error, names of the program. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { table, tests } from '../helpers/table.ts';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function started(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const ROWS = [
  { name: 'help', args: ['--help'], code: 0, stderr: /^$/ },
  { name: 'help of a command', args: ['run', '--help'], code: 0, stderr: /^$/ },
  {
    name: 'check',
    args: ['check', '--dns-upstream', '192.0.2.53'],
    code: 0,
    stderr: /^nat46: the configuration is valid\n$/,
  },
  {
    name: 'usage',
    args: ['run', '--subent', '10.2.2.0/24'],
    code: 2,
    stderr: /^nat46: unknown option '--subent' \(Did you mean --subnet\?\); .*\n$/,
  },
  { name: 'no command', args: [], code: 2, stderr: /^nat46: a command is missing: .*\n$/ },
  {
    name: 'not reachable',
    args: ['status', '--control', '/nope'],
    code: 3,
    stderr: /^nat46: \/nope: no gateway answers there; .*\n$/,
  },
  {
    name: 'configuration',
    args: ['run', '--subnet', 'x', '--mtu', '1'],
    code: 78,
    stderr: /^nat46: --mtu 1: .*\nnat46: --subnet x: .*\n$/,
  },
];

let all: Promise<Ended>[] | undefined;

/** All at once, with the first: starting the program is what takes time. */
function ended(row: (typeof ROWS)[number]): Promise<Ended> {
  all ??= ROWS.map(({ args }) => started(MAIN, args));
  return all[ROWS.indexOf(row)] as Promise<Ended>;
}

table('nat46: exit codes', ROWS, async (row) => {
  const { code, stderr } = await ended(row);
  assert.is(code, row.code);
  assert.match(stderr, row.stderr);
});

tests('nat46', {
  '--version is that of package.json': async () => {
    const manifest = new URL('../../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    const replies = await Promise.all(['--version', '-V'].map((word) => started(MAIN, [word])));
    for (const { stdout } of replies) assert.is(stdout, `nat46 ${version}\n`);
  },
  'called tmctl, it is nat46 tmctl': async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nat46-main-'));
    try {
      symlinkSync(MAIN, `${folder}/tmctl`);
      const programs = [`${folder}/tmctl`, path.join(path.dirname(MAIN), 'tmctl.js')];
      for (const { code, stderr } of await Promise.all(
        programs.map((program) => started(program, ['--nope'])),
      )) {
        assert.is(code, 2);
        assert.match(stderr, /^tmctl: unknown option '--nope'/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  'a reader that goes away is no failure': async () => {
    const child = spawn(process.execPath, [MAIN, 'run', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.is(code, 0);
    assert.is(stderr, '');
  },
});
