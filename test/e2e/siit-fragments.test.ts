/**
 * Fragments through `nat46 siit`: each on its own, none reassembled; DF=0 packets that do not fit are cut.
 * RFC 7915 §4, §4.1, §5.1.1; RFC 8021.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const THREE_4 = 'pieces4(to4(flags=0) / udp(1000), [400, 400, 208])';
const THREE_6 = 'pieces6(to6() / udp(1000), [400, 400, 208], 0x1234)';
const BACK_6 = 'pieces6(from6() / udp(1000), [400, 400, 208], 0x87654321)';
const BACK_4 = 'pieces4(from4(id=0x4321) / udp(1000), [400, 400, 208])';

/** The elements of a list in another order. */
const ordered = (list: string, order: readonly number[]): string => `[${list}[i] for i in [${order.join()}]]`;

const IN_EVERY_ORDER: ExchangeRow[] = ORDERS.flatMap((order) => [
  {
    name: `RFC 7915 §4.1 [9] [22] IPv4 fragments in the order ${order}`,
    send: ordered(THREE_4, order),
    get: ordered(THREE_6, order),
  },
  {
    name: `RFC 7915 §5.1.1 [23] IPv6 fragments in the order ${order}`,
    send: ordered(BACK_6, order),
    get: ordered(BACK_4, order),
  },
]);

const quoted4 = (about: string): string =>
  `icmp4(3, 4, cut(${about}, 548), rest=1480, src=OWN4, dst=C4, ttl=64, id=ANY_ID)`;

const CUT_46: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.1 [6] RFC 8021 1260 bytes, DF=0: one packet, no fragment header',
    send: 'to4(flags=0) / tcp(1220)',
    get: 'to6() / tcp(1220)',
  },
  {
    name: 'RFC 7915 §4.1 [7] 1261 bytes, DF=0: 1280 and 57',
    send: 'to4(flags=0) / tcp(1221)',
    get: 'pieces6(to6() / tcp(1221), [1232, 9], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [7] 1500 bytes, DF=0, identification 0',
    send: 'to4(flags=0, id=0) / udp(1472)',
    get: 'pieces6(to6() / udp(1472), [1232, 248], 0)',
  },
  {
    name: 'RFC 7915 §4.1 [7] an unknown protocol, 1500 bytes, DF=0',
    send: 'to4(flags=0, proto=253) / fill(1480)',
    get: 'pieces6(to6(nh=253) / fill(1480), [1232, 248], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [7] 4000 bytes, DF=0: four pieces',
    send: 'to4(flags=0) / udp(3972)',
    get: 'pieces6(to6() / udp(3972), [1232, 1232, 1232, 284], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [7] [9] a first fragment too large, DF=0: cut again',
    send: 'pieces4(to4(flags=0) / tcp(1300), [1248, 72])',
    get: 'pieces6(to6() / tcp(1300), [1232, 16, 72], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [7] [9] a last fragment too large, DF=0: cut again, no more behind it',
    send: 'pieces4(to4(flags=0) / udp(1632), [400, 1240])',
    get: 'pieces6(to6() / udp(1632), [400, 1232, 8], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [6] fragments with DF=1 that fit',
    send: 'pieces4(to4() / udp(1000), [400, 608], df=True)',
    get: 'pieces6(to6() / udp(1000), [400, 608], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [8] a first fragment with DF=1 that does not fit: fragmentation needed',
    send: 'pieces4(to4() / udp(2000), [1472, 536], df=True)[0]',
    get: quoted4('pieces4(to4() / udp(2000), [1472, 536], df=True)[0]'),
  },
  {
    name: 'RFC 1122 §3.2.2 [8] a later fragment with DF=1 that does not fit: no error about it',
    send: 'pieces4(to4() / udp(3000), [1472, 1480, 56], df=True)[1]',
    get: [],
  },
];

const ODDITIES: ExchangeRow[] = [
  {
    name: 'RFC 7915 §1.2 fragmented ICMPv4 is dropped',
    send: 'pieces4(to4(flags=0) / ICMP(type=8, id=1, seq=1) / fill(1000), [600, 408])',
    get: [],
  },
  {
    name: 'RFC 7915 §1.2 fragmented ICMPv6 is dropped',
    send: 'pieces6(from6() / ICMPv6EchoRequest(id=1, seq=1, data=bytes(fill(1000))), [600, 408], 1)',
    get: [],
  },
  {
    name: 'RFC 7915 §5.1.1 [23] an odd size and M=1: identification cut to 16 bits, DF=0',
    send: 'from6() / IPv6ExtHdrFragment(nh=6, offset=80, m=1, id=0x01020408) / fill(1239)',
    get: 'from4(id=0x0408, flags="MF", frag=80, proto=6) / fill(1239)',
  },
  {
    name: 'RFC 7915 §5.1.1 [23] above 1260 bytes: DF=0 all the same',
    send: 'from6() / IPv6ExtHdrFragment(nh=6, offset=80, m=0, id=0x01020408) / fill(1400)',
    get: 'from4(id=0x0408, flags=0, frag=80, proto=6) / fill(1400)',
  },
  {
    name: 'RFC 7915 §5.1.1 [23] an atomic fragment is a whole packet with an identification',
    send: 'from6() / IPv6ExtHdrFragment(id=0x87654321) / udp(1300)',
    get: 'from4(id=0x4321) / udp(1300)',
  },
  {
    name: 'RFC 7915 §5.1.1 [23] a ping in an atomic fragment',
    send: 'from6() / IPv6ExtHdrFragment(id=0x87654321) / ICMPv6EchoRequest(id=1, seq=2)',
    get: 'from4(id=0x4321) / ICMP(type=8, id=1, seq=2)',
  },
  {
    name: 'RFC 7915 §5.1 [25] hop-by-hop and destination options before a fragment header',
    send: 'from6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(nh=254, id=9, m=1) / fill(48)',
    get: 'from4(id=9, flags="MF", proto=254) / fill(48)',
  },
  {
    name: 'RFC 7915 §5.1.1 no next header behind a fragment header',
    send: 'from6() / IPv6ExtHdrFragment(nh=59, id=0x01020408)',
    get: 'from4(id=0x0408, proto=59)',
  },
];

/** Headers that may not stand behind a fragment header: as scapy writes them. */
const BEHIND = {
  'hop-by-hop options': 'IPv6ExtHdrFragment(id=1, m=1, nh=0) / IPv6ExtHdrHopByHop() / udp(8)',
  'destination options': 'IPv6ExtHdrFragment(id=1, m=1) / IPv6ExtHdrDestOpt() / udp(8)',
  'a routing header': 'IPv6ExtHdrFragment(id=1, m=1) / IPv6ExtHdrRouting(type=253) / udp(8)',
  'an authentication header': 'IPv6ExtHdrFragment(id=1, m=1, nh=51) / fill(40)',
  'destination options on both sides':
    'IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(id=1, m=1) / IPv6ExtHdrDestOpt() / udp(8)',
};

const HEADERS_BEHIND: ExchangeRow[] = [
  ...Object.entries(BEHIND).map(([name, chain]) => ({
    name: `RFC 7915 §5.1.1 [26] behind the fragment header: ${name} → prohibited`,
    send: `from6() / ${chain}`,
    get: `icmp6(1, 1, from6() / ${chain}, src=OWN6, dst=S6, hlim=64)`,
    odd: true as const,
  })),
  {
    name: 'RFC 7915 §5.1.1 [26] behind the fragment header: ESP is translated',
    send: 'from6() / IPv6ExtHdrFragment(id=1, m=1, nh=50) / fill(40)',
    get: 'from4(id=1, flags="MF", proto=50) / fill(40)',
  },
  {
    name: 'RFC 4443 §2.4 [26] a later fragment that says destination options: no error about it',
    send: 'from6() / IPv6ExtHdrFragment(id=1, m=1, nh=60, offset=10) / fill(40)',
    get: [],
  },
];

/** A DF=0 packet with a limit that is no multiple of 8: 1402 leaves 1354 for the payload, 1352 of them are used. */
const LOWEST_1402: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.1 [7] lowest IPv6 MTU 1402, DF=0: 1400 and the rest',
    send: 'to4(flags=0) / udp(1355)',
    get: 'pieces6(to6() / udp(1355), [1352, 11], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [7] lowest IPv6 MTU 1402, DF=0: 1402 go whole',
    send: 'to4(flags=0) / udp(1354)',
    get: 'to6() / udp(1354)',
  },
  {
    name: 'RFC 7915 §4.1 [8] lowest IPv6 MTU 1402 says nothing about DF=1',
    send: 'to4() / udp(1400)',
    get: 'to6() / udp(1400)',
  },
  {
    name: 'RFC 7915 §4.2 [16] nor about ICMP errors: 1280 in all',
    send: 'icmp4(3, 1, back4(1400), src=R4, dst=S4, ttl=64)',
    get: 'icmp6(1, 0, cut(back6(1400), 1232), src=R6, dst=S6, hlim=63)',
  },
];

/** Next hops of 1280 outside and 1400 inside. */
const NARROW: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.1 [7] the next hop is narrower than the lowest IPv6 MTU: it decides',
    send: 'to4(flags=0) / tcp(1221)',
    get: 'pieces6(to6() / tcp(1221), [1232, 9], 0x1234)',
  },
  {
    name: 'RFC 7915 §4.1 [8] 1261 bytes, DF=1: fragmentation needed, 1260',
    send: 'to4() / udp(1233)',
    get: 'icmp4(3, 4, cut(to4() / udp(1233), 548), rest=1260, src=OWN4, dst=C4, ttl=64, id=ANY_ID)',
  },
  {
    name: 'RFC 7915 §5.1 1421 bytes: packet too big, 1420',
    send: 'from6() / udp(1373)',
    get: 'icmp6(2, 0, cut(from6() / udp(1373), 1232), rest=1420, src=OWN6, dst=S6, hlim=64)',
  },
  {
    name: 'RFC 7915 §5.1 a first fragment too large: packet too big',
    send: 'from6() / IPv6ExtHdrFragment(nh=6, m=1, id=3) / fill(1384)',
    get: 'icmp6(2, 0, cut(from6() / IPv6ExtHdrFragment(nh=6, m=1, id=3) / fill(1384), 1232), rest=1420, src=OWN6, dst=S6, hlim=64)',
  },
  {
    name: 'RFC 4443 §2.4 a later fragment too large: no error about it',
    send: 'from6() / IPv6ExtHdrFragment(nh=6, m=1, id=3, offset=200) / fill(1384)',
    get: [],
  },
];

exactTests('siit fragments', [
  { flags: {}, rows: [...IN_EVERY_ORDER, ...CUT_46, ...ODDITIES, ...HEADERS_BEHIND] },
  { flags: { 'lowest-ipv6-mtu': '1402' }, rows: LOWEST_1402 },
  { flags: { mtu4: '1400', mtu6: '1280', 'lowest-ipv6-mtu': '1500' }, rows: NARROW },
]);
