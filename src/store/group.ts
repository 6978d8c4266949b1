/**
 * What gateways of one store say to each other: who has which SNAT address, and which sessions are on it. All of it is in
 * database 1:
 *
 *     nat46:fence              last token: each lease has one of its own, greater than those before
 *     nat46:lease:ADDRESS      gateway and token; expires unless it is prolonged
 *     nat46:want:ADDRESS       the gateway that is configured with it waits for it
 *     nat46:pool:SUBNET        addresses that gateways of it leased once
 *     nat46:gateways:SUBNET    sorted set: data gateway → millisecond of the server's clock until which it counts as alive
 *     nat46:holders            hash: address → gateway that had it last, and the token with which it took it from another
 *     nat46:journal:ADDRESS    hash of its established sessions; written by the holder of the lease only
 */
export interface GatewayGroup {
  /**
   * Take what nobody has, prolong what is ours; also with no claims, the sign that this gateway is alive.
   * @returns for each address its token; 0 when another gateway has it, or its home waits for it; negative, the token, when
   *   it is ours and its home waits for it
   */
  lease(claims: readonly LeaseClaim[]): Promise<number[]>;
  /** Which of these another gateway has. */
  elsewhere(addresses: readonly string[]): Promise<string[]>;
  /** The others no longer count on this gateway, until its next lease. @returns false when none is alive: nothing changed */
  resign(): Promise<boolean>;
  /** The same, whether another one is alive or not. */
  leave(): Promise<void>;
  /** Nobody has it any more, if it was ours. */
  release(address: string): Promise<void>;
  /**
   * Since when the address is the last holder's without another one in between: the token with which it was taken from that
   * one, 0 when none is known.
   */
  since(address: string): Promise<number>;
  /** Addresses with sessions that no other gateway has: nobody's, and those of this one. */
  orphans(): Promise<string[]>;
  /** Change the journal of an address. @returns false when the lease is not ours with this token: nothing was written */
  write(address: string, token: number, changes: JournalChanges): Promise<boolean>;
  /** Empty the journal of an address. @returns false as `write` */
  clear(address: string, token: number): Promise<boolean>;
  /** Session → rest of it, as they were written; for the holder, because no other gateway writes meanwhile. */
  read(address: string): Promise<ReadonlyMap<string, string>>;
}

export interface LeaseClaim {
  readonly address: string;
  /** Whether this gateway is configured with it. */
  readonly isHome: boolean;
}

export interface JournalChanges {
  readonly put: readonly (readonly [session: string, rest: string])[];
  readonly remove: readonly string[];
}

/** How long a lease lasts that nobody prolongs, ms: as long, a dead gateway's connections stand still. */
export const LEASE_MS = 5000;
/** How often leases are prolonged. */
export const BEAT_MS = 1000;
