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
  /** Has ever answered, a client's question or one of our own. */
  hasAnswered = false;
  readonly #health = new UpstreamHealth();
  readonly #probe: UpstreamProbe;
  readonly #context: UpstreamContext;
  readonly #log: Log;
  readonly #zone: string | null;
  /** Silences of an examination, until it is over. */
  #held: Silence[] | null = null;
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
    this.#probe = new UpstreamProbe(this, probeQuestions(zone), tryTimeoutMs, transport, context);
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
    this.#held?.splice(0);
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

  /** Asks it our own questions. Silence is not held against it until `examined`. @returns whether this host could ask */
  async examine(): Promise<boolean> {
    this.#held = [];
    return (await this.#probe.examine()) !== 'shortage';
  }

  /** @param allSilent nobody answers: it is down, and that is said for all of them */
  examined(allSilent: boolean): void {
    const held = this.#held ?? [];
    this.#held = null;
    if (allSilent) this.#health.fell();
    else for (const silence of held) this.#note(this.#health.probeFailed(), silence);
    if (this.#health.isDoubted) this.#probe.wanted();
  }

  /** What became of a question of our own. */
  probed(outcome: ProbeOutcome): void {
    if (outcome === 'answered') {
      this.hasAnswered = true;
      this.#held?.splice(0);
      this.#note(this.#health.probeAnswered(), null);
      return;
    }
    if (outcome === 'timeout' || outcome === 'unreachable') {
      if (this.#held === null) this.#note(this.#health.probeFailed(), outcome);
      else this.#held.push(outcome);
    }
    if (this.#health.isDoubted || (this.#held !== null && !this.hasAnswered)) this.#probe.wanted();
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
