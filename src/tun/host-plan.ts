/** From what the gateway wants of the host to the changes that bring it about: pure, given facts and settings. */
import { forwardingChanges } from './forwarding.ts';
import type { HostChange, Step, SysctlChange } from './host-change.ts';
import type { HostFacts } from './host-facts.ts';
import { type ProxyChange, proxyChanges, proxySysctls } from './neighbour-proxy.ts';
import { contains, parsePrefix, samePrefix } from './prefix.ts';
import type { Sysctls } from './sysctl.ts';

/** Addresses and prefixes are text, `address/length`. */
export interface HostSetup {
  /** Device; it must exist. */
  readonly tun: string;
  /** Bytes. */
  readonly mtu: number;
  /** To put on the device. */
  readonly addresses: readonly string[];
  readonly routes4: readonly string[];
  readonly routes6: readonly string[];
  /** IPv6 addresses without length; those on the prefix of a link get an entry there. */
  readonly neighbourProxies: readonly string[];
  /** Where to remember what was changed, e.g. /run/nat46/nat46.undo. */
  readonly journalPath: string;
  /** Keep everything when the gateway ends; `cleanup` takes it back. */
  readonly persist: boolean;
  /** Whether we created the device (TunDevice.created): then it gets no link-local address, and `cleanup` removes it. */
  readonly created?: boolean;
}

/** A change, how to make it, and whether the host is like that already. */
export interface PlannedChange {
  readonly change: HostChange;
  readonly step: Step | null;
  readonly done: boolean;
}

/** Everything wanted, in the order to do it; undoing goes backwards. */
export function planChanges(setup: HostSetup, facts: HostFacts, sysctls: Sysctls): PlannedChange[] {
  const proxies = proxyChanges(facts, setup.neighbourProxies, setup.tun);
  return [
    ...planDevice(setup),
    ...deviceSysctls(setup, sysctls).map(planSysctl),
    planLink(setup, facts),
    ...planAddresses(setup, facts),
    ...planRoutes(setup, facts),
    ...forwardingChanges(facts, sysctls).map(planSysctl),
    ...proxySysctls(proxies, sysctls).map(planSysctl),
    ...proxies.map((change) => ({
      change,
      step: { ip: `neigh add proxy ${change.address} dev ${change.device}` },
      done: hasProxy(facts.proxies, change),
    })),
  ];
}

/** Whether the host answers for this address already. */
export function hasProxy(proxies: HostFacts['proxies'], { device, address }: ProxyChange): boolean {
  return proxies.some((found) => found.device === device && isAddress(address, found.address));
}

function planDevice(setup: HostSetup): PlannedChange[] {
  if (!setup.persist || setup.created !== true) return [];
  return [{ change: { kind: 'device', device: setup.tun }, step: null, done: false }];
}

function planLink(setup: HostSetup, facts: HostFacts): PlannedChange {
  const { mtu = setup.mtu, up = false } = facts.links.find((link) => link.device === setup.tun) ?? {};
  return {
    change: { kind: 'link', device: setup.tun, mtu, up },
    step: { ip: `link set dev ${setup.tun} mtu ${setup.mtu} up` },
    done: up && mtu === setup.mtu,
  };
}

function planAddresses(setup: HostSetup, facts: HostFacts): PlannedChange[] {
  const present = facts.addresses.filter((found) => found.device === setup.tun);
  return setup.addresses.map((address) => {
    const prefix = parsePrefix(address);
    return {
      change: { kind: 'address', device: setup.tun, address },
      step: { ip: `addr add ${address} dev ${setup.tun}${address.includes(':') ? ' nodad' : ''}` },
      done: present.some((found) => prefix !== null && sameAddress(found, prefix)),
    };
  });
}

/** An address brings the route of its prefix along: that one is not ours to add. */
function planRoutes(setup: HostSetup, facts: HostFacts): PlannedChange[] {
  const present = facts.routes.filter((route) => route.device === setup.tun);
  const brought = setup.addresses.flatMap((address) => parsePrefix(address) ?? []);
  return [...setup.routes4, ...setup.routes6].flatMap((prefix) => {
    const wanted = parsePrefix(prefix);
    if (wanted === null) throw new RangeError(`not a prefix: ${prefix}`);
    if (wanted.length < 32 && brought.some((address) => samePrefix(address, wanted))) return [];
    return {
      change: { kind: 'route', device: setup.tun, prefix } as const,
      step: { ip: `route add ${prefix} dev ${setup.tun} proto static` },
      done: present.some((route) => samePrefix(route, wanted)),
    };
  });
}

/**
 * The device hands us the IPv6 packets of others only: no link-local address, no solicitations. What we write to it may come
 * from one of the host's own addresses (accept_local) or from one that is routed elsewhere (rp_filter; the larger of
 * the device's and `all` holds, and 2 is loose).
 */
function deviceSysctls(setup: HostSetup, sysctls: Sysctls): SysctlChange[] {
  const device = setup.tun;
  const mode = `net/ipv6/conf/${device}/addr_gen_mode`;
  // On somebody else's device, setting it back would add an address that was not there.
  const silent = setup.created === true || sysctls.read(mode) === '1' ? { [mode]: '1' } : {};
  const strict = sysctls.read('net/ipv4/conf/all/rp_filter') !== '0';
  const wanted: Record<string, string> = {
    [`net/ipv6/conf/${device}/disable_ipv6`]: '0',
    ...silent,
    [`net/ipv6/conf/${device}/accept_ra`]: '0',
    [`net/ipv6/conf/${device}/router_solicitations`]: '0',
    [`net/ipv4/conf/${device}/accept_local`]: '1',
    [`net/ipv4/conf/${device}/rp_filter`]: strict ? '2' : '0',
  };
  return Object.entries(wanted).flatMap(([path, value]) => {
    const previous = sysctls.read(path);
    return previous === null ? [] : [{ kind: 'sysctl', path, previous, value }];
  });
}

function planSysctl(change: SysctlChange): PlannedChange {
  const { path, previous, value } = change;
  return { change, step: { path, value }, done: previous === value };
}

function isAddress(text: string, bytes: Uint8Array): boolean {
  const prefix = parsePrefix(text);
  return prefix !== null && contains({ bytes, length: bytes.length * 8 }, prefix.bytes);
}

function sameAddress(
  one: { bytes: Uint8Array; length: number },
  other: { bytes: Uint8Array; length: number },
): boolean {
  return one.length === other.length && Buffer.compare(one.bytes, other.bytes) === 0;
}
