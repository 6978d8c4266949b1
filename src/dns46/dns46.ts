/**
 * DNS46: the resolver that IPv4-only clients ask. Composes the parts, binds the listeners, lets go of everything again.
 */
import { randomInt } from 'node:crypto';
import type { Cidr4, Cidr6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { HintPolicy } from './binding-lookup.ts';
import { ReplyCache } from './cache.ts';
import { type Clock, systemClock } from './clock.ts';
import type { DnsCounters } from './counters.ts';
import { AddressPolicy } from './exclusion.ts';
import { Forwarding, type ForwardingView, type ZoneUpstream } from './forwarding.ts';
import { Limits } from './limits.ts';
import type { Listener, Receive } from './listener.ts';
import { listenTcp, type TcpLimits } from './listener-tcp.ts';
import { listenUdp } from './listener-udp.ts';
import type { Log } from './log.ts';
import { AddressLookup } from './lookup.ts';
import { PoolNotices } from './pool-notices.ts';
import { Resolution } from './resolution.ts';
import { ReverseLookup } from './reverse.ts';
import { DnsService } from './service.ts';
import { SocketShortage } from './socket-shortage.ts';
import type { AaaaPlacement } from './synthesis.ts';
import type { SyntheticAddresses } from './synthetic-addresses.ts';
import type { UdpCalls } from './udp-batch.ts';
import { type Endpoint, textOf } from './upstream-question.ts';

/** Names and units as in the configuration. */
export interface Dns46Options {
  readonly dnsListen: readonly Endpoint[];
  readonly dnsUpstream: readonly Endpoint[];
  /** Whether a person named the upstreams: then one without a route is a mistake. */
  readonly dnsUpstreamGiven: boolean;
  readonly dnsZones: readonly ZoneUpstream[];
  readonly dnsAaaa: AaaaPlacement;
  /** Upper bound of the TTL of synthesized A records, seconds. */
  readonly maxTtlSec: number;
  /** Queries per second, of all clients and of one; 0 = no limit. */
  readonly dnsRate: number;
  readonly dnsClientRate: number;
  readonly dnsOverLimit: 'refuse' | 'drop';
  readonly dnsHints: HintPolicy;
  /** Letters of questions to upstreams in random case, and checked in the reply. */
  readonly dnsMixedCase: boolean;
  /** Host order; null = SERVFAIL when the pool is exhausted. */
  readonly sorryIp: number | null;
  readonly subnet: Cidr4;
  /** Our own IPv6 addresses, 16 bytes each. */
  readonly snatPool: readonly Uint8Array[];
  /** More prefixes whose addresses count as absent. */
  readonly dnsExclude: readonly (Cidr4 | Cidr6)[];
}

/** What DNS46 works with. */
export interface Dns46Surroundings {
  readonly addresses: SyntheticAddresses;
  readonly counters: DnsCounters;
  readonly log: Log;
  /** The native shim. */
  readonly udp: UdpCalls;
}

/** Bounds and sources of time and chance; what is not given is as below. */
export interface Dns46Tuning extends TcpLimits {
  /** Time an upstream has for one try. */
  readonly tryTimeoutMs: number;
  /** Time a client waits at most: less than the 5 s after which stub resolvers ask again. */
  readonly budgetMs: number;
  /** Queries in flight, all clients together. */
  readonly maxInFlight: number;
  /** Memory for replies that may be used again. */
  readonly cacheBytes: number;
  readonly clock: Clock;
  /** Unpredictable integer, 0 … below - 1. */
  readonly random: (below: number) => number;
}

const TUNING: Dns46Tuning = {
  tryTimeoutMs: 1200,
  budgetMs: 4000,
  maxInFlight: 16_384,
  cacheBytes: 64 << 20,
  maxConnections: 512,
  maxPipelined: 64,
  idleMs: 10_000,
  clock: systemClock,
  random: (below) => randomInt(below),
};

export class Dns46 {
  readonly #options: Dns46Options;
  readonly #tuning: Dns46Tuning;
  readonly #counters: DnsCounters;
  readonly #log: Log;
  readonly #udp: UdpCalls;
  readonly #forwarding: Forwarding;
  readonly #service: DnsService;
  #listeners: Listener[] = [];

  /** @param tuning for tests and benches; the defaults are meant for use */
  constructor(options: Dns46Options, surroundings: Dns46Surroundings, tuning: Partial<Dns46Tuning> = {}) {
    const { addresses, counters, log, udp } = surroundings;
    this.#options = options;
    this.#tuning = { ...TUNING, ...tuning };
    this.#counters = counters;
    this.#udp = udp;
    this.#log = log;
    const { clock, random, tryTimeoutMs, budgetMs, cacheBytes } = this.#tuning;
    const { dnsAaaa: aaaa, maxTtlSec, sorryIp, subnet, dnsMixedCase: mixedCase } = options;
    const shortage = new SocketShortage(clock, log);
    const context = { clock, random, counters, mixedCase, shortage };
    this.#forwarding = new Forwarding({ ...options, tryTimeoutMs }, udp, context, log);
    const notices = new PoolNotices(log, clock);
    const parts = { forwarding: this.#forwarding, addresses, counters, clock, notices };
    const lookup = new AddressLookup({ aaaa, maxTtlSec, sorryIp, policy: new AddressPolicy(options) }, parts);
    const reverse = new ReverseLookup({ ...parts, subnet });
    const cache = new ReplyCache(cacheBytes, addresses);
    const resolution = new Resolution(budgetMs, options.dnsHints, { ...parts, lookup, reverse, cache });
    const limits = new Limits(options, clock.now());
    const settings = { ...this.#tuning, overLimit: options.dnsOverLimit };
    this.#service = new DnsService(settings, { ...parts, resolution, cache, limits });
  }

  /** Addresses and ports listened on, one each for UDP and TCP. */
  get listening(): readonly Endpoint[] {
    return this.#listeners.map((listener) => listener.endpoint);
  }

  /** Whom it asks, and whether they answer. */
  get upstreams(): readonly ForwardingView[] {
    return this.#forwarding.views();
  }

  /** Asks every upstream something, and says of which group none answers. Nobody needs to wait for it. */
  async examineUpstreams(): Promise<void> {
    for (const silent of await this.#forwarding.silent()) {
      const zone = silent[0]?.zone ?? null;
      const upstreams = silent.map(({ endpoint }) => textOf(endpoint));
      this.#log.warn({ ...(zone === null ? {} : { zone }), upstreams }, 'no DNS upstream answers');
    }
  }

  /**
   * Binds every listener.
   * @throws Nat46Error that names an address that cannot be bound, or an upstream that flags name and that this host has
   *   no way to; nothing stays bound then
   */
  async start(): Promise<void> {
    this.#checkRoutes();
    const receive: Receive = (message, client) => this.#service.receive(message, client);
    const count = this.#counters.count.bind(this.#counters);
    const udp = { receive, count, calls: this.#udp };
    try {
      for (const endpoint of this.#options.dnsListen) {
        const tcp = await listenTcp(endpoint, this.#tuning, { receive, count, clock: this.#tuning.clock });
        this.#listeners.push(tcp);
        this.#listeners.push(listenUdp(tcp.endpoint, udp));
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  #checkRoutes(): void {
    for (const { zone, endpoint, failure } of this.#forwarding.unreachable()) {
      const server = textOf(endpoint);
      const flag = zone === null ? `dns-upstream ${server}` : `dns-zone ${zone}=${server}`;
      const message = `${flag}: unreachable (${failure}): this host has no route to it; add one, or name another server`;
      if (zone !== null || this.#options.dnsUpstreamGiven) throw new Nat46Error('NAT46_RUNTIME', message);
      this.#log.warn({ upstream: server, reason: failure }, 'no route to a name server of the host');
    }
  }

  /** Closes everything at once; queries in flight are not answered. Calling it twice is harmless. */
  async stop(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
    this.#forwarding.close();
  }
}
