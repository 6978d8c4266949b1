/**
 * Every fate of a packet. A verdict is a small integer and the index of its counter; columns of statistics and the
 * sentences of explanations come from this list. To add a drop reason: one line here, one row in a test.
 */
import * as icmp from '../wire/icmp.ts';

/** [name in statistics, what it means, ICMPv4 error to originate, ICMPv6 error to originate] */
type Row = readonly [name: string, meaning: string, errorV4?: number, errorV6?: number];

/** No error is originated for this verdict. */
export const SILENT = -1;

const rows = {
  Forward46: ['forwarded_46', 'translated from IPv4 to IPv6'],
  Forward64: ['forwarded_64', 'translated from IPv6 to IPv4'],
  Reply: ['echo_replied', 'ping to an address of the gateway, answered'],
  Punt: ['punted', 'waits for the store to say what the synthetic address stands for'],
  Hold: ['held', 'fragment that waits for the first of its datagram'],
  DropMalformed: ['malformed', 'not a whole, well-formed IPv4 or IPv6 packet'],
  DropHeaderChecksum: ['header_checksum', 'IPv4 header checksum is wrong'],
  DropAddress: [
    'bad_address',
    'source or destination that is never translated: multicast, loopback, link-local',
  ],
  DropTtl: ['ttl_exceeded', 'TTL or hop limit ran out here', 0x0b00, 0x0300],
  DropSourceRoute: ['source_route', 'IPv4 source route that is not expired', 0x0305],
  DropRoutingHeader: ['routing_header', 'IPv6 Routing header with segments left', SILENT, 0x0400],
  DropAfterFragment: [
    'header_after_fragment',
    'IPv6 extension header behind a Fragment header',
    SILENT,
    0x0101,
  ],
  DropProtocol: [
    'protocol',
    'protocol without ports, which shared SNAT addresses cannot carry',
    0x0302,
    0x0101,
  ],
  DropIcmpType: ['icmp_type', 'ICMP type or code without counterpart'],
  DropIcmpFragment: ['icmp_fragment', 'fragmented ICMP'],
  DropIcmpChecksum: ['icmp_checksum', 'ICMP error whose checksum is wrong'],
  DropIcmpQuote: ['icmp_quote', 'ICMP error that quotes nothing that belongs to a session'],
  DropUdpNoChecksum: ['udp_no_checksum', 'UDP without checksum where there must be one'],
  DropTooBig: ['too_big', 'larger than the next link, may not be fragmented; the sender is told the MTU'],
  DropUnmapped: ['unmapped', 'synthetic address that stands for nothing', 0x0301],
  DropNotInside: ['not_inside', 'source outside the --inside prefixes', 0x030d],
  DropOwnAddress: ['own_address', 'not a ping, but sent to an address of the gateway', 0x0303, 0x0104],
  DropHairpin: ['hairpin', 'synthetic address whose real address is one of our SNAT addresses', 0x0301],
  DropTcpNoSession: ['tcp_no_session', 'TCP segment without session that opens none'],
  DropNoSession: ['no_session', 'IPv6 packet to a SNAT address and port that nobody uses'],
  DropSenderUnmapped: ['sender_unmapped', 'IPv6 packet from a host that has no synthetic address'],
  DropPoolExhausted: ['pool_exhausted', 'no free port on the SNAT address of this client', 0x030d],
  DropClientQuota: ['client_quota', 'this client has as many sessions as one may', 0x030d],
  DropTableFull: ['table_full', 'the session, client or fragment table is full', 0x030d],
  DropPuntTimeout: ['punt_timeout', 'the store did not answer in time', 0x0301],
  DropFragmentTimeout: ['fragment_timeout', 'fragment whose first fragment never came'],
  DropParkingFull: ['parking_full', 'had to wait for the store or a first fragment, and there was no room'],
} as const satisfies Record<string, Row>;

type Name = keyof typeof rows;
const names = Object.keys(rows) as Name[];

export const Verdict = Object.fromEntries(names.map((name, i) => [name, i])) as {
  readonly [N in Name]: number;
};
export type Verdict = number;

/** Verdicts in order: index = verdict. */
export const VERDICTS: readonly { readonly name: string; readonly meaning: string }[] = names.map((name) => ({
  name: rows[name][0],
  meaning: rows[name][1],
}));

/** The first verdict that is a drop. */
export const FIRST_DROP = Verdict.DropMalformed;

/** ICMP errors by verdict: type << 8 | code, or SILENT. */
export const ERROR_V4 = Int32Array.from(names, (name) => (rows[name] as Row)[2] ?? SILENT);
export const ERROR_V6 = Int32Array.from(names, (name) => (rows[name] as Row)[3] ?? SILENT);

/** Errors of DropTooBig, which carry an MTU. */
export const TOO_BIG_V4 = (icmp.V4_UNREACHABLE << 8) | icmp.V4_FRAGMENTATION_NEEDED;
export const TOO_BIG_V6 = icmp.V6_PACKET_TOO_BIG << 8;
