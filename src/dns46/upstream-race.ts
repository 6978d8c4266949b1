/**
 * One question, several upstreams: the next is asked as soon as one has failed, or when it has kept silent for a while, and
 * goes on being waited for. The first good reply counts. Who was only silent is asked again in the next round, because a
 * packet may have been lost.
 *
 *     first   ├─ asked ………………………………………… timeout
 *     second      0.4 s ├─ asked …… reply ► the answer
 */
import type { Clock } from './clock.ts';

/** A failure that ends the wait for one upstream: silence, or a reply that another one may better. */
export type Failure = 'timeout' | 'next';

export interface Race<Upstream, Reply> {
  readonly clock: Clock;
  /** Those of a set in order of preference. */
  readonly inOrder: (upstreams: ReadonlySet<Upstream>) => Upstream[];
  readonly attempt: (upstream: Upstream) => Promise<Reply | Failure>;
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
  return new Promise((resolve) => new Runner(upstreams, rules, resolve).next());
}

class Runner<Upstream, Reply> {
  readonly #rules: Race<Upstream, Reply>;
  readonly #resolve: (reply: Reply | null) => void;
  /** Those that have not said anything. */
  readonly #silent: Set<Upstream>;
  #waiting: Upstream[];
  #running = 0;
  #round = 1;
  #over = false;
  #cancelHedge = (): void => {};

  constructor(
    upstreams: readonly Upstream[],
    rules: Race<Upstream, Reply>,
    resolve: (reply: Reply | null) => void,
  ) {
    this.#rules = rules;
    this.#resolve = resolve;
    this.#silent = new Set(upstreams);
    this.#waiting = rules.inOrder(this.#silent);
  }

  /** Asks the next one, if there is any. */
  next(): void {
    this.#cancelHedge();
    if (this.#over) return;
    const upstream = this.#rules.goesOn() ? this.#following() : undefined;
    if (upstream !== undefined) this.#start(upstream);
    else if (this.#running === 0) this.#finish(null);
  }

  #following(): Upstream | undefined {
    const again = this.#waiting.length === 0 && this.#running === 0 && this.#round < ROUNDS;
    if (again && this.#silent.size > 0 && this.#rules.another()) {
      this.#round++;
      this.#waiting = this.#rules.inOrder(this.#silent);
    }
    return this.#waiting.shift();
  }

  #start(upstream: Upstream): void {
    const { attempt, clock } = this.#rules;
    this.#running++;
    void attempt(upstream).then((outcome) => {
      this.#running--;
      if (outcome === 'timeout') this.next();
      else if (outcome === 'next') {
        this.#silent.delete(upstream);
        this.next();
      } else this.#finish(outcome);
    });
    if (this.#waiting.length > 0) this.#cancelHedge = clock.after(HEDGE_MS, () => this.next());
  }

  #finish(reply: Reply | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelHedge();
    this.#resolve(reply);
  }
}
