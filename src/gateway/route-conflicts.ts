/**
 * Routes that the plan wants and another device has already, most often that of another gateway. What an earlier run of this
 * gateway left is taken back before, and is in nobody's way.
 */
import type { Config } from '../config/config.ts';
import { deviceHolder } from '../tun/device-holder.ts';
import type { HostFacts } from '../tun/host-facts.ts';
import { parsePrefix, samePrefix } from '../tun/prefix.ts';
import { readJournal } from '../tun/undo-journal.ts';
import { journalPath } from './host-cleanup.ts';
import type { Plan } from './plan.ts';

/** Of the routes that we add: one with a larger metric does no harm. */
const METRIC4 = 0;
const METRIC6 = 1024;

type Routes = Pick<Plan, 'routes4' | 'routes6'>;
type Configured = Pick<Config, 'tun' | 'statePath'>;

/** @returns one line for each: what, who has it, remedy */
export function routeConflicts(
  { tun, statePath }: Configured,
  { routes4, routes6 }: Routes,
  { routes }: Pick<HostFacts, 'routes'>,
  holderOf: (device: string) => string | null = deviceHolder,
): string[] {
  const leftover = readJournal(journalPath(statePath)).filter((change) => change.kind === 'route');
  const others = routes.filter(({ device }) => device !== tun);
  return [...routes4, ...routes6].flatMap((prefix, i) => {
    const wanted = parsePrefix(prefix);
    if (wanted === null) return [];
    const isLeftover = (device: string): boolean =>
      leftover.some((change) => change.device === device && change.prefix === prefix);
    const most = wanted.bytes.length === 4 ? METRIC4 : METRIC6;
    const found = others.find(
      (route) => samePrefix(route, wanted) && route.metric <= most && !isLeftover(route.device),
    );
    return found ? line(prefix, i === 0, found.device, holderOf) : [];
  });
}

function line(
  prefix: string,
  isSubnet: boolean,
  device: string,
  holderOf: (device: string) => string | null,
): string {
  const address = prefix.replace(/\/(32|128)$/, '');
  const holder = device === '' ? null : holderOf(device);
  const where = device === '' ? 'there is a route for it already' : `routed to ${device} already`;
  const who = holder === null ? where : `${where}, the device of ${holder}`;
  return `${subject(address, isSubnet)}: ${who}; ${remedy(address, isSubnet)}, or ${end(prefix, device, holder)}`;
}

function subject(address: string, isSubnet: boolean): string {
  if (isSubnet) return `--subnet ${address}`;
  return address.includes(':') ? `SNAT address ${address}` : `--map ${address}`;
}

function remedy(address: string, isSubnet: boolean): string {
  if (isSubnet) return 'choose another --subnet';
  return address.includes(':') ? 'choose others with --snat-pool' : 'map another IPv4 address';
}

function end(prefix: string, device: string, holder: string | null): string {
  if (holder !== null) return 'stop that process';
  return `remove it: ip route del ${prefix}${device === '' ? '' : ` dev ${device}`}`;
}
