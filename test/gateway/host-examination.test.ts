/** What `nat46 doctor` finds on hosts of all kinds. */
import * as assert from 'uvu/assert';
import { examineHost, type Host } from '../../src/gateway/host-examination.ts';
import * as rows from '../../src/tun/ip-rows.ts';
import { parse } from '../config/parse-run.ts';
import { table, tests } from '../helpers/table.ts';
import { ADDR, ROUTE4, ROUTE6 } from '../tun/fixtures.ts';

const FLAGS = '--tun gw0 --subnet 10.99.0.0/24';
const ON: Record<string, string> = { 'net/ipv4/ip_forward': '1', 'net/ipv6/conf/all/forwarding': '1' };
const HOST: Host = {
  facts: {
    links: rows.links(ADDR),
    addresses: rows.interfaceAddresses(ADDR),
    routes: [...rows.routes(ROUTE4, 4), ...rows.routes(ROUTE6, 6)],
    local: [],
    proxies: [],
  },
  capabilities: '0000000000001000',
  driverProblem: null,
  holderOf: () => null,
  stateHolder: null,
  isTun: true,
  machine: 'm',
  sysctls: sysctlsOf(ON),
};

function sysctlsOf(values: Record<string, string>, isWritable = true): Host['sysctls'] {
  return { read: (path) => values[path] ?? null, isWritable: () => isWritable };
}

function found(flags: string, host: Partial<Host>) {
  return examineHost(parse(`${FLAGS}${flags}`), { ...HOST, ...host });
}

tests('host examination', {
  'a host that is able to: a row for each thing, no obstacle': () => {
    assert.equal(
      found('', {}).map(({ check, of, result }) => `${check}|${of}|${result}`),
      [
        'capability|CAP_NET_ADMIN|ok',
        'device|/dev/net/tun|ok',
        'device|gw0|will be created',
        'forwarding|net.ipv4.ip_forward|ok',
        'forwarding|net.ipv6.conf.all.forwarding|ok',
        'addresses|subnet, SNAT, maps|ok',
        'routes|subnet, SNAT, maps|ok',
        'default route|IPv4|MTU 1400',
        'default route|IPv6|MTU 65536',
      ],
    );
    assert.ok(found('', {}).every(({ isObstacle }) => !isObstacle));
  },
  'role dns has no device: addresses only': () => {
    const checks = found(' --role dns', { capabilities: '0' }).map(({ check }) => check);
    assert.equal(checks, ['addresses']);
  },
});

const OFF = { ...ON, 'net/ipv4/ip_forward': '0' };
const SMALL = rows.routes(
  [{ dst: 'default', gateway: 'fe80::1', dev: 'v0', metric: 1, flags: [], metrics: [{ mtu: 1200 }] }],
  6,
);

function withRoute(row: object, family: 4 | 6): Host['facts'] {
  return { ...HOST.facts, routes: [...HOST.facts.routes, ...rows.routes([row], family)] };
}

const heldP0: Host['holderOf'] = (device) => (device === 'p0' ? 'node, pid 12' : null);

table(
  'host examination: one thing is different',
  [
    {
      name: 'every capability but CAP_NET_ADMIN',
      host: { capabilities: '000001ffffffefff' },
      obstacle: true,
      says: /^capability CAP_NET_ADMIN: missing: run as root, or grant it/,
    },
    {
      name: 'without it a device of somebody else can be attached to',
      flags: ' --no-setup --attach --tun v0',
      host: { capabilities: '0' },
      obstacle: false,
      says: /^capability CAP_NET_ADMIN: not needed$/,
    },
    {
      name: 'no driver',
      host: { driverProblem: '/dev/net/tun is missing' },
      obstacle: true,
      says: /^device \/dev\/net\/tun: \/dev\/net\/tun is missing$/,
    },
    {
      name: 'the gateway is running',
      host: { holderOf: () => 'node, pid 12', stateHolder: 'node, pid 12' },
      obstacle: false,
      says: /^device gw0: in use by node, pid 12: this gateway$/,
    },
    {
      name: 'another gateway has the device',
      host: { holderOf: () => 'node, pid 12' },
      obstacle: true,
      says: /^device gw0: in use by node, pid 12; choose another --tun/,
    },
    {
      name: 'a device of another kind has the name',
      flags: ' --tun v0',
      host: { isTun: false },
      obstacle: true,
      says: /^device v0: is there and no TUN device; choose another --tun$/,
    },
    {
      name: 'the device is there',
      flags: ' --tun v0',
      host: {},
      obstacle: false,
      says: /^device v0: is there$/,
    },
    {
      name: 'nothing to attach to',
      flags: ' --attach',
      host: {},
      obstacle: true,
      says: /^device gw0: is not there; create it, or leave out --attach$/,
    },
    {
      name: 'forwarding is off',
      host: { sysctls: sysctlsOf(OFF) },
      obstacle: false,
      says: /^forwarding net\.ipv4\.ip_forward: is off; will be set$/,
    },
    {
      name: 'forwarding is off and stays so',
      flags: ' --no-setup',
      host: { sysctls: sysctlsOf(OFF) },
      obstacle: true,
      says: /^forwarding net\.ipv4\.ip_forward: is off, and --no-setup leaves it: sysctl -w net\.ipv4\.ip_forward=1$/,
    },
    {
      name: 'forwarding is off, and /proc/sys is read-only',
      host: { sysctls: sysctlsOf(OFF, false) },
      obstacle: true,
      says: /^forwarding net\.ipv4\.ip_forward: is off and may not be written here/,
    },
    {
      name: 'a kernel without IPv6',
      host: { sysctls: sysctlsOf({ 'net/ipv4/ip_forward': '1' }) },
      obstacle: true,
      says: /^forwarding net\.ipv6\.conf\.all\.forwarding: this kernel does not have it/,
    },
    {
      name: 'an address of the host is one of ours',
      flags: ' --map 192.0.2.1=2001:db8::1',
      host: {},
      obstacle: true,
      says: /^addresses --map 192\.0\.2\.1: an address of this host/,
    },
    {
      name: 'the device of another gateway has the subnet',
      host: { facts: withRoute({ dst: '10.99.0.0/24', dev: 'p0', flags: [] }, 4), holderOf: heldP0 },
      obstacle: true,
      says: /^routes --subnet 10\.99\.0\.0\/24: routed to p0 already, the device of node, pid 12; choose another --subnet, or stop/,
    },
    {
      name: 'somebody has a route for a SNAT address',
      flags: ' --snat-pool 2001:db8:1::46',
      host: {},
      obstacle: true,
      says: /^routes SNAT address 2001:db8:1::46: routed to p0 already; choose others with --snat-pool, or remove it: ip route del/,
    },
    {
      name: 'a route that comes after ours',
      host: { facts: withRoute({ dst: '10.99.0.0/24', dev: 'v0', metric: 100, flags: [] }, 4) },
      obstacle: false,
      says: /^routes subnet, SNAT, maps: ok$/,
    },
    {
      name: 'a route for a mapped address, to nowhere',
      flags: ' --map 203.0.113.9=2001:db8::1',
      host: { facts: withRoute({ type: 'unreachable', dst: '203.0.113.9', flags: [] }, 4) },
      obstacle: true,
      says: /^routes --map 203\.0\.113\.9: there is a route for it already; map another IPv4 address, or remove it: ip route del 203\.0\.113\.9\/32$/,
    },
    {
      name: 'routes by hand are not looked at',
      flags: ' --no-setup',
      host: { facts: withRoute({ dst: '10.99.0.0/24', dev: 'p0', flags: [] }, 4) },
      obstacle: false,
      says: /^addresses subnet, SNAT, maps: ok$/,
    },
    {
      name: 'no routes at all',
      host: { facts: { ...HOST.facts, routes: [] } },
      obstacle: false,
      says: /^default route IPv6: none$/,
    },
    {
      name: 'a way out that is too narrow for IPv6',
      host: { facts: { ...HOST.facts, routes: SMALL } },
      obstacle: true,
      says: /^default route IPv6: MTU 1200: IPv6 needs 1280$/,
    },
  ] as { name: string; flags?: string; host: Partial<Host>; obstacle: boolean; says: RegExp }[],
  ({ flags = '', host, obstacle, says }) => {
    const findings = found(flags, host);
    const row = findings.find((it) => says.test(`${it.check} ${it.of}: ${it.result}`));
    assert.ok(row, JSON.stringify(findings, null, 1));
    assert.is(row.isObstacle, obstacle);
    assert.is(findings.filter(({ isObstacle }) => isObstacle).length, Number(obstacle));
  },
);
