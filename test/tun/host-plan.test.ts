/** From a wanted set-up and the facts of a host to changes, against a folder that stands for /proc/sys. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import type { HostFacts } from '../../src/tun/host-facts.ts';
import { type HostSetup, planChanges } from '../../src/tun/host-plan.ts';
import * as rows from '../../src/tun/ip-rows.ts';
import { type Sysctls, sysctls } from '../../src/tun/sysctl.ts';
import { tests } from '../helpers/table.ts';
import { ADDR, PROXIES, ROUTE4, ROUTE6 } from './fixtures.ts';

const FACTS: HostFacts = {
  links: rows.links(ADDR),
  addresses: rows.interfaceAddresses(ADDR),
  routes: [...rows.routes(ROUTE4, 4), ...rows.routes(ROUTE6, 6)],
  local: [],
  proxies: rows.neighbourProxies(PROXIES),
};

const SETUP: HostSetup = {
  tun: 'p0',
  mtu: 1500,
  addresses: ['10.2.2.1/32'],
  routes4: ['10.2.2.0/24'],
  routes6: ['2001:db8:1::46/128'],
  neighbourProxies: [],
  journalPath: '/nowhere',
  persist: false,
  created: true,
};

const DEVICE = {
  'net/ipv6/conf/p0/disable_ipv6': '0',
  'net/ipv6/conf/p0/addr_gen_mode': '0',
  'net/ipv6/conf/p0/accept_ra': '1',
  'net/ipv6/conf/p0/router_solicitations': '-1',
  'net/ipv4/conf/p0/accept_local': '0',
  'net/ipv4/conf/p0/rp_filter': '0',
  'net/ipv4/conf/all/rp_filter': '0',
};

/** @param files setting → value */
function withSysctls(files: Record<string, string>, check: (tree: Sysctls, root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'nat46-sysctl-'));
  try {
    for (const [path, value] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), `${value}\n`);
    }
    check(sysctls(root), root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** What is left to do, as text. */
function todo(setup: HostSetup, facts: HostFacts, tree: Sysctls): string[] {
  return planChanges(setup, facts, tree).flatMap(({ step, done }) => {
    if (done || step === null) return [];
    return 'ip' in step ? step.ip : `${step.path}=${step.value}`;
  });
}

tests('plan of the device', {
  'settings before the link is up, then addresses, then routes': () =>
    withSysctls(DEVICE, (tree) =>
      assert.equal(todo(SETUP, { ...FACTS, routes: [] }, tree), [
        'net/ipv6/conf/p0/addr_gen_mode=1',
        'net/ipv6/conf/p0/accept_ra=0',
        'net/ipv6/conf/p0/router_solicitations=0',
        'net/ipv4/conf/p0/accept_local=1',
        'link set dev p0 mtu 1500 up',
        'addr add 10.2.2.1/32 dev p0',
        'route add 10.2.2.0/24 dev p0 proto static',
        'route add 2001:db8:1::46/128 dev p0 proto static',
      ]),
    ),
  'a strict reverse-path filter of the host is loosened for the device': () =>
    withSysctls({ ...DEVICE, 'net/ipv4/conf/all/rp_filter': '1' }, (tree) =>
      assert.ok(todo(SETUP, FACTS, tree).includes('net/ipv4/conf/p0/rp_filter=2')),
    ),
  'what is there already is left alone': () =>
    withSysctls(DEVICE, (tree) =>
      assert.not(todo(SETUP, FACTS, tree).some((step) => step.includes('2001:db8:1::46'))),
    ),
  'the route that an address brings along is not added': () =>
    withSysctls(DEVICE, (tree) => {
      const steps = todo({ ...SETUP, addresses: ['10.2.2.1/24'] }, FACTS, tree);
      assert.not(steps.some((step) => step.startsWith('route add 10.2.2.0/24')));
    }),
  'a device that is up stays up, and keeps its way to make addresses when it is not ours': () =>
    withSysctls(DEVICE, (tree) => {
      const links = [{ device: 'p0', mtu: 1500, up: true }];
      const steps = todo({ ...SETUP, created: false }, { ...FACTS, links }, tree);
      assert.not(steps.some((step) => /addr_gen_mode|link set/.test(step)));
    }),
  'a device that we created and keep is remembered': () =>
    withSysctls(DEVICE, (tree) => {
      const plan = planChanges({ ...SETUP, persist: true, created: true }, FACTS, tree);
      assert.equal(plan[0]?.change, { kind: 'device', device: 'p0' });
    }),
});

tests('plan of forwarding', {
  'remembers what the kernel changes along with the switch': () =>
    withSysctls(
      {
        'net/ipv4/ip_forward': '0',
        'net/ipv4/conf/all/forwarding': '0',
        'net/ipv4/conf/all/accept_redirects': '1',
        'net/ipv4/conf/v0/forwarding': '1',
      },
      (tree) => {
        const plan = planChanges(SETUP, FACTS, tree).map(({ change }) => change);
        assert.equal(
          plan.find((change) => change.kind === 'sysctl' && change.path === 'net/ipv4/ip_forward'),
          {
            kind: 'sysctl',
            path: 'net/ipv4/ip_forward',
            previous: '0',
            value: '1',
            others: {
              'net/ipv4/conf/all/forwarding': '0',
              'net/ipv4/conf/v0/forwarding': '1',
              'net/ipv4/conf/all/accept_redirects': '1',
            },
          },
        );
      },
    ),
  'a host that learned a route from an advertisement keeps listening': () =>
    withSysctls({ 'net/ipv6/conf/all/forwarding': '0', 'net/ipv6/conf/v0/accept_ra': '1' }, (tree) => {
      const steps = todo(SETUP, FACTS, tree).filter((step) => step.startsWith('net/ipv6'));
      assert.equal(steps, ['net/ipv6/conf/v0/accept_ra=2', 'net/ipv6/conf/all/forwarding=1']);
    }),
  'on already: only noted': () =>
    withSysctls({ 'net/ipv4/ip_forward': '1' }, (tree) => {
      const plan = planChanges(SETUP, FACTS, tree);
      const noted = plan.find(({ change }) => change.kind === 'sysctl');
      assert.is(noted?.done, true);
    }),
});

tests('plan of neighbour proxies', {
  'an address on the prefix of a link gets an entry and prompt answers; a routed one none': () =>
    withSysctls({ 'net/ipv6/conf/v0/proxy_ndp': '0', 'net/ipv6/neigh/v0/proxy_delay': '80' }, (tree) => {
      const neighbourProxies = ['2001:db8:1::46', '2001:db8:77::46'];
      const steps = todo({ ...SETUP, neighbourProxies }, FACTS, tree).slice(-3);
      assert.equal(steps, [
        'net/ipv6/conf/v0/proxy_ndp=1',
        'net/ipv6/neigh/v0/proxy_delay=0',
        'neigh add proxy 2001:db8:1::46 dev v0',
      ]);
    }),
  'an entry that is there is left alone': () =>
    withSysctls({}, (tree) => {
      const steps = todo({ ...SETUP, neighbourProxies: ['2001:db8:1:0::77'] }, FACTS, tree);
      assert.not(steps.some((step) => step.startsWith('neigh')));
    }),
});

tests('settings as files', {
  'read, write, list': () =>
    withSysctls({ 'net/a/b': '7' }, (tree, root) => {
      assert.is(tree.read('net/a/b'), '7');
      assert.is(tree.read('net/a/c'), null);
      tree.write('net/a/b', '8');
      assert.is(readFileSync(join(root, 'net/a/b'), 'utf8'), '8\n');
      assert.equal(tree.list('net/a'), ['b']);
      assert.equal(tree.list('net/none'), []);
    }),
  'a setting that cannot be written is named as sysctl names it': () =>
    withSysctls({}, (tree) =>
      assert.throws(() => tree.write('net/ipv4/none', '1'), /net\.ipv4\.none=1 \(ENOENT\)/),
    ),
});
