/**
 * Options of DNS46 on loopback for tests; what matters to a test is given by it.
 */
import type { Dns46Options } from '../../src/dns46/dns46.ts';

export const LOOPBACK = [{ address: '127.0.0.1', port: 0 }];

export function dnsOptions(options: Partial<Dns46Options>): Dns46Options {
  return {
    dnsListen: LOOPBACK,
    dnsUpstream: [],
    dnsUpstreamGiven: true,
    dnsZones: [],
    dnsAaaa: 'answer',
    dnsHints: 'strip',
    dnsExclude: [],
    dnsMixedCase: false,
    maxTtlSec: 120,
    dnsRate: 0,
    dnsClientRate: 0,
    dnsOverLimit: 'refuse',
    sorryIp: null,
    subnet: { base: 0x0af43200, length: 24 },
    snatPool: [],
    ...options,
  };
}
