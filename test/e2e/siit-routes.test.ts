/**
 * Routes of `nat46 siit` when its map file changes: what stays mapped is never without a route, and a route that cannot be
 * had changes nothing.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Gateway } from '../helpers/gateway.ts';
import { DEVICE, POOL6, SiitLab } from '../helpers/siit-lab.ts';

const it = suite('siit routes');
let lab: SiitLab;
let translator: Gateway;
let file = '';

it.before(async () => {
  try {
    lab = await SiitLab.up();
    file = path.join(lab.folder, 'map');
    writeFileSync(file, 'map 192.0.2.1 2001:db8:6::7\nmap 192.0.2.2 2001:db8:6::8\n');
    translator = lab.translator({ tun: DEVICE, pool6: POOL6, 'map-file': file });
    await translator.ready();
  } catch (error) {
    console.error(error); // uvu counts the cases as not passed, but does not say why
    throw error;
  }
});
it.after(() => lab?.down());

/** Rewrites the file and waits until something is said about it. */
async function rewrite(text: string): Promise<Record<string, unknown>> {
  const news = () => translator.messages(/mappings read again|old mappings stay/);
  const before = news().length;
  writeFileSync(file, text);
  translator.signal('SIGHUP');
  for (let tries = 0; tries < 100 && news().length === before; tries++) await pause(20);
  return news()[before] ?? {};
}

/** Prefixes that are routed to the device. */
async function routes(): Promise<string[]> {
  const text = await lab.ok('gw', ['ip', '-4', '-j', 'route', 'show', 'dev', DEVICE]);
  return (JSON.parse(text) as { dst: string }[]).map(({ dst }) => dst).sort();
}

it('as it was at the start', async () => {
  assert.equal(await routes(), ['192.0.2.1', '192.0.2.2']);
});

it('a host becomes a network: the new route is there before the old one goes', async () => {
  const monitor = lab.spawn('gw', ['ip', 'monitor', 'route']);
  let seen = '';
  monitor.stdout?.on('data', (chunk: Buffer) => {
    seen += chunk;
  });
  await pause(200);
  await rewrite('map 192.0.2.1 2001:db8:6::7\nmap 192.0.2.0/25 2001:db8:6::/121\n');
  for (let tries = 0; tries < 50 && !seen.includes('Deleted 192.0.2.2'); tries++) await pause(20);
  monitor.kill('SIGTERM');
  const [added, deleted] = [seen.indexOf('192.0.2.0/25'), seen.indexOf('Deleted 192.0.2.2')];
  assert.ok(added >= 0 && deleted > added, seen);
  assert.not.match(seen, 'Deleted 192.0.2.1 ');
  assert.equal(await routes(), ['192.0.2.0/25', '192.0.2.1']);
});

it('a route that somebody else has: the old mappings stay, with all of their routes', async () => {
  await lab.ok('gw', ['ip', 'route', 'add', '203.0.113.1/32', 'dev', 'in']);
  const said = await rewrite('map 198.51.100.77 2001:db8:6::9\nmap 203.0.113.1 2001:db8:6::7\n');
  assert.match(JSON.stringify(said), 'old mappings stay');
  assert.equal(await routes(), ['192.0.2.0/25', '192.0.2.1']);
});

it('fewer mappings than before are a warning', async () => {
  const said = await rewrite('map 192.0.2.1 2001:db8:6::7\n');
  assert.equal([said.level, said.mappings, said.before], ['warn', 1, 2]);
  assert.equal(await routes(), ['192.0.2.1']);
});

it('after the end: no route, no state file', async () => {
  translator.signal('SIGTERM');
  assert.is(await translator.ended, 0);
  const { code } = await lab.exec('gw', ['ip', 'link', 'show', DEVICE]);
  assert.is.not(code, 0);
  assert.is((await lab.exec('gw', ['test', '-e', path.join(lab.folder, 'state')])).code, 1);
});

it.run();
