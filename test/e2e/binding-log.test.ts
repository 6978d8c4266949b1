/**
 * The binding log of a running gateway: written, moved away as logrotate does, and complete across a kill.
 */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nat46-bindings-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const FILE = path.join(folder, 'bindings.log');
const WAIT_MS = 5_000;

interface Line {
  event: string;
  protocol: string;
  inside: string;
  inside_port: number;
  outside: string;
  outside_port: number;
  real?: string;
}

function lines(file = FILE): Line[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!holds()) {
    assert.ok(Date.now() < end, `${what}:\n${JSON.stringify(lines(), null, 1)}`);
    await pause(50);
  }
}

async function curl(lab: Lab): Promise<void> {
  await lab.ok('cl1', ['curl', '-sS', '-4', '--max-time', '10', 'http://web.nat46.example/']);
}

labTests('binding log', (lab) => lab.startGateway({ 'binding-log': FILE }), {
  '[61] a connection is a line that says who it is, and not where to': async (lab) => {
    const seen = (await lab.ok('cl1', ['curl', '-sS', '-4', 'http://web.nat46.example/address'])).trim();
    await until(() => lines().some(({ protocol }) => protocol === 'tcp'), 'a line for TCP');
    const line = lines().find(({ protocol }) => protocol === 'tcp');
    assert.is(line?.event, 'add');
    assert.is(line?.outside, seen, 'the address that the server saw');
    assert.match(line?.inside ?? '', /^10\.244\.10\./);
    assert.is(line?.real, undefined);
  },

  '[61] moved away, then SIGHUP: the next line is in a new file': async (lab, gateway) => {
    const moved = `${FILE}.1`;
    renameSync(FILE, moved);
    const before = lines(moved).length;
    gateway.signal('SIGHUP');
    await until(() => existsSync(FILE), 'a new file');
    await curl(lab);
    await until(() => lines().length > 0, 'a line in it');
    assert.is(lines(moved).length, before);
  },

  '[61] killed and started again with destinations: the old entries once, and sessions from now on': async (
    lab,
    gateway,
  ) => {
    await until(() => lines().length > 0, 'written before the kill');
    const before = lines();
    assert.is(await gateway.kill('SIGKILL'), -1);
    const again = await lab.startGateway({ 'binding-log': FILE, 'binding-log-destinations': true });
    await curl(lab);
    await until(() => lines().filter(({ real }) => real !== undefined).length > before.length, 'sessions');
    const told = lines()
      .filter(({ event, real }) => event === 'add' && real === undefined)
      .map(({ protocol, outside_port: port }) => `${protocol} ${port}`);
    assert.is(new Set(told).size, told.length, 'no BIB entry is told twice');
    assert.is(await again.kill('SIGTERM'), 0);
  },
});
