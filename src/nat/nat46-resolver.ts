/**
 * Who is new? The resolver of NAT46: gives a flow without a session its outside (or inside) tuple, and makes the
 * rows for it. The engine around it does not know how the tuple was found.
 *
 * From inside (RFC 6146 §3.5, mirrored): mapping of the dialled address → real v6; BIB entry of the inside transport
 * address, or a port on the SNAT member that the client is paired with. From outside: an existing BIB entry lets in
 * whom the filtering of this run lets in (RFC 4787 §5).
 */
import { BindingEvent } from './binding-ring.ts';
import { setDeltas } from './deltas.ts';
import { Filtering } from './filtering.ts';
import { isPast } from './lifetimes.ts';
import { MappingKind } from './mapping.ts';
import type { NatState } from './nat-state.ts';
import { MemberUse, NO_MEMBER, NO_PORT, protocolColumn } from './port-pool.ts';
import { NO_ROW } from './rows.ts';
import { FILTERING_AT } from './segment.ts';
import { blankSession, NO_SESSION, portPair, type SessionId } from './session.ts';

/** Why there is no session; below every row number. */
export const Refusal = {
  /** Nothing known about this synthetic address: ask the store. */
  NoMapping: -2,
  /** The store knows none, or the address rests. */
  Unmapped: -3,
  NotInside: -4,
  ClientQuota: -5,
  PoolExhausted: -6,
  TableFull: -7,
  /** The real v6 is an address of our own SNAT pool. */
  Hairpin: -8,
  /** From outside: no BIB entry for this SNAT address and port. */
  NoBib: -9,
  /** From outside: the sender has no synthetic address that the inside host could see. */
  SenderUnmapped: -10,
  /** From outside: the sender may not use the BIB entry. */
  Filtered: -11,
  /** The source is an address of ours: synthetic from inside, of the SNAT pool from outside. */
  OwnSource: -12,
  /** Another gateway has the SNAT address of this client, or all of them. */
  NoLease: -13,
} as const;
export type Refusal = (typeof Refusal)[keyof typeof Refusal];

export interface ResolverOptions {
  /** Pairs of network and mask words; only these inside hosts may have sessions. Empty: any. */
  readonly inside: readonly { readonly network: number; readonly mask: number }[];
  /** Sessions that one inside host may hold at once. */
  readonly maxClientSessions: number;
  /** BIB entries that one inside host may hold at once: its ports and identifiers outside, of all protocols. */
  readonly maxClientPorts: number;
}

/** Sessions past their deadline that one packet may clear out of its way: the lock is held for so long. */
const MAX_CLEARED = 32;

export class Nat46Resolver {
  /** Sessions made here. */
  created = 0;
  private readonly state: NatState;
  private readonly view: DataView;
  private readonly options: ResolverOptions;
  private readonly new = blankSession();
  private readonly real = new Int32Array(4);
  private member = NO_MEMBER;

  /** @param view where the packets are whose addresses `fromOutside` is told the offsets of */
  constructor(state: NatState, view: DataView, options: ResolverOptions) {
    this.state = state;
    this.view = view;
    this.options = options;
  }

  /** TCP state and deadline that the next new session starts with. */
  begin(state: number, deadline: number): void {
    this.new.state = state;
    this.new.deadline = deadline;
  }

  /** @param ports near, far. @returns a session, found or new, or a Refusal */
  fromInside(near: number, far: number, ports: number, protocol: number, now: number): number {
    const { lock } = this.state;
    lock.acquire();
    const id = this.makeFromInside(near, far, ports, protocol, now);
    lock.release();
    return id;
  }

  /**
   * @param near offset of our SNAT address @param far offset of the sender's address
   * @param ports near, far. @returns a session, found or new, or a Refusal
   */
  fromOutside(near: number, far: number, ports: number, protocol: number, now: number): number {
    const { lock } = this.state;
    lock.acquire();
    const id = this.makeFromOutside(near, far, ports, protocol, now);
    lock.release();
    return id;
  }

  private makeFromInside(near: number, far: number, ports: number, protocol: number, now: number): number {
    const { mappings, sessions } = this.state;
    const known = this.unlessPast(sessions.lookupInside(near, far, ports, protocol), now);
    if (known !== NO_SESSION) return known;
    if (!this.isInside(near)) return Refusal.NotInside; // before the store is asked for a stranger
    if (mappings.lookup4(near) !== NO_ROW) return Refusal.OwnSource;
    const mapping = this.liveMapping(far, now);
    if (mapping < 0) return mapping;
    const realAt = mappings.v6At(mapping);
    if (this.state.pool.lookupWords(this.state.segment.words, realAt) !== NO_MEMBER) return Refusal.Hairpin;
    const bib = this.bibFor(protocol, near, ports >>> 16);
    if (bib < 0) return bib;
    return this.insert(bib, mapping, far, ports & 0xffff, now);
  }

  private makeFromOutside(near: number, far: number, ports: number, protocol: number, now: number): number {
    const { bibs, clients, mappings, pool, sessions } = this.state;
    const known = this.unlessPast(sessions.lookupOutside(this.view, near, far, ports, protocol), now);
    if (known !== NO_SESSION) return known;
    const member = pool.lookup(this.view, near);
    if (member === NO_MEMBER) return Refusal.NoBib;
    const bib = bibs.lookupOutside(protocol, member, ports >>> 16);
    if (bib === NO_ROW) return Refusal.NoBib;
    if (pool.use(member) === MemberUse.Closed) return Refusal.NoLease;
    if (pool.lookup(this.view, far) !== NO_MEMBER) return Refusal.OwnSource;
    for (let i = 0; i < 4; i++) this.real[i] = this.view.getInt32(far + i * 4);
    if (!this.mayEnter(bib, now)) return Refusal.Filtered;
    const mapping = mappings.lookup6Words(this.real, 0);
    if (mapping === NO_ROW) return Refusal.SenderUnmapped;
    if (clients.sessions(bibs.client(bib)) >= this.options.maxClientSessions) return Refusal.ClientQuota;
    return this.insert(bib, mapping, mappings.v4(mapping) | 0, ports & 0xffff, now);
  }

  /** Whether the host at `real` may make a session with a BIB entry. A session that is past its deadline is no reason. */
  private mayEnter(bib: number, now: number): boolean {
    const { segment, sessions } = this.state;
    const filtering = segment.words[FILTERING_AT];
    if (filtering !== Filtering.AddressDependent) return filtering === Filtering.EndpointIndependent;
    for (let cleared = 0; cleared < MAX_CLEARED; cleared++) {
      const id = sessions.newestWith(bib, this.real);
      if (id === NO_SESSION) return false;
      if (!isPast(sessions.deadline(id), now)) return true;
      this.state.endSession(id);
    }
    return false;
  }

  /** A session past its deadline is ended here rather than prolonged. */
  private unlessPast(id: SessionId, now: number): SessionId {
    if (id === NO_SESSION || !isPast(this.state.sessions.deadline(id), now)) return id;
    this.state.endSession(id);
    return NO_SESSION;
  }

  private liveMapping(v4: number, now: number): number {
    const { mappings } = this.state;
    const row = mappings.lookup4(v4);
    if (row === NO_ROW) return Refusal.NoMapping;
    if (mappings.isLive(row)) return row;
    if (mappings.kind(row) !== MappingKind.Negative) return Refusal.Unmapped;
    if (!isPast(mappings.negativeUntil(row), now)) return Refusal.Unmapped;
    mappings.remove(row);
    return Refusal.NoMapping;
  }

  private isInside(address: number): boolean {
    const { inside } = this.options;
    if (inside.length === 0) return true;
    for (const { network, mask } of inside) if ((address & mask) === network) return true;
    return false;
  }

  /**
   * The BIB entry of an inside transport address, made if need be. There is room for what follows when this returns a
   * row: a port that was taken in vain would rest, and a full table would empty the pool.
   * @returns row or Refusal
   */
  private bibFor(protocol: number, address: number, port: number): number {
    const { bibs, clients, pool, sessions } = this.state;
    const client = clients.lookup(address);
    if (client !== NO_ROW && clients.sessions(client) >= this.options.maxClientSessions) {
      return Refusal.ClientQuota;
    }
    if (sessions.rows.isFull()) return Refusal.TableFull;
    const known = bibs.lookupInside(protocol, address, port);
    if (known !== NO_ROW) return pool.use(bibs.member(known)) === MemberUse.Closed ? Refusal.NoLease : known;
    if (client !== NO_ROW && clients.bibs(client) >= this.options.maxClientPorts) return Refusal.ClientQuota;
    if (bibs.rows.isFull() || (client === NO_ROW && clients.rows.isFull())) return Refusal.TableFull;
    const outside = this.takePort(client, protocolColumn(protocol), address, port);
    if (outside < 0) return outside;
    const owner = client !== NO_ROW ? client : clients.insert(address, this.member);
    clients.addBibs(owner, +1);
    const bib = bibs.insert(protocol, address, portPair(port, outside), this.member, owner);
    this.state.bindings.noteBib(BindingEvent.Add, bib);
    return bib;
  }

  /**
   * On the member that the client is paired with, else on any that has room; `member` is which. Who is paired with an
   * inherited one is paired anew: that one gives out no ports. @returns port or Refusal
   */
  private takePort(client: number, column: number, address: number, port: number): number {
    const { clients, pool } = this.state;
    if (client === NO_ROW) return this.takeAnyPort(column, address, port);
    this.member = clients.member(client);
    const use = pool.use(this.member);
    if (use === MemberUse.Closed) return Refusal.NoLease;
    if (use === MemberUse.Inherited) {
      const outside = this.takeAnyPort(column, address, port);
      if (outside >= 0) clients.setMember(client, this.member);
      return outside;
    }
    const outside = pool.take(this.member, column, port, address);
    return outside === NO_PORT ? Refusal.PoolExhausted : outside;
  }

  /** On any open member that has room. @returns port or Refusal */
  private takeAnyPort(column: number, address: number, port: number): number {
    const { pool } = this.state;
    const size = pool.size();
    let refusal: Refusal = size === 0 ? Refusal.PoolExhausted : Refusal.NoLease;
    const first = pool.preferredMember(address);
    for (let i = 0; i < size; i++) {
      this.member = (first + i) % size;
      if (pool.use(this.member) !== MemberUse.Open) continue;
      const outside = pool.take(this.member, column, port, address);
      if (outside !== NO_PORT) return outside;
      refusal = Refusal.PoolExhausted;
    }
    return refusal;
  }

  /** @param far synthetic v4 @param farPort the server's port. @returns session or Refusal */
  private insert(bib: number, mapping: number, far: number, farPort: number, now: number): number {
    const { bibs, clients, mappings, pool, segment, sessions } = this.state;
    const fresh = this.new;
    fresh.protocol = bibs.protocol(bib);
    fresh.insideNear = bibs.insideAddress(bib);
    fresh.insideFar = far;
    fresh.insidePorts = portPair(bibs.insidePort(bib), farPort);
    fresh.outsidePorts = portPair(bibs.outsidePort(bib), farPort);
    const nearAt = pool.addressAt(bibs.member(bib));
    const farAt = mappings.v6At(mapping);
    for (let i = 0; i < 4; i++) {
      fresh.outside[i] = segment.words[nearAt + i]!;
      fresh.outside[i + 4] = segment.words[farAt + i]!;
    }
    // Two synthetic addresses of one real v6, dialled from one port: replies could belong to either.
    const twin = sessions.lookupOutsideWords(fresh.outside, fresh.outsidePorts, fresh.protocol);
    if (twin !== NO_SESSION && !isPast(sessions.deadline(twin), now)) return Refusal.PoolExhausted;
    setDeltas(fresh);
    fresh.bib = bib;
    fresh.mapping = mapping;
    fresh.pathMtu = mappings.pathMtu(mapping);
    const id = sessions.insert(fresh);
    if (id === NO_SESSION) return Refusal.TableFull; // from outside: the BIB entry has other sessions
    bibs.addSessions(bib, +1);
    clients.addSessions(bibs.client(bib), +1);
    mappings.addSessions(mapping, +1, segment.nowSec());
    this.created++;
    this.state.bindings.noteSession(BindingEvent.Add, id);
    if (twin !== NO_SESSION) this.state.endSession(twin);
    return id;
  }
}
