/**
 * What DNS46 counts. Bytes and queries go to the rows `egress-dns-ipv4` and `egress-dns-ipv6`, the named events
 * to `dns46_stat`.
 */

/** Every named event with what it means; columns and explanations are made from this list. */
export const DNS_COUNTERS = {
  native: 'A queries whose own A records were returned unchanged',
  nxdomain: 'A queries answered NXDOMAIN by the upstream',
  nodata: 'A queries of names with neither a usable A nor a usable AAAA record',
  upstreamError: 'A queries answered with the error of the upstream, there being no AAAA record to help',
  synthesized: 'A queries answered with synthetic addresses',
  sorry: 'A queries answered with the sorry address because the pool is exhausted',
  exhausted: 'A queries refused with SERVFAIL because the pool is exhausted',
  storeFailed: 'A queries refused with SERVFAIL because no mapping could be stored',
  passed: 'queries passed to the upstream and back unchanged',
  local: 'queries answered here: localhost and onion names',
  servfail: 'queries answered SERVFAIL because no upstream answered',
  merged: 'queries that waited for the same question of another client',
  truncated: 'replies cut to the size the client can take (TC)',
  malformed: 'messages dropped: shorter than a header',
  formerr: 'queries answered FORMERR',
  response: 'messages dropped: responses sent to the listener',
  rateLimited: 'queries answered REFUSED by the rate limit',
  overload: 'queries answered REFUSED because too many were in flight',
  tcpRefused: 'TCP connections closed at once because too many were open',
  tcpIdle: 'TCP connections closed for being idle',
  upstreamTimeout: 'upstream queries without an answer in time',
  upstreamUnreachable: 'upstream queries that could not be delivered',
  upstreamIgnored: 'upstream messages ignored: late, duplicate, wrong id or wrong question',
  upstreamMalformed: 'upstream replies that could not be read',
  upstreamTcp: 'upstream questions repeated over TCP after a truncated reply',
} as const;

export type DnsCounter = keyof typeof DNS_COUNTERS;

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
