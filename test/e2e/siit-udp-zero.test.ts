/**
 * UDP without a checksum through `nat46 siit`: dropped, computed or forwarded as told. RFC 7915 §1.2 and §4.5, RFC 8200 §8.1.
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

const ZERO_4 = 'to4() / udp(9, chksum=0)';
const ZERO_6 = 'from6() / udp(9, chksum=0)';
const FIRST_4 = 'pieces4(to4(flags=0) / udp(100, chksum=0), [48, 60])[0]';
const LAST_4 = 'pieces4(to4(flags=0) / udp(100, chksum=0), [48, 60])[1]';
const LAST_6 = 'pieces6(to6() / udp(100, chksum=0), [48, 60], 0x1234)[1]';

const refused = (about: string): string => `icmp4(3, 13, ${about}, src=OWN4, dst=C4, ttl=64, id=ANY_ID)`;

/** A datagram whose checksum comes out as 0, and is written as 0xffff. */
const SUM_TO_ZERO =
  'to4() / UDP(sport=40000, dport=40001, len=10) / zero_sum(to6(nh=17, plen=10), 40000, 40001)';
const SUM_TO_ZERO_6 =
  'to6() / UDP(sport=40000, dport=40001, len=10) / zero_sum(to6(nh=17, plen=10), 40000, 40001)';

const ANY_MODE: ExchangeRow[] = [
  {
    name: 'RFC 7915 §4.5 [18] a checksum that comes out as 0 is sent as 0xffff',
    send: SUM_TO_ZERO,
    get: SUM_TO_ZERO_6,
  },
  { name: 'RFC 7915 §4.5 a later fragment has no checksum to look at', send: LAST_4, get: LAST_6 },
  {
    name: 'RFC 7915 §4.5 [18] a whole datagram with a checksum goes through',
    send: 'to4() / udp(9)',
    get: 'to6() / udp(9)',
  },
];

const named = (mode: string, rows: readonly ExchangeRow[]): ExchangeRow[] =>
  rows.map((row) => ({ ...row, name: `${row.name}, mode ${mode}` }));

exactTests('siit udp without checksum', [
  {
    flags: { 'udp-zero-checksum': 'drop' },
    rows: named('drop', [
      { name: 'RFC 7915 §4.4 [17] [19] IPv4', send: ZERO_4, get: refused(ZERO_4) },
      { name: 'RFC 8200 §8.1 [30] IPv6', send: ZERO_6, get: [] },
      { name: 'RFC 7915 §4.4 [17] [19] a first fragment', send: FIRST_4, get: refused(FIRST_4) },
      ...ANY_MODE,
    ]),
  },
  {
    flags: { 'udp-zero-checksum': 'compute' },
    rows: named('compute', [
      { name: 'RFC 7915 §4.5 [19] IPv4', send: ZERO_4, get: 'to6() / udp(9)' },
      {
        name: 'RFC 7915 §4.5 [19] a first fragment cannot be computed',
        send: FIRST_4,
        get: refused(FIRST_4),
      },
      {
        name: 'RFC 7915 §4.5 [19] computed as 0: sent as 0xffff',
        send: 'to4() / UDP(sport=40000, dport=40001, len=10, chksum=0) / zero_sum(to6(nh=17, plen=10), 40000, 40001)',
        get: SUM_TO_ZERO_6,
      },
      {
        name: 'RFC 7915 §4.1 [7] [19] too large for one packet: computed, then cut',
        send: 'to4(flags=0) / udp(1400, chksum=0)',
        get: 'pieces6(to6() / udp(1400), [1232, 176], 0x1234)',
      },
      ...ANY_MODE,
    ]),
  },
  {
    flags: { 'udp-zero-checksum': 'forward' },
    rows: named('forward', [
      { name: 'RFC 6935 §5 [19] IPv4', send: ZERO_4, get: 'to6() / udp(9, chksum=0)', odd: true },
      { name: 'RFC 6935 §5 [30] IPv6', send: ZERO_6, get: 'from4() / udp(9, chksum=0)' },
      {
        name: 'RFC 7915 §1.2 [19] a first fragment',
        send: FIRST_4,
        get: 'pieces6(to6() / udp(100, chksum=0), [48, 60], 0x1234)[0]',
        odd: true,
      },
      ...ANY_MODE,
    ]),
  },
]);
