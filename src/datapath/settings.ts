/**
 * What the data plane is configured with, as numbers; frozen when a worker starts.
 */
import type { PathMtus } from '../xlat/mtu.ts';

export interface Settings extends PathMtus {
  /** Largest IPv6 fragment made from a DF=0 packet, bytes. */
  readonly lowestIpv6Mtu: number;
  /** The gateway's own IPv4 address, signed word: source of our ICMPv4 errors, answers ping. 0 = none. */
  readonly self4: number;
  /** The gateway's own IPv6 address, four words; all zero = the SNAT address that the packet was sent to. */
  readonly self6: Int32Array;
  /** Source of translated ICMPv6 errors whose own source has no synthetic address (RFC 6791 §3), signed word. */
  readonly errorSource4: number;
  /** Source of translated ICMPv4 errors that a router inside sent, four words; all zero = the SNAT address. */
  readonly errorSource6: Int32Array;
  /** Random word behind the IPv4 identifications: another one each start and worker, and used for nothing else. */
  readonly idSecret: number;
  /** ICMP errors a second that a worker originates, each family. */
  readonly icmpRate: number;
}
