/**
 * Headers, as `nat46 siit` translates them: RFC 7915 §4.1 and §5.1, exact bytes at the device.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

/** Protocols that only have their IP header translated, with any payload. */
const OTHER_PROTOCOLS = {
  IGMP: 2,
  'IP in IP': 4,
  DCCP: 33,
  ESP: 50,
  AH: 51,
  'no next header': 59,
  SCTP: 132,
};
/** And with one that means something. */
const SPOKEN = {
  GRE: [47, 'GRE() / IP(src="10.0.0.1", dst="10.0.0.2") / udp(8)'],
  SCTP: [132, 'SCTP(sport=1, dport=2, tag=3) / SCTPChunkCookieAck()'],
} as const;
/** IPv6 extension headers and ICMPv6 mean nothing in IPv4. */
const MEANINGLESS = [0, 43, 44, 58, 60];

/** An error of the translator's own about an IPv4 packet, which it quotes. */
const error4 = (kind: number, code: number, about: string, rest = 0): string =>
  `icmp4(${kind}, ${code}, cut(${about}, 548), rest=${rest}, src=OWN4, dst=C4, ttl=64, id=ANY_ID)`;
const error6 = (kind: number, code: number, about: string, rest = 0): string =>
  `icmp6(${kind}, ${code}, cut(${about}, 1232), rest=${rest}, src=OWN6, dst=S6, hlim=64)`;

const SOURCE_ROUTE =
  'to4(options=[IPOption_LSRR(routers=["198.51.100.2", "198.51.100.1"], pointer=4)]) / udp(8)';

const FOUR_TO_SIX: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.1 [1] [2] [3] [18] TCP: traffic class from TOS, hop limit from TTL, checksum of the new addresses',
    send: 'to4(tos=0xb9) / tcp(10)',
    get: 'to6(tc=0xb9) / tcp(10)',
  },
  { name: 'RFC 7915 §4.5 [18] UDP', send: 'to4() / udp(11)', get: 'to6() / udp(11)' },
  { name: 'RFC 7915 §4.1 [1] TTL 2', send: 'to4(ttl=2) / udp(8)', get: 'to6(hlim=1) / udp(8)' },
  { name: 'RFC 7915 §4.1 [1] TTL 255', send: 'to4(ttl=255) / udp(8)', get: 'to6(hlim=254) / udp(8)' },
  {
    name: 'RFC 7915 §4.1 [3] bytes behind the total length are not forwarded',
    send: 'joined(to4() / udp(5), b"padding")',
    get: 'to6() / udp(5)',
  },
  { name: 'RFC 7915 §4.1 [5] wrong header checksum', send: 'to4(chksum=1) / udp(8)', get: [] },
  { name: 'RFC 791 §3.1 [5] header shorter than 20 bytes', send: 'to4(ihl=4) / udp(8)', get: [] },
  { name: 'RFC 791 §3.1 [5] header longer than the packet', send: 'to4(ihl=15) / udp(8)', get: [] },
  { name: 'RFC 791 §3.1 [5] total length beyond what came', send: 'to4(len=200) / udp(8)', get: [] },
  { name: 'RFC 791 §3.1 [5] total length below the header', send: 'to4(len=10) / udp(8)', get: [] },
  {
    name: 'RFC 7915 §4.5 [18] a wrong UDP checksum stays equivalently wrong',
    send: 'skewed(to4() / udp(8), 26)',
    get: 'skewed(to6() / udp(8), 46)',
    odd: true,
  },
  {
    name: 'RFC 7915 §4.5 [18] a wrong TCP checksum stays equivalently wrong',
    send: 'skewed(to4() / tcp(9), 36)',
    get: 'skewed(to6() / tcp(9), 56)',
    odd: true,
  },
  {
    name: 'RFC 7915 §4.1 [8] 1480 bytes, DF=1: just fits',
    send: 'to4() / udp(1452)',
    get: 'to6() / udp(1452)',
  },
  {
    name: 'RFC 7915 §4.1 [8] 1481 bytes, DF=1: fragmentation needed, 1480',
    send: 'to4() / udp(1453)',
    get: error4(3, 4, 'to4() / udp(1453)', 1480),
  },
  ...Object.entries(OTHER_PROTOCOLS).map(([name, protocol]) => ({
    name: `RFC 7915 §4.5 [20] protocol ${protocol} (${name})`,
    send: `to4(proto=${protocol}) / fill(40)`,
    get: `to6(nh=${protocol}) / fill(40)`,
    odd: true as const,
  })),
  ...Object.entries(SPOKEN).map(([name, [protocol, payload]]) => ({
    name: `RFC 7915 §4.5 [20] ${name} as it is spoken`,
    send: `to4(proto=${protocol}) / ${payload}`,
    get: `to6(nh=${protocol}) / ${payload}`,
  })),
  { name: 'RFC 7915 §4.1 [3] no payload', send: 'to4(proto=59)', get: 'to6(nh=59)' },
  ...MEANINGLESS.map((protocol) => ({
    name: `RFC 7915 §4.1 protocol ${protocol} is dropped`,
    send: `to4(proto=${protocol}) / fill(40)`,
    get: [],
  })),
];

const OPTIONS: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.1 [4] a stream identifier is left out',
    send: 'to4(options=[IPOption_Stream_Id(security=1)]) / udp(8)',
    get: 'to6() / udp(8)',
  },
  {
    name: 'RFC 7915 §4.1 [4] no-operations, router alert, record route, end of list',
    send: 'to4(options=[IPOption_NOP(), IPOption_Router_Alert(), IPOption_RR(routers=["0.0.0.0"]), IPOption_EOL()]) / tcp(8)',
    get: 'to6() / tcp(8)',
  },
  {
    name: 'RFC 7915 §4.1 [4] a source route that has been followed to its end',
    send: 'to4(options=[IPOption_NOP(), IPOption_LSRR(routers=["198.51.100.2", "198.51.100.1"], pointer=12)], proto=253) / fill(8)',
    get: 'to6(nh=253) / fill(8)',
  },
  {
    name: 'RFC 7915 §4.1 [4] an unexpired loose source route: source route failed',
    send: SOURCE_ROUTE,
    get: error4(3, 5, SOURCE_ROUTE),
  },
  {
    name: 'RFC 7915 §4.1 [4] an unexpired strict source route behind another option',
    send: 'to4(options=[IPOption_NOP(), IPOption_SSRR(routers=["198.51.100.1"])]) / udp(8)',
    get: error4(3, 5, 'to4(options=[IPOption_NOP(), IPOption_SSRR(routers=["198.51.100.1"])]) / udp(8)'),
  },
];

const SIX_TO_FOUR: ExchangeRow[] = [
  {
    name: 'RFC 7915 §5.1 [24] TCP: TOS from traffic class, flow label gone, identification not 0',
    send: 'from6(tc=0xb9, fl=0x12345) / tcp(10)',
    get: 'from4(tos=0xb9) / tcp(10)',
  },
  { name: 'RFC 7915 §5.5 UDP', send: 'from6() / udp(11)', get: 'from4() / udp(11)' },
  { name: 'RFC 7915 §5.1 [24] hop limit 2', send: 'from6(hlim=2) / udp(8)', get: 'from4(ttl=1) / udp(8)' },
  {
    name: 'RFC 7915 §5.1 [24] hop limit 255',
    send: 'from6(hlim=255) / udp(8)',
    get: 'from4(ttl=254) / udp(8)',
  },
  {
    name: 'RFC 7915 §5.1 bytes behind the payload length are not forwarded',
    send: 'joined(from6() / udp(5), b"padding")',
    get: 'from4() / udp(5)',
  },
  { name: 'RFC 8200 §3 payload length beyond what came', send: 'from6(plen=200) / udp(8)', get: [] },
  { name: 'RFC 7915 §5 [23] 1260 bytes: DF=0', send: 'from6() / udp(1232)', get: 'from4() / udp(1232)' },
  {
    name: 'RFC 7915 §5 [23] 1261 bytes: DF=1',
    send: 'from6() / udp(1233)',
    get: 'from4(flags="DF", id=ANY_ID) / udp(1233)',
  },
  {
    name: 'RFC 7915 §5.1 1500 bytes: just fit',
    send: 'from6() / udp(1472)',
    get: 'from4(flags="DF", id=ANY_ID) / udp(1472)',
  },
  {
    name: 'RFC 7915 §5.1 1501 bytes: packet too big, 1520',
    send: 'from6() / udp(1473)',
    get: error6(2, 0, 'from6() / udp(1473)', 1520),
  },
  {
    name: 'RFC 7915 §5.5 a wrong TCP checksum stays equivalently wrong',
    send: 'skewed(from6() / tcp(9), 56)',
    get: 'skewed(from4() / tcp(9), 36)',
    odd: true,
  },
  ...Object.entries(OTHER_PROTOCOLS).map(([name, protocol]) => ({
    name: `RFC 7915 §5.5 next header ${protocol} (${name})`,
    send: `from6(nh=${protocol}) / fill(40)`,
    get: `from4(proto=${protocol}) / fill(40)`,
    odd: true as const,
  })),
  ...Object.entries(SPOKEN).map(([name, [protocol, payload]]) => ({
    name: `RFC 7915 §5.5 ${name} as it is spoken`,
    send: `from6(nh=${protocol}) / ${payload}`,
    get: `from4(proto=${protocol}) / ${payload}`,
  })),
  { name: 'RFC 7915 §5.1 no payload', send: 'from6(nh=59)', get: 'from4(proto=59)' },
  { name: 'RFC 7915 §5.1 next header 1 is dropped', send: 'from6(nh=1) / fill(40)', get: [] },
];

/** Chains that leave no trace. */
const CHAINS = {
  'hop-by-hop options': 'IPv6ExtHdrHopByHop()',
  'destination options': 'IPv6ExtHdrDestOpt()',
  '24 bytes of destination options': 'IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\\0" * 20)])',
  'routing, segments left 0': 'IPv6ExtHdrRouting(type=253, segleft=0)',
  'hop-by-hop, destination, routing':
    'IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=253, segleft=0)',
  'hop-by-hop, routing, destination':
    'IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting(type=253, segleft=0) / IPv6ExtHdrDestOpt()',
  'destination twice': 'IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt()',
};

const ROUTED = 'from6() / IPv6ExtHdrRouting(type=253, segleft=1) / udp(8)';
const ROUTED_LATER =
  'from6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=253, segleft=4) / udp(8)';

const HEADER_CHAINS: ExchangeRow[] = [
  ...Object.entries(CHAINS).map(([name, chain]) => ({
    name: `RFC 7915 §5.1 [25] ${name}`,
    send: `from6() / ${chain} / udp(8)`,
    get: 'from4() / udp(8)',
  })),
  {
    name: 'RFC 7915 §5.1 [25] extension headers before an unknown protocol',
    send: 'from6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(nh=132) / fill(40)',
    get: 'from4(proto=132) / fill(40)',
    odd: true,
  },
  {
    name: 'RFC 7915 §5.1 [25] extension headers before a ping',
    send: 'from6() / IPv6ExtHdrDestOpt() / ICMPv6EchoRequest(id=5, seq=6, data=b"abc")',
    get: 'from4() / ICMP(type=8, id=5, seq=6) / Raw(b"abc")',
  },
  {
    name: 'RFC 7915 §5.1 [25] segments left 1: parameter problem pointing at the field',
    send: ROUTED,
    get: error6(4, 0, ROUTED, 43),
  },
  {
    name: 'RFC 7915 §5.1 [25] segments left behind two other headers',
    send: ROUTED_LATER,
    get: error6(4, 0, ROUTED_LATER, 59),
  },
  {
    name: 'RFC 8200 §4.2 an options header longer than the packet',
    send: 'from6(nh=60) / Raw(b"\\x11\\x09" + b"\\0" * 6) / udp(8)',
    get: [],
  },
];

exactTests('siit headers', [
  { flags: {}, rows: [...FOUR_TO_SIX, ...OPTIONS, ...SIX_TO_FOUR, ...HEADER_CHAINS] },
]);
