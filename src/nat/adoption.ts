/**
 * Sessions of another gateway, continued here, and the end of those that are another's now. Continued are the same inside and
 * outside tuples in the tables of this one, so that neither end notices. The SNAT address is a member already, and the
 * mapping is known.
 */

import * as tcp from '../wire/tcp.ts';
import * as udp from '../wire/udp.ts';
import { BindingEvent } from './binding-ring.ts';
import { setDeltas } from './deltas.ts';
import { ICMP_QUERY_MS, UDP_MS } from './lifetimes.ts';
import type { NatState } from './nat-state.ts';
import { protocolColumn } from './port-pool.ts';
import { NO_ROW } from './rows.ts';
import { type NewSession, NO_SESSION, portPair, type SessionId } from './session.ts';
import * as tcpState from './tcp-state.ts';

/** What makes a session, whatever rows it has. Addresses are signed words. */
export interface Adopted {
  readonly protocol: number;
  readonly member: number;
  readonly insideNear: number;
  /** Synthetic v4. */
  readonly insideFar: number;
  readonly insidePort: number;
  readonly outsidePort: number;
  readonly farPort: number;
  /** Real v6, four words. */
  readonly real: Int32Array;
  readonly state: number;
  readonly deadline: number;
}

/** A session in the table, and its stamp: another one may have the row later. */
export interface Stamped {
  readonly id: SessionId;
  readonly stamp: number;
}

/**
 * Takes the lock. A session of the same inside tuple that leaves from elsewhere ends: what was leased last is right.
 * @returns the session, which is in the table now; null: no mapping, no room, or its port is another's
 */
export function adopt(state: NatState, from: Adopted): Stamped | null {
  return state.locked(() => {
    const { clients, mappings, segment, sessions } = state;
    const ports = portPair(from.insidePort, from.farPort);
    const known = sessions.lookupInside(from.insideNear, from.insideFar, ports, from.protocol);
    if (known !== NO_SESSION && isSame(state, known, from))
      return { id: known, stamp: sessions.stamp(known) };
    const mapping = mappings.lookup4(from.insideFar);
    if (mapping === NO_ROW || !mappings.isLive(mapping)) return null;
    if (known === NO_SESSION && sessions.rows.isFull()) return null;
    const realAt = mappings.v6At(mapping);
    if (!from.real.every((word, i) => word === segment.words[realAt + i])) return null;
    if (known !== NO_SESSION) state.endSession(known);
    const bib = adoptBib(state, from);
    if (bib === NO_ROW) return null;
    const id = sessions.insert(fresh(state, from, bib, mapping));
    state.bibs.addSessions(bib, +1);
    clients.addSessions(state.bibs.client(bib), +1);
    mappings.addSessions(mapping, +1, segment.nowSec());
    state.bindings.noteSession(BindingEvent.Add, id);
    return { id, stamp: sessions.stamp(id) };
  });
}

/**
 * End the sessions of a SNAT address.
 * @param isSpared of a session whose row is valid, under the lock @returns how many ended
 */
export function endSessions(
  state: NatState,
  member: number,
  isSpared: (id: SessionId) => boolean = () => false,
): number {
  const { bibs, sessions } = state;
  const isOf = (id: SessionId): boolean =>
    sessions.rows.isValid(id) && bibs.member(sessions.bib(id)) === member && !isSpared(id);
  let ended = 0;
  for (const row of sessions.rows.inUse()) {
    const id = row as SessionId;
    if (!isOf(id)) continue;
    state.locked(() => {
      if (!isOf(id)) return;
      state.endSession(id);
      ended++;
    });
    state.breathe();
  }
  return ended;
}

/** Whether a packet of the session came in the last so many ms. @param now clock of the data plane */
export function isUsed({ sessions }: NatState, id: SessionId, now: number, withinMs: number): boolean {
  const protocol = sessions.protocol(id);
  const lifetimeMs =
    protocol === tcp.PROTOCOL
      ? tcpState.lifetimeMs(sessions.state(id))
      : protocol === udp.PROTOCOL
        ? UDP_MS
        : ICMP_QUERY_MS;
  return ((sessions.deadline(id) - now) | 0) > lifetimeMs - withinMs;
}

/** Whether a session that is here looks the same from outside. */
function isSame({ bibs, segment, sessions }: NatState, id: SessionId, from: Adopted): boolean {
  if (bibs.member(sessions.bib(id)) !== from.member) return false;
  const realAt = sessions.outsideAt(id) + 4;
  return (
    sessions.outsidePorts(id) === portPair(from.outsidePort, from.farPort) &&
    from.real.every((word, i) => word === segment.words[realAt + i])
  );
}

function adoptBib(
  state: NatState,
  { protocol, member, insideNear, insidePort, outsidePort }: Adopted,
): number {
  const { bibs, clients, pool } = state;
  const known = bibs.lookupInside(protocol, insideNear, insidePort);
  if (known !== NO_ROW) {
    return bibs.member(known) === member && bibs.outsidePort(known) === outsidePort ? known : NO_ROW;
  }
  const column = protocolColumn(protocol);
  if (bibs.rows.isFull() || pool.isUsed(member, column, outsidePort)) return NO_ROW;
  let client = clients.lookup(insideNear);
  if (client === NO_ROW) client = clients.insert(insideNear, member);
  if (client === NO_ROW) return NO_ROW;
  pool.claim(member, column, outsidePort);
  clients.addBibs(client, +1);
  const bib = bibs.insert(protocol, insideNear, portPair(insidePort, outsidePort), member, client);
  state.bindings.noteBib(BindingEvent.Add, bib);
  return bib;
}

function fresh(
  { mappings, pool, segment }: NatState,
  from: Adopted,
  bib: number,
  mapping: number,
): NewSession {
  const nearAt = pool.addressAt(from.member);
  const session: NewSession = {
    protocol: from.protocol,
    insideNear: from.insideNear,
    insideFar: from.insideFar,
    insidePorts: portPair(from.insidePort, from.farPort),
    outsidePorts: portPair(from.outsidePort, from.farPort),
    outside: Int32Array.of(...segment.words.subarray(nearAt, nearAt + 4), ...from.real),
    delta: 0,
    addressDelta: 0,
    bib,
    mapping,
    state: from.state,
    deadline: from.deadline,
    pathMtu: mappings.pathMtu(mapping),
  };
  setDeltas(session);
  return session;
}
