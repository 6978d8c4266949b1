/**
 * What `nat46 siit` says itself: pings of its own addresses, errors about packets that it drops, and silence where an error
 * would be wrong. RFC 7915 §4.4 and §5.4, RFC 1122 §3.2.2, RFC 4443 §2.4.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

const error4 = (kind: number, code: number, about: string): string =>
  `icmp4(${kind}, ${code}, cut(${about}, 548), src=OWN4, dst=C4, ttl=64, id=ANY_ID)`;
const error6 = (kind: number, code: number, about: string): string =>
  `icmp6(${kind}, ${code}, cut(${about}, 1232), src=OWN6, dst=S6, hlim=64)`;

const PINGS: ExchangeRow[] = [
  {
    name: 'RFC 792 [88] a ping of the own IPv4 address',
    send: 'to4(dst=OWN4) / ICMP(type=8, id=3, seq=4) / fill(56)',
    get: 'IP(src=OWN4, dst=C4, ttl=64, flags=0, id=ANY_ID) / ICMP(type=0, id=3, seq=4) / fill(56)',
  },
  {
    name: 'RFC 4443 §4.2 [88] a ping of the own IPv6 address',
    send: 'from6(dst=OWN6) / ICMPv6EchoRequest(id=3, seq=4, data=bytes(fill(56)))',
    get: 'IPv6(src=OWN6, dst=S6, hlim=64) / ICMPv6EchoReply(id=3, seq=4, data=bytes(fill(56)))',
  },
  {
    name: 'RFC 1122 §3.2.2.6 [88] a ping of the own IPv4 address with TTL 1',
    send: 'to4(dst=OWN4, ttl=1) / ICMP(type=8, id=3, seq=4)',
    get: 'IP(src=OWN4, dst=C4, ttl=64, flags=0, id=ANY_ID) / ICMP(type=0, id=3, seq=4)',
  },
  { name: 'RFC 792 [88] an echo reply to the own address', send: 'to4(dst=OWN4) / ICMP(type=0)', get: [] },
  {
    name: 'RFC 1122 §3.2.2.1 [88] UDP to the own IPv4 address: port unreachable',
    send: 'to4(dst=OWN4) / udp(8)',
    get: error4(3, 3, 'to4(dst=OWN4) / udp(8)'),
  },
  {
    name: 'RFC 4443 §3.1 [88] TCP to the own IPv6 address: port unreachable',
    send: 'from6(dst=OWN6) / tcp(0)',
    get: error6(1, 4, 'from6(dst=OWN6) / tcp(0)'),
  },
];

/** What has no ports cannot be refused by one. */
const PORTLESS: ExchangeRow[] = [
  {
    name: 'RFC 1122 §3.2.2.1 [88] protocol 16 to the own IPv4 address: protocol unreachable',
    send: 'to4(dst=OWN4, proto=16) / fill(24)',
    get: error4(3, 2, 'to4(dst=OWN4, proto=16) / fill(24)'),
  },
  {
    name: 'RFC 8200 §4 [88] next header 16 to the own IPv6 address: parameter problem pointing at it',
    send: 'from6(dst=OWN6, nh=16) / fill(24)',
    get: 'icmp6(4, 1, from6(dst=OWN6, nh=16) / fill(24), rest=6, src=OWN6, dst=S6, hlim=64)',
  },
];

const SPENT_4 = 'to4(ttl=1) / udp(8)';
const SPENT_6 = 'from6(hlim=1) / udp(8)';

const HOPS: ExchangeRow[] = [
  { name: 'RFC 7915 §4.1 [1] TTL 1: time exceeded', send: SPENT_4, get: error4(11, 0, SPENT_4) },
  { name: 'RFC 7915 §5.1 [24] hop limit 1: time exceeded', send: SPENT_6, get: error6(3, 0, SPENT_6) },
  {
    name: 'RFC 1812 §4.3.2.3 [1] at most 576 bytes in all',
    send: 'to4(ttl=1) / udp(1000)',
    get: error4(11, 0, 'to4(ttl=1) / udp(1000)'),
  },
  {
    name: 'RFC 4443 §2.4 [24] at most 1280 bytes in all',
    send: 'from6(hlim=1) / udp(1400)',
    get: error6(3, 0, 'from6(hlim=1) / udp(1400)'),
  },
  {
    name: 'RFC 7915 §4.1 [1] TTL 1 of an unknown protocol',
    send: 'to4(ttl=1, proto=33) / fill(16)',
    get: error4(11, 0, 'to4(ttl=1, proto=33) / fill(16)'),
    odd: true,
  },
  {
    name: 'RFC 1122 §3.2.2 [1] TTL 1 of a ping',
    send: 'to4(ttl=1) / ICMP(type=8, id=1, seq=1)',
    get: error4(11, 0, 'to4(ttl=1) / ICMP(type=8, id=1, seq=1)'),
  },
  {
    name: 'RFC 4443 §2.4 [24] hop limit 1 of a ping',
    send: 'from6(hlim=1) / ICMPv6EchoRequest(id=1, seq=1)',
    get: error6(3, 0, 'from6(hlim=1) / ICMPv6EchoRequest(id=1, seq=1)'),
  },
  {
    name: 'RFC 1122 §3.2.2 [1] TTL 1 of a first fragment',
    send: 'pieces4(to4(ttl=1, flags=0) / udp(100), [48, 60])[0]',
    get: error4(11, 0, 'pieces4(to4(ttl=1, flags=0) / udp(100), [48, 60])[0]'),
  },
];

const SILENCE: ExchangeRow[] = [
  { name: 'RFC 1122 §3.2.2 [17] TTL 1 of an echo reply', send: 'to4(ttl=1) / ICMP(type=0)', get: [] },
  {
    name: 'RFC 1122 §3.2.2 [17] TTL 1 of an ICMP error',
    send: 'icmp4(3, 1, back4(), src=R4, dst=S4, ttl=1)',
    get: [],
  },
  {
    name: 'RFC 1122 §3.2.2 [17] TTL 1 of a later fragment',
    send: 'pieces4(to4(ttl=1, flags=0) / udp(100), [48, 60])[1]',
    get: [],
  },
  {
    name: 'RFC 4443 §2.4 [29] hop limit 1 of an echo reply',
    send: 'from6(hlim=1) / ICMPv6EchoReply()',
    get: [],
  },
  {
    name: 'RFC 4443 §2.4 [29] hop limit 1 of an ICMP error',
    send: 'icmp6(1, 0, forth6(), src=S6, dst=C6, hlim=1)',
    get: [],
  },
  {
    name: 'RFC 4443 §2.4 [29] hop limit 1 of a later fragment',
    send: 'pieces6(from6(hlim=1) / udp(100), [48, 60], 5)[1]',
    get: [],
  },
  {
    name: 'RFC 1122 §3.2.2 [17] TTL 1 from a multicast address',
    send: 'to4(ttl=1, src="224.0.0.9") / udp(8)',
    get: [],
  },
  { name: 'RFC 1122 §3.2.2 [17] TTL 1 from no address', send: 'to4(ttl=1, src="0.0.0.0") / udp(8)', get: [] },
  {
    name: 'RFC 4443 §2.4 [29] hop limit 1 from no address',
    send: 'from6(hlim=1, src="::") / udp(8)',
    get: [],
  },
];

/** Without --self6 the own IPv4 address has a counterpart like any other. */
const BY_PREFIX: ExchangeRow[] = [
  {
    name: 'RFC 6052 §2.2 [88] the own IPv4 address in the prefix answers a ping',
    send: 'from6(dst=p(OWN4)) / ICMPv6EchoRequest(id=3, seq=4)',
    get: 'IPv6(src=p(OWN4), dst=S6, hlim=64) / ICMPv6EchoReply(id=3, seq=4)',
  },
  {
    name: 'RFC 6052 §2.2 [24] and is the source of errors',
    send: SPENT_6,
    get: `icmp6(3, 0, ${SPENT_6}, src=p(OWN4), dst=S6, hlim=64)`,
  },
  { name: 'RFC 7915 §4.1 [1] those about IPv4 come from itself', send: SPENT_4, get: error4(11, 0, SPENT_4) },
];

exactTests('siit answers', [
  { flags: {}, rows: [...PINGS, ...PORTLESS, ...HOPS, ...SILENCE] },
  { flags: { self6: null }, rows: BY_PREFIX },
]);
