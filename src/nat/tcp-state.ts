/**
 * The TCP state of a session, RFC 6146 §3.5.2.2, with our sides: inside is where the IPv4 client is.
 *
 * One table: `next(state, event)`. Three rules are ours: a SYN from inside on a connection that is over starts a new
 * one (clients reuse their ports within the four minutes of the transitory lifetime, and that has to
 * work); a state that is waiting for its end is not refreshed by stragglers; and after one FIN, too, a RST shortens the
 * life (a server that closes with unread data sends both), with states of their own in place of TRANS: the FIN stays known,
 * whether the other one follows, or data because the RST was forged.
 */
import * as tcp from '../wire/tcp.ts';
import { TCP_ESTABLISHED_MS, TCP_TRANSITORY_MS } from './lifetimes.ts';

export const TcpState = {
  Closed: 0,
  InitInside: 1,
  InitOutside: 2,
  Established: 3,
  FinInside: 4,
  FinOutside: 5,
  FinBoth: 6,
  Transitory: 7,
  FinInsideReset: 8,
  FinOutsideReset: 9,
} as const;
export type TcpState = (typeof TcpState)[keyof typeof TcpState];

/** As `nat46 sessions` prints them. */
export const TCP_STATE_NAMES = [
  'closed',
  'init-inside',
  'init-outside',
  'established',
  'fin-inside',
  'fin-outside',
  'fin-both',
  'transitory',
  'fin-inside-reset',
  'fin-outside-reset',
];

/** What a segment means to the state: event = kind + (from outside ? 4 : 0). */
const OTHER = 0;
const SYN = 1;
const FIN = 2;
const RST = 3;
export const FROM_OUTSIDE = 4;

/** The event of a segment. @param flags of the TCP header @param side 0 from inside, FROM_OUTSIDE from outside */
export function event(flags: number, side: number): number {
  if ((flags & tcp.RST) !== 0) return RST + side;
  if ((flags & tcp.SYN) !== 0) return SYN + side;
  return ((flags & tcp.FIN) !== 0 ? FIN : OTHER) + side;
}

/** Rows: state; columns: event (inside other, SYN, FIN, RST, then outside the same). */
const NEXT = Uint8Array.from(
  [
    [0, 1, 0, 0, 0, 2, 0, 0],
    [1, 1, 1, 1, 1, 3, 1, 1],
    [2, 3, 2, 2, 2, 2, 2, 2],
    [3, 3, 4, 7, 3, 3, 5, 7],
    [4, 4, 4, 8, 4, 4, 6, 8],
    [5, 5, 6, 9, 5, 5, 5, 9],
    [6, 1, 6, 6, 6, 6, 6, 6],
    [3, 1, 3, 7, 3, 3, 3, 7],
    [4, 1, 4, 8, 4, 4, 6, 8],
    [5, 1, 6, 9, 5, 5, 5, 9],
  ].flat(),
);

export function next(state: number, eventNumber: number): number {
  return NEXT[state * 8 + eventNumber]!;
}

/** Lifetime that a state starts with, ms. */
export function lifetimeMs(state: number): number {
  return state >= TcpState.Established && state <= TcpState.FinOutside
    ? TCP_ESTABLISHED_MS
    : TCP_TRANSITORY_MS;
}

/** Whether a segment that leaves the state as it is prolongs it. Opening: only a SYN. Ending: nothing. */
export function refreshes(state: number, eventNumber: number): boolean {
  if (state >= TcpState.Established && state <= TcpState.FinOutside) return true;
  return state < TcpState.Established && (eventNumber & 3) === SYN;
}
