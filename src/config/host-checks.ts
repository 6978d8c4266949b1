/**
 * Checks of a configuration against the host it is about to run on. Pure: the facts come in, so that the lines can be
 * tested without a host.
 */
import { type Cidr4, contains4, formatV4, formatV6, parseCidr4, parseV4, parseV6 } from '../address.ts';
import type { Config } from './config.ts';

/** What the kernel has, the gateway's own TUN device left out. */
export interface HostFacts {
  /** Addresses local to the kernel, text without prefix length, both families. */
  readonly addresses: readonly string[];
  /** Connected prefixes of interfaces as CIDR text; `default`, /0 and IPv6 ones are ignored. */
  readonly routes: readonly string[];
}

/** @returns one line for each conflict: key, value, remedy; empty = this host can run it */
export function hostProblems(config: Config, facts: HostFacts): string[] {
  const local = new Set(facts.addresses.map(canonical));
  return [...localProblems(config, local), ...subnetOverlaps(config.subnet, facts)];
}

function localProblems(config: Config, local: ReadonlySet<string>): string[] {
  const claims: (readonly [flag: string, address: string])[] = [
    ...config.snatPool.map((member) => ['snat-pool', formatV6(member)] as const),
    ...config.selfIps.map((self) => ['self-ip', self.address] as const),
    ...config.maps.map((map) => ['map', formatV4(map.v4)] as const),
  ];
  return claims
    .filter(([, address]) => local.has(address))
    .map(
      ([flag, address]) =>
        `--${flag} ${address}: an address of this host, so the kernel would keep its packets; ` +
        'remove it from the interface or choose an address the host does not have',
    );
}

function subnetOverlaps(subnet: Cidr4, facts: HostFacts): string[] {
  const text = `--subnet ${formatV4(subnet.base)}/${subnet.length}`;
  const remedy = 'choose a --subnet that nothing else uses';
  const route = facts.routes.find((given) => {
    const cidr = parseRoute(given);
    return cidr !== null && (contains4(subnet, cidr.base) || contains4(cidr, subnet.base));
  });
  if (route !== undefined)
    return [`${text}: overlaps ${route}, which an interface of this host has; ${remedy}`];
  const address = facts.addresses.find((given) => {
    const v4 = parseV4(given);
    return v4 !== null && contains4(subnet, v4);
  });
  return address === undefined ? [] : [`${text}: contains ${address}, an address of this host; ${remedy}`];
}

function parseRoute(text: string): Cidr4 | null {
  const cidr = parseCidr4(text.includes('/') ? text : `${text}/32`);
  return cidr && cidr.length > 0 ? cidr : null;
}

function canonical(address: string): string {
  const v6 = parseV6(address);
  return v6 ? formatV6(v6) : address;
}
