/**
 * Questions of our own to one upstream, beside those of clients: whether it answers at all. One at a time, and only as long
 * as there is doubt: the answer to a client's question ends one under way. They take turns at two questions as long as there
 * is silence (probe-question.ts), and no socket outlives its question. They are not in the counters, which tell what became
 * of the clients' queries.
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

/** Any reply is an answer, a refusal too. 'unneeded': a client was answered meanwhile. */
export type ProbeOutcome = Silence | typeof ANSWERED | 'unneeded';

/** Whose probes these are. */
export interface Probed {
  readonly endpoint: Endpoint;
  readonly isDown: boolean;
  probed(outcome: ProbeOutcome): void;
}

export class UpstreamProbe {
  readonly #of: Probed;
  readonly #queries: readonly Uint8Array[];
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #udp: UpstreamUdp;
  /** Place of the next question; one that was answered is asked again. */
  #next = 0;
  #running: Promise<ProbeOutcome> | null = null;
  #isUnneeded = false;
  #startMs = Number.NEGATIVE_INFINITY;
  #cancelNext: (() => void) | null = null;
  #closed = false;

  /** @param timeoutMs after which silence counts */
  constructor(
    of: Probed,
    questions: readonly ProbeQuestion[],
    timeoutMs: number,
    transport: UdpTransport,
    context: UpstreamContext,
  ) {
    this.#of = of;
    this.#queries = questions.map((question) => probeQuery(question, 0));
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
    if (waitMs <= 0) void this.#ask();
    else
      this.#cancelNext = this.#clock.after(waitMs, () => {
        this.#cancelNext = null;
        void this.#ask();
      });
  }

  /** A client was answered. One under way ends. */
  unneeded(): void {
    this.#cancelNext?.();
    this.#cancelNext = null;
    if (this.#running === null) return;
    this.#isUnneeded = true;
    this.#udp.close();
  }

  /** Asks at once, one question after the other as long as there is silence. Never rejects. @returns what became of the last one */
  async examine(): Promise<ProbeOutcome> {
    let outcome: ProbeOutcome = 'timeout';
    for (let i = 0; i < this.#queries.length && outcome === 'timeout'; i++) outcome = await this.#ask();
    return outcome;
  }

  close(): void {
    this.#closed = true;
    this.unneeded();
  }

  /** Asks at once, or joins who asks already. */
  #ask(): Promise<ProbeOutcome> {
    if (this.#closed) return Promise.resolve('shortage');
    this.#cancelNext?.();
    this.#cancelNext = null;
    this.#running ??= this.#asked(this.#queries[this.#next] ?? new Uint8Array());
    return this.#running;
  }

  async #asked(query: Uint8Array): Promise<ProbeOutcome> {
    this.#startMs = this.#clock.now();
    this.#isUnneeded = false;
    const reply = await this.#udp.ask(query, this.#timeoutMs, { left: false, end: () => {} });
    this.#udp.close();
    this.#running = null;
    const outcome = this.#isUnneeded
      ? 'unneeded'
      : typeof reply === 'string' && reply !== 'case'
        ? reply
        : ANSWERED;
    if (outcome === 'timeout') this.#next = (this.#next + 1) % this.#queries.length;
    if (!this.#closed) this.#of.probed(outcome);
    return outcome;
  }
}
