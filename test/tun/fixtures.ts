/** What `ip -j` printed in a namespace made for the purpose (iproute2 6.1), shortened to what matters here. */

export const ADDR = [
  {
    ifindex: 1,
    ifname: 'lo',
    flags: ['LOOPBACK', 'UP', 'LOWER_UP'],
    mtu: 65536,
    addr_info: [
      { family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host', label: 'lo' },
      { family: 'inet6', local: '::1', prefixlen: 128, scope: 'host' },
    ],
  },
  {
    ifindex: 3,
    link: 'v1',
    ifname: 'v0',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    addr_info: [
      { family: 'inet', local: '192.0.2.1', prefixlen: 24, scope: 'global', label: 'v0' },
      { family: 'inet6', local: '2001:db8:1::1', prefixlen: 64, scope: 'global', nodad: true },
      { family: 'inet6', local: 'fe80::b4a2:70ff:fe55:18fa', prefixlen: 64, scope: 'link', tentative: true },
    ],
  },
  { ifindex: 4, ifname: 'p0', flags: ['POINTOPOINT', 'MULTICAST', 'NOARP'], mtu: 1400, addr_info: [] },
];

export const ROUTE4 = [
  { dst: 'default', gateway: '192.0.2.254', dev: 'v0', flags: [], metrics: [{ mtu: 1400 }] },
  { dst: '192.0.2.0/24', dev: 'v0', protocol: 'kernel', scope: 'link', prefsrc: '192.0.2.1', flags: [] },
  { type: 'unreachable', dst: '203.0.113.0/24', flags: [] },
];

export const ROUTE6 = [
  { dst: '2001:db8:1::/64', dev: 'v0', protocol: 'kernel', metric: 256, flags: [], pref: 'medium' },
  { dst: '2001:db8:9::/64', dev: 'v0', protocol: 'ra', metric: 1024, flags: [], pref: 'medium' },
  {
    dst: '2001:db8:77::/48',
    metric: 1024,
    flags: [],
    pref: 'medium',
    nexthops: [
      { gateway: 'fe80::1', dev: 'v0', weight: 1, flags: [] },
      { gateway: 'fe80::2', dev: 'v0', weight: 1, flags: [] },
    ],
  },
  { dst: '2001:db8:1::46', dev: 'p0', protocol: 'static', metric: 1024, flags: [], pref: 'medium' },
  { dst: 'fe80::/64', dev: 'v0', protocol: 'kernel', metric: 256, flags: [], pref: 'medium' },
  { dst: 'default', gateway: 'fe80::9', dev: 'v0', metric: 100, flags: [], pref: 'medium' },
  { dst: 'default', gateway: 'fe80::8', dev: 'lo', metric: 50, flags: [], pref: 'medium' },
  {
    dst: 'default',
    gateway: 'fe80::7',
    dev: 'v0',
    protocol: 'ra',
    metric: 1024,
    flags: [],
    expires: 1799,
    pref: 'medium',
  },
];

export const LOCAL4 = [
  { type: 'local', dst: '127.0.0.0/8', dev: 'lo', protocol: 'kernel', scope: 'host', flags: [] },
  { type: 'local', dst: '127.0.0.1', dev: 'lo', protocol: 'kernel', scope: 'host', flags: [] },
  { type: 'local', dst: '192.0.2.1', dev: 'v0', protocol: 'kernel', scope: 'host', flags: [] },
  { type: 'local', dst: '198.51.100.0/24', dev: 'lo', scope: 'host', flags: [] },
];

export const LOCAL6 = [
  { type: 'local', dst: '::1', dev: 'lo', protocol: 'kernel', metric: 0, flags: [], pref: 'medium' },
  {
    type: 'local',
    dst: '2001:db8:1::1',
    dev: 'v0',
    protocol: 'kernel',
    metric: 0,
    flags: [],
    pref: 'medium',
  },
];

export const PROXIES = [{ dst: '2001:db8:1::77', dev: 'v0', proxy: null }];

/** Of `ip -batch -`, run with three lines. */
export const BATCH_STDERR = `Error: Device for nexthop is not up.
Command failed -:2
Cannot find device "zz"
Command failed -:3
`;
