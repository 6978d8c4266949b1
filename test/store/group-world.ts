/** A group of gateways over a store in memory whose clock the test holds. */
import { type GatewayGroup, type JournalChanges, LEASE_MS, type LeaseClaim } from '../../src/store/group.ts';
import { StoreLost } from '../../src/store/store.ts';

/** The rules of the scripts, in memory (the scripts themselves are asked in test/e2e/redis-store.test.ts). */
export class GroupWorld {
  nowMs = 0;
  fence = 0;
  isLost = false;
  isLate = false;
  /** Nothing is answered before this resolves. */
  silence: Promise<void> = Promise.resolve();
  /** Nor is who resigned told so. */
  resigning: Promise<void> = Promise.resolve();
  /** What the server says to every write, as while it has too few replicas; null: it takes them. */
  refusal: string | null = null;
  readonly leases = new Map<string, { gateway: string; token: number; untilMs: number }>();
  /** Gateway → until when it counts as alive. */
  readonly gateways = new Map<string, number>();
  readonly holders = new Map<string, { gateway: string; since: number }>();
  readonly wants = new Map<string, number>();
  readonly journals = new Map<string, Map<string, string>>();

  group(gateway: string): GatewayGroup {
    return {
      lease: async (claims) => {
        await this.#ask(true);
        this.gateways.set(gateway, this.nowMs + LEASE_MS);
        return claims.map((claim) => this.#lease(gateway, claim));
      },
      elsewhere: async (addresses) => {
        await this.#ask(false);
        return addresses.filter((address) => ![undefined, gateway].includes(this.held(address)?.gateway));
      },
      resign: async () => {
        await this.#ask(true);
        const isAnother = ([name, untilMs]: [string, number]) => name !== gateway && untilMs > this.nowMs;
        if (![...this.gateways].some(isAnother)) return false;
        this.gateways.delete(gateway);
        await this.resigning;
        return true;
      },
      leave: async () => {
        await this.#ask(true);
        this.gateways.delete(gateway);
      },
      release: async (address) => {
        await this.#ask(true);
        if (this.held(address)?.gateway === gateway) this.leases.delete(address);
      },
      since: async (address) => {
        await this.#ask(false);
        return this.holders.get(address)?.since ?? 0;
      },
      orphans: async () => {
        await this.#ask(false);
        return [...this.journals.keys()].filter((address) =>
          [undefined, gateway].includes(this.held(address)?.gateway),
        );
      },
      write: async (address, token, changes) => {
        await this.#ask(true);
        return this.#write(gateway, address, token, changes);
      },
      clear: async (address, token) => {
        await this.#ask(true);
        const isOurs = this.#write(gateway, address, token, { put: [], remove: [] });
        if (isOurs) this.journals.delete(address);
        return isOurs;
      },
      read: async (address) => {
        await this.#ask(false);
        return new Map(this.journals.get(address));
      },
    };
  }

  held(address: string) {
    const lease = this.leases.get(address);
    return lease && lease.untilMs > this.nowMs ? lease : undefined;
  }

  async #ask(isWrite: boolean): Promise<void> {
    await this.silence;
    if (this.isLate) throw new StoreLost({ cause: new Error('Command timed out') });
    if (this.isLost) throw new StoreLost();
    if (isWrite && this.refusal !== null) throw new Error(this.refusal);
  }

  #lease(gateway: string, { address, isHome }: LeaseClaim): number {
    const held = this.held(address);
    const isWanted = (this.wants.get(address) ?? 0) > this.nowMs;
    if (held?.gateway === gateway) {
      held.untilMs = this.nowMs + LEASE_MS;
      return !isHome && isWanted ? -held.token : held.token;
    }
    if (held) {
      if (isHome) this.wants.set(address, this.nowMs + LEASE_MS);
      return 0;
    }
    if (!isHome && isWanted) return 0;
    this.leases.set(address, { gateway, token: ++this.fence, untilMs: this.nowMs + LEASE_MS });
    const last = this.holders.get(address);
    if (last?.gateway !== gateway)
      this.holders.set(address, { gateway, since: last === undefined ? 0 : this.fence });
    return this.fence;
  }

  #write(gateway: string, address: string, token: number, { put, remove }: JournalChanges): boolean {
    const held = this.held(address);
    if (held?.gateway !== gateway || held.token !== token) return false;
    const journal = this.journals.get(address) ?? new Map<string, string>();
    this.journals.set(address, journal);
    for (const [key, rest] of put) journal.set(key, rest);
    for (const key of remove) journal.delete(key);
    if (journal.size === 0) this.journals.delete(address);
    return true;
  }
}
