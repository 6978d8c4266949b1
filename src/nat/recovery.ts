/**
 * Start on a segment that a former process left, however it ended: locks are cleared; chains, free queues, port
 * bitmaps and all counts of users are derived again from the rows. Only valid rows count, and a row is valid once it
 * was whole; what a half-done insert or removal left over (a BIB entry without session, a session whose BIB entry is
 * gone) is dropped here.
 */
import { BindingEvent, BindingLogMode } from './binding-ring.ts';
import { Filtering } from './filtering.ts';
import type { NatState } from './nat-state.ts';
import { NO_MEMBER, protocolColumn } from './port-pool.ts';
import { PuntRing } from './punt-ring.ts';
import { NO_ROW } from './rows.ts';
import { BINDING_LOG_AT, FILTERING_AT } from './segment.ts';
import type { SessionId } from './session.ts';

/**
 * Before any other thread maps the segment.
 * @param members SNAT addresses, four words each; BIB entries of an address that is no longer a member end
 * @param filtering of this run; a former one's need not be the same. So is `bindingLog`, which is told what ends here
 * @returns sessions that live on
 */
export function recover(
  state: NatState,
  members: readonly Int32Array[],
  filtering: Filtering = Filtering.EndpointIndependent,
  bindingLog: BindingLogMode = BindingLogMode.Off,
): number {
  state.segment.words[FILTERING_AT] = filtering;
  state.segment.words[BINDING_LOG_AT] = bindingLog;
  state.lock.release();
  for (let worker = 0; worker < state.segment.geometry.workers; worker++) {
    new PuntRing(state.segment, worker).clear();
  }
  state.fragments.clear();
  state.clients.clear();
  state.mappings.rebuild();
  noteGone(state, members);
  recoverBibs(state, state.pool.configure(members));
  recoverSessions(state);
  for (const row of state.bibs.rows.inUse()) {
    state.releaseBib(row, state.bibs.addSessions(row, 0));
    state.breathe();
  }
  return state.sessions.rows.used();
}

/** BIB entries of addresses that are no longer members end; afterwards nobody knows those addresses. */
function noteGone(state: NatState, members: readonly Int32Array[]): void {
  const { bibs, bindings, pool, segment } = state;
  if (bindings.mode === BindingLogMode.Off) return;
  const stays = Array.from({ length: pool.size() }, (_, member) => {
    const at = pool.addressAt(member);
    return members.some((address) => address.every((word, i) => segment.words[at + i] === word));
  });
  for (let row = 0; row < bibs.rows.everUsed(); row++) {
    if (bibs.rows.isValid(row) && !stays[bibs.member(row)]) bindings.noteBib(BindingEvent.Remove, row);
    state.breathe();
  }
}

/** @param moved for each former member number, its number now */
function recoverBibs(state: NatState, moved: readonly number[]): void {
  const { bibs, clients, pool } = state;
  bibs.rebuild((row) => {
    const member = moved[bibs.member(row)] ?? NO_MEMBER;
    const column = protocolColumn(bibs.protocol(row));
    if (member === NO_MEMBER || pool.isUsed(member, column, bibs.outsidePort(row))) return false;
    let client = clients.lookup(bibs.insideAddress(row));
    if (client === NO_ROW) client = clients.insert(bibs.insideAddress(row), member);
    if (client === NO_ROW) return false;
    bibs.setMember(row, member);
    bibs.setClient(row, client);
    clients.addBibs(client, +1);
    pool.claim(member, column, bibs.outsidePort(row));
    return true;
  });
}

function recoverSessions(state: NatState): void {
  const { bibs, bindings, clients, mappings, segment, sessions } = state;
  sessions.rebuild((id: SessionId) => {
    if (!hasOwners(state, id)) {
      bindings.noteSession(BindingEvent.Remove, id);
      state.breathe();
      return false;
    }
    const bib = sessions.bib(id);
    bibs.addSessions(bib, +1);
    clients.addSessions(bibs.client(bib), +1);
    mappings.addSessions(sessions.mapping(id), +1, segment.nowSec());
    bindings.noteSurvivor(id);
    return true;
  });
}

/** Whether the BIB entry and the mapping of a session are there, and are its own. */
function hasOwners(state: NatState, id: SessionId): boolean {
  const { bibs, mappings, sessions } = state;
  const bib = sessions.bib(id);
  const mapping = sessions.mapping(id);
  if (!bibs.rows.isValid(bib) || !mappings.rows.isValid(mapping) || !mappings.isLive(mapping)) return false;
  return mappings.v4(mapping) === sessions.insideFar(id) >>> 0 && agrees(state, id, bib);
}

/**
 * Whether both tuples of a session are those of its BIB entry. They are, unless a former recovery with another pool was
 * killed when it had given some BIB entries the new number of their member and others not.
 */
function agrees({ bibs, pool, segment, sessions }: NatState, id: SessionId, bib: number): boolean {
  const mine = sessions.outsideAt(id);
  const members = pool.addressAt(bibs.member(bib));
  for (let i = 0; i < 4; i++) if (segment.words[mine + i] !== segment.words[members + i]) return false;
  return (
    bibs.protocol(bib) === sessions.protocol(id) &&
    bibs.insideAddress(bib) === sessions.insideNear(id) &&
    bibs.insidePort(bib) === sessions.insidePorts(id) >>> 16 &&
    bibs.outsidePort(bib) === sessions.outsidePorts(id) >>> 16
  );
}
