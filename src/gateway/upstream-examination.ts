/**
 * Do the DNS upstreams answer? Over UDP; any reply is an answer, a refusal too. Who knows nothing of the root may stay silent
 * about it, so there is a second question before a server is given up.
 */
import { isIPv6 } from 'node:net';
import type { Config } from '../config/config.ts';
import { TYPE_A, TYPE_NS, TYPE_SOA } from '../dns46/message.ts';
import { type Question, questionText, replies } from './dns-question.ts';
import type { Finding } from './host-examination.ts';

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
  const problems = await Promise.all(upstreams.map((upstream) => ask(upstream, questionsOf(zone))));
  const isObstacle = problems.every((problem) => problem !== null);
  return upstreams.map((upstream, i) => ({
    check: zone === '' ? 'dns upstream' : `dns zone ${zone}`,
    of: textOf(upstream),
    result: problems[i] ?? 'ok',
    isObstacle,
  }));
}

function questionsOf(zone: string): Question[] {
  if (zone === '')
    return [
      { name: '', type: TYPE_NS },
      { name: 'localhost', type: TYPE_A },
    ];
  return [
    { name: zone, type: TYPE_SOA },
    { name: zone, type: TYPE_NS },
  ];
}

/** @returns why there is no answer, or null */
async function ask(upstream: Upstream, questions: readonly Question[]): Promise<string | null> {
  const silence = await replies(upstream, questions);
  if (silence === null) return null;
  const asked = silence.asked.map(questionText).join(' and ');
  return `no answer to ${asked} (${silence.why}); correct --dns-upstream or --dns-zone, or the way there`;
}

function textOf({ address, port }: Upstream): string {
  return isIPv6(address.replace(/%.*/, '')) ? `[${address}]:${port}` : `${address}:${port}`;
}
