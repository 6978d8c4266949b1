/**
 * What the main thread counts, by name: slots of its own block of counters in the segment, so that numbers outlive the
 * process like all others. The data plane's are in nat/counters.ts.
 *
 * New names go to the end of their list: a slot keeps its meaning over a restart with a newer build.
 */
import { CONTROL } from '../nat/counters.ts';
import type { Segment } from '../nat/segment.ts';

const TRAFFIC = [
  'dns4Queries',
  'dns4QueryBytes',
  'dns4Replies',
  'dns4ReplyBytes',
  'dns6Queries',
  'dns6QueryBytes',
  'dns6Replies',
  'dns6ReplyBytes',
  'upstreamQueries',
  'upstreamQueryBytes',
  'upstreamReplies',
  'upstreamReplyBytes',
  'sessionsExpired',
] as const;

/** Events of mappings, by the names that the directory of mappings counts them under. */
export const MAPPING_EVENTS = [
  'allocated',
  'expired',
  'exhausted',
  'malformed',
  'outside',
  'lost',
  'resumed',
  'rewritten',
  'followed',
  'asked',
] as const;

/** Events of DNS46 by the names that it counts them under, and what they mean. */
export const DNS_EVENTS = {
  native: 'A queries whose own A records were returned unchanged',
  nxdomain: 'A queries answered NXDOMAIN by the upstream',
  nodata: 'A queries of names with neither a usable A nor a usable AAAA record',
  upstreamError: 'A queries answered with the error of the upstream, there being no AAAA record to help',
  synthesized: 'A queries answered with synthetic addresses',
  sorry: 'A queries answered with the sorry address because the pool is exhausted',
  exhausted: 'A queries refused with SERVFAIL because the pool is exhausted',
  storeFailed: 'A queries refused with SERVFAIL because no mapping could be stored',
  passed: 'queries passed to the upstream and back unchanged',
  local: 'queries answered here: localhost, invalid and onion names',
  servfail: 'queries answered SERVFAIL because no upstream answered',
  merged: 'queries that waited for the same question of another client',
  truncated: 'replies cut to the size the client can take (TC)',
  malformed: 'messages dropped: shorter than a header',
  formerr: 'queries answered FORMERR',
  response: 'messages dropped: responses sent to the listener',
  rateLimited: 'queries refused or dropped by the rate limit',
  overload: 'queries refused or dropped because too many were in flight',
  tcpRefused: 'TCP connections closed at once because too many were open',
  tcpIdle: 'TCP connections closed for being idle',
  upstreamTimeout: 'upstream queries without an answer in time',
  upstreamUnreachable: 'upstream queries that could not be delivered',
  upstreamIgnored: 'upstream messages ignored: late, duplicate, wrong id or wrong question',
  upstreamMalformed: 'upstream replies that could not be read',
  upstreamTcp: 'upstream questions repeated over TCP after a truncated reply',
  cached: 'queries answered from the cache',
  stale: 'queries answered with a reply past its life because the upstream failed or was slow',
  prefetched: 'replies fetched again before their life ended because they were in use',
  reverse: 'reverse queries of synthetic addresses',
  hints: 'SVCB and HTTPS replies whose address hints were taken out or replaced',
  any: 'ANY queries over UDP sent to TCP',
  clientLimited: 'queries refused or dropped by the rate limit of their client',
  zoned: 'questions that went to the upstreams of a configured zone',
  upstreamCase: 'upstream replies that lost the letter case of the question, asked again over TCP',
  oversized: 'UDP messages dropped: longer than any query',
  noSocket:
    'upstream queries not sent because this host had no file descriptor, memory or port left for a socket',
  upstreamLeft: 'upstream queries under way when nobody waited for their answer any more',
} as const;

export type MappingEvent = (typeof MAPPING_EVENTS)[number];
export type DnsEvent = keyof typeof DNS_EVENTS;
/** `dns4Queries`, `mapping.allocated`, `dns.synthesized` */
export type ControlCounter = (typeof TRAFFIC)[number] | `mapping.${MappingEvent}` | `dns.${DnsEvent}`;

/** Sixteen slots for traffic, sixteen for mappings, ninety-six for DNS46. */
const FIRST_MAPPING_EVENT = CONTROL + 16;
const FIRST_DNS_EVENT = CONTROL + 32;

const slots = new Map<ControlCounter, number>([
  ...TRAFFIC.map((name, i) => [name, CONTROL + i] as const),
  ...MAPPING_EVENTS.map((name, i) => [`mapping.${name}`, FIRST_MAPPING_EVENT + i] as const),
  ...(Object.keys(DNS_EVENTS) as DnsEvent[]).map((name, i) => [`dns.${name}`, FIRST_DNS_EVENT + i] as const),
]);

/** Name → slot in a block of counters. */
export const CONTROL_SLOTS: ReadonlyMap<ControlCounter, number> = slots;

export class ControlCounters {
  readonly #floats: Float64Array;
  readonly #first: number;

  constructor(segment: Segment) {
    this.#floats = segment.floats;
    this.#first = segment.counters(segment.geometry.workers);
  }

  /** Main thread only: nobody else writes this block. */
  add(name: ControlCounter, n: number): void {
    this.addAt(this.slot(name), n);
  }

  /** The same for whoever counts often. @param slot as `slot` gave it */
  addAt(slot: number, n: number): void {
    this.#floats[slot] = (this.#floats[slot] ?? 0) + n;
  }

  /** Where a counter stands. */
  slot(name: ControlCounter): number {
    return this.#first + (slots.get(name) ?? 0);
  }

  value(name: ControlCounter): number {
    return this.#floats[this.slot(name)] ?? 0;
  }
}
