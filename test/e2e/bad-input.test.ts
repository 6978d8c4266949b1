/**
 * Bad input: one clear line that names key, value and remedy, and the documented exit code.
 */
import type { ChildProcess } from 'node:child_process';
import * as assert from 'uvu/assert';
import type { Flags, Gateway } from '../helpers/gateway.ts';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

interface Row {
  name: string;
  flags: Flags;
  exit: number;
  /** What the line must contain. */
  says: readonly string[];
  /** What stands before the gateway on its command line. */
  wrap?: readonly string[];
  before?: (lab: Lab) => Promise<unknown>;
  after?: (lab: Lab) => Promise<unknown>;
}

/** What occupies a port. */
let taken: ChildProcess | undefined;

const ROWS: readonly Row[] = [
  {
    name: 'malformed subnet',
    flags: { subnet: '10.244.50.0/33' },
    exit: 78,
    says: ['subnet', '10.244.50.0/33'],
  },
  {
    name: 'subnet overlapping a network of the host',
    flags: { subnet: '10.244.10.0/24' },
    exit: 78,
    says: ['subnet', '10.244.10.0/24'],
  },
  {
    name: 'pool address local to the kernel',
    flags: { 'snat-pool': '2001::10:244:100:1' },
    exit: 78,
    says: ['snat-pool', '2001::10:244:100:1'],
  },
  {
    name: 'malformed pool address',
    flags: { 'snat-pool': '2001::zz' },
    exit: 78,
    says: ['snat-pool', '2001::zz'],
  },
  {
    name: 'no CAP_NET_ADMIN',
    flags: {},
    wrap: ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
    exit: 5,
    says: ['CAP_NET_ADMIN'],
  },
  {
    name: 'device name in use by something else',
    flags: { tun: 'taken0' },
    before: (lab) => lab.ok('gw', ['ip', 'link', 'add', 'taken0', 'type', 'veth', 'peer', 'taken1']),
    after: (lab) => lab.ok('gw', ['ip', 'link', 'delete', 'taken0']),
    exit: 1,
    says: ['taken0'],
  },
  {
    name: 'unwritable state file',
    flags: { state: '/proc/nat46/state' },
    exit: 1,
    says: ['state', '/proc/nat46/state'],
  },
  { name: 'unwritable store', flags: { store: 'lmdb:/proc/nat46' }, exit: 1, says: ['store', '/proc/nat46'] },
  {
    name: '[61] unwritable binding log',
    flags: { 'binding-log': '/proc/nat46/bindings' },
    exit: 78,
    says: ['binding-log', '/proc/nat46/bindings', 'ENOENT'],
  },
  {
    name: 'DNS upstream without a route',
    flags: { 'dns-upstream': '203.0.113.53' },
    exit: 1,
    says: ['dns-upstream', '203.0.113.53:53', 'no route'],
  },
  {
    name: 'DNS server of a zone without a route',
    flags: { 'dns-zone': 'cluster.east=203.0.113.53' },
    exit: 1,
    says: ['dns-zone', 'cluster.east=203.0.113.53:53', 'no route'],
  },
  {
    name: 'malformed zone',
    flags: { 'dns-zone': 'cluster..east=10.244.40.252' },
    exit: 78,
    says: ['dns-zone', 'cluster..east=10.244.40.252'],
  },
  {
    name: 'zone without a server',
    flags: { 'dns-zone': 'cluster.east' },
    exit: 78,
    says: ['dns-zone', 'cluster.east', 'ZONE=ADDR'],
  },
  {
    name: 'DNS listener on a port that is taken',
    flags: { 'dns-listen': '10.244.10.1:5399' },
    before: async (lab) => {
      const listen =
        'import socket,time; s=socket.socket(); s.bind(("10.244.10.1",5399)); s.listen(); time.sleep(60)';
      taken = lab.spawn('gw', ['/usr/bin/python3', '-c', listen]);
      for (let tries = 0; tries < 100; tries++) {
        if ((await lab.ok('gw', ['ss', '-Hltn', 'sport = :5399'])) !== '') return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    after: async () => taken?.kill('SIGKILL'),
    exit: 1,
    says: ['dns-listen', '10.244.10.1:5399', 'EADDRINUSE'],
  },
  { name: 'misspelt flag', flags: { subent: '10.244.50.0/24' }, exit: 2, says: ['--subent', '--subnet'] },
];

/** What it says to a person: standard error without the JSON lines of the log. */
function complaints(gateway: Gateway): string[] {
  const lines = gateway.log.trim().split('\n');
  return lines.filter((line) => !line.startsWith('{'));
}

const cases: Record<string, (lab: Lab) => Promise<void>> = {};
for (const row of ROWS) {
  cases[`${row.name}: exit ${row.exit}`] = async (lab) => {
    await row.before?.(lab);
    const gateway = lab.spawnGateway(row.flags, row.wrap);
    assert.is(await gateway.ended, row.exit, gateway.log);
    const lines = complaints(gateway);
    assert.is(lines.length, 1, gateway.log);
    for (const part of row.says) assert.match(lines[0] ?? '', part);
    await row.after?.(lab);
  };
}

cases['several mistakes are all named, a line each'] = async (lab) => {
  const gateway = lab.spawnGateway({ subnet: 'x', 'snat-pool': 'y' });
  assert.is(await gateway.ended, 78);
  assert.is(complaints(gateway).length, 2, gateway.log);
};

cases['a second gateway on the same device: exit 1, and the first goes on'] = async (lab) => {
  const first = await lab.startGateway();
  const address = await lab.lookup('web');
  const second = lab.spawnGateway({ state: `${lab.name('LAB_STATE')}.second`, control: null, store: 'mem:' });
  assert.is(await second.ended, 1, second.log);
  assert.match(second.log, 'nat46');
  await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', `http://${address}/`]);
  assert.is(await first.kill('SIGTERM'), 0);
};

cases['nothing of all that is left on the host'] = async (lab) => {
  assert.is((await lab.ok('gw', ['ip', '-o', 'link', 'show', 'type', 'tun'])).trim(), '');
  assert.is((await lab.ok('gw', ['sysctl', '-n', 'net.ipv4.ip_forward'])).trim(), '0');
};

labTests('bad input', async () => {}, cases);
