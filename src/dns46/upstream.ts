/**
 * One upstream: the two ways to it, and what is known about whether it works.
 */
import type { Log } from './log.ts';
import { UpstreamHealth } from './upstream-health.ts';
import { type Endpoint, type Silence, textOf, type UpstreamContext } from './upstream-question.ts';
import { UpstreamTcp } from './upstream-tcp.ts';
import { type UdpTransport, UpstreamUdp } from './upstream-udp.ts';

const SILENCE_COUNTERS = {
  timeout: 'upstreamTimeout',
  unreachable: 'upstreamUnreachable',
  shortage: 'noSocket',
} as const;

export class Upstream {
  readonly endpoint: Endpoint;
  readonly udp: UpstreamUdp;
  readonly tcp: UpstreamTcp;
  /** Questions under way that nobody waits for any more (upstream-attempt.ts). */
  lingering = 0;
  readonly #health = new UpstreamHealth();
  readonly #context: UpstreamContext;
  readonly #log: Log;
  #closed = false;

  constructor(endpoint: Endpoint, transport: UdpTransport, context: UpstreamContext, log: Log) {
    this.endpoint = endpoint;
    this.udp = new UpstreamUdp(endpoint, transport, context);
    this.tcp = new UpstreamTcp(endpoint, context);
    this.#context = context;
    this.#log = log;
  }

  /** It has said something. */
  answered(): void {
    if (this.#health.answered() === 'up') this.#log.info({ upstream: textOf(this.endpoint) }, 'upstream up');
  }

  /** It has not. @param abandoned nobody needed it: that is not held against the upstream */
  silent(silence: Silence, abandoned: boolean): void {
    if (this.#closed) return;
    const { counters, clock } = this.#context;
    counters.count(SILENCE_COUNTERS[silence]);
    if (abandoned || silence === 'shortage') return;
    if (this.#health.failed(clock.now()) !== 'down') return;
    this.#log.warn({ upstream: textOf(this.endpoint), reason: silence }, 'upstream down');
  }

  /** Whether others should be asked first. */
  resting(nowMs: number): boolean {
    return this.#health.resting(nowMs);
  }

  /** Whoever waits is told 'unreachable'. */
  close(): void {
    this.#closed = true;
    this.udp.close();
    this.tcp.close();
  }
}
