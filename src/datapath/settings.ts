/**
 * What the data plane is configured with, as numbers; frozen when a worker starts.
 */
import type { PathMtus } from '../xlat/mtu.ts';
import type { Marking } from '../xlat/traffic-class.ts';

/** What becomes of a UDP datagram without checksum (RFC 7915 §4.5). Only a whole one can be summed. */
export const ZeroChecksum = { Drop: 0, Compute: 1, Forward: 2 } as const;
export type ZeroChecksum = (typeof ZeroChecksum)[keyof typeof ZeroChecksum];

export interface Settings extends PathMtus, Marking {
  /** Largest IPv6 fragment made from a DF=0 packet, bytes. */
  readonly lowestIpv6Mtu: number;
  /** The gateway's own IPv4 address, signed word: source of our ICMPv4 errors, answers ping. 0 = none: errors come from
   *  the address that the packet was sent to. */
  readonly self4: number;
  /** The gateway's own IPv6 address, four words; all zero = none, as above. */
  readonly self6: Int32Array;
  /** Source of translated ICMPv6 errors whose own source has no IPv4 address (RFC 6791 §3), signed word. */
  readonly errorSource4: number;
  /** Source of translated ICMPv4 errors whose own source has no IPv6 address, four words; all zero = none. */
  readonly errorSource6: Int32Array;
  /** From IPv4, and from IPv6. */
  readonly zeroChecksum46: ZeroChecksum;
  readonly zeroChecksum64: ZeroChecksum;
  /** Whether the MSS option of a SYN is lowered to what both sides carry. */
  readonly clampMss: boolean;
  /** Random word behind the IPv4 identifications: another one each start and worker, and used for nothing else. */
  readonly idSecret: number;
  /** ICMP errors a second that a worker originates, each family. */
  readonly icmpRate: number;
}
