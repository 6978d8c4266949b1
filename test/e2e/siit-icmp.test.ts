/**
 * ICMP messages through `nat46 siit`: every type and code both ways, what they quote, the MTU they report.
 * RFC 7915 §4.2, §4.3, §5.2, §5.3.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

/** A router inside reports to the server about a datagram that the server sent. `about` defaults to a small one. */
const in4 = (kind: number, code: number, rest = 0, about = 'back4()'): string =>
  `icmp4(${kind}, ${code}, ${about}, rest=${rest}, src=R4, dst=S4, ttl=64)`;
const out6 = (kind: number, code: number, rest = 0, about = 'back6()'): string =>
  `icmp6(${kind}, ${code}, ${about}, rest=${rest}, src=R6, dst=S6, hlim=63)`;

/** The server reports to the client about a datagram of the client. */
const in6 = (kind: number, code: number, rest = 0, about = 'forth6()'): string =>
  `icmp6(${kind}, ${code}, ${about}, rest=${rest}, src=S6, dst=C6, hlim=64)`;
const out4 = (kind: number, code: number, rest = 0, about = 'forth4()'): string =>
  `icmp4(${kind}, ${code}, ${about}, rest=${rest}, src=S4, dst=C4, ttl=63, id=ID)`;

type Message = readonly [kind: number, code: number, rest?: number];

const spell = ([kind, code, rest]: Message): string =>
  `${kind}/${code}${rest === undefined ? '' : ` (${rest})`}`;

/** IPv4 destination unreachable, by code; null: dropped. */
const UNREACHABLE_4: readonly (Message | null)[] = [
  [1, 0], // network
  [1, 0], // host
  [4, 1, 6], // protocol: the pointer is that of Next Header
  [1, 4], // port
  [2, 0, 1480], // fragmentation needed, here with an MTU of 1460
  [1, 0], // source route failed
  [1, 0],
  [1, 0],
  [1, 0],
  [1, 1], // network prohibited
  [1, 1], // host prohibited
  [1, 0],
  [1, 0],
  [1, 1], // communication prohibited
  null, // host precedence violation
  [1, 1], // precedence cutoff
  null, // no code of that number
];

/** Pointers of a parameter problem: where they point to in the other header, by byte. */
const POINTERS_46 = [0, 1, 4, 4, -1, -1, -1, -1, 7, 6, -1, -1, 8, 8, 8, 8, 24, 24, 24, 24, -1];
const POINTERS_64 = Array.from({ length: 41 }, (_, at) => {
  if (at >= 8) return at >= 40 ? -1 : at >= 24 ? 16 : 12;
  return [0, 1, -1, -1, 2, 2, 9, 8][at] ?? -1;
});

const MATRIX_46: ExchangeRow[] = [
  ...UNREACHABLE_4.map((to, code) => ({
    name: `RFC 7915 §4.2 [11] 3/${code} → ${to === null ? 'dropped' : spell(to)}`,
    send: in4(3, code, code === 4 ? 1460 : 0),
    get: to === null ? [] : out6(...to),
  })),
  ...[0, 1].map((code) => ({
    name: `RFC 7915 §4.2 [13] 11/${code} → 3/${code}`,
    send: in4(11, code),
    get: out6(3, code),
  })),
  ...POINTERS_46.flatMap((to, at) =>
    [0, 2].map((code) => ({
      name: `RFC 7915 §4.2 [13] 12/${code}, pointer ${at} → ${to < 0 ? 'dropped' : `4/0, pointer ${to}`}`,
      send: in4(12, code, at * 2 ** 24),
      get: to < 0 ? [] : out6(4, 0, to),
    })),
  ),
  ...[1, 3].map((code) => ({
    name: `RFC 7915 §4.2 [13] 12/${code} → dropped`,
    send: in4(12, code),
    get: [],
  })),
  ...[4, 5, 6, 7, 9, 10, 13, 14, 15, 16, 17, 18, 42, 43].map((kind) => ({
    name: `RFC 7915 §4.2 [14] type ${kind} → dropped`,
    send: in4(kind, 0),
    get: [],
  })),
];

const MATRIX_64: ExchangeRow[] = [
  ...([[3, 1], [3, 10], [3, 1], [3, 1], [3, 3], null, null, null] as (Message | null)[]).map((to, code) => ({
    name: `RFC 7915 §5.2 [27] 1/${code} → ${to === null ? 'dropped' : spell(to)}`,
    send: in6(1, code),
    get: to === null ? [] : out4(...to),
  })),
  ...[0, 1].map((code) => ({
    name: `RFC 7915 §5.2 [27] 3/${code} → 11/${code}`,
    send: in6(3, code),
    get: out4(11, code),
  })),
  ...POINTERS_64.map((to, at) => ({
    name: `RFC 7915 §5.2 [27] 4/0, pointer ${at} → ${to < 0 ? 'dropped' : `12/0, pointer ${to}`}`,
    send: in6(4, 0, at),
    get: to < 0 ? [] : out4(12, 0, to * 2 ** 24),
  })),
  { name: 'RFC 7915 §5.2 [27] 3/2 → dropped', send: in6(3, 2), get: [] },
  { name: 'RFC 7915 §5.2 [27] 4/1 → 3/2', send: in6(4, 1, 6), get: out4(3, 2) },
  { name: 'RFC 7915 §5.2 [27] 4/2 → dropped', send: in6(4, 2, 6), get: [] },
  ...[100, 127, 130, 131, 132, 133, 134, 135, 136, 137, 143, 200, 255].map((kind) => ({
    name: `RFC 7915 §5.2 [27] type ${kind} → dropped`,
    send: in6(kind, 0),
    get: [],
  })),
];

/** Reported MTU, and what is reported on: RFC 7915 §4.2 and §5.2 with next-hop MTUs of 1500. */
const MTUS_46 = [
  [1260, 1280],
  [1261, 1281],
  [1259, 1280],
  [68, 1280],
  [1440, 1460],
  [1480, 1500],
  [1496, 1500],
  [65535, 1500],
] as const;
const MTUS_64 = [
  [1280, 1260],
  [1360, 1340],
  [1500, 1480],
  [1501, 1480],
  [1600, 1480],
  [9000, 1480],
  [4294967295, 1480],
] as const;

const MTUS: ExchangeRow[] = [
  ...MTUS_46.map(([reported, mtu]) => ({
    name: `RFC 7915 §4.2 [12] fragmentation needed ${reported} → packet too big ${mtu}`,
    send: in4(3, 4, reported),
    get: out6(2, 0, mtu),
  })),
  ...MTUS_64.map(([reported, mtu]) => ({
    name: `RFC 7915 §5.2 [28] packet too big ${reported} → fragmentation needed ${mtu}`,
    send: in6(2, 0, reported),
    get: out4(3, 4, mtu),
  })),
];

/** With jumbo frames on both sides: a router that reports no MTU. */
const PLATEAUS: ExchangeRow[] = [
  [5000, 4372],
  [4352, 2022],
  [2002, 1512],
  [1500, 1512],
  [1492, 1280],
  [1400, 1280],
].map(([total = 0, mtu = 0]) => ({
  name: `RFC 7915 §4.2 [12] RFC 1191 §7.1 no MTU reported about ${total} bytes → ${mtu}`,
  send: in4(3, 4, 0, `cut(back4(${total - 28}), 28)`),
  get: out6(2, 0, mtu, `cut(back6(${total - 28}), 48)`),
}));

const ECHO: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.2 [10] echo request 8 → 128',
    send: 'to4() / ICMP(type=8, id=7, seq=9) / Raw(b"abcde")',
    get: 'to6() / ICMPv6EchoRequest(id=7, seq=9, data=b"abcde")',
  },
  {
    name: 'RFC 7915 §4.2 [10] echo reply 0 → 129',
    send: 'to4() / ICMP(type=0, id=65535, seq=0)',
    get: 'to6() / ICMPv6EchoReply(id=65535, seq=0)',
  },
  {
    name: 'RFC 7915 §5.2 echo request 128 → 8',
    send: 'from6() / ICMPv6EchoRequest(id=7, seq=9, data=b"abcde")',
    get: 'from4() / ICMP(type=8, id=7, seq=9) / Raw(b"abcde")',
  },
  {
    name: 'RFC 7915 §5.2 echo reply 129 → 0',
    send: 'from6() / ICMPv6EchoReply(id=0, seq=65535)',
    get: 'from4() / ICMP(type=0, id=0, seq=65535)',
  },
  {
    name: 'RFC 7915 §4.2 a wrong checksum of a ping stays equivalently wrong',
    send: 'skewed(to4() / ICMP(type=8, id=7, seq=9), 22)',
    get: 'skewed(to6() / ICMPv6EchoRequest(id=7, seq=9), 42)',
    odd: true,
  },
];

/** The same inner packet in both forms: name, as IPv4, as IPv6. The addresses are of a packet from the server. */
const INNER_46: readonly (readonly [string, string, string])[] = [
  ['352 bytes (400 in all)', 'back4(344)', 'back6(344)'],
  ['1232 bytes (1280 in all): cut to 1280', 'back4(1224)', 'cut(back6(1224), 1232)'],
  ['1452 bytes (1500 in all): cut to 1280', 'back4(1444)', 'cut(back6(1444), 1232)'],
  [
    'cut by the router behind 8 bytes of TCP',
    'cut(IP(src=S4, dst=C4, ttl=60) / tcp(100), 28)',
    'cut(IPv6(src=S6, dst=C6, hlim=60) / tcp(100), 48)',
  ],
  ['cut by the router in the middle', 'cut(back4(500), 200)', 'cut(back6(500), 220)'],
  ['TTL 1', 'back4(ttl=1)', 'back6(hlim=1)'],
  ['TTL 0 and a wrong header checksum', 'back4(ttl=0, chksum=5)', 'back6(hlim=0)'],
  ['TOS', 'back4(tos=0x2e)', 'back6(tc=0x2e)'],
  ['options', 'back4(options=[IPOption_Stream_Id(security=1)])', 'back6()'],
  [
    'a ping',
    'IP(src=S4, dst=C4, ttl=60) / ICMP(type=8, id=3, seq=4) / Raw(b"ab")',
    'IPv6(src=S6, dst=C6, hlim=60) / ICMPv6EchoRequest(id=3, seq=4, data=b"ab")',
  ],
  [
    'the reply to a ping',
    'IP(src=S4, dst=C4, ttl=60) / ICMP(type=0, id=3, seq=4)',
    'IPv6(src=S6, dst=C6, hlim=60) / ICMPv6EchoReply(id=3, seq=4)',
  ],
  [
    'a ping cut behind its header',
    'cut(IP(src=S4, dst=C4, ttl=60) / ICMP(type=8, id=3, seq=4) / fill(90), 28)',
    'cut(IPv6(src=S6, dst=C6, hlim=60) / ICMPv6EchoRequest(id=3, seq=4, data=bytes(fill(90))), 48)',
  ],
  [
    'protocol 254',
    'IP(src=S4, dst=C4, ttl=60, proto=254) / fill(24)',
    'IPv6(src=S6, dst=C6, hlim=60, nh=254) / fill(24)',
  ],
  ['a first fragment', 'pieces4(back4(1000), [400, 608])[0]', 'pieces6(back6(1000), [400, 608], 77)[0]'],
  ['a last fragment', 'pieces4(back4(1000), [400, 608])[1]', 'pieces6(back6(1000), [400, 608], 77)[1]'],
];

const INNER_64: readonly (readonly [string, string, string])[] = [
  ['312 bytes of payload (400 in all)', 'forth6(304)', 'forth4(304)'],
  ['652 bytes (700 in all): cut to 576', 'forth6(604)', 'cut(forth4(604), 548)'],
  ['1232 bytes (1280 in all): cut to 576', 'cut(forth6(1234), 1232)', 'cut(forth4(1234), 548)'],
  [
    'cut by the router behind 8 bytes of TCP',
    'cut(IPv6(src=C6, dst=S6, hlim=60) / tcp(100), 48)',
    'cut(IP(src=C4, dst=S4, ttl=60, id=INNER_ID) / tcp(100), 28)',
  ],
  ['hop limit 1, traffic class', 'forth6(hlim=1, tc=0x2e)', 'forth4(ttl=1, tos=0x2e)'],
  [
    'a ping',
    'IPv6(src=C6, dst=S6, hlim=60) / ICMPv6EchoRequest(id=3, seq=4, data=b"ab")',
    'IP(src=C4, dst=S4, ttl=60, id=INNER_ID) / ICMP(type=8, id=3, seq=4) / Raw(b"ab")',
  ],
  ['destination options', 'IPv6(src=C6, dst=S6, hlim=60) / IPv6ExtHdrDestOpt() / udp(8)', 'forth4()'],
  [
    'next header 254',
    'IPv6(src=C6, dst=S6, hlim=60, nh=254) / fill(24)',
    'IP(src=C4, dst=S4, ttl=60, id=INNER_ID, proto=254) / fill(24)',
  ],
  [
    'a first fragment',
    'pieces6(forth6(1000), [400, 608], 0x87654321)[0]',
    'pieces4(forth4(1000, id=0x4321), [400, 608])[0]',
  ],
  [
    'a last fragment',
    'pieces6(forth6(1000), [800, 208], 0x87654321)[1]',
    'pieces4(forth4(1000, id=0x4321), [800, 208])[1]',
  ],
];

const INNER: ExchangeRow[] = [
  ...INNER_46.map(([name, v4, v6]) => ({
    name: `RFC 7915 §4.3 [15] inside an ICMPv4 error: ${name}`,
    send: in4(3, 1, 0, v4),
    get: out6(1, 0, 0, v6),
  })),
  ...INNER_64.map(([name, v6, v4]) => ({
    name: `RFC 7915 §5.3 [29] inside an ICMPv6 error: ${name}`,
    send: in6(1, 0, 0, v6),
    get: out4(3, 1, 0, v4),
  })),
  {
    name: 'RFC 7915 §4.3 [15] inside an ICMPv4 error: another error → dropped',
    send: in4(3, 1, 0, 'icmp4(3, 1, back4(), src=S4, dst=C4)'),
    get: [],
  },
  {
    name: 'RFC 7915 §5.3 [29] inside an ICMPv6 error: another error → dropped',
    send: in6(1, 0, 0, 'icmp6(1, 0, forth6(), src=C6, dst=S6)'),
    get: [],
  },
  {
    name: 'RFC 7915 §4.5 [19] inside an ICMPv4 error: a UDP checksum of 0 stays 0',
    send: in4(3, 1, 0, 'IP(src=S4, dst=C4, ttl=60) / udp(8, chksum=0)'),
    get: out6(1, 0, 0, 'IPv6(src=S6, dst=C6, hlim=60) / udp(8, chksum=0)'),
    odd: true,
  },
  { name: 'RFC 792 [15] nothing inside an ICMPv4 error → dropped', send: in4(3, 1, 0, 'b""'), get: [] },
  {
    name: 'RFC 4443 §3.1 [29] half a header inside an ICMPv6 error → dropped',
    send: in6(1, 0, 0, 'cut(forth6(), 30)'),
    get: [],
  },
  {
    name: 'RFC 5508 §4.2 [57] an ICMPv4 error with a wrong checksum → dropped',
    send: `skewed(${in4(3, 1)}, 22)`,
    get: [],
  },
  {
    name: 'RFC 5508 §4.2 [57] an ICMPv6 error with a wrong checksum → dropped',
    send: `skewed(${in6(1, 0)}, 42)`,
    get: [],
  },
];

/** A next hop of 1000 inside: IPv4 routers fragment what is small enough to have DF=0, so IPv6 hosts are told 1280 only. */
const NARROW_INSIDE: ExchangeRow[] = [
  {
    name: 'RFC 7915 §5 [31] 1260 bytes, DF=0: left to the routers to fragment',
    send: 'from6() / udp(1232)',
    get: 'from4() / udp(1232)',
  },
  {
    name: 'RFC 7915 §5 [31] 1261 bytes: packet too big, 1280',
    send: 'from6() / udp(1233)',
    get: 'icmp6(2, 0, cut(from6() / udp(1233), 1232), rest=1280, src=OWN6, dst=S6, hlim=64)',
  },
  ...[
    [1280, 1000],
    [1020, 1000],
    [1019, 999],
    [89, 69],
    [88, 68],
    [87, 68],
    [0, 68],
  ].map(([reported = 0, mtu = 0]) => ({
    name: `RFC 7915 §5.2 [28] packet too big ${reported} → fragmentation needed ${mtu}`,
    send: in6(2, 0, reported),
    get: out4(3, 4, mtu),
  })),
];

exactTests('siit icmp', [
  { flags: {}, rows: [...MATRIX_46, ...MATRIX_64, ...MTUS, ...ECHO, ...INNER] },
  { flags: { mtu4: '9000', mtu6: '9000' }, rows: PLATEAUS },
  { flags: { mtu4: '1000' }, rows: NARROW_INSIDE },
]);
