/**
 * Do the DNS upstreams answer? One query each, over UDP. Any reply is an answer, a refusal too.
 */
import { promises as dns } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { Config } from '../config/config.ts';
import type { Finding } from './host-examination.ts';

const ANSWER_MS = 2000;
/** What an upstream that answered may have said, as Node has it. */
const REPLIES: ReadonlySet<string | undefined> = new Set([
  dns.NODATA,
  dns.FORMERR,
  dns.SERVFAIL,
  dns.NOTFOUND,
  dns.NOTIMP,
  dns.REFUSED,
]);

type Upstream = Config['dnsUpstream'][number];

/** A row each. A silent one is an obstacle when no other of its zone answers. */
export async function examineUpstreams({ role, dnsUpstream, dnsZones }: Config): Promise<Finding[]> {
  if (role === 'data') return [];
  const zones = new Map<string, Upstream[]>([['', [...dnsUpstream]]]);
  for (const { zone, endpoint } of dnsZones) zones.set(zone, [...(zones.get(zone) ?? []), endpoint]);
  const found = await Promise.all(Array.from(zones, ([zone, upstreams]) => examineZone(zone, upstreams)));
  return found.flat();
}

async function examineZone(zone: string, upstreams: readonly Upstream[]): Promise<Finding[]> {
  const problems = await Promise.all(upstreams.map(ask));
  const isObstacle = problems.every((problem) => problem !== null);
  return upstreams.map((upstream, i) => ({
    check: zone === '' ? 'dns upstream' : `dns zone ${zone}`,
    of: textOf(upstream),
    result: problems[i] ?? 'ok',
    isObstacle,
  }));
}

/** @returns why there is no answer, or null */
async function ask(upstream: Upstream): Promise<string | null> {
  const resolver = new dns.Resolver({ timeout: ANSWER_MS, tries: 1 });
  resolver.setServers([textOf(upstream)]);
  try {
    await resolver.resolveNs('.');
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (REPLIES.has(code)) return null;
    const why = code === dns.TIMEOUT ? `none within ${ANSWER_MS / 1000} s` : code;
    return `no answer (${why}); correct --dns-upstream or --dns-zone, or the way there`;
  }
}

function textOf({ address, port }: Upstream): string {
  return isIPv6(address.replace(/%.*/, '')) ? `[${address}]:${port}` : `${address}:${port}`;
}
