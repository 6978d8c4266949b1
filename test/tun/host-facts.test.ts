/** Facts about the host from what `ip -j` prints, and prefixes as text. */
import * as assert from 'uvu/assert';
import { parseV4, parseV6 } from '../../src/address.ts';
import {
  defaultMtu,
  type HostFacts,
  isLocal,
  onLinkDevice,
  onLinkPrefixes6,
} from '../../src/tun/host-facts.ts';
import * as rows from '../../src/tun/ip-rows.ts';
import { contains, parsePrefix, samePrefix } from '../../src/tun/prefix.ts';
import { table, tests } from '../helpers/table.ts';
import { ADDR, LOCAL4, LOCAL6, PROXIES, ROUTE4, ROUTE6 } from './fixtures.ts';

const FACTS: HostFacts = {
  links: rows.links(ADDR),
  addresses: rows.interfaceAddresses(ADDR),
  routes: [...rows.routes(ROUTE4, 4), ...rows.routes(ROUTE6, 6)],
  local: [...rows.routes(LOCAL4, 4), ...rows.routes(LOCAL6, 6)],
  proxies: rows.neighbourProxies(PROXIES),
};

function bytes(text: string): Uint8Array {
  const found = parsePrefix(text);
  if (found === null) throw new RangeError(text);
  return found.bytes;
}

tests('rows of ip -j', {
  'links with MTU and state': () =>
    assert.equal(FACTS.links, [
      { device: 'lo', mtu: 65536, up: true },
      { device: 'v0', mtu: 1500, up: true },
      { device: 'p0', mtu: 1400, up: false },
    ]),
  'addresses of both families': () =>
    assert.equal(
      FACTS.addresses.map(({ device, length }) => `${device}/${length}`),
      ['lo/8', 'lo/128', 'v0/24', 'v0/64', 'v0/64'],
    ),
  'a default route has length 0 and its family': () => {
    const defaults = FACTS.routes.filter((route) => route.length === 0);
    assert.equal(
      defaults.map((route) => route.bytes.length),
      [4, 16, 16, 16],
    );
  },
  'a route of several next hops has a gateway and a device': () => {
    const [route] = FACTS.routes.filter((found) => found.length === 48);
    assert.is(route?.gateway, true);
    assert.is(route?.device, 'v0');
  },
  'an unreachable route has no device': () => assert.is(FACTS.routes[2]?.device, ''),
  'neighbour proxies': () =>
    assert.equal(FACTS.proxies, [{ device: 'v0', address: bytes('2001:db8:1::77') }]),
});

tests('MTU of the default route', {
  'the one that the route sets': () => assert.is(defaultMtu(FACTS, 4), 1400),
  'else the one of the device, of the route with the lowest metric': () =>
    assert.is(defaultMtu(FACTS, 6), 65536),
  'our own device does not count': () => assert.is(defaultMtu(FACTS, 6, 'lo'), 1500),
  'null without a default route': () => assert.is(defaultMtu({ ...FACTS, routes: [] }, 4), null),
});

table(
  'is it local to the kernel',
  [
    { name: 'an IPv4 address', address: '192.0.2.1', local: true },
    { name: 'its neighbour', address: '192.0.2.2', local: false },
    { name: 'inside a local prefix', address: '198.51.100.77', local: true },
    { name: 'loopback', address: '127.3.2.1', local: true },
    { name: 'an IPv6 address', address: '2001:db8:1::1', local: true },
    { name: 'its neighbour6', address: '2001:db8:1::2', local: false },
  ],
  ({ address, local }) => assert.is(isLocal(FACTS, address), local),
);

tests('on-link IPv6 prefixes', {
  'without gateways, link-local ones and host routes': () =>
    assert.equal(
      onLinkPrefixes6(FACTS).map(({ length, protocol }) => `${length} ${protocol}`),
      ['64 kernel', '64 ra'],
    ),
  'the device of an address': () => assert.is(onLinkDevice(FACTS, bytes('2001:db8:1::46')), 'v0'),
  'none for one that is routed': () => assert.is(onLinkDevice(FACTS, bytes('2001:db8:77::1')), null),
  'addresses of our own device do not count as local': () =>
    assert.is(isLocal(FACTS, bytes('2001:db8:1::1'), 'v0'), false),
});

table(
  'prefixes as text',
  [
    { name: 'IPv4 host', text: '192.0.2.1', length: 32 },
    { name: 'IPv4 with host bits', text: '192.0.2.1/24', length: 24 },
    { name: 'IPv4 length too long', text: '192.0.2.1/33', length: null },
    { name: 'IPv4 short form', text: '192.0.2/24', length: null },
    { name: 'IPv6 host', text: '2001:db8::1', length: 128 },
    { name: 'IPv6 with length', text: '2001:db8::/32', length: 32 },
    { name: 'IPv6 length too long', text: '2001:db8::/129', length: null },
    { name: 'two lengths', text: '192.0.2.1/24/24', length: null },
    { name: 'words', text: 'eth0', length: null },
  ],
  ({ text, length }) => assert.is(parsePrefix(text)?.length ?? null, length),
);

tests('prefixes compared', {
  'host bits do not matter': () => {
    const [one, other] = [parsePrefix('10.2.2.1/24'), parsePrefix('10.2.2.0/24')];
    assert.ok(one && other && samePrefix(one, other));
  },
  'other length, other prefix': () => {
    const [one, other] = [parsePrefix('10.2.2.0/24'), parsePrefix('10.2.2.0/25')];
    assert.ok(one && other && !samePrefix(one, other));
  },
  'never across families': () => {
    const all = parsePrefix('default', 4);
    assert.ok(all && !contains(all, bytes('::')));
  },
  'same addresses as in address.ts': () => {
    assert.is(new DataView(bytes('192.0.2.1').buffer).getUint32(0), parseV4('192.0.2.1'));
    assert.equal(bytes('2001:db8::1'), parseV6('2001:db8::1'));
  },
});
