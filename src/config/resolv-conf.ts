/**
 * `nameserver` lines of resolv.conf(5): the default of `--dns-upstream`.
 */
import { formatV6, parseV4, parseV6 } from '../address.ts';

/** resolv.conf(5) reads three (MAXNS). */
const MAX_SERVERS = 3;

export interface NameServers {
  /** In order, canonical text; zoned (link-local) and malformed ones are left out. */
  readonly servers: readonly string[];
  /** Those left out because we listen there: asking them would go in a circle. */
  readonly own: readonly string[];
}

/** @param isOwn whether we listen on an address */
export function nameServers(text: string, isOwn: (address: string) => boolean): NameServers {
  const servers: string[] = [];
  const own: string[] = [];
  for (const line of text.split('\n')) {
    const given = /^\s*nameserver\s+(\S+)/.exec(line)?.[1];
    if (given === undefined) continue;
    const v6 = parseV6(given);
    const address = v6 ? formatV6(v6) : parseV4(given) === null ? null : given;
    if (address !== null) (isOwn(address) ? own : servers).push(address);
  }
  return { servers: servers.slice(0, MAX_SERVERS), own };
}
