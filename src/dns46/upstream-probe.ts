/**
 * Questions of our own to one upstream, beside those of clients: whether it answers at all. One at a time, and only as long
 * as there is doubt. They are not in the counters, which tell what became of the clients' queries.
 */
import type { Clock } from './clock.ts';
import type { DnsCounters } from './counters.ts';
import { type ProbeQuestion, probeQuery } from './probe-question.ts';
import type { Endpoint, Silence, UpstreamContext } from './upstream-question.ts';
import { type UdpTransport, UpstreamUdp } from './upstream-udp.ts';

/** From one probe to the next, at least. */
const PROBE_EVERY_MS = 1_000;
/** The same of an upstream that is down. */
const PROBE_DOWN_EVERY_MS = 5_000;
const ANSWERED = 'answered';
const UNCOUNTED: DnsCounters = {
  clientQuery() {},
  clientReply() {},
  upstreamQuery() {},
  upstreamReply() {},
  count() {},
};

/** Any reply is an answer, a refusal too. */
export type ProbeOutcome = Silence | typeof ANSWERED;

/** Whose probes these are. */
export interface Probed {
  readonly endpoint: Endpoint;
  readonly isDown: boolean;
  probed(outcome: ProbeOutcome): void;
}

export class UpstreamProbe {
  readonly #of: Probed;
  readonly #question: Uint8Array;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #udp: UpstreamUdp;
  #running: Promise<ProbeOutcome> | null = null;
  #startMs = Number.NEGATIVE_INFINITY;
  #cancelNext: (() => void) | null = null;
  #closed = false;

  /** @param timeoutMs after which silence counts */
  constructor(
    of: Probed,
    question: ProbeQuestion,
    timeoutMs: number,
    transport: UdpTransport,
    context: UpstreamContext,
  ) {
    this.#of = of;
    this.#question = probeQuery(question, 0);
    this.#timeoutMs = timeoutMs;
    this.#clock = context.clock;
    this.#udp = new UpstreamUdp(of.endpoint, transport, {
      ...context,
      counters: UNCOUNTED,
      mixedCase: false,
    });
  }

  /** There is doubt: asks as soon as it may. */
  wanted(): void {
    if (this.#running !== null || this.#cancelNext !== null || this.#closed) return;
    const everyMs = this.#of.isDown ? PROBE_DOWN_EVERY_MS : PROBE_EVERY_MS;
    const waitMs = this.#startMs + everyMs - this.#clock.now();
    if (waitMs <= 0) void this.ask();
    else
      this.#cancelNext = this.#clock.after(waitMs, () => {
        this.#cancelNext = null;
        void this.ask();
      });
  }

  /** There is none any more. */
  unneeded(): void {
    this.#cancelNext?.();
    this.#cancelNext = null;
  }

  /** Asks at once, or joins who asks already. Never rejects. */
  ask(): Promise<ProbeOutcome> {
    if (this.#closed) return Promise.resolve('shortage');
    this.#running ??= this.#asked();
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    this.unneeded();
    this.#udp.close();
  }

  async #asked(): Promise<ProbeOutcome> {
    this.#startMs = this.#clock.now();
    const reply = await this.#udp.ask(this.#question, this.#timeoutMs, { left: false, end: () => {} });
    const outcome = typeof reply === 'string' && reply !== 'case' ? reply : ANSWERED;
    this.#running = null;
    if (!this.#closed) this.#of.probed(outcome);
    return outcome;
  }
}
