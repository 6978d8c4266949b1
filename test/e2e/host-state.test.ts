/**
 * What `run` does to the host, and that nothing of it is left at the end: addresses, routes, sysctls, neighbour proxies.
 */
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const SYSCTLS =
  'net.ipv4.ip_forward|net.ipv[46].conf.(all|default|in1|in2|out|dns).(forwarding|rp_filter|accept_local|proxy_ndp)|' +
  'net.ipv6.neigh.(in1|in2|out|dns).proxy_delay';

/** Everything in the gateway's namespace that a gateway may touch, as text. */
async function hostState(lab: Lab): Promise<string> {
  const commands = [
    ['ip', '-o', 'address', 'show'],
    ['ip', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['ip', 'rule'],
    ['ip', '-6', 'neigh', 'show', 'proxy'],
    ['sysctl', '-a', '--pattern', SYSCTLS],
  ];
  const parts = await Promise.all(commands.map((argv) => lab.ok('gw', argv)));
  return parts
    .map((text) =>
      text
        .split('\n')
        .sort()
        .join('\n')
        .replace(/ expires \d+sec/g, ''),
    )
    .join('\n\n');
}

const cat = async (lab: Lab, sysctl: string) => (await lab.ok('gw', ['sysctl', '-n', sysctl])).trim();

/** The gateway's doing, seen with the tools of the host. */
async function isSetUp(lab: Lab): Promise<void> {
  assert.match(await lab.ok('gw', ['ip', '-br', 'link', 'show', 'nat46']), /UP/);
  assert.match(await lab.ok('gw', ['ip', 'route', 'show', lab.name('SUBNET')]), 'dev nat46');
  const snat = lab.name('SNAT_FIRST');
  assert.match(await lab.ok('gw', ['ip', '-6', 'route', 'get', snat]), 'dev nat46');
  assert.match(await lab.ok('gw', ['ip', '-6', 'neigh', 'show', 'proxy']), `${snat} dev out`);
  assert.match(await lab.ok('gw', ['ip', '-o', 'address', 'show', 'dev', 'nat46']), lab.name('RESOLVER'));
  assert.is(await cat(lab, 'net.ipv4.ip_forward'), '1');
  assert.is(await cat(lab, 'net.ipv6.conf.all.forwarding'), '1');
}

/** The kernel reports its multicast groups twice within that (RFC 3810 §9.11). */
const REPORTS_MS = 2500;

let before = '';

/** `nat46 doctor` in the gateway's namespace. @param wrap what stands before it */
function doctor(lab: Lab, wrap: readonly string[], ...more: string[]) {
  const snat = ['--snat-pool', lab.name('SNAT_FIRST'), '--subnet', lab.name('SUBNET')];
  const flags = ['--store', 'mem:', '--dns-upstream', lab.name('DNS4'), ...snat, ...more];
  return lab.exec('gw', [...wrap, process.execPath, 'dist/src/main.js', 'doctor', '-o', 'csv', ...flags]);
}

labTests(
  'the host is set up, and restored',
  async (lab) => {
    before = await hostState(lab);
  },
  {
    'nat46 doctor says beforehand what will be done, and what is missing; it changes nothing': async (
      lab,
    ) => {
      const able = await doctor(lab, []);
      assert.is(able.code, 0, able.stdout + able.stderr);
      for (const line of [
        'capability,CAP_NET_ADMIN,ok',
        'device,nat46,will be created',
        'default route,IPv6,MTU',
      ])
        assert.match(able.stdout, line);
      assert.match(able.stdout, /^forwarding,net\.ipv4\.ip_forward,is off; will be set\r$/m);
      assert.match(able.stdout, /^dns upstream,.*,ok\r$/m);
      const unable = await doctor(
        lab,
        ['setpriv', '--bounding-set', '-net_admin', '--inh-caps', '-net_admin'],
        '--no-setup',
      );
      assert.is(unable.code, 1);
      assert.match(unable.stderr, /^nat46: capability CAP_NET_ADMIN: missing: run as root/m);
      assert.match(
        unable.stderr,
        /^nat46: forwarding net\.ipv4\.ip_forward: is off, and --no-setup leaves it/m,
      );
      assert.is(await hostState(lab), before);
    },

    'SIGTERM: everything is undone; idle until then, the kernel handed it no packet of its own': async (
      lab,
    ) => {
      const gateway = await lab.startGateway();
      await isSetUp(lab);
      await pause(REPORTS_MS);
      assert.match(
        await lab.control('status', '-o', 'csv').then(({ stdout }) => stdout),
        'packets.dropped,0\r',
      );
      assert.is(await gateway.kill('SIGTERM'), 0);
      assert.is(await hostState(lab), before);
    },

    'SIGINT, with sessions: the same': async (lab) => {
      const gateway = await lab.startGateway();
      await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/']);
      assert.is(await gateway.kill('SIGINT'), 0);
      assert.is(await hostState(lab), before);
    },

    'SIGINT twice, as npm and the terminal send it: the undo is not cut short': async (lab) => {
      const gateway = await lab.startGateway();
      const ended = gateway.kill('SIGINT');
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        gateway.signal('SIGINT');
      }
      assert.is(await ended, 0);
      assert.is(await hostState(lab), before);
    },

    'SIGKILL, a new start and SIGTERM: what was before the first start': async (lab) => {
      await (await lab.startGateway()).kill('SIGKILL');
      const second = await lab.startGateway();
      await isSetUp(lab);
      assert.is(await second.kill('SIGTERM'), 0);
      assert.is(await hostState(lab), before);
    },

    '--no-setup touches nothing but the device': async (lab) => {
      const gateway = await lab.startGateway({ 'no-setup': true, 'dns-listen': `${lab.name('CL1_GW')}:53` });
      const state = (await hostState(lab)).split('\n').filter((line) => !line.includes('nat46'));
      assert.is(state.join('\n'), before);
      assert.is(await gateway.kill('SIGTERM'), 0);
    },
  },
);
