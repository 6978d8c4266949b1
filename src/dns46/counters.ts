/**
 * What DNS46 counts. Bytes and queries go to the rows `egress-dns-ipv4` and `egress-dns-ipv6`, the named events
 * to `dns46_stat`.
 */

/** Every named event; what each means stands in stats/control-counters.ts, beside its slot. */
export const DNS_COUNTERS = [
  'native',
  'nxdomain',
  'nodata',
  'upstreamError',
  'synthesized',
  'sorry',
  'exhausted',
  'storeFailed',
  'passed',
  'local',
  'servfail',
  'merged',
  'truncated',
  'malformed',
  'formerr',
  'response',
  'rateLimited',
  'overload',
  'tcpRefused',
  'tcpIdle',
  'upstreamTimeout',
  'upstreamUnreachable',
  'upstreamIgnored',
  'upstreamMalformed',
  'upstreamTcp',
  'cached',
  'stale',
  'prefetched',
  'reverse',
  'hints',
  'any',
  'clientLimited',
  'zoned',
  'upstreamCase',
  'oversized',
  'noSocket',
  'upstreamLeft',
] as const;

export type DnsCounter = (typeof DNS_COUNTERS)[number];

/** Address family of the listener a query came to. */
export type Family = 4 | 6;

/** Where the counts go. Called once a message: must be cheap and must not throw. */
export interface DnsCounters {
  clientQuery(bytesIn: number, family: Family): void;
  clientReply(bytesOut: number, family: Family): void;
  upstreamQuery(bytes: number): void;
  upstreamReply(bytes: number): void;
  count(name: DnsCounter): void;
}
