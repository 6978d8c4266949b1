/**
 * From a packet to its session: looked up, made if the packet may make one, and kept alive by it.
 */

import { ICMP_QUERY_MS, isPast, TCP_TRANSITORY_MS, UDP_MS } from '../nat/lifetimes.ts';
import type { NatState } from '../nat/nat-state.ts';
import { type Nat46Resolver, Refusal } from '../nat/nat46-resolver.ts';
import { NO_SESSION, type SessionId, type SessionTable } from '../nat/session.ts';
import * as tcpState from '../nat/tcp-state.ts';
import * as icmp from '../wire/icmp.ts';
import * as tcp from '../wire/tcp.ts';
import type { Packet } from './packet.ts';
import { Verdict } from './verdict.ts';

/** Verdict of each refusal, by its distance below zero. */
const REFUSALS = new Int32Array(16);
REFUSALS[-Refusal.NoMapping] = Verdict.Punt;
REFUSALS[-Refusal.Unmapped] = Verdict.DropUnmapped;
REFUSALS[-Refusal.NotInside] = Verdict.DropNotInside;
REFUSALS[-Refusal.ClientQuota] = Verdict.DropClientQuota;
REFUSALS[-Refusal.PoolExhausted] = Verdict.DropPoolExhausted;
REFUSALS[-Refusal.TableFull] = Verdict.DropTableFull;
REFUSALS[-Refusal.Hairpin] = Verdict.DropHairpin;
REFUSALS[-Refusal.NoBib] = Verdict.DropNoSession;
REFUSALS[-Refusal.SenderUnmapped] = Verdict.DropSenderUnmapped;
REFUSALS[-Refusal.NoLease] = Verdict.DropNoLease;

/** The upper layer is not whole: no session was asked for. */
export const REFUSED_MALFORMED = -11;
/** UDP without the checksum that there must be. */
export const REFUSED_NO_CHECKSUM = -12;
REFUSALS[-REFUSED_MALFORMED] = Verdict.DropMalformed;
REFUSALS[-REFUSED_NO_CHECKSUM] = Verdict.DropUdpNoChecksum;
REFUSALS[-NO_SESSION] = Verdict.DropTcpNoSession;

/** Verdict of a refusal that `inside` or `outside` returned. */
export function refusalVerdict(refusal: number): Verdict {
  return REFUSALS[-refusal]!;
}

export class Flows {
  readonly sessions: SessionTable;
  readonly #state: NatState;
  readonly #resolver: Nat46Resolver;
  readonly #view: DataView;
  readonly #address = new Int32Array(4);

  constructor(state: NatState, resolver: Nat46Resolver, view: DataView) {
    this.sessions = state.sessions;
    this.#state = state;
    this.#resolver = resolver;
    this.#view = view;
  }

  /** A live session of an IPv4 packet, or NO_SESSION; changes nothing. */
  findInside(packet: Packet, now: number): SessionId {
    const id = this.sessions.lookupInside(packet.near, packet.far, packet.ports, packet.protocol);
    return id !== NO_SESSION && isPast(this.sessions.deadline(id), now) ? NO_SESSION : id;
  }

  /** The same of an IPv6 packet. */
  findOutside(packet: Packet, now: number): SessionId {
    const { near, far, ports, protocol } = packet;
    const id = this.sessions.lookupOutside(this.#view, near, far, ports, protocol);
    return id !== NO_SESSION && isPast(this.sessions.deadline(id), now) ? NO_SESSION : id;
  }

  /** Make the session of an IPv4 packet. @returns session or refusal */
  openInside(packet: Packet, now: number): number {
    if (!this.#begin(packet, 0, now)) return NO_SESSION;
    return this.#resolver.fromInside(packet.near, packet.far, packet.ports, packet.protocol, now);
  }

  /** Make the session of an IPv6 packet. @returns session or refusal */
  openOutside(packet: Packet, now: number): number {
    if (!this.#begin(packet, tcpState.FROM_OUTSIDE, now)) return NO_SESSION;
    return this.#resolver.fromOutside(packet.near, packet.far, packet.ports, packet.protocol, now);
  }

  /** The packet passes: new state, new deadline. @param side 0 from inside, FROM_OUTSIDE from outside */
  track(id: SessionId, packet: Packet, side: number, now: number): void {
    if (packet.protocol === tcp.PROTOCOL) this.#trackTcp(id, packet.flags, side, now);
    else this.sessions.refresh(id, (now + lifetimeMs(packet.protocol)) | 0);
  }

  /** The synthetic v4 of an outside host, or 0. @param at offset of its address */
  syntheticOf(at: number): number {
    for (let i = 0; i < 4; i++) this.#address[i] = this.#view.getInt32(at + i * 4);
    const row = this.#state.mappings.lookup6Words(this.#address, 0);
    return row < 0 ? 0 : this.#state.mappings.v4(row) | 0;
  }

  /** Whether an address of a packet is one of our SNAT addresses. */
  isMember(at: number): boolean {
    return this.#state.pool.lookup(this.#view, at) >= 0;
  }

  #trackTcp(id: SessionId, flags: number, side: number, now: number): void {
    const state = this.sessions.state(id);
    const event = tcpState.event(flags, side);
    const next = tcpState.next(state, event);
    if (next !== state) this.sessions.setState(id, next);
    else if (!tcpState.refreshes(state, event)) return;
    this.sessions.refresh(id, (now + tcpState.lifetimeMs(next)) | 0);
  }

  /** @returns false when this packet opens no session */
  #begin(packet: Packet, side: number, now: number): boolean {
    if (packet.protocol !== tcp.PROTOCOL) {
      this.#resolver.begin(0, (now + lifetimeMs(packet.protocol)) | 0);
      return true;
    }
    const state = tcpState.next(tcpState.TcpState.Closed, tcpState.event(packet.flags, side));
    this.#resolver.begin(state, (now + TCP_TRANSITORY_MS) | 0);
    return state !== tcpState.TcpState.Closed;
  }
}

/** RFC 6146 §3.5.1, §3.5.3. @param protocol UDP or ICMP */
function lifetimeMs(protocol: number): number {
  return protocol === icmp.V4 ? ICMP_QUERY_MS : UDP_MS;
}
