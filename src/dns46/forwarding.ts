/**
 * Which upstreams a name belongs to: those of the longest configured zone that it is in, else those for everything.
 */
import type { Log } from './log.ts';
import { keyOf } from './name.ts';
import { Arena, type UdpCalls } from './udp-batch.ts';
import { type Endpoint, textOf, type UpstreamContext } from './upstream-question.ts';
import { Upstreams, type UpstreamView } from './upstreams.ts';

/** One server for the names of a zone; several of one zone are its servers in order. */
export interface ZoneUpstream {
  /** ASCII text, without a final dot. */
  readonly zone: string;
  readonly endpoint: Endpoint;
}

export interface ForwardingOptions {
  readonly dnsUpstream: readonly Endpoint[];
  readonly dnsZones: readonly ZoneUpstream[];
  /** Milliseconds an upstream has for one try. */
  readonly tryTimeoutMs: number;
}

/** An upstream without a route to it. */
export interface Unreachable {
  /** Null: for every name. */
  readonly zone: string | null;
  readonly endpoint: Endpoint;
  /** Name of the error. */
  readonly failure: string | null;
}

/** An upstream as it is shown. */
export interface ForwardingView extends UpstreamView {
  /** Null: for every name. */
  readonly zone: string | null;
}

export class Forwarding {
  readonly #context: UpstreamContext;
  readonly #default: Upstreams;
  readonly #zones = new Map<string, Upstreams>();

  constructor(options: ForwardingOptions, udp: UdpCalls, context: UpstreamContext, log: Log) {
    const transport = { calls: udp, arena: new Arena() };
    const { tryTimeoutMs, dnsUpstream, dnsZones } = options;
    this.#context = context;
    this.#default = new Upstreams(
      { zone: null, endpoints: dnsUpstream, tryTimeoutMs },
      transport,
      context,
      log,
    );
    for (const [zone, endpoints] of byZone(dnsZones)) {
      const options = { zone: textOfName(zone), endpoints, tryTimeoutMs };
      this.#zones.set(zone, new Upstreams(options, transport, context, log));
    }
  }

  /** @param key of a name; null for a message whose question cannot be read */
  of(key: string | null): Upstreams {
    const zoned = key === null ? null : this.#zoned(key);
    if (zoned === null) return this.#default;
    this.#context.counters.count('zoned');
    return zoned;
  }

  /** Whether the name is in a configured zone. @param key of a name */
  hasZone(key: string): boolean {
    return this.#zoned(key) !== null;
  }

  /** Those for every name first. */
  views(): ForwardingView[] {
    return this.#groups().flatMap(({ zone, upstreams }) =>
      upstreams.views().map((view) => ({ ...view, zone })),
    );
  }

  /** Asks every upstream something. @returns those that nobody answers for, a zone each */
  async silent(): Promise<ForwardingView[][]> {
    const groups = this.#groups();
    const silent = await Promise.all(groups.map(({ upstreams }) => upstreams.allSilent()));
    return groups
      .filter((_, i) => silent[i])
      .map(({ zone, upstreams }) => upstreams.views().map((view) => ({ ...view, zone })));
  }

  /** Upstreams that this host has no way to, if all of their group are like that; the network is asked, nobody else. */
  unreachable(): Unreachable[] {
    return this.#groups().flatMap(({ zone, upstreams }) => {
      const routes = upstreams.routes();
      if (routes.some(({ failure }) => failure === null || !NO_WAY.has(failure))) return [];
      return routes.map(({ endpoint, failure }) => ({ zone, endpoint, failure }));
    });
  }

  close(): void {
    for (const upstreams of [this.#default, ...this.#zones.values()]) upstreams.close();
  }

  #groups(): { readonly zone: string | null; readonly upstreams: Upstreams }[] {
    const zones = Array.from(this.#zones, ([key, upstreams]) => ({ zone: textOfName(key), upstreams }));
    return [{ zone: null, upstreams: this.#default }, ...zones];
  }

  #zoned(key: string): Upstreams | null {
    if (this.#zones.size === 0) return null;
    for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
      const found = this.#zones.get(key.slice(at));
      if (found !== undefined) return found;
    }
    return null;
  }
}

/** Errors that say that there is no route; others, such as an address not yet usable, may pass. */
const NO_WAY: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL']);

function textOfName(key: string): string {
  const labels: string[] = [];
  for (let at = 0; key.charCodeAt(at) > 0; at += key.charCodeAt(at) + 1)
    labels.push(key.slice(at + 1, at + 1 + key.charCodeAt(at)));
  return labels.join('.');
}

/** Zone key → its servers, each once, in order. */
function byZone(zones: readonly ZoneUpstream[]): Map<string, Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  for (const { zone, endpoint } of zones) {
    const key = keyOf(zone);
    const before = found.get(key) ?? [];
    if (!before.some((other) => textOf(other) === textOf(endpoint))) before.push(endpoint);
    found.set(key, before);
  }
  return found;
}
