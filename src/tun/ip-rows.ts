/** What `ip -j` prints (iproute2 5 and 6), as plain records. Rows that are not understood are left out. */
import { parseV6 } from '../address.ts';
import { type Prefix, parsePrefix } from './prefix.ts';

export interface Link {
  readonly device: string;
  /** Bytes. */
  readonly mtu: number;
  readonly up: boolean;
}

export interface InterfaceAddress extends Prefix {
  readonly device: string;
}

export interface Route extends Prefix {
  /** Empty when the route has no device (unreachable, blackhole). */
  readonly device: string;
  readonly gateway: boolean;
  /** Who made it: `kernel`, `ra`, `static`, … */
  readonly protocol: string;
  /** Lower wins. */
  readonly metric: number;
  /** Bytes, when the route sets one. */
  readonly mtu: number | null;
}

export interface NeighbourProxy {
  readonly device: string;
  /** 16 bytes. */
  readonly address: Uint8Array;
}

interface LinkRow {
  ifname: string;
  flags: string[];
  mtu: number;
  addr_info: { local: string; prefixlen: number }[];
}

/** @param rows of `ip -j addr` */
export function links(rows: readonly unknown[]): Link[] {
  return (rows as LinkRow[]).map((row) => ({
    device: row.ifname,
    mtu: row.mtu,
    up: row.flags.includes('UP'),
  }));
}

/** @param rows of `ip -j addr` */
export function interfaceAddresses(rows: readonly unknown[]): InterfaceAddress[] {
  return (rows as LinkRow[]).flatMap((row) =>
    row.addr_info.flatMap(({ local, prefixlen }) => {
      const prefix = parsePrefix(`${local}/${prefixlen}`);
      return prefix === null ? [] : [{ ...prefix, device: row.ifname }];
    }),
  );
}

interface RouteRow {
  dst: string;
  dev?: string;
  gateway?: string;
  via?: unknown;
  protocol?: string;
  metric?: number;
  metrics?: { mtu?: number }[];
  nexthops?: { dev?: string; gateway?: string; via?: unknown }[];
}

/** @param rows of `ip -j -4 route` or `ip -j -6 route` */
export function routes(rows: readonly unknown[], family: 4 | 6): Route[] {
  return (rows as RouteRow[]).flatMap((row) => {
    const prefix = parsePrefix(row.dst, family);
    return prefix === null ? [] : [{ ...prefix, ...routeDetails(row) }];
  });
}

function routeDetails(row: RouteRow): Omit<Route, keyof Prefix> {
  const hop = row.nexthops?.[0] ?? row;
  return {
    device: hop.dev ?? '',
    gateway: hop.gateway !== undefined || hop.via !== undefined,
    protocol: row.protocol ?? '',
    metric: row.metric ?? 0,
    mtu: row.metrics?.find((metric) => metric.mtu !== undefined)?.mtu ?? null,
  };
}

/** @param rows of `ip -j -6 neigh show proxy` */
export function neighbourProxies(rows: readonly unknown[]): NeighbourProxy[] {
  return (rows as { dst: string; dev?: string }[]).flatMap((row) => {
    const address = parseV6(row.dst);
    return address === null || row.dev === undefined ? [] : [{ device: row.dev, address }];
  });
}
