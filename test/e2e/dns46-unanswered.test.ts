/**
 * A gateway whose DNS upstreams do not answer, in a network of its own: it says so, and `nat46 status` shows it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StatusReply } from '../../src/control/api.ts';
import { Gateway } from '../helpers/gateway.ts';

/** A network with nothing but loopback: no name server is in it. */
const ALONE = ['unshare', '-n', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];
const UPSTREAMS = ['127.0.0.1:5301', '127.0.0.1:5302'];
const ZONE = 'cluster.east=127.0.0.1:5303';

const it = suite('DNS upstreams that do not answer [79]');
const folder = mkdtempSync(path.join(tmpdir(), 'nat46-unanswered-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const control = `${folder}/control.sock`;
let gateway: Gateway;

/** Not before the tests: who only lists them starts no process. */
const start = (): Gateway =>
  new Gateway(ALONE, {
    role: 'dns',
    store: 'mem:',
    state: `${folder}/state`,
    control,
    'dns-listen': '127.0.0.1:5300',
    'dns-upstream': UPSTREAMS,
    'dns-zone': ZONE,
  });

it.before(() => {
  gateway = start();
  return gateway.ready();
});
it.after(async () => {
  await gateway.kill('SIGTERM');
});

it('the ready line names all of them', () => {
  assert.equal(gateway.messages(/^ready$/)[0]?.upstreams, [...UPSTREAMS, ZONE]);
});

it('one warning for each zone, soon after that, and no more', async () => {
  for (let i = 0; i < 50 && gateway.messages(/DNS upstream/).length < 2; i++) await sleep(100);
  await sleep(2_000);
  const said = gateway.messages(/upstream/).map(({ msg, zone, upstreams }) => ({ msg, zone, upstreams }));
  const msg = 'no DNS upstream answers';
  assert.equal(said, [
    { msg, zone: undefined, upstreams: UPSTREAMS },
    { msg, zone: 'cluster.east', upstreams: ['127.0.0.1:5303'] },
  ]);
});

it('nat46 status shows each as down', async () => {
  const args = ['dist/src/main.js', 'status', '--control', control];
  const ask = async (...more: string[]) =>
    (await promisify(execFile)(process.execPath, [...args, ...more])).stdout;
  const { upstreams } = JSON.parse(await ask('-j')) as StatusReply;
  const down = (zone: string | null, upstream: string) => ({ zone, upstream, state: 'down' });
  assert.equal(upstreams, [
    ...UPSTREAMS.map((upstream) => down(null, upstream)),
    down('cluster.east', '127.0.0.1:5303'),
  ]);
  assert.match(await ask(), /\n {12}cluster\.east: 127\.0\.0\.1:5303 down\n/);
  assert.match(await ask('-o', 'csv'), '\r\nupstreams.2.state,down\r\n');
});

it('a name server of the host that is this gateway is left out, and that is said', async () => {
  const file = `${folder}/resolv.conf`;
  writeFileSync(file, 'nameserver 127.0.0.1\nnameserver 127.0.0.2\n');
  const script = `ip link set lo up; mount --bind ${file} /etc/resolv.conf; exec "$@"`;
  const other = new Gateway(['unshare', '-n', '-m', 'sh', '-c', script, 'sh'], {
    role: 'dns',
    store: 'mem:',
    state: `${folder}/other-state`,
    control: `${folder}/other.sock`,
    'dns-listen': '127.0.0.1',
  });
  await other.ready();
  await other.kill('SIGTERM');
  const msg = 'name servers of the host left out: DNS46 listens there';
  assert.equal(
    other.messages(/left out/).map((line) => [line.msg, line.upstreams]),
    [[msg, ['127.0.0.1']]],
  );
  assert.equal(other.messages(/^ready$/)[0]?.upstreams, ['127.0.0.2:53']);
});

it.run();
