/**
 * The upstreams, in order of preference: one question goes to one after the other until there is a reply
 * (upstream-race.ts). A lost packet, a silent or unreachable upstream, an unreadable reply or a server failure lead to the
 * next one; a truncated reply is asked for again over TCP (checklist 74).
 */
import type { Log } from './log.ts';
import { NOTIMP, OPCODE_QUERY, opcodeOf, REFUSED, rcodeOf, SERVFAIL, TC, viewOf } from './message.ts';
import { transfer } from './transfer.ts';
import { MAX_DATAGRAM_BYTES } from './udp-batch.ts';
import { UpstreamHealth } from './upstream-health.ts';
import {
  type Endpoint,
  isRepeatable,
  type Silence,
  textOf,
  type UpstreamContext,
} from './upstream-question.ts';
import { type Failure, Race, type Rules } from './upstream-race.ts';
import { UpstreamTcp } from './upstream-tcp.ts';
import { type UdpTransport, UpstreamUdp } from './upstream-udp.ts';

/** A question under way. */
export interface Exchange<Reply> {
  /** Never rejects. Null: nobody answered in time. */
  readonly reply: Promise<Reply | null>;
  /** The reply is not needed any more: no other upstream is asked, silence is not held against anybody. */
  abandon(): void;
}

export interface UpstreamsOptions {
  readonly endpoints: readonly Endpoint[];
  /** Milliseconds an upstream has for one try. */
  readonly tryTimeoutMs: number;
}

interface Upstream {
  readonly endpoint: Endpoint;
  readonly udp: UpstreamUdp;
  readonly tcp: UpstreamTcp;
  readonly health: UpstreamHealth;
}

interface Effort<Reply> {
  readonly query: Uint8Array;
  readonly deadlineMs: number;
  /** @returns null when a reply cannot be read */
  readonly read: (reply: Uint8Array) => Reply | null;
  abandoned: boolean;
  /** An error reply, in case nobody knows better. */
  fallback: Reply | null;
}

const SILENCE_COUNTERS = {
  timeout: 'upstreamTimeout',
  unreachable: 'upstreamUnreachable',
  shortage: 'noSocket',
} as const;

export class Upstreams {
  readonly #tryTimeoutMs: number;
  readonly #context: UpstreamContext;
  readonly #log: Log;
  readonly #upstreams: readonly Upstream[];
  readonly #rules: Rules<Upstream, Effort<unknown>>;
  #closed = false;

  constructor(options: UpstreamsOptions, transport: UdpTransport, context: UpstreamContext, log: Log) {
    this.#tryTimeoutMs = options.tryTimeoutMs;
    this.#context = context;
    this.#log = log;
    this.#upstreams = options.endpoints.map((endpoint) => ({
      endpoint,
      udp: new UpstreamUdp(endpoint, transport, context),
      tcp: new UpstreamTcp(endpoint, context),
      health: new UpstreamHealth(),
    }));
    this.#rules = {
      clock: context.clock,
      tryTimeoutMs: options.tryTimeoutMs,
      inOrder: (upstreams) => this.#inOrder(upstreams),
      goesOn: (effort) => !this.#closed && !effort.abandoned && this.#leftMs(effort) > 0,
      another: (effort) => effort.fallback === null,
      silent: (upstream, effort) => this.#silent(upstream, effort, 'timeout'),
    };
  }

  /**
   * @param query a whole message; its id is replaced by random ones
   * @param deadlineMs clock time when to give up
   * @param read turns the bytes of a reply into what the caller needs
   */
  ask<Reply>(
    query: Uint8Array,
    deadlineMs: number,
    read: (reply: Uint8Array) => Reply | null,
  ): Exchange<Reply> {
    const effort: Effort<Reply> = { query, deadlineMs, read, abandoned: false, fallback: null };
    return {
      reply: this.#pursue(effort),
      abandon: () => {
        effort.abandoned = true;
      },
    };
  }

  /** Passes a zone transfer on from the first upstream. @returns messages delivered */
  transfer(query: Uint8Array, silenceMs: number, deliver: (message: Uint8Array) => void): Promise<number> {
    const first = this.#inOrder(new Set(this.#upstreams))[0];
    if (first === undefined || this.#closed) return Promise.resolve(0);
    return transfer(query, first.endpoint, silenceMs, this.#context, deliver);
  }

  /** Whether this host has a way to each upstream, as the name of the error or null. */
  routes(): { readonly endpoint: Endpoint; readonly failure: string | null }[] {
    return this.#upstreams.map(({ endpoint, udp }) => ({ endpoint, failure: udp.routeFailure() }));
  }

  /** Whoever waits gets null. */
  close(): void {
    this.#closed = true;
    for (const upstream of this.#upstreams) {
      upstream.udp.close();
      upstream.tcp.close();
    }
  }

  async #pursue<Reply>(effort: Effort<Reply>): Promise<Reply | null> {
    const attempt = (upstream: Upstream) => this.#try(upstream, effort);
    if (!isRepeatable(effort.query)) return this.#once(effort);
    const reply = await new Race(this.#upstreams, this.#rules, effort, attempt).run();
    return reply ?? effort.fallback;
  }

  /** What may change something at the upstream is sent to one of them, and never again. */
  async #once<Reply>(effort: Effort<Reply>): Promise<Reply | null> {
    const first = this.#inOrder(new Set(this.#upstreams))[0];
    if (first === undefined || this.#closed) return null;
    const outcome = await this.#try(first, effort);
    return outcome === 'next' || outcome === 'timeout' ? effort.fallback : outcome;
  }

  /** One upstream, once, as long as there is time. 'next': it has said what it can say, ask another one. */
  async #try<Reply>(upstream: Upstream, effort: Effort<Reply>): Promise<Reply | Failure> {
    const bytes = await this.#overUdp(upstream, effort);
    if (typeof bytes === 'string') {
      if (bytes !== 'timeout') this.#silent(upstream, effort, bytes);
      return bytes === 'timeout' ? 'timeout' : 'next';
    }
    if (upstream.health.answered() === 'up')
      this.#log.info({ upstream: textOf(upstream.endpoint) }, 'upstream up');
    const whole = isTruncated(bytes) ? await this.#overTcp(upstream, effort, bytes) : bytes;
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
  async #overUdp(upstream: Upstream, effort: Effort<unknown>): Promise<Uint8Array | Silence> {
    if (effort.query.length > MAX_DATAGRAM_BYTES) return upstream.tcp.ask(effort.query, this.#leftMs(effort));
    const reply = await upstream.udp.ask(effort.query, this.#leftMs(effort));
    if (reply !== 'case') return reply;
    this.#context.counters.count('upstreamCase');
    return upstream.tcp.ask(effort.query, this.#leftMs(effort));
  }

  #silent(upstream: Upstream, effort: Effort<unknown>, silence: Silence): void {
    if (this.#closed) return;
    const { counters, clock } = this.#context;
    counters.count(SILENCE_COUNTERS[silence]);
    if (silence === 'shortage') return;
    if (!effort.abandoned && upstream.health.failed(clock.now()) === 'down') {
      this.#log.warn({ upstream: textOf(upstream.endpoint), reason: silence }, 'upstream down');
    }
  }

  /** @returns the whole reply, or the truncated one when TCP does not work */
  async #overTcp(upstream: Upstream, effort: Effort<unknown>, truncated: Uint8Array): Promise<Uint8Array> {
    const leftMs = Math.min(this.#tryTimeoutMs, this.#leftMs(effort));
    if (effort.abandoned || leftMs <= 0 || !isRepeatable(effort.query)) return truncated;
    this.#context.counters.count('upstreamTcp');
    const reply = await upstream.tcp.ask(effort.query, leftMs);
    return typeof reply === 'string' ? truncated : reply;
  }

  /** The configured order, those that failed a moment ago last. */
  #inOrder(upstreams: ReadonlySet<Upstream>): Upstream[] {
    const list = [...upstreams];
    if (list.length < 2) return list;
    const now = this.#context.clock.now();
    const resting = (upstream: Upstream) => upstream.health.resting(now);
    return [...list.filter((upstream) => !resting(upstream)), ...list.filter(resting)];
  }

  #leftMs(effort: Effort<unknown>): number {
    return effort.deadlineMs - this.#context.clock.now();
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
