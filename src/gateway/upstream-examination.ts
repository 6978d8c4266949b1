/**
 * Do the DNS upstreams answer? Over UDP; any reply is an answer, a refusal too. Who knows nothing of the root may stay silent
 * about it, so there is a second question before a server is given up.
 */
import type { Config } from '../config/config.ts';
import { type ProbeQuestion, probeQuestions, questionText } from '../dns46/probe-question.ts';
import { textOf } from '../dns46/upstream-question.ts';
import { replies } from '../dns46/upstream-trial.ts';
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
  const questions = probeQuestions(zone === '' ? null : zone);
  const problems = await Promise.all(upstreams.map((upstream) => ask(upstream, questions)));
  const isObstacle = problems.every((problem) => problem !== null);
  return upstreams.map((upstream, i) => ({
    check: zone === '' ? 'dns upstream' : `dns zone ${zone}`,
    of: textOf(upstream),
    result: problems[i] ?? 'ok',
    isObstacle,
  }));
}

/** @returns why there is no answer, or null */
async function ask(upstream: Upstream, questions: readonly ProbeQuestion[]): Promise<string | null> {
  const noReply = await replies(upstream, questions);
  if (noReply === null) return null;
  const asked = noReply.asked.map(questionText).join(' and ');
  const problem = asked === '' ? 'cannot be asked' : `no answer to ${asked}`; // without a route nothing is sent
  return `${problem} (${noReply.why}); correct --dns-upstream or --dns-zone, or the way there`;
}
