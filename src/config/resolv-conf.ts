/**
 * `nameserver` lines of resolv.conf(5): the default of `--dns-upstream`.
 */
import { formatV6, parseV4, parseV6 } from '../address.ts';

/** resolv.conf(5) reads three (MAXNS). */
const MAX_SERVERS = 3;

/**
 * @param isOwn whether we listen on an address: asking it would go in a circle
 * @returns addresses in order, canonical text; zoned (link-local) and malformed ones are left out
 */
export function nameServers(text: string, isOwn: (address: string) => boolean): string[] {
  const servers: string[] = [];
  for (const line of text.split('\n')) {
    const given = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
    if (given === undefined) continue;
    const v6 = parseV6(given);
    const address = v6 ? formatV6(v6) : parseV4(given) === null ? null : given;
    if (address !== null && !isOwn(address)) servers.push(address);
  }
  return servers.slice(0, MAX_SERVERS);
}
