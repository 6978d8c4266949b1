/**
 * How far an upstream is trusted. One that left a question unanswered is asked last until it answers one. It is called
 * down, which is worth a line in the log, when three questions were in vain, for different names or our own (probes), one of
 * our own among them: a resolver may be silent about a name, or some, and answer all others. Pure.
 *
 *     trusted ── a question in vain ──► suspect ── three in vain, one of them a probe ──► down
 *        ▲                                 │ an answer                                      │ an answer, to a probe, too
 *        └─────────────────────────────────┴────────────────────────────────────────────────┘
 */

/** Questions in vain, without an answer between, that make an upstream "down": each name counts once, each probe does, and one is a probe. */
export const FAILURES_TO_DOWN = 3;

/** What has just changed, if anything. */
export type Transition = 'down' | 'up' | null;

export class UpstreamHealth {
  /** Names asked in vain since the last answer to a client; more than FAILURES_TO_DOWN tell nothing new. */
  readonly #names = new Set<string>();
  /** Probes in vain since the last answer. */
  #probes = 0;
  #down = false;

  /** @param name what was asked in vain */
  failed(name: string): Transition {
    if (this.#names.size < FAILURES_TO_DOWN) this.#names.add(name);
    return this.#judged();
  }

  probeFailed(): Transition {
    this.#probes++;
    return this.#judged();
  }

  answered(): Transition {
    this.#names.clear();
    return this.#worksAgain();
  }

  /** A resolver that has lost its own upstreams may answer probes and nothing else: only one that was down is trusted by that. */
  probeAnswered(): Transition {
    if (this.#down) this.#names.clear();
    return this.#worksAgain();
  }

  /** It is known to be down; nothing is to be said. */
  fell(): void {
    this.#down = true;
  }

  get isDown(): boolean {
    return this.#down;
  }

  /** Whether there is no reason to ask others first. */
  get isTrusted(): boolean {
    return !this.#down && this.#names.size === 0;
  }

  /** Whether there is something to find out: it left a client's question unanswered, or a probe. */
  get isDoubted(): boolean {
    return !this.isTrusted || this.#probes > 0;
  }

  #judged(): Transition {
    if (this.#down || this.#probes === 0 || this.#names.size + this.#probes < FAILURES_TO_DOWN) return null;
    this.#down = true;
    return 'down';
  }

  #worksAgain(): Transition {
    const wasDown = this.#down;
    this.#probes = 0;
    this.#down = false;
    return wasDown ? 'up' : null;
  }
}
