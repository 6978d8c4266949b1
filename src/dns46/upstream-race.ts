/**
 * One question, several upstreams: the next is asked as soon as one has failed, or when it has kept silent for a while. Who
 * was silent for the time of a try is asked again, because a packet may have been lost. Nobody is given up before the time
 * is over: the first good reply counts, however late, so that an upstream that needs two seconds still answers. Then the
 * others are left.
 *
 *     first   ├─ asked ………………………………… again ├─ ………………
 *     second      0.4 s ├─ asked …………… reply ► the answer
 *
 * Those asked beside are asked from the start and nobody waits for them: that tells whether they work. What they say counts.
 * When what is known by then suffices beside those that are left, they have HEDGE_MS more.
 */
import type { Clock } from './clock.ts';

/** Why an attempt brought nothing: silence until the time was over, or a reply that another one may better. */
export type Failure = 'timeout' | 'next';

/** One upstream asked once. */
export interface Attempt<Reply> {
  readonly outcome: Promise<Reply | Failure>;
  /** Nobody waits for it any more. */
  leave(): void;
}

/** The same for every race of a group of upstreams. `effort` is what one race is about. */
export interface Rules<Upstream, Effort> {
  readonly clock: Clock;
  /** Milliseconds of silence after which who was asked is asked again. */
  readonly tryTimeoutMs: number;
  /** Those of a set in order of preference. */
  inOrder(upstreams: ReadonlySet<Upstream>): Upstream[];
  /** Those of them that are to be asked beside the first one. */
  beside(inOrder: readonly Upstream[]): Upstream[];
  /** Whether there is time. */
  goesOn(effort: Effort): boolean;
  /** Whether another round may bring more than what is known by now. */
  another(effort: Effort): boolean;
  /** Whether what is known by now is worth more than a long wait for these. */
  suffices(effort: Effort, left: readonly Upstream[]): boolean;
  /** An upstream has kept silent for the time of a try. */
  silent(upstream: Upstream, effort: Effort): void;
}

/** How often the whole list is gone through, as long as there is time. */
const ROUNDS = 3;
/** Most resolvers that answer at all have answered by then; a cold cache at the upstream is asked twice at worst. */
const HEDGE_MS = 400;

export class Race<Upstream, Effort, Reply> {
  readonly #rules: Rules<Upstream, Effort>;
  readonly #effort: Effort;
  readonly #attempt: (upstream: Upstream) => Attempt<Reply>;
  /** Those that have not said anything. */
  readonly #silent: Set<Upstream>;
  #waiting: Upstream[];
  readonly #running = new Map<Attempt<Reply>, Upstream>();
  /** Ends the other waits: for silence that is to be noted, and for those that are left when what is known suffices. */
  readonly #cancelWaits: (() => void)[] = [];
  #round = 1;
  #over = false;
  #cancelTimer = nothing;
  #resolve: (reply: Reply | null) => void = nothing;
  #reject: (mistake: unknown) => void = nothing;

  /** @param attempt asks one upstream, once, as long as there is time */
  constructor(
    upstreams: readonly Upstream[],
    rules: Rules<Upstream, Effort>,
    effort: Effort,
    attempt: (upstream: Upstream) => Attempt<Reply>,
  ) {
    this.#rules = rules;
    this.#effort = effort;
    this.#attempt = attempt;
    this.#silent = new Set(upstreams);
    this.#waiting = rules.inOrder(this.#silent);
  }

  /** @returns the first good reply, or null */
  run(): Promise<Reply | null> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (!this.#rules.goesOn(this.#effort)) {
        this.#finish(null);
        return;
      }
      const beside = this.#rules.beside(this.#waiting);
      this.#waiting = this.#waiting.filter((upstream) => !beside.includes(upstream));
      this.#next();
      for (const upstream of beside) this.#startBeside(upstream);
    });
  }

  /** Nobody waits any more: the reply is null. */
  end(): void {
    this.#finish(null);
  }

  /** Asks the next one, if there is any. */
  #next(): void {
    if (this.#over) return;
    const upstream = this.#rules.goesOn(this.#effort) ? this.#waiting.shift() : undefined;
    if (upstream !== undefined) this.#start(upstream);
    else if (this.#running.size === 0) this.#finish(null);
  }

  #start(upstream: Upstream): void {
    const { clock, tryTimeoutMs } = this.#rules;
    this.#launch(upstream, () => this.#next());
    this.#cancelTimer();
    const patienceMs = this.#waiting.length > 0 ? HEDGE_MS : tryTimeoutMs;
    this.#cancelTimer = clock.after(patienceMs, () => this.#late(upstream, patienceMs));
  }

  #startBeside(upstream: Upstream): void {
    const { clock, tryTimeoutMs } = this.#rules;
    this.#launch(upstream, () => {
      if (this.#running.size === 0) this.#next();
    });
    this.#cancelWaits.push(clock.after(tryTimeoutMs, () => this.#noteSilence(upstream)));
  }

  /** @param failed it brought nothing */
  #launch(upstream: Upstream, failed: () => void): void {
    const attempt = this.#attempt(upstream);
    this.#running.set(attempt, upstream);
    void attempt.outcome.then((outcome) => {
      this.#running.delete(attempt);
      if (outcome !== 'timeout') this.#silent.delete(upstream);
      if (outcome !== 'next' && outcome !== 'timeout') {
        this.#finish(outcome);
        return;
      }
      failed();
      this.#hurry();
    }, this.#reject);
  }

  /** Ends a long wait that is not worth it. */
  #hurry(): void {
    const { clock, suffices } = this.#rules;
    if (this.#over || !suffices(this.#effort, [...this.#running.values(), ...this.#waiting])) return;
    this.#cancelWaits.push(clock.after(HEDGE_MS, () => this.#finish(null)));
  }

  /** The last one asked keeps silent. */
  #late(upstream: Upstream, patienceMs: number): void {
    const { another, clock, goesOn, inOrder, tryTimeoutMs } = this.#rules;
    const moreMs = tryTimeoutMs - patienceMs;
    if (moreMs > 0) this.#cancelWaits.push(clock.after(moreMs, () => this.#noteSilence(upstream)));
    else this.#noteSilence(upstream);
    const exhausted = this.#waiting.length === 0;
    if (!goesOn(this.#effort)) {
      this.#finish(null);
      return;
    }
    if (exhausted && another(this.#effort) && this.#round++ < ROUNDS) this.#waiting = inOrder(this.#silent);
    this.#next();
  }

  #noteSilence(upstream: Upstream): void {
    if (this.#silent.has(upstream)) this.#rules.silent(upstream, this.#effort);
  }

  #finish(reply: Reply | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelTimer();
    for (const cancel of this.#cancelWaits) cancel();
    for (const attempt of this.#running.keys()) attempt.leave();
    this.#resolve(reply);
  }
}

function nothing(): void {}
