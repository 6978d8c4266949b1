/**
 * Checks that need more than one flag. Each gives its problems as whole lines (key, value, remedy) and says nothing
 * about a value that already failed by itself, so every line printed is one thing to mend.
 */
import { type Cidr4, contains4, formatV4, formatV6, parseV4 } from '../address.ts';
import { type Endpoint, isWildcard, listensAt } from './address-schemas.ts';
import type { RunFlag, RunValues } from './run-flags.ts';
import { label, type Setting } from './settings.ts';
import { MAX_MEMBERS } from './snat-range.ts';

export interface Draft {
  readonly values: Partial<RunValues>;
  readonly settings: ReadonlyMap<string, Setting>;
  /** Where DNS46 listens, by default too; empty where there is none. */
  readonly listen: readonly Endpoint[];
  /** Addresses of the host, canonical text. */
  readonly ownAddresses: readonly string[];
}

/** Every problem of these values together. */
export function crossProblems(draft: Draft): string[] {
  return [
    mapProblems,
    sorryProblems,
    poolProblems,
    subnetProblems,
    replicaProblems,
    bindingLogProblems,
    circleProblems,
    listenerProblems,
  ].flatMap((check) => check(draft));
}

/**
 * Addresses inside the subnet that no mapping may have: network, broadcast, the gateway's own.
 * @returns address (host order) → what it is
 */
function reservedInSubnet(values: Partial<RunValues>): Map<number, string> {
  const reserved = new Map<number, string>();
  const { subnet } = values;
  if (!subnet) return reserved;
  const own: (readonly [number | null | undefined, string])[] = [
    [subnet.base, "the subnet's network address"],
    [lastAddress(subnet), "the subnet's broadcast address"],
    [subnet.base + 1, "the gateway's own address"],
    [values.self4, '--self4'],
    [values['rfc6791-v4'], '--rfc6791-v4'],
    ...(values['dns-listen'] ?? []).map((at) => [parseV4(at.address), '--dns-listen'] as const),
    ...(values['self-ip'] ?? []).map((self) => [parseV4(self.address), '--self-ip'] as const),
  ];
  for (const [address, what] of own) {
    if (address === null || address === undefined || !contains4(subnet, address)) continue;
    if (!reserved.has(address)) reserved.set(address, what);
  }
  return reserved;
}

/** Broadcast address of a prefix. */
function lastAddress(cidr: Cidr4): number {
  return cidr.base + 2 ** (32 - cidr.length) - 1;
}

function labelOf(draft: Draft, flag: RunFlag, text?: string): string {
  const setting = draft.settings.get(flag);
  return setting ? label(setting, text) : `--${flag}`;
}

function mapProblems(draft: Draft): string[] {
  const problems: string[] = [];
  const reserved = reservedInSubnet(draft.values);
  const seen = new Set<number>();
  for (const { v4, v6 } of draft.values.map ?? []) {
    const name = labelOf(draft, 'map', `${formatV4(v4)}=${formatV6(v6)}`);
    const what = v4 === draft.values['sorry-ip'] ? '--sorry-ip' : reserved.get(v4);
    if (what !== undefined) problems.push(`${name}: ${formatV4(v4)} is ${what}; map another IPv4 address`);
    if (seen.has(v4)) problems.push(`${name}: ${formatV4(v4)} is mapped a second time; keep one of the two`);
    seen.add(v4);
  }
  return problems;
}

function sorryProblems(draft: Draft): string[] {
  const { subnet, 'sorry-ip': sorry } = draft.values;
  if (!subnet || typeof sorry !== 'number' || !contains4(subnet, sorry)) return [];
  return [
    `${labelOf(draft, 'sorry-ip')}: lies inside the subnet ${formatV4(subnet.base)}/${subnet.length}; ` +
      'give the address of a real IPv4 host outside it',
  ];
}

function poolProblems(draft: Draft): string[] {
  const members = (draft.values['snat-pool'] ?? []).flat().map((member) => formatV6(member));
  const problems: string[] = [];
  if (members.length > MAX_MEMBERS) {
    problems.push(
      `${labelOf(draft, 'snat-pool')}: ${members.length} addresses in all are too many; give at most ${MAX_MEMBERS}`,
    );
  }
  const twice = members.find((member, i) => members.indexOf(member) < i);
  if (twice !== undefined)
    problems.push(
      `${labelOf(draft, 'snat-pool', twice)}: the address is listed twice; list every address once`,
    );
  return problems;
}

function subnetProblems(draft: Draft): string[] {
  const { subnet, 'reserved-static': head } = draft.values;
  if (!subnet) return [];
  const problems: string[] = [];
  const prefix = `${formatV4(subnet.base)}/${subnet.length}`;
  const hosts = 2 ** (32 - subnet.length) - 2;
  if (head !== undefined && head > hosts) {
    problems.push(
      `${labelOf(draft, 'reserved-static')}: more than the ${hosts} host addresses of ${prefix}; lower it or widen --subnet`,
    );
  }
  for (const flag of ['self4', 'rfc6791-v4'] as const) {
    if (isEnd(subnet, draft.values[flag])) problems.push(endProblem(draft, flag, prefix));
  }
  for (const { address, port } of draft.values['dns-listen'] ?? []) {
    if (isEnd(subnet, parseV4(address)))
      problems.push(endProblem(draft, 'dns-listen', prefix, `${address}:${port}`));
  }
  return problems;
}

function isEnd(subnet: Cidr4, address: number | null | undefined): boolean {
  return address === subnet.base || address === lastAddress(subnet);
}

function endProblem(draft: Draft, flag: RunFlag, prefix: string, text?: string): string {
  return `${labelOf(draft, flag, text)}: the network or broadcast address of ${prefix}; choose a host address`;
}

function replicaProblems(draft: Draft): string[] {
  const { replica, 'self-ip': selfIps, 'snat-pool': pool } = draft.values;
  if (replica === undefined || !selfIps || !pool || pool.length > 0 || selfIps.length === 0) return [];
  const count = selfIps.filter((self) => self.address.includes(':')).length;
  if (count === 0)
    return [
      `${labelOf(draft, 'self-ip')}: no IPv6 address among them, and automap needs one; add it or give --snat-pool`,
    ];
  if (replica < count) return [];
  return [
    `${labelOf(draft, 'replica')}: --self-ip gives ${count} IPv6 addresses, counted from 0; lower it or add one`,
  ];
}

function bindingLogProblems(draft: Draft): string[] {
  const { 'binding-log': file, 'binding-log-destinations': destinations } = draft.values;
  if (file !== null || destinations !== true) return [];
  return ['--binding-log-destinations: there is no binding log for them; give --binding-log FILE'];
}

/** Queries to ourselves would go in a circle. */
function circleProblems({ values, settings, listen, ownAddresses }: Draft): string[] {
  const isOurs = (at: Endpoint): boolean => listen.some((own) => listensAt(own, at, ownAddresses));
  const loops = (flag: RunFlag, endpoints: readonly Endpoint[]): string[] =>
    endpoints.flatMap((at, i) => (isOurs(at) ? [textOf(settings, flag, i)] : []));
  return [
    ...loops('dns-upstream', values['dns-upstream'] ?? []),
    ...loops(
      'dns-zone',
      (values['dns-zone'] ?? []).map(({ endpoint }) => endpoint),
    ),
  ].map(
    (given) =>
      `${given}: DNS46 itself listens there, so queries would go in a circle; give a real DNS server`,
  );
}

/** Two listeners at one place: the second one could not be bound. */
function listenerProblems({ settings, listen }: Draft): string[] {
  return listen.flatMap((at, i) => {
    const other = listen.findIndex((before, k) => k < i && collide(before, at));
    if (other < 0) return [];
    const [given, before] = [textOf(settings, 'dns-listen', i), textOf(settings, 'dns-listen', other)];
    return [`${given}: ${before} listens there, too; keep one of the two`];
  });
}

/** A wildcard is in the way of all of its family. */
function collide(one: Endpoint, other: Endpoint): boolean {
  if (one.port !== other.port) return false;
  if (one.address === other.address) return true;
  const isSameFamily = one.address.includes(':') === other.address.includes(':');
  return isSameFamily && (isWildcard(one) || isWildcard(other));
}

/** One value of a list flag, as it was written. */
function textOf(settings: Draft['settings'], flag: RunFlag, i: number): string {
  const setting = settings.get(flag);
  return setting ? label(setting, setting.texts[i]) : `--${flag}`;
}
