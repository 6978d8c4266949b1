/**
 * Flows of the stateful gateway: a packet's session is looked up, made if the packet may make one, and kept alive by it.
 */

import { ICMP_QUERY_MS, isPast, TCP_TRANSITORY_MS, UDP_MS } from '../nat/lifetimes.ts';
import type { NatState } from '../nat/nat-state.ts';
import { Nat46Resolver, Refusal, type ResolverOptions } from '../nat/nat46-resolver.ts';
import { NO_SESSION, type SessionId, type SessionTable } from '../nat/session.ts';
import * as tcpState from '../nat/tcp-state.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import type { V4Header } from '../xlat/v6-to-v4.ts';
import { type Flows, REFUSED_FOR_NOW, REFUSED_QUOTE } from './flows.ts';
import { FragmentBindings } from './fragment-bindings.ts';
import type { Packet } from './packet.ts';
import type { Settings } from './settings.ts';

export class SessionFlows implements Flows {
  readonly sessions: SessionTable;
  turning = false;
  private readonly resolver: Nat46Resolver;
  private readonly state: NatState;
  private readonly view: DataView;
  private readonly settings: Settings;
  private readonly fragments: FragmentBindings;
  private readonly address = new Int32Array(4);

  /** @param view where the packets are */
  constructor(state: NatState, view: DataView, options: ResolverOptions, settings: Settings) {
    this.sessions = state.sessions;
    this.resolver = new Nat46Resolver(state, view, options);
    this.state = state;
    this.view = view;
    this.settings = settings;
    this.fragments = new FragmentBindings(state, view);
  }

  takeCreated(): number {
    const { created } = this.resolver;
    this.resolver.created = 0;
    return created;
  }

  findInside(packet: Packet, now: number): SessionId {
    const id = this.sessions.lookupInside(packet.near, packet.far, packet.ports, packet.protocol);
    return id !== NO_SESSION && isPast(this.sessions.deadline(id), now) ? NO_SESSION : id;
  }

  findOutside(packet: Packet, now: number): SessionId {
    const { near, far, ports, protocol } = packet;
    const id = this.sessions.lookupOutside(this.view, near, far, ports, protocol);
    return id !== NO_SESSION && isPast(this.sessions.deadline(id), now) ? NO_SESSION : id;
  }

  openInside(packet: Packet, now: number): number {
    if (!this.begin(packet, 0, now)) return NO_SESSION;
    return this.resolver.fromInside(packet.near, packet.far, packet.ports, packet.protocol, now);
  }

  /** Nothing is made from a ping. */
  openOutside(packet: Packet, now: number): number {
    if (packet.protocol === icmp.V4) return Refusal.NoBib;
    if (!this.begin(packet, tcpState.FROM_OUTSIDE, now)) return NO_SESSION;
    return this.resolver.fromOutside(packet.near, packet.far, packet.ports, packet.protocol, now);
  }

  track(id: SessionId, packet: Packet, side: number, now: number): void {
    if (packet.protocol === tcp.PROTOCOL) this.trackTcp(id, packet.flags, side, now);
    else this.sessions.refresh(id, (now + lifetimeMs(packet.protocol)) | 0);
  }

  /** Nothing without ports: many inside hosts share one address. */
  carries(): boolean {
    return false;
  }

  findFragment4(packet: Packet, now: number): number {
    const id = this.fragments.find4(packet, now);
    return id === NO_SESSION ? REFUSED_FOR_NOW : id;
  }

  /** Only what a mapped host sends to us may take room while it waits. */
  findFragment6(packet: Packet, now: number): number {
    const id = this.fragments.find6(packet, now);
    if (id !== NO_SESSION) return id;
    if (!this.isMember(packet.near)) return Refusal.NoBib;
    return this.syntheticOf(packet.far) === 0 ? Refusal.SenderUnmapped : REFUSED_FOR_NOW;
  }

  rememberFragment4(id: SessionId, packet: Packet, now: number): void {
    this.fragments.remember4(packet, id, now);
  }

  /** An atomic fragment is alone and leaves others of its identification alone, RFC 6946 §4. */
  rememberFragment6(id: SessionId, packet: Packet, now: number): void {
    if (ipv6.hasMoreFragments(this.view, packet.fragment)) this.fragments.remember6(packet, id, now);
  }

  /** Errors find sessions; they never make, prolong or end one (RFC 5508). */
  findQuoted4(quoted: Packet, error: Packet, now: number): number {
    const isWhole = quoted.upperLength >= 8 && (quoted.fragment & ipv4.OFFSET_MASK) === 0;
    if (!isWhole || quoted.far !== error.far) return REFUSED_QUOTE;
    const id = this.findInside(quoted, now);
    return id === NO_SESSION ? REFUSED_QUOTE : id;
  }

  findQuoted6(quoted: Packet, error: Packet, now: number): number {
    const { fragment } = quoted;
    const isFirst = fragment === 0 || ipv6.fragmentOffset(this.view, fragment) === 0;
    const isWhole = quoted.upperLength >= 8 && isFirst;
    if (!isWhole || !this.sameAddress(quoted.near, error.near)) return REFUSED_QUOTE;
    const id = this.findOutside(quoted, now);
    return id === NO_SESSION ? REFUSED_QUOTE : id;
  }

  /** RFC 6791 §3, mirrored: a router inside has no IPv6 address of its own. */
  writeErrorAddresses6(id: SessionId, error: Packet, quoted: Packet, to: number): boolean {
    this.sessions.writeOutside(id, this.view, to);
    const source = this.settings.errorSource6;
    if (error.near === quoted.near || ipv6.isUnspecified(source)) return true;
    for (let i = 0; i < 4; i++) this.view.setInt32(to + i * 4, source[i]!);
    return true;
  }

  /** The server is what the client dialled; a router on the way has no synthetic address (RFC 6791 §3). */
  setErrorAddresses4(id: SessionId, error: Packet, quoted: Packet, header: V4Header): boolean {
    header.destination = this.sessions.insideNear(id);
    header.source = this.sameAddress(error.far, quoted.far)
      ? this.sessions.insideFar(id)
      : this.syntheticOf(error.far) || this.settings.errorSource4;
    return true;
  }

  learnPathMtu(id: SessionId, mtu: number, now: number): void {
    this.state.learnPathMtu(id, mtu, now);
  }

  isMember(at: number): boolean {
    return this.state.pool.lookup(this.view, at) >= 0;
  }

  turnsBack(): boolean {
    return false;
  }

  /** The synthetic v4 of an outside host, or 0. @param at offset of its address */
  private syntheticOf(at: number): number {
    for (let i = 0; i < 4; i++) this.address[i] = this.view.getInt32(at + i * 4);
    const row = this.state.mappings.lookup6Words(this.address, 0);
    return row < 0 ? 0 : this.state.mappings.v4(row) | 0;
  }

  private sameAddress(a: number, b: number): boolean {
    for (let i = 0; i < 16; i += 4) if (this.view.getInt32(a + i) !== this.view.getInt32(b + i)) return false;
    return true;
  }

  private trackTcp(id: SessionId, flags: number, side: number, now: number): void {
    const state = this.sessions.state(id);
    const event = tcpState.event(flags, side);
    const next = tcpState.next(state, event);
    if (next !== state) this.sessions.setState(id, next);
    else if (!tcpState.refreshes(state, event)) return;
    this.sessions.refresh(id, (now + tcpState.lifetimeMs(next)) | 0);
  }

  /** @returns false when this packet opens no session */
  private begin(packet: Packet, side: number, now: number): boolean {
    if (packet.protocol !== tcp.PROTOCOL) {
      this.resolver.begin(0, (now + lifetimeMs(packet.protocol)) | 0);
      return true;
    }
    const state = tcpState.next(tcpState.TcpState.Closed, tcpState.event(packet.flags, side));
    this.resolver.begin(state, (now + TCP_TRANSITORY_MS) | 0);
    return state !== tcpState.TcpState.Closed;
  }
}

/** RFC 6146 §3.5.1, §3.5.3. @param protocol UDP or ICMP */
function lifetimeMs(protocol: number): number {
  return protocol === icmp.V4 ? ICMP_QUERY_MS : UDP_MS;
}
