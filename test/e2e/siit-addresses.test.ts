/**
 * Addresses through `nat46 siit`: explicit mappings before the prefix, the six prefix lengths, what is never translated, and
 * whose name an error goes out in. RFC 6052 §2.2 and §3.1, RFC 6791 §3, RFC 7757 §3.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { EXACT } from '../helpers/siit-lab.ts';
import { exactTests } from '../helpers/siit-suite.ts';

/** Addresses that stand for each other, tried as source and as destination, both ways. */
const pair = (why: string, v4: string, v6: string): ExchangeRow[] => [
  {
    name: `${why}: IPv4 to ${v4} → ${v6}`,
    send: `to4(dst="${v4}") / udp(8)`,
    get: `to6(dst="${v6}") / udp(8)`,
  },
  {
    name: `${why}: IPv4 from ${v4} → ${v6}`,
    send: `IP(src="${v4}", dst=S4, ttl=64) / udp(8)`,
    get: `IPv6(src="${v6}", dst=S6, hlim=63) / udp(8)`,
  },
  {
    name: `${why}: IPv6 from ${v6} → ${v4}`,
    send: `from6(src="${v6}") / udp(8)`,
    get: `from4(src="${v4}") / udp(8)`,
  },
];

/** Prefixes in one another, and one whose IPv6 suffix is longer than its IPv4 suffix. */
const EAM = [
  ...[EXACT.eam ?? []].flat().map(String),
  '10.0.0.0/16=2001:db8:cafe::/112',
  '10.0.1.0/24=2001:db8:1234::100/120',
  '10.0.1.6=2001:db8:5678::106',
  '10.2.0.0/24=2001:db8:2::/64',
  '10.3.0.0/30=2001:db8:3:4000::/50',
];

const EXPLICIT: ExchangeRow[] = [
  ...[
    ['10.0.0.255', '2001:db8:cafe::ff'],
    ['10.0.1.0', '2001:db8:1234::100'],
    ['10.0.1.5', '2001:db8:1234::105'],
    ['10.0.1.6', '2001:db8:5678::106'],
    ['10.0.1.7', '2001:db8:1234::107'],
    ['10.0.1.255', '2001:db8:1234::1ff'],
    ['10.0.2.0', '2001:db8:cafe::200'],
    ['10.0.255.255', '2001:db8:cafe::ffff'],
  ].flatMap(([v4 = '', v6 = '']) => pair('RFC 7757 §3.3 [36] the longest prefix', v4, v6)),
  ...[
    ['10.2.0.0', '2001:db8:2::'],
    ['10.2.0.7', '2001:db8:2:0:700::'],
    ['10.2.0.255', '2001:db8:2:0:ff00::'],
    ['10.3.0.3', '2001:db8:3:7000::'],
  ].flatMap(([v4 = '', v6 = '']) => pair('RFC 7757 §3.3 [36] the longer IPv6 suffix ends in zeros', v4, v6)),
  {
    name: 'RFC 7757 §3.3 [36] what stands in the rest of the longer suffix is ignored',
    send: 'from6(src="2001:db8:2:0:712:3456:789a:bcde") / udp(8)',
    get: 'from4(src="10.2.0.7") / udp(8)',
  },
  ...pair(
    'RFC 7757 §3.3 [36] behind the last address of a mapping the prefix',
    '10.1.0.0',
    '2001:db8:64::a01:0',
  ),
  ...pair(
    'RFC 7757 §3.3 [36] before the first address of a mapping the prefix',
    '9.255.255.255',
    '2001:db8:64::9ff:ffff',
  ),
];

/** The six lengths, with the client's address in each, RFC 6052 §2.2. Bits 64 … 71 and behind the address are zero. */
const LENGTHS: Record<string, { v6: string; odd: readonly string[] }> = {
  '2001:db8::/32': {
    v6: '2001:db8:c633:6402::',
    odd: ['2001:db8:c633:6402:ab00::', '2001:db8:c633:6402::abcd'],
  },
  '2001:db8:100::/40': {
    v6: '2001:db8:1c6:3364:2::',
    odd: ['2001:db8:1c6:3364:fb02::', '2001:db8:1c6:3364:2:1:2:3'],
  },
  '2001:db8:100::/48': { v6: '2001:db8:100:c633:64:200::', odd: ['2001:db8:100:c633:ff64:2ff::'] },
  '2001:db8:100:5500::/56': { v6: '2001:db8:100:55c6:33:6402::', odd: ['2001:db8:100:55c6:1133:6402:1::'] },
  '2001:db8:100:55::/64': { v6: '2001:db8:100:55:c6:3364:200:0', odd: ['2001:db8:100:55:1c6:3364:2ff:ffff'] },
  '2001:db8:100:55::/96': { v6: '2001:db8:100:55::c633:6402', odd: [] },
};

const lengthRows = (prefix: string): ExchangeRow[] => {
  const { v6 = '', odd = [] } = LENGTHS[prefix] ?? {};
  return [
    {
      name: `RFC 6052 §2.2 [37] ${prefix}: from ${v6}`,
      send: 'to4() / udp(8)',
      get: `to6(src="${v6}") / udp(8)`,
    },
    {
      name: `RFC 6052 §2.2 [37] ${prefix}: to ${v6}`,
      send: `from6(dst="${v6}") / udp(8)`,
      get: 'from4() / udp(8)',
    },
    ...odd.map((address) => ({
      name: `RFC 6052 §2.2 [37] ${prefix}: bits that should be zero are ignored: ${address}`,
      send: `from6(dst="${address}") / udp(8)`,
      get: 'from4() / udp(8)',
    })),
  ];
};

/** Never translated, neither from nor to, and nobody is told. */
const NEVER_4 = [
  '0.0.0.0',
  '0.1.2.3',
  '127.0.0.1',
  '127.255.0.1',
  '169.254.1.1',
  '224.0.0.1',
  '239.1.2.3',
  '255.255.255.255',
];
const NEVER_6 = ['::', '::1', 'fe80::1', 'ff02::1', 'ff0e::1', '::ffff:198.51.100.2'];

const NEVER: ExchangeRow[] = [
  ...NEVER_4.flatMap((v4) => [
    { name: `[38] from ${v4}`, send: `to4(src="${v4}") / udp(8)`, get: [] },
    { name: `[38] to ${v4}`, send: `to4(dst="${v4}") / udp(8)`, get: [] },
    { name: `[38] to ${v4} in the prefix`, send: `from6(dst=p("${v4}")) / udp(8)`, get: [] },
    { name: `[38] from ${v4} in the prefix`, send: `from6(src=p("${v4}")) / udp(8)`, get: [] },
  ]),
  ...NEVER_6.flatMap((v6) => [
    { name: `[38] from ${v6}`, send: `from6(src="${v6}") / udp(8)`, get: [] },
    { name: `[38] to ${v6}`, send: `from6(dst="${v6}") / udp(8)`, get: [] },
  ]),
  ...pair('[38] class E is translated', '250.1.2.3', '2001:db8:64::fa01:203'),
];

/** Whose address is at fault, the sender is told by the type of the error. */
const told4 = (code: number, about: string): string =>
  `icmp4(3, ${code}, ${about}, src=OWN4, dst=(${about}).src, ttl=64, id=ANY_ID)`;
const told6 = (code: number, about: string): string =>
  `icmp6(1, ${code}, ${about}, src=OWN6, dst=(${about}).src, hlim=64)`;
const [HOST_UNREACHABLE, HOST_PROHIBITED, NO_ROUTE, SOURCE_POLICY] = [1, 10, 0, 5];

/** Without a prefix: only what is mapped is translated. */
const STRANGERS = {
  to4: 'IP(src="192.0.2.8", dst="192.0.2.9") / udp(8)',
  from4: 'to4() / udp(8)',
  to6: 'from6(dst="2001:db8:9::9") / udp(8)',
  from6: 'IPv6(src=X6, dst=S6) / udp(8)',
};

const UNMAPPED: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.4 [17] IPv4 to an address without mapping: host unreachable',
    send: STRANGERS.to4,
    get: told4(HOST_UNREACHABLE, STRANGERS.to4),
  },
  {
    name: 'RFC 7915 §4.4 [17] IPv4 from an address without mapping: host prohibited',
    send: STRANGERS.from4,
    get: told4(HOST_PROHIBITED, STRANGERS.from4),
  },
  {
    name: 'RFC 7915 §5.4 [29] IPv6 to an address without mapping: no route',
    send: STRANGERS.to6,
    get: told6(NO_ROUTE, STRANGERS.to6),
  },
  {
    name: 'RFC 7915 §5.4 [29] IPv6 from an address without mapping: source address failed policy',
    send: STRANGERS.from6,
    get: told6(SOURCE_POLICY, STRANGERS.from6),
  },
];

/** Errors that quote what the translator cannot have sent, and errors to nobody: nothing comes out, nobody is told. */
const QUOTES: ExchangeRow[] = [
  ['IPv4 source', 'icmp4(3, 1, back4(src="192.0.2.9", dst="192.0.2.8"), src="192.0.2.8", dst=S4, ttl=64)'],
  ['IPv4 destination', 'icmp4(3, 1, back4(), src="192.0.2.8", dst=S4, ttl=64)'],
  ['IPv6 source', 'icmp6(1, 0, IPv6(src=X6, dst=S6) / udp(8), src=S6, dst="2001:db8:6::8", hlim=64)'],
  [
    'IPv6 destination',
    'icmp6(1, 0, IPv6(src="2001:db8:6::8", dst=X6) / udp(8), src=S6, dst="2001:db8:6::8", hlim=64)',
  ],
].map(([what, send]) => ({
  name: `RFC 7915 §4.3 §5.3 [15] [29] a quoted ${what} without mapping → dropped`,
  send: String(send),
  get: [],
}));

/** Errors from a router whose address has no counterpart, RFC 6791 §3 and RFC 7915 §5.2. */
const routerRows = (source: string): ExchangeRow[] =>
  [
    [1, 0, 3, 1],
    [1, 4, 3, 3],
    [3, 0, 11, 0],
    [4, 1, 3, 2],
  ].map(([kind6, code6, kind4, code4]) => ({
    name: `RFC 6791 §3 [33] ${kind6}/${code6} of a router without mapping comes from ${source}`,
    send: `icmp6(${kind6}, ${code6}, forth6(), src=X6, dst=C6, hlim=64)`,
    get: `icmp4(${kind4}, ${code4}, forth4(), src=${source}, dst=C4, ttl=63, id=ID)`,
  }));

/** From inside, where nothing but the two ends has a mapping. */
const routerRow4 = (source: string): ExchangeRow => ({
  name: `RFC 6791 §3 [33] 3/1 of an IPv4 router without mapping comes from ${source}`,
  send: 'icmp4(3, 1, IP(src=S4, dst="192.0.2.8", ttl=60) / udp(8), src=R4, dst=S4, ttl=64)',
  get: `icmp6(1, 0, IPv6(src=S6, dst="2001:db8:6::8", hlim=60) / udp(8), src=${source}, dst=S6, hlim=63)`,
});

/** Where the source is mapped, it is used, whatever is configured for the others. */
const MAPPED_ROUTER: ExchangeRow = {
  name: 'RFC 6791 §3 [35] an error of the server itself comes from the server',
  send: 'icmp6(1, 4, forth6(), src=S6, dst=C6, hlim=64)',
  get: 'icmp4(3, 3, forth4(), src=S4, dst=C4, ttl=63, id=ID)',
};

/** The well-known prefix never stands for an address that is not global, RFC 6052 §3.1. */
const WKP = '64:ff9b::/96';
const NOT_GLOBAL = [
  '10.1.3.4',
  '100.69.96.2',
  '172.18.6.7',
  '192.168.22.69',
  '192.0.2.66',
  '198.18.0.0',
  '198.51.100.10',
  '203.0.113.69',
];
const GLOBAL = [
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '192.88.99.52',
];

const restricted = (v4: string): ExchangeRow[] => {
  const [to6, from6] = [
    `from6(dst=p("${v4}", "${WKP}")) / udp(8)`,
    `IPv6(src=p("${v4}", "${WKP}"), dst=S6) / udp(8)`,
  ];
  const [to4, from4] = [`IP(src="192.0.2.8", dst="${v4}") / udp(8)`, `to4(src="${v4}") / udp(8)`];
  return [
    { name: `RFC 6052 §3.1 [37] IPv6 to ${v4} is refused`, send: to6, get: told6(NO_ROUTE, to6) },
    { name: `RFC 6052 §3.1 [37] IPv6 from ${v4} is refused`, send: from6, get: told6(SOURCE_POLICY, from6) },
    { name: `RFC 6052 §3.1 [37] IPv4 to ${v4} is refused`, send: to4, get: told4(HOST_UNREACHABLE, to4) },
    {
      name: `RFC 6052 §3.1 [37] IPv4 from ${v4} is refused`,
      send: from4,
      get: told4(HOST_PROHIBITED, from4),
    },
  ];
};

const represented = (v4: string, prefix: string): ExchangeRow[] => [
  {
    name: `RFC 6052 §3.1 [37] ${prefix} stands for ${v4}: from IPv6`,
    send: `from6(dst=p("${v4}", "${prefix}")) / udp(8)`,
    get: `from4(dst="${v4}") / udp(8)`,
  },
  {
    name: `RFC 6052 §3.1 [37] ${prefix} stands for ${v4}: from IPv4`,
    send: `to4(src="${v4}") / udp(8)`,
    get: `to6(src=p("${v4}", "${prefix}")) / udp(8)`,
  },
];

exactTests('siit addresses', [
  { flags: { eam: EAM }, rows: [...EXPLICIT, ...NEVER, ...routerRows('OWN4'), MAPPED_ROUTER] },
  {
    flags: { 'rfc6791-v4': '203.0.113.8', 'rfc6791-v6': '2001:db8:6791::8' },
    rows: [...routerRows('ERR4'), MAPPED_ROUTER],
  },
  { flags: { pool6: null }, rows: [...UNMAPPED, ...QUOTES, routerRow4('OWN6')] },
  { flags: { pool6: null, 'rfc6791-v6': '2001:db8:6791::8' }, rows: [routerRow4('ERR6')] },
  ...Object.keys(LENGTHS).map((prefix) => ({ flags: { pool6: prefix }, rows: lengthRows(prefix) })),
  {
    flags: { pool6: WKP },
    rows: [...NOT_GLOBAL.flatMap(restricted), ...GLOBAL.flatMap((v4) => represented(v4, WKP))],
  },
  {
    flags: { pool6: WKP, 'allow-private-wkp': true },
    rows: NOT_GLOBAL.flatMap((v4) => represented(v4, WKP)),
  },
  { flags: { pool6: '64:ff9b:1::/96' }, rows: NOT_GLOBAL.flatMap((v4) => represented(v4, '64:ff9b:1::/96')) },
]);
