/**
 * One upstream asked once: over UDP, and over TCP what UDP cannot carry or should not be believed.
 *
 * When the answer has come from elsewhere, or nobody wants one, the question is left. It lingers until the time of a try is
 * over, because it still tells whether the upstream works. Only so many do: they tell enough, the others end at once.
 */
import { NOTIMP, OPCODE_QUERY, opcodeOf, REFUSED, rcodeOf, SERVFAIL, TC, viewOf } from './message.ts';
import { MAX_DATAGRAM_BYTES } from './udp-batch.ts';
import type { Upstream } from './upstream.ts';
import { isRepeatable, type Silence, type UpstreamContext, type Wait } from './upstream-question.ts';
import type { Attempt, Failure } from './upstream-race.ts';

/** What attempts are made for. */
export interface Effort<Reply> {
  readonly query: Uint8Array;
  readonly deadlineMs: number;
  /** @returns null when a reply cannot be read */
  readonly read: (reply: Uint8Array) => Reply | null;
  abandoned: boolean;
  /** An error reply, in case nobody knows better. */
  fallback: Reply | null;
}

/** Questions of one upstream that linger: more than the answers that are on their way in normal use. */
export const MAX_LINGERING = 1024;

export class UpstreamAttempt<Reply> implements Attempt<Reply> {
  readonly outcome: Promise<Reply | Failure>;
  readonly #upstream: Upstream;
  readonly #effort: Effort<Reply>;
  readonly #context: UpstreamContext;
  readonly #tryTimeoutMs: number;
  readonly #startMs: number;
  readonly #wait: Wait = { left: false, end: () => {} };

  /** @param tryTimeoutMs after which silence counts */
  constructor(upstream: Upstream, effort: Effort<Reply>, context: UpstreamContext, tryTimeoutMs: number) {
    this.#upstream = upstream;
    this.#effort = effort;
    this.#context = context;
    this.#tryTimeoutMs = tryTimeoutMs;
    this.#startMs = context.clock.now();
    this.outcome = this.#try();
  }

  leave(): void {
    const { clock, counters } = this.#context;
    const upstream = this.#upstream;
    counters.count('upstreamLeft');
    this.#wait.left = true;
    const leftMs = this.#startMs + this.#tryTimeoutMs - clock.now();
    if (leftMs <= 0 || upstream.lingering >= MAX_LINGERING) {
      this.#wait.end();
      return;
    }
    upstream.lingering++;
    const cancel = clock.after(leftMs, () => {
      upstream.silent('timeout', this.#effort.query, this.#effort.abandoned);
      this.#wait.end();
    });
    const over = () => {
      upstream.lingering--;
      cancel();
    };
    void this.outcome.then(over, over);
  }

  /** As long as there is time. 'next': it has said what it can say, ask another one. */
  async #try(): Promise<Reply | Failure> {
    const effort = this.#effort;
    const bytes = await this.#overUdp();
    if (bytes === 'timeout') return bytes;
    if (typeof bytes === 'string') {
      this.#upstream.silent(bytes, effort.query, effort.abandoned);
      return 'next';
    }
    this.#upstream.answered();
    const whole = isTruncated(bytes) ? await this.#overTcp(bytes) : bytes;
    const reply = effort.read(whole);
    if (reply === null) {
      this.#context.counters.count('upstreamMalformed');
      return 'next';
    }
    if (!isServerError(whole)) return reply;
    effort.fallback ??= reply;
    return 'next';
  }

  /** By UDP, unless that cannot carry it. A reply that lost the case of the question may be forged, or come from a server that does not keep it: TCP tells. */
  async #overUdp(): Promise<Uint8Array | Silence> {
    const { query } = this.#effort;
    const { tcp, udp } = this.#upstream;
    if (query.length > MAX_DATAGRAM_BYTES) return tcp.ask(query, this.#leftMs(), this.#wait);
    const reply = await udp.ask(query, this.#leftMs(), this.#wait);
    if (reply !== 'case') return reply;
    this.#context.counters.count('upstreamCase');
    return this.#wait.left ? 'timeout' : tcp.ask(query, this.#leftMs(), this.#wait);
  }

  /** @returns the whole reply, or the truncated one when TCP does not work */
  async #overTcp(truncated: Uint8Array): Promise<Uint8Array> {
    const { query } = this.#effort;
    const leftMs = Math.min(this.#tryTimeoutMs, this.#leftMs());
    if (this.#wait.left || leftMs <= 0 || !isRepeatable(query)) return truncated;
    this.#context.counters.count('upstreamTcp');
    const reply = await this.#upstream.tcp.ask(query, leftMs, this.#wait);
    return typeof reply === 'string' ? truncated : reply;
  }

  #leftMs(): number {
    return this.#effort.deadlineMs - this.#context.clock.now();
  }
}

function isTruncated(reply: Uint8Array): boolean {
  return (viewOf(reply).getUint16(2) & TC) !== 0;
}

/** The upstream could not do it, another one might. Only questions are repeated: other opcodes may change things. */
function isServerError(reply: Uint8Array): boolean {
  const flags = viewOf(reply).getUint16(2);
  const rcode = rcodeOf(flags);
  return opcodeOf(flags) === OPCODE_QUERY && (rcode === SERVFAIL || rcode === REFUSED || rcode === NOTIMP);
}
