/**
 * Addresses that are no answer: AAAA records never mapped (RFC 6147 §5.1.4 mirrored, checklist 67) and A records that
 * count as absent (checklist 68). Pure.
 */
import { type Cidr4, type Cidr6, contains4, contains6, parseCidr6 } from '../address.ts';

/** Never the address of a server that a translated packet could reach. */
const EXCLUDED_V6 = [
  '::ffff:0:0/96', // v4-mapped: RFC 6147 §5.1.4, MUST
  '::/128', // unspecified
  '::1/128', // loopback
  'fe80::/10', // link-local
  'ff00::/8', // multicast
  '64:ff9b::/96', // the work of a DNS64 upstream, RFC 6052 §2.1
  '64:ff9b:1::/48', // and of one with a local prefix, RFC 8215
].map((text) => parseCidr6(text) as Cidr6);

export interface AddressPolicyOptions {
  /** The NAT46 subnet: A records inside it are answers of some gateway, not addresses. */
  readonly subnet: Cidr4;
  /** Our own SNAT addresses, 16 bytes each: mapping one would send packets back to us. */
  readonly snatPool: readonly Uint8Array[];
  /** More prefixes whose addresses count as absent, such as the NAT64 prefix of the site. */
  readonly dnsExclude: readonly (Cidr4 | Cidr6)[];
}

export class AddressPolicy {
  readonly #subnet: Cidr4;
  readonly #excluded4: readonly Cidr4[];
  readonly #excluded6: readonly Cidr6[];
  readonly #own: ReadonlySet<string>;

  constructor(options: AddressPolicyOptions) {
    this.#subnet = options.subnet;
    this.#excluded4 = options.dnsExclude.filter((prefix) => typeof prefix.base === 'number') as Cidr4[];
    const more = options.dnsExclude.filter((prefix) => typeof prefix.base !== 'number') as Cidr6[];
    this.#excluded6 = [...EXCLUDED_V6, ...more];
    this.#own = new Set(options.snatPool.map(textOf));
  }

  /** Whether a synthetic address may stand for this IPv6 address. @param v6 16 bytes */
  maps(v6: Uint8Array): boolean {
    return !this.#own.has(textOf(v6)) && !this.#excluded6.some((prefix) => contains6(prefix, v6));
  }

  /** Whether an A record's address answers the query, host order. */
  answers(v4: number): boolean {
    const first = v4 >>> 24;
    if (first === 0 || first === 127 || this.isSynthetic(v4)) return false;
    return !this.#excluded4.some((prefix) => contains4(prefix, v4));
  }

  /** Whether this address lies in the NAT46 subnet. */
  isSynthetic(v4: number): boolean {
    return contains4(this.#subnet, v4);
  }
}

function textOf(v6: Uint8Array): string {
  return Buffer.from(v6.buffer, v6.byteOffset, v6.byteLength).toString('latin1');
}
