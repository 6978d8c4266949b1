/**
 * A stateless translator without device or threads. The world is small and always the same: IPv6 hosts that explicit
 * mappings make known to IPv4, and a prefix that makes all of IPv4 known to IPv6.
 */
import { AddressFlows, type Hairpin } from '../../src/datapath/address-flows.ts';
import { ZeroChecksum } from '../../src/datapath/settings.ts';
import { Translator } from '../../src/datapath/translator.ts';
import type { AddressMapInput, AddressPair } from '../../src/xlat/address-map.ts';
import { Slot } from './slot.ts';
import { type SettingsOptions, settings, words } from './world.ts';

/** Addresses as hex. 203.0.113.5 is a host of the IPv4 Internet, known to IPv6 by the prefix 2001:db8:100::/40. */
export const HOST4 = 'cb007105';
export const HOST4_BY_PREFIX = '20010db801cb00710005000000000000';
/** 192.0.2.0/24 = 2001:db8:2::/120 */
export const HOST6 = '20010db8000200000000000000000021';
export const HOST6_BY_MAPPING = 'c0000221'; // 192.0.2.33
/** 198.51.100.8/29 = 2001:db8:3::8/125 */
export const OTHER6 = '20010db8000300000000000000000009';
export const OTHER6_BY_MAPPING = 'c6336409'; // 198.51.100.9
export const SIIT_SELF4 = 'c63364fe'; // 198.51.100.254
export const SIIT_SELF6 = '20010db80046000000000000000000fe';

export interface SiitOptions extends SettingsOptions {
  hairpin?: Hairpin;
  /** `v4/length=v6/length`, addresses as hex; those of the world by default. */
  pairs?: readonly string[];
  /** `prefix/length`; null = none. */
  pool6?: string | null;
  allowPrivate?: boolean;
}

const PAIRS = [
  'c0000200/24=20010db8000200000000000000000000/120',
  'c6336408/29=20010db8000300000000000000000008/125',
];
const POOL6 = '20010db8010000000000000000000000/40';

export class SiitWorld extends Slot {
  readonly flows: AddressFlows;
  readonly translator: Translator;

  constructor(options: SiitOptions = {}) {
    super();
    const chosen = settings({
      self4: words(SIIT_SELF4)[0]!,
      self6: SIIT_SELF6,
      errorSource4: words(SIIT_SELF4)[0]!,
      errorSource6: words(SIIT_SELF6),
      zeroChecksum46: ZeroChecksum.Drop,
      clampMss: false,
      ...options,
    });
    const input = { map: map(options), hairpin: options.hairpin ?? 'off' };
    this.flows = new AddressFlows(this.batch.view, input, chosen);
    this.translator = new Translator(this.batch, this.flows, chosen);
  }
}

export function map({ pairs = PAIRS, pool6 = POOL6, allowPrivate = false }: SiitOptions): AddressMapInput {
  return { pairs: pairs.map(pair), pool6: pool6 === null ? null : prefix(pool6), allowPrivate };
}

function pair(text: string): AddressPair {
  const [v4 = '', v6 = ''] = text.split('=');
  return { v4: prefix(v4), v6: prefix(v6) };
}

/** `hex/length`, four words whatever the family. */
function prefix(text: string): { words: Int32Array; length: number } {
  const [address = '', length = ''] = text.split('/');
  return { words: words(address.padEnd(32, '0')), length: Number(length) };
}
