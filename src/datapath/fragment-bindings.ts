/**
 * The first fragment of a datagram is remembered with its session; the others ask for it (RFC 6146 §3.4).
 */

import { newFragmentKey } from '../nat/fragment.ts';
import { FRAGMENT_MS, isPast } from '../nat/lifetimes.ts';
import type { NatState } from '../nat/nat-state.ts';
import { NO_ROW } from '../nat/rows.ts';
import { NO_SESSION, type SessionId } from '../nat/session.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import type { Packet } from './packet.ts';

export class FragmentBindings {
  private readonly state: NatState;
  private readonly view: DataView;
  private readonly key = newFragmentKey();

  constructor(state: NatState, view: DataView) {
    this.state = state;
    this.view = view;
  }

  /** @returns the session of an IPv4 fragment's datagram, or NO_SESSION */
  find4(packet: Packet, now: number): SessionId {
    this.setKey4(packet);
    return this.find(now);
  }

  /** Remember the session of a first fragment. */
  remember4(packet: Packet, id: SessionId, now: number): void {
    this.setKey4(packet);
    this.remember(id, now);
  }

  /** The same of an IPv6 fragment. */
  find6(packet: Packet, now: number): SessionId {
    this.setKey6(packet);
    return this.find(now);
  }

  remember6(packet: Packet, id: SessionId, now: number): void {
    this.setKey6(packet);
    this.remember(id, now);
  }

  private find(now: number): SessionId {
    const { fragments, sessions } = this.state;
    const row = fragments.lookup(this.key);
    if (row === NO_ROW) return NO_SESSION;
    const id = fragments.session(row);
    const isSame = sessions.rows.isValid(id) && sessions.stamp(id) === fragments.sessionStamp(row);
    return isSame && !isPast(sessions.deadline(id), now) ? id : NO_SESSION;
  }

  private remember(id: SessionId, now: number): void {
    const { fragments, lock, sessions } = this.state;
    lock.acquire();
    fragments.insert(this.key, id, sessions.stamp(id), (now + FRAGMENT_MS) | 0);
    lock.release();
  }

  private setKey4(packet: Packet): void {
    this.key.meta = (4 << 16) | packet.protocol;
    this.key.identification = ipv4.identification(this.view, packet.at);
    this.key.addresses.fill(0);
    this.key.addresses[0] = packet.near;
    this.key.addresses[1] = packet.far;
  }

  private setKey6(packet: Packet): void {
    this.key.meta = 6 << 16;
    this.key.identification = this.view.getInt32(packet.fragment + 4);
    for (let i = 0; i < 8; i++) {
      this.key.addresses[i] = this.view.getInt32(packet.at + ipv6.SOURCE + i * 4);
    }
  }
}
