/**
 * From the configuration of `siit` and the facts of the host to the numbers that the parts work with.
 */
import { randomInt } from 'node:crypto';
import { formatV4, formatV6 } from '../address.ts';
import { formatPrefix, toBytes } from '../config/address-pairs.ts';
import type { Pairs, SiitConfig } from '../config/siit-config.ts';
import type { AddressFlowsInput } from '../datapath/address-flows.ts';
import { type Settings, ZeroChecksum } from '../datapath/settings.ts';
import { toWords } from '../nat/mapping.ts';
import { defaultMtu, type HostFacts } from '../tun/host-facts.ts';
import { AddressMap, type AddressPair } from '../xlat/address-map.ts';

const ZERO_CHECKSUM = {
  drop: ZeroChecksum.Drop,
  compute: ZeroChecksum.Compute,
  forward: ZeroChecksum.Forward,
} as const;

/** What workers translate by. */
export function flowsOf(config: SiitConfig, { pairs }: Pairs): AddressFlowsInput {
  const { pool6, allowPrivate, hairpin } = config;
  return { map: { pairs, pool6, allowPrivate }, hairpin };
}

export function siitSettings(config: SiitConfig, facts: HostFacts, flows: AddressFlowsInput): Settings {
  const self4 = (config.self4 ?? 0) | 0;
  const self6 = ownV6(config, flows, self4);
  const errorSource6 = new Int32Array(4);
  if (config.rfc6791V6) toWords(config.rfc6791V6, errorSource6);
  else errorSource6.set(self6);
  return {
    mtu4: config.mtu4 ?? defaultMtu(facts, 4, config.tun) ?? config.mtu,
    mtu6: config.mtu6 ?? defaultMtu(facts, 6, config.tun) ?? config.mtu,
    lowestIpv6Mtu: config.lowestIpv6Mtu,
    self4,
    self6,
    errorSource4: (config.rfc6791V4 ?? self4) | 0,
    errorSource6,
    zeroChecksum46: ZERO_CHECKSUM[config.udpZeroChecksum],
    zeroChecksum64: ZERO_CHECKSUM[config.udpZeroChecksum],
    clampMss: false,
    ...config.marking,
    icmpRate: config.icmpRate,
    idSecret: randomInt(2 ** 32) | 0,
  };
}

/** What is routed to the device: addresses that stand for hosts of the other family, and our own. */
export function siitRoutes(
  { pool6 }: SiitConfig,
  pairs: readonly AddressPair[],
  { self4, self6 }: Settings,
): { routes4: string[]; routes6: string[] } {
  const routes4 = pairs.map(({ v4 }) => withLength(formatPrefix(v4, 4), 32));
  const routes6 = pool6 === null ? [] : [withLength(formatPrefix(pool6, 6), 128)];
  if (self4 !== 0) routes4.push(`${formatV4(self4 >>> 0)}/32`);
  if (self6.some((word) => word !== 0)) routes6.push(`${formatV6(toBytes(self6))}/128`);
  return { routes4: [...new Set(routes4)], routes6: [...new Set(routes6)] };
}

/** The configured address, or what the prefix makes of our IPv4 address; four words, zero = none. */
function ownV6({ self6 }: SiitConfig, { map }: AddressFlowsInput, self4: number): Int32Array {
  const words = new Int32Array(4);
  if (self6) toWords(self6, words);
  else if (self4 !== 0) new AddressMap(map).embedV4(self4, words, 0);
  return words;
}

function withLength(prefix: string, whole: number): string {
  return prefix.includes('/') ? prefix : `${prefix}/${whole}`;
}
