/**
 * Which SNAT addresses this gateway has: its own as long as it lives, and those of a gateway that died, until that one is
 * back or nothing uses them any more.
 *
 *     home       configured here       nobody's ──► held ──► (another's while we were away) ──► held
 *     inherited  another's, orphaned   orphan ──► held ──► its home is back, or idle ──► released
 *
 * What an earlier run of this gateway inherited is found like an orphan, without waiting for its lease to run out.
 *
 * A store that cannot be reached changes nothing: it cannot be told from one that is dead for everybody, and then nobody
 * takes anything over. Who is held back meanwhile by a newer token steps back when the store is there again.
 */
import { BEAT_MS, type GatewayGroup, LEASE_MS } from './group.ts';
import { StoreLost } from './store.ts';

export interface LeaseHooks {
  /** The address is ours now. Its sessions are to be taken over before it is used. */
  readonly gained: (address: string, isHome: boolean) => Promise<void>;
  /** Whether an orphan is an address at all: others wrote it. */
  readonly isAddress: (address: string) => boolean;
  /** Another gateway has it, from the start or now: no new sessions. */
  readonly lost: (address: string) => void;
  /** It is about to be released. Resolves when all of its sessions are in the journal. */
  readonly leaving: (address: string) => Promise<void>;
  /** It was released: nothing more is written to its journal. */
  readonly left: (address: string) => void;
  /** It was released because its home waits for it: its sessions end here. */
  readonly returned: (address: string) => void;
  /** Whether nothing uses an inherited address any more. */
  readonly isIdle: (address: string) => boolean;
}

export interface LeaseView {
  readonly address: string;
  readonly isHome: boolean;
  /** And its sessions are here. */
  readonly isHeld: boolean;
  /** Whether another gateway had it when it was last looked at. */
  readonly isElsewhere: boolean;
}

export class Leases {
  readonly #group: GatewayGroup;
  readonly #home: readonly string[];
  readonly #hooks: LeaseHooks;
  /** Address → token. */
  readonly #held = new Map<string, number>();
  readonly #inherited = new Set<string>();
  /** Leased, and its sessions are being loaded. */
  #loading: string | null = null;
  /** Of home: another gateway has them; unless it was by a drain, that was said. */
  readonly #missing = new Set<string>();
  /** Orphans that nothing used here: what their journals still have is not for this gateway. */
  readonly #unused = new Set<string>();
  #isDraining = false;
  /** Steps in which nobody inherits, and nobody asks for what was another's when they began. */
  #patience = 0;
  #anothers: ReadonlySet<string> = new Set();
  /** What gives everything away, one after the other. */
  #giving: Promise<unknown> = Promise.resolve();

  /** @param home addresses that this gateway is configured with */
  constructor(group: GatewayGroup, home: readonly string[], hooks: LeaseHooks) {
    this.#group = group;
    this.#home = home;
    this.#hooks = hooks;
  }

  /** Token of an address that is held, or null. */
  tokenOf(address: string): number | null {
    return this.#held.get(address) ?? null;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  view(): LeaseView[] {
    return [...this.#home, ...this.#inherited].map((address) => ({
      address,
      isHome: !this.#inherited.has(address),
      isHeld: this.#held.has(address) && address !== this.#loading,
      isElsewhere: this.#missing.has(address),
    }));
  }

  /**
   * After an outage, or while the store refuses writes, all leases may run out at once: for as long as a lease everybody
   * takes what they had, and nobody what another one had.
   */
  hesitate(): void {
    this.#patience = LEASE_MS / BEAT_MS;
    this.#anothers = new Set(this.#missing);
  }

  /** One step, every BEAT_MS. @throws StoreLost, or what the store refuses; then it hesitates */
  async beat(): Promise<void> {
    if (this.#isDraining) return this.#lookOn();
    try {
      await this.#step();
    } catch (error) {
      this.hesitate();
      throw error;
    }
  }

  /** Prolong what is held, nothing else: a takeover in the middle of a step may last longer than a lease. */
  async hold(): Promise<void> {
    const claims = [...this.#held.keys()].map((address) => ({
      address,
      isHome: !this.#inherited.has(address),
    }));
    if (claims.length > 0 && !this.#isDraining) await this.#group.lease(claims); // the next step looks at the tokens
  }

  /**
   * Give everything away, for good. Sessions go on until the network sends their packets elsewhere.
   * @returns null when no other gateway is alive: then nothing has changed
   * @throws StoreLost; then the next step takes back what was given away
   */
  drain(): Promise<string[] | null> {
    return this.#inTurn(() => this.#giveAway(() => this.#group.resign()));
  }

  /** The same, whoever else is there. */
  async leave(): Promise<string[]> {
    const resign = async (): Promise<boolean> => {
      await this.#group.leave();
      return true;
    };
    return (await this.#inTurn(() => this.#giveAway(resign))) ?? [];
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const given = this.#giving.catch(() => {}).then(run);
    this.#giving = given;
    return given;
  }

  /** @param resign whether it may be */
  async #giveAway(resign: () => Promise<boolean>): Promise<string[] | null> {
    const wasDraining = this.#isDraining;
    this.#isDraining = true; // before anything is asked: a step would take the name of this gateway back
    try {
      if (!wasDraining && !(await resign())) {
        this.#isDraining = false;
        return null;
      }
      const held = [...this.#held.keys()];
      for (const address of held) await this.#release(address);
      return held;
    } catch (error) {
      this.#isDraining = false;
      throw error;
    }
  }

  /** Drained: who takes it. */
  async #lookOn(): Promise<void> {
    const found = await this.#group.elsewhere(this.#home);
    if (!this.#isDraining) return;
    this.#missing.clear();
    for (const address of found) this.#missing.add(address);
  }

  async #step(): Promise<void> {
    const isPatient = this.#patience > 0;
    const home = isPatient ? this.#home.filter((address) => !this.#anothers.has(address)) : this.#home;
    const failures = new Failures();
    await this.#prolong([...home, ...this.#inherited], failures);
    if (isPatient) this.#patience--;
    else if (!this.#isDraining) await this.#inherit(failures);
    for (const address of this.#inherited) {
      if (this.#isDraining || !this.#hooks.isIdle(address)) continue;
      await this.#release(address);
      this.#unused.add(address);
    }
    failures.throwFirst();
  }

  async #prolong(addresses: readonly string[], failures: Failures): Promise<void> {
    const claims = addresses.map((address) => ({ address, isHome: !this.#inherited.has(address) }));
    const tokens = await this.#group.lease(claims);
    for (const [i, { address, isHome }] of claims.entries())
      await failures.of(this.#take(address, tokens[i] ?? 0, isHome));
  }

  async #take(address: string, token: number, isHome: boolean): Promise<void> {
    if (this.#isDraining) {
      if (token > 0 && !this.#held.has(address)) await this.#group.release(address);
    } else if (token < 0) {
      await this.#release(address); // from here on nothing is written to its journal, so its sessions may go
      this.#hooks.returned(address);
    } else if (token === 0) {
      this.#miss(address, isHome);
    } else if (this.#held.get(address) !== token) {
      this.#held.set(address, token);
      this.#missing.delete(address);
      if (!isHome) this.#inherited.add(address);
      this.#loading = address;
      try {
        await this.#hooks.gained(address, isHome);
      } catch (error) {
        this.#held.delete(address); // the next step tries again
        throw error;
      } finally {
        this.#loading = null;
      }
    }
  }

  #miss(address: string, isHome: boolean): void {
    const wasInherited = this.#inherited.delete(address); // perhaps not held: its takeover had failed, half done
    const wasHeld = this.#held.delete(address) || wasInherited;
    if (wasHeld || (isHome && !this.#missing.has(address))) this.#hooks.lost(address);
    if (isHome) this.#missing.add(address);
  }

  async #inherit(failures: Failures): Promise<void> {
    const orphans = await this.#group.orphans();
    for (const address of this.#unused) if (!orphans.includes(address)) this.#unused.delete(address);
    for (const address of orphans) {
      if (this.#isDraining) return;
      if (this.#held.has(address) || this.#unused.has(address) || !this.#hooks.isAddress(address)) continue;
      const [token = 0] = await this.#group.lease([{ address, isHome: false }]);
      await failures.of(this.#take(address, token, false));
    }
  }

  async #release(address: string): Promise<void> {
    await this.#hooks.leaving(address);
    await this.#group.release(address);
    this.#held.delete(address);
    this.#inherited.delete(address);
    this.#hooks.left(address);
  }
}

/** What goes wrong with one address: the others are not to wait for it. */
class Failures {
  #first: unknown = null;

  /** @throws StoreLost at once: it is the same for all */
  async of(attempt: Promise<void>): Promise<void> {
    try {
      await attempt;
    } catch (error) {
      if (error instanceof StoreLost) throw error;
      this.#first ??= error;
    }
  }

  throwFirst(): void {
    if (this.#first !== null) throw this.#first;
  }
}
