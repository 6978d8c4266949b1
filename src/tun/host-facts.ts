/**
 * What the host looks like: addresses, routes, what the kernel takes as its own. Read through `ip -j` once; the
 * questions below are answered from that snapshot.
 *
 * `except` names our own device: after a restart it may still carry what an earlier run put there.
 */
import { ipRows } from './ip-command.ts';
import * as rows from './ip-rows.ts';
import { contains, isLinkLocal6, parsePrefix } from './prefix.ts';

export interface HostFacts {
  readonly links: readonly rows.Link[];
  readonly addresses: readonly rows.InterfaceAddress[];
  /** Main table, both families. */
  readonly routes: readonly rows.Route[];
  /** What the kernel delivers to itself: addresses and whole prefixes. */
  readonly local: readonly rows.Route[];
  readonly proxies: readonly rows.NeighbourProxy[];
}

/** @throws Nat46Error when `ip` is missing or fails */
export function readHostFacts(): HostFacts {
  const local = ['route', 'show', 'table', 'local', 'type', 'local'];
  const interfaces = ipRows(['addr', 'show']);
  return {
    links: rows.links(interfaces),
    addresses: rows.interfaceAddresses(interfaces),
    routes: [
      ...rows.routes(ipRows(['-4', 'route', 'show']), 4),
      ...rows.routes(ipRows(['-6', 'route', 'show']), 6),
    ],
    local: [...rows.routes(ipRows(['-4', ...local]), 4), ...rows.routes(ipRows(['-6', ...local]), 6)],
    proxies: readProxies(),
  };
}

/** @throws Nat46Error when `ip` is missing or fails */
export function readProxies(): rows.NeighbourProxy[] {
  return rows.neighbourProxies(ipRows(['-6', 'neigh', 'show', 'proxy']));
}

/** MTU of the way out: of the best default route, else of its device. @returns bytes, or null without such a route */
export function defaultMtu(facts: HostFacts, family: 4 | 6, except = ''): number | null {
  const size = family === 4 ? 4 : 16;
  const [best] = facts.routes
    .filter(
      (route) => route.bytes.length === size && route.length === 0 && !['', except].includes(route.device),
    )
    .sort((one, other) => one.metric - other.metric);
  if (best === undefined) return null;
  return best.mtu ?? facts.links.find((link) => link.device === best.device)?.mtu ?? null;
}

/** Whether the kernel keeps packets to this address for itself. @param address text, or 4 or 16 bytes */
export function isLocal(facts: HostFacts, address: string | Uint8Array, except = ''): boolean {
  const bytes = typeof address === 'string' ? parsePrefix(address)?.bytes : address;
  return (
    bytes !== undefined && facts.local.some((route) => route.device !== except && contains(route, bytes))
  );
}

/** IPv6 prefixes whose hosts are neighbours on a link, link-local ones left out. */
export function onLinkPrefixes6(facts: HostFacts, except = ''): rows.Route[] {
  return facts.routes.filter(
    (route) =>
      route.bytes.length === 16 &&
      route.length > 0 &&
      route.length < 128 &&
      !route.gateway &&
      !['', 'lo', except].includes(route.device) &&
      !isLinkLocal6(route.bytes),
  );
}

/** Device on whose link neighbours look for the address, or null. @param address 16 bytes */
export function onLinkDevice(facts: HostFacts, address: Uint8Array, except = ''): string | null {
  const [narrowest] = onLinkPrefixes6(facts, except)
    .filter((prefix) => contains(prefix, address))
    .sort((one, other) => other.length - one.length || one.metric - other.metric);
  return narrowest?.device ?? null;
}
