/**
 * Every fate of a packet. A verdict is a small integer and the index of its counter; columns of statistics and the
 * sentences of explanations come from this list. To add a drop reason: one line here, one row in a test.
 */
import * as icmp from '../wire/icmp.ts';

/** [name in statistics, what it means, ICMPv4 error to originate, ICMPv6 error to originate] */
type Row = readonly [name: string, meaning: string, errorV4?: number, errorV6?: number];

/** No error is originated for this verdict. */
export const SILENT = -1;

/** Type and code as one word. */
function error(type: number, code: number): number {
  return (type << 8) | code;
}

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
  DropTtl: [
    'ttl_exceeded',
    'TTL or hop limit ran out here',
    error(icmp.V4_TIME_EXCEEDED, 0),
    error(icmp.V6_TIME_EXCEEDED, 0),
  ],
  DropSourceRoute: [
    'source_route',
    'IPv4 source route that is not expired',
    error(icmp.V4_UNREACHABLE, icmp.V4_SOURCE_ROUTE_FAILED),
  ],
  DropRoutingHeader: [
    'routing_header',
    'IPv6 Routing header with segments left',
    SILENT,
    error(icmp.V6_PARAMETER_PROBLEM, icmp.V6_ERRONEOUS_FIELD),
  ],
  DropAfterFragment: [
    'header_after_fragment',
    'IPv6 extension header behind a Fragment header',
    SILENT,
    error(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
  ],
  DropProtocol: [
    'protocol',
    'protocol without ports, which shared SNAT addresses cannot carry',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROTOCOL_UNREACHABLE),
    error(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
  ],
  DropProtocolNumber: [
    'protocol_number',
    'protocol number that means something else in the other family: an extension header, the other ICMP',
  ],
  DropIcmpType: ['icmp_type', 'ICMP type or code without counterpart'],
  DropIcmpFragment: ['icmp_fragment', 'fragmented ICMP'],
  DropIcmpChecksum: ['icmp_checksum', 'ICMP error whose checksum is wrong'],
  DropIcmpQuote: ['icmp_quote', 'ICMP error that quotes nothing that was translated here'],
  DropUdpNoChecksum: [
    'udp_no_checksum',
    'UDP without checksum where there must be one',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  DropTooBig: ['too_big', 'larger than the next link, may not be fragmented; the sender is told the MTU'],
  DropUnmapped: [
    'unmapped',
    'destination that stands for nothing in the other family',
    error(icmp.V4_UNREACHABLE, icmp.V4_HOST_UNREACHABLE),
    error(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  ],
  DropSource: [
    'source',
    'source that has no address in the other family',
    error(icmp.V4_UNREACHABLE, icmp.V4_HOST_PROHIBITED),
    error(icmp.V6_UNREACHABLE, icmp.V6_SOURCE_POLICY),
  ],
  DropNotInside: [
    'not_inside',
    'source outside the --inside prefixes',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  DropOwnAddress: [
    'own_address',
    'not a ping, but sent to an address of the gateway',
    error(icmp.V4_UNREACHABLE, icmp.V4_PORT_UNREACHABLE),
    error(icmp.V6_UNREACHABLE, icmp.V6_PORT_UNREACHABLE),
  ],
  DropOwnProtocol: [
    'own_protocol',
    'sent to an address of the gateway, which does not speak this protocol',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROTOCOL_UNREACHABLE),
    error(icmp.V6_PARAMETER_PROBLEM, icmp.V6_UNKNOWN_NEXT_HEADER),
  ],
  DropHairpin: [
    'hairpin',
    'synthetic address whose real address is one of our SNAT addresses',
    error(icmp.V4_UNREACHABLE, icmp.V4_HOST_UNREACHABLE),
  ],
  DropOwnSource: ['own_source', 'source that is a synthetic or a SNAT address: nobody sends from those'],
  DropTcpNoSession: ['tcp_no_session', 'TCP segment without session that opens none'],
  DropNoSession: ['no_session', 'IPv6 packet to a SNAT address and port that nobody uses'],
  DropSenderUnmapped: ['sender_unmapped', 'IPv6 packet from a host that has no synthetic address'],
  DropFiltered: ['filtered', 'IPv6 packet that opens a session which --filtering forbids'],
  DropPoolExhausted: [
    'pool_exhausted',
    'no free port on the SNAT address of this client',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  DropNoLease: [
    'no_lease',
    'another gateway has the SNAT address: no new session on it here',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  DropClientQuota: [
    'client_quota',
    'this client has as many sessions or ports as one may',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  DropTableFull: [
    'table_full',
    'the session, client or fragment table is full',
    error(icmp.V4_UNREACHABLE, icmp.V4_PROHIBITED),
  ],
  // Silent: a slow store is no word about the host, and an ICMP error would end a connection that is just opening
  DropPuntTimeout: ['punt_timeout', 'the store did not answer in time'],
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
export const TOO_BIG_V4 = error(icmp.V4_UNREACHABLE, icmp.V4_FRAGMENTATION_NEEDED);
export const TOO_BIG_V6 = error(icmp.V6_PACKET_TOO_BIG, 0);
