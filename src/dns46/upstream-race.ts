/**
 * One question, several upstreams: the next is asked as soon as one has failed, or when it has kept silent for a while. Who
 * was silent for the time of a try is asked again, because a packet may have been lost. Nobody is given up before the time
 * is over: the first good reply counts, however late, so that an upstream that needs two seconds still answers.
 *
 *     first   ├─ asked ………………………………… again ├─ ………………
 *     second      0.4 s ├─ asked …………… reply ► the answer
 */
import type { Clock } from './clock.ts';

/** Why an attempt brought nothing: silence until the time was over, or a reply that another one may better. */
export type Failure = 'timeout' | 'next';

export interface Race<Upstream, Reply> {
  readonly clock: Clock;
  /** Those of a set in order of preference. */
  readonly inOrder: (upstreams: ReadonlySet<Upstream>) => Upstream[];
  readonly attempt: (upstream: Upstream) => Promise<Reply | Failure>;
  /** Milliseconds of silence after which who was asked is asked again. */
  readonly tryTimeoutMs: number;
  /** Whether there is time, and somebody who waits. */
  readonly goesOn: () => boolean;
  /** Whether another round may bring more than what is known by now. */
  readonly another: () => boolean;
}

/** How often the whole list is gone through, as long as there is time. */
const ROUNDS = 3;
/** Most resolvers that answer at all have answered by then; a cold cache at the upstream is asked twice at worst. */
const HEDGE_MS = 400;

/** @returns the first good reply, or null; attempts under way then are left to themselves */
export function race<Upstream, Reply>(
  upstreams: readonly Upstream[],
  rules: Race<Upstream, Reply>,
): Promise<Reply | null> {
  return new Promise((resolve, reject) => new Runner(upstreams, rules, resolve, reject).next());
}

class Runner<Upstream, Reply> {
  readonly #rules: Race<Upstream, Reply>;
  readonly #resolve: (reply: Reply | null) => void;
  readonly #reject: (mistake: unknown) => void;
  /** Those that have not said anything. */
  readonly #silent: Set<Upstream>;
  #waiting: Upstream[];
  #running = 0;
  #round = 1;
  #over = false;
  #cancelTimer = (): void => {};

  constructor(
    upstreams: readonly Upstream[],
    rules: Race<Upstream, Reply>,
    resolve: (reply: Reply | null) => void,
    reject: (mistake: unknown) => void,
  ) {
    this.#rules = rules;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#silent = new Set(upstreams);
    this.#waiting = rules.inOrder(this.#silent);
  }

  /** Asks the next one, if there is any. */
  next(): void {
    if (this.#over) return;
    const upstream = this.#rules.goesOn() ? this.#waiting.shift() : undefined;
    if (upstream !== undefined) this.#start(upstream);
    else if (this.#running === 0) this.#finish(null);
  }

  /** The last one asked keeps silent. */
  #late(): void {
    const { another, goesOn, inOrder } = this.#rules;
    const exhausted = this.#waiting.length === 0;
    if (!goesOn() || (exhausted && !another())) {
      this.#finish(null);
      return;
    }
    if (exhausted && this.#round++ < ROUNDS) this.#waiting = inOrder(this.#silent);
    this.next();
  }

  #start(upstream: Upstream): void {
    const { attempt, clock, tryTimeoutMs } = this.#rules;
    this.#running++;
    void attempt(upstream).then((outcome) => {
      this.#running--;
      if (outcome === 'next') this.#silent.delete(upstream);
      if (outcome === 'next' || outcome === 'timeout') this.next();
      else this.#finish(outcome);
    }, this.#reject);
    this.#cancelTimer();
    const patienceMs = this.#waiting.length > 0 ? HEDGE_MS : tryTimeoutMs;
    this.#cancelTimer = clock.after(patienceMs, () => this.#late());
  }

  #finish(reply: Reply | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    this.#resolve(reply);
  }
}
