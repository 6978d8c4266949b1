/**
 * Checks that need more than one flag. Each gives its problems as whole lines (key, value, remedy) and says nothing
 * about a value that already failed by itself, so every line printed is one thing to mend.
 */
import { type Cidr4, contains4, formatV4, formatV6, parseV4 } from '../address.ts';
import { listensAt } from './address-schemas.ts';
import type { RunFlag, RunValues } from './run-flags.ts';
import { label, type Setting } from './settings.ts';
import { MAX_MEMBERS } from './snat-range.ts';

export interface Draft {
  readonly values: Partial<RunValues>;
  readonly settings: ReadonlyMap<string, Setting>;
}

/** Every problem of these values together. */
export function crossProblems(draft: Draft): string[] {
  return [
    mapProblems,
    sorryProblems,
    poolProblems,
    subnetProblems,
    replicaProblems,
    upstreamProblems,
    bindingLogProblems,
    zoneProblems,
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

function zoneProblems(draft: Draft): string[] {
  const { 'dns-listen': listen, 'dns-zone': zones } = draft.values;
  const loop = (zones ?? []).find(({ endpoint }) => listen?.some((own) => listensAt(own, endpoint)));
  if (!loop) return [];
  return [
    `${labelOf(draft, 'dns-zone', `${loop.zone}=${loop.endpoint.address}`)}: --dns-listen answers there, so queries would go ` +
      'in a circle; give a real DNS server',
  ];
}

function upstreamProblems(draft: Draft): string[] {
  const { 'dns-listen': listen, 'dns-upstream': upstream } = draft.values;
  const loop = (upstream ?? []).find((at) => listen?.some((own) => listensAt(own, at)));
  if (!loop) return [];
  return [
    `${labelOf(draft, 'dns-upstream', loop.address)}: --dns-listen answers there, so queries would go in a circle; ` +
      'give a real DNS server',
  ];
}
