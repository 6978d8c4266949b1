/**
 * Two hosts outside that know each other's IPv4 address, through `nat46 siit`: RFC 7757 §4. The server at 192.0.2.7 writes to
 * the prefix address of 192.0.2.8, which is a host outside as well.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

const OTHER4 = '"192.0.2.8"';
const OTHER6 = '"2001:db8:6::8"';

/** IPv4 from the server to the other: what comes back to the translator when hairpins are not taken inside. */
const INSIDE = `IP(src=S4, dst=${OTHER4}, ttl=64, id=7, flags="DF") / udp(8)`;
const byMap = `IPv6(src=S6, dst=${OTHER6}, hlim=63) / udp(8)`;
const byPrefix = `IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / udp(8)`;

const OUTSIDE = `from6(dst=p(${OTHER4})) / udp(8)`;
const turnedTo4 = `from4(dst=${OTHER4}) / udp(8)`;

/** The other cannot take it, and says so to the prefix address that it saw. */
const REFUSAL = `icmp6(1, 4, IPv6(src=p(S4), dst=${OTHER6}, hlim=60) / udp(8), src=${OTHER6}, dst=p(S4), hlim=64)`;
const refused4 = `IP(src=S4, dst=${OTHER4}, ttl=60, id=INNER_ID) / udp(8)`;
const seen6 = `IPv6(src=S6, dst=p(${OTHER4}), hlim=60) / udp(8)`;

/** A router on the way, whose address no IPv4 address stands for. */
const ROUTER = `icmp6(3, 0, IPv6(src=p(S4), dst=${OTHER6}, hlim=1) / udp(8), src=X6, dst=p(S4), hlim=64)`;

const OFF: ExchangeRow[] = [
  { name: 'RFC 7757 §4.1 [36] off: mappings for both addresses', send: INSIDE, get: byMap },
  { name: 'RFC 7757 §4.1 [36] off: IPv6 leaves as IPv4', send: OUTSIDE, get: turnedTo4 },
];

const SIMPLE: ExchangeRow[] = [
  { name: 'RFC 7757 §4.2.1 [36] simple: the source by the prefix', send: INSIDE, get: byPrefix },
  { name: 'RFC 7757 §4.2.1 [36] simple: IPv6 leaves as IPv4', send: OUTSIDE, get: turnedTo4 },
  {
    name: 'RFC 7757 §4.2.1 [36] simple: of an error of the end, the quoted destination and the source by the prefix',
    send: `icmp4(3, 3, IP(src=S4, dst=${OTHER4}, ttl=60) / udp(8), src=${OTHER4}, dst=S4, ttl=64)`,
    get: `icmp6(1, 4, ${seen6}, src=p(${OTHER4}), dst=S6, hlim=63)`,
  },
  {
    name: 'RFC 7757 §4.2.1 [36] simple: of an error of somebody else, the source by its mapping',
    send: `icmp4(11, 0, IP(src=S4, dst="192.0.2.9", ttl=1) / udp(8), src=${OTHER4}, dst=S4, ttl=64)`,
    get: `icmp6(3, 0, IPv6(src=S6, dst=p("192.0.2.9"), hlim=1) / udp(8), src=${OTHER6}, dst=S6, hlim=63)`,
  },
];

const INTRINSIC: ExchangeRow[] = [
  { name: 'RFC 7757 §4.2.2 [36] intrinsic: IPv4 by mappings, as without', send: INSIDE, get: byMap },
  { name: 'RFC 7757 §4.2.2 [36] intrinsic: IPv6 turns back at once', send: OUTSIDE, get: byPrefix },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: TCP, and the hop limit once',
    send: `from6(dst=p(${OTHER4}), hlim=2, tc=3) / tcp(20)`,
    get: `IPv6(src=p(S4), dst=${OTHER6}, hlim=1, tc=3) / tcp(20)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: a ping',
    send: `from6(dst=p(${OTHER4})) / ICMPv6EchoRequest(id=1, seq=2)`,
    get: `IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / ICMPv6EchoRequest(id=1, seq=2)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: its fragments',
    send: `pieces6(from6(dst=p(${OTHER4})) / udp(100), [48, 60], 9)`,
    get: `pieces6(IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / udp(100), [48, 60], 9)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: 1500 bytes are not cut on the way',
    send: `from6(dst=p(${OTHER4})) / udp(1452)`,
    get: `IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / udp(1452)`,
  },
  {
    name: 'RFC 8200 §5 [36] intrinsic: 1501 bytes are refused in the words of their sender',
    send: `from6(dst=p(${OTHER4})) / udp(1453)`,
    get: `icmp6(2, 0, cut(from6(dst=p(${OTHER4})) / udp(1453), 1232), rest=1500, src=OWN6, dst=S6, hlim=64)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: what has a Fragment header is cut as IPv4 without DF',
    send: `pieces6(from6(dst=p(${OTHER4})) / udp(1492), [1480, 20], 9)`,
    get: `pieces6(IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / udp(1492), [1232, 248, 20], 9)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: an error of the end goes back to who sees it',
    send: REFUSAL,
    get: `icmp6(1, 4, ${seen6}, src=p(${OTHER4}), dst=S6, hlim=63)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: an error of a router without mapping',
    send: ROUTER,
    get: `icmp6(3, 0, IPv6(src=S6, dst=p(${OTHER4}), hlim=1) / udp(8), src=p(OWN4), dst=S6, hlim=63)`,
  },
  {
    name: 'RFC 7757 §4.2.2 [36] intrinsic: to an address inside nothing turns back',
    send: 'from6() / udp(8)',
    get: 'from4() / udp(8)',
  },
];

const OFF_ERROR: ExchangeRow = {
  name: 'RFC 7757 §4.1 [36] off: an error of the end leaves as IPv4',
  send: REFUSAL,
  get: `icmp4(3, 3, ${refused4}, src=${OTHER4}, dst=S4, ttl=63, id=ID)`,
};

const SMALL_INSIDE: ExchangeRow = {
  name: 'RFC 7757 §4.2.2 [36] intrinsic: what turns back never meets the smaller MTU inside',
  send: `from6(dst=p(${OTHER4})) / udp(1452)`,
  get: `IPv6(src=p(S4), dst=${OTHER6}, hlim=63) / udp(1452)`,
};

exactTests('siit hairpin', [
  { flags: { hairpin: 'off' }, rows: [...OFF, OFF_ERROR] },
  { flags: { hairpin: 'simple' }, rows: SIMPLE },
  { flags: { hairpin: 'intrinsic' }, rows: INTRINSIC },
  { flags: { hairpin: 'intrinsic', mtu4: '1300' }, rows: [SMALL_INSIDE] },
]);
