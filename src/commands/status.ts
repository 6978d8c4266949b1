/**
 * `nat46 status`: one screen.
 */
import type { StatusReply } from '../control/api.ts';
import { duration } from './duration.ts';
import { connect, formatOf, gatewayCommand, processSurroundings, withFormat } from './gateway-options.ts';
import { printJson, printRows } from './table-output.ts';

/** @returns exit code */
export async function status(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const { terminal, env } = surroundings;
  const command = withFormat(gatewayCommand('nat46 status', 'Show a running gateway on one screen.'));
  const client = connect(command, args, env);
  const format = formatOf(command);
  const reply = await client.ask<StatusReply>('GET', '/v1/status');
  if (format === 'json') printJson(terminal, reply);
  else if (format === 'csv') printRows(terminal, 'csv', [{ key: 'name' }, { key: 'value' }], flatten(reply));
  else terminal.write(screen(reply));
  return 0;
}

const NAME_WIDTH = 12;

/** Lines of at most 100 characters unless a pool is long. */
export function screen(reply: StatusReply): string {
  const { mappings, dns } = reply;
  const lines: readonly (readonly [name: string, text: string])[] = [
    ['gateway', `nat46 ${reply.version}, pid ${reply.pid}, up ${duration(reply.uptime_sec)}`],
    reply.tun === null
      ? ['role', reply.role]
      : ['device', `${reply.tun}, ${counted(reply.workers, 'worker')}, role ${reply.role}`],
    ['subnet', `${reply.subnet}, ${mappings.free} addresses free`],
    ...(reply.tun === null ? [] : [['snat pool', some(reply.snat_pool)] as const]),
    ...leaseLines(reply.snat_leases),
    ['dns', some(reply.dns_listen)],
    ...upstreamLines(reply.upstreams),
    ['store', reply.store],
    ...problemLines(reply.store_problem),
    ['state', reply.state],
    ['mappings', `${mappings.dynamic} dynamic, ${mappings.static} static, ${mappings.resting} resting`],
    ['counters', `since ${since(reply.counters_since)}, over restarts`],
    ...(reply.tun === null ? [] : dataLines(reply)),
    ['queries', `${dns.queries}, ${dns.upstream_queries} sent upstream`],
  ];
  return lines.map(([name, text]) => `${name.padEnd(NAME_WIDTH)}${text}\n`).join('');
}

function dataLines({ sessions, packets }: StatusReply): [string, string][] {
  const { forwarded_46, forwarded_64, dropped } = packets;
  return [
    ['sessions', `${sessions.current} of ${sessions.capacity}, ${sessions.total} since the counters began`],
    ['packets', `${forwarded_46} v4 to v6, ${forwarded_64} v6 to v4, ${dropped} dropped`],
  ];
}

function since(time: string | null): string {
  return time === null ? 'the state file was made' : `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

function problemLines(problem: string | null): [string, string][] {
  return problem === null ? [] : [['', `cannot be reached: ${problem}`]];
}

/** A line for every name, and one for each zone. */
function upstreamLines(upstreams: StatusReply['upstreams']): [string, string][] {
  const zones = new Map<string | null, string[]>();
  for (const { zone, upstream, state } of upstreams) {
    zones.set(zone, [...(zones.get(zone) ?? []), `${upstream} ${state}`]);
  }
  return Array.from(zones, ([zone, shown], i) => [
    i === 0 ? 'upstreams' : '',
    `${zone === null ? '' : `${zone}: `}${shown.join(', ')}`,
  ]);
}

function leaseLines(leases: StatusReply['snat_leases']): [string, string][] {
  if (leases === null) return [];
  const { held, missing, free = [], inherited, drained } = leases; // the gateway may be of the version before
  const count = held.length + missing.length + free.length;
  const state = drained ? ', drained: restart the gateway to take them again' : '';
  const lines: [string, string][] = [['leases', `${held.length} of ${count} held${state}`]];
  const isRefusing = drained || (held.length === 0 && missing.length > 0);
  if (isRefusing) lines.push(['', 'no lease: new sessions are refused, old ones go on']);
  if (free.length > 0) lines.push(['', `${drained ? 'given up' : 'not leased yet'}: ${some(free)}`]);
  if (missing.length > 0) lines.push(['', `another gateway has ${some(missing)}`]);
  if (inherited.length > 0) lines.push(['', `taken over: ${some(inherited)}`]);
  return lines;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** At most this many addresses of a list; then how many more. */
const SHOWN = 3;

function some(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  const more = items.length > SHOWN ? `, and ${items.length - SHOWN} more` : '';
  return items.slice(0, SHOWN).join(' ') + more;
}

/** `mappings.free` and its value, a row each; lists are joined by spaces, those of objects counted from 0. */
function flatten(value: object, prefix = ''): { name: string; value: string }[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = prefix + key;
    if (Array.isArray(inner) && typeof inner[0] !== 'object') return [{ name, value: inner.join(' ') }];
    if (typeof inner === 'object' && inner !== null) return flatten(inner, `${name}.`);
    return [{ name, value: String(inner) }];
  });
}
