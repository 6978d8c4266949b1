/**
 * The upstreams, in order of preference: one question goes to one after the other until there is a reply
 * (upstream-race.ts). A lost packet, a silent or unreachable upstream, an unreadable reply or a server failure lead to the
 * next one; a truncated reply is asked for again over TCP (checklist 74). Nobody waits for one that is in doubt while
 * another one answers, but 0.4 s when that says that it failed: now and then a question is sent to it as well.
 */
import type { Log } from './log.ts';
import { transfer } from './transfer.ts';
import { Upstream, type UpstreamSettings } from './upstream.ts';
import { type Effort, UpstreamAttempt } from './upstream-attempt.ts';
import { type Endpoint, isRepeatable, type UpstreamContext } from './upstream-question.ts';
import { Race, type Rules } from './upstream-race.ts';
import type { UdpTransport } from './upstream-udp.ts';

/** A question under way. */
export interface Exchange<Reply> {
  /** Never rejects. Null: nobody answered in time. */
  readonly reply: Promise<Reply | null>;
  /** The reply is not needed any more: it is null at once, no other upstream is asked, silence is not held against anybody. */
  abandon(): void;
}

export interface UpstreamsOptions extends UpstreamSettings {
  readonly endpoints: readonly Endpoint[];
}

/** An upstream as it is shown. */
export interface UpstreamView {
  readonly endpoint: Endpoint;
  readonly isDown: boolean;
}

export class Upstreams {
  readonly #tryTimeoutMs: number;
  readonly #context: UpstreamContext;
  readonly #upstreams: readonly Upstream[];
  readonly #rules: Rules<Upstream, Effort<unknown>>;
  #closed = false;

  constructor(options: UpstreamsOptions, transport: UdpTransport, context: UpstreamContext, log: Log) {
    this.#tryTimeoutMs = options.tryTimeoutMs;
    this.#context = context;
    this.#upstreams = options.endpoints.map(
      (endpoint) => new Upstream(endpoint, options, transport, context, log),
    );
    this.#rules = {
      clock: context.clock,
      tryTimeoutMs: options.tryTimeoutMs,
      inOrder: (upstreams) => this.#inOrder(upstreams),
      beside: (inOrder) => this.#beside(inOrder),
      goesOn: (effort) => !this.#closed && effort.deadlineMs > context.clock.now(),
      another: (effort) => effort.fallback === null && isRepeatable(effort.query),
      // Who gave the fallback is trusted
      suffices: (effort, left) => effort.fallback !== null && left.every(({ isTrusted }) => !isTrusted),
      silent: (upstream, effort) => upstream.silent('timeout', effort.query, effort.abandoned),
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
    const attempt = (upstream: Upstream) =>
      new UpstreamAttempt(upstream, effort, this.#context, this.#tryTimeoutMs);
    const race = new Race(this.#candidates(query), this.#rules, effort, attempt);
    return {
      reply: race.run().then((reply) => reply ?? effort.fallback),
      abandon: () => {
        effort.abandoned = true;
        race.end();
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

  /** In the configured order. */
  views(): UpstreamView[] {
    return this.#upstreams.map(({ endpoint, isDown }) => ({ endpoint, isDown }));
  }

  /** Asks each our own questions. If none has answered by the end, all are down from there on. @returns whether that is so */
  async allSilent(): Promise<boolean> {
    const asked = await Promise.all(this.#upstreams.map((upstream) => upstream.examine()));
    if (this.#closed) return false;
    const someAnswered = this.#upstreams.some(({ hasAnswered }) => hasAnswered);
    const silent = asked.length > 0 && !asked.includes(false) && !someAnswered;
    for (const upstream of this.#upstreams) upstream.examined(silent);
    return silent;
  }

  /** Whoever waits gets null. */
  close(): void {
    this.#closed = true;
    for (const upstream of this.#upstreams) upstream.close();
  }

  /** What may change something at the upstream is sent to one of them, and never again. */
  #candidates(query: Uint8Array): readonly Upstream[] {
    return isRepeatable(query) ? this.#upstreams : this.#inOrder(new Set(this.#upstreams)).slice(0, 1);
  }

  /** The configured order, doubtful ones behind it and those that are down last. */
  #inOrder(upstreams: ReadonlySet<Upstream>): Upstream[] {
    return [...upstreams].sort((one, other) => rank(one) - rank(other));
  }

  /** While one that works is asked, a doubtful one gets the question, too, now and then: its answer ends the doubt. */
  #beside([first, ...others]: readonly Upstream[]): Upstream[] {
    if (first?.isTrusted !== true) return [];
    const now = this.#context.clock.now();
    return others.filter((upstream) => !upstream.isTrusted && upstream.takesCopy(now));
  }
}

function rank({ isTrusted, isDown }: Upstream): number {
  return isTrusted ? 0 : isDown ? 2 : 1;
}
