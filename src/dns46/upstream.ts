/**
 * One upstream: the two ways to it, and what is known about whether it works.
 */
import type { Log } from './log.ts';
import { probeQuestions } from './probe-question.ts';
import { UpstreamHealth } from './upstream-health.ts';
import { type ProbeOutcome, UpstreamProbe } from './upstream-probe.ts';
import { type Endpoint, nameOf, type Silence, textOf, type UpstreamContext } from './upstream-question.ts';
import { UpstreamTcp } from './upstream-tcp.ts';
import { type UdpTransport, UpstreamUdp } from './upstream-udp.ts';

const SILENCE_COUNTERS = {
  timeout: 'upstreamTimeout',
  unreachable: 'upstreamUnreachable',
  shortage: 'noSocket',
} as const;
/** From one question that also goes to a doubtful upstream, while another one is waited for, to the next. */
const COPY_EVERY_MS = 1_000;

/** The same for the upstreams of a group. */
export interface UpstreamSettings {
  /** Text of the zone that they are the servers of; null: every other name. */
  readonly zone: string | null;
  /** Milliseconds an upstream has for one try. */
  readonly tryTimeoutMs: number;
}

export class Upstream {
  readonly endpoint: Endpoint;
  readonly udp: UpstreamUdp;
  readonly tcp: UpstreamTcp;
  /** Questions under way that nobody waits for any more (upstream-attempt.ts). */
  lingering = 0;
  /** Has ever answered a client's question. */
  hasAnswered = false;
  readonly #health = new UpstreamHealth();
  readonly #probe: UpstreamProbe;
  readonly #context: UpstreamContext;
  readonly #log: Log;
  readonly #zone: string | null;
  #refusals = 0;
  #copiedMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(
    endpoint: Endpoint,
    { zone, tryTimeoutMs }: UpstreamSettings,
    transport: UdpTransport,
    context: UpstreamContext,
    log: Log,
  ) {
    this.endpoint = endpoint;
    this.udp = new UpstreamUdp(endpoint, transport, context);
    this.tcp = new UpstreamTcp(endpoint, context);
    this.#probe = new UpstreamProbe(this, probeQuestions(zone)[0], tryTimeoutMs, transport, context);
    this.#zone = zone;
    this.#context = context;
    this.#log = log;
  }

  get isDown(): boolean {
    return this.#health.isDown;
  }

  /** Whether there is no reason to ask others first. */
  get isTrusted(): boolean {
    return this.#health.isTrusted;
  }

  /** It has said something. */
  answered(): void {
    this.hasAnswered = true;
    this.#note(this.#health.answered(), null);
    this.#probe.unneeded();
  }

  /**
   * It has not.
   * @param query what it was asked
   * @param abandoned nobody needed it: that is not held against the upstream
   */
  silent(silence: Silence, query: Uint8Array, abandoned: boolean): void {
    if (this.#closed) return;
    this.#context.counters.count(SILENCE_COUNTERS[silence]);
    if (abandoned || silence === 'shortage') return;
    // That nobody listens there does not depend on the name
    const name = silence === 'unreachable' ? `${++this.#refusals}` : nameOf(query);
    this.#note(this.#health.failed(name), silence);
    this.#probe.wanted();
  }

  /** Asks it something of our own. @returns whether it has answered; null when this host could not ask */
  async probe(): Promise<boolean | null> {
    const outcome = await this.#probe.ask();
    return outcome === 'shortage' ? null : outcome === 'answered';
  }

  /** What became of a question of our own. */
  probed(outcome: ProbeOutcome): void {
    if (outcome === 'answered') this.#note(this.#health.probeAnswered(), null);
    else {
      if (outcome !== 'shortage') this.#note(this.#health.probeFailed(), outcome);
      this.#probe.wanted();
    }
  }

  /** It is known to be down; that has been said. */
  fell(): void {
    this.#health.fell();
  }

  /** Whether it is time to send a doubtful one a question that somebody else is asked. */
  takesCopy(nowMs: number): boolean {
    if (nowMs - this.#copiedMs < COPY_EVERY_MS) return false;
    this.#copiedMs = nowMs;
    return true;
  }

  /** Whoever waits is told 'unreachable'. */
  close(): void {
    this.#closed = true;
    this.#probe.close();
    this.udp.close();
    this.tcp.close();
  }

  #note(transition: 'up' | 'down' | null, reason: Silence | null): void {
    if (transition === null) return;
    const fields = { upstream: textOf(this.endpoint), ...(this.#zone === null ? {} : { zone: this.#zone }) };
    if (transition === 'up') this.#log.info(fields, 'upstream up');
    else this.#log.warn({ ...fields, reason }, 'upstream down');
  }
}
