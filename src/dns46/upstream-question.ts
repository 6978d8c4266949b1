/**
 * What the two transports to an upstream share.
 */
import type { Clock } from './clock.ts';
import type { DnsCounters } from './counters.ts';
import { HEADER_LENGTH, OPCODE_QUERY, opcodeOf, viewOf, wordAt } from './message.ts';
import { nameKey } from './name.ts';
import type { SocketShortage } from './socket-shortage.ts';

export interface Endpoint {
  /** Text, IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

/** Why nothing was asked: the network has no way there, or this host has no socket left. */
export type Lack = 'unreachable' | 'shortage';

/** Why there is no reply: nothing was asked, or nothing came in time. */
export type Silence = Lack | 'timeout';

/** Somebody's wait for the outcome of a question. */
export interface Wait {
  /** Nobody waits any more. */
  left: boolean;
  /** Ends it with 'timeout', wherever the question is: set by the transport that has it. Harmless when it is over. */
  end: () => void;
}

/** A question on its way. */
export interface Asked<Outcome = Uint8Array | Silence> {
  /** As sent, with its id. */
  readonly query: Uint8Array;
  readonly settle: (outcome: Outcome) => void;
  readonly cancelTimer: () => void;
}

export interface UpstreamContext {
  readonly clock: Clock;
  /** Unpredictable integer, 0 … below - 1. */
  readonly random: (below: number) => number;
  readonly counters: DnsCounters;
  /** Letters of questions in random case, and the same case expected in replies over UDP. */
  readonly mixedCase: boolean;
  readonly shortage: SocketShortage;
}

/** Queries change nothing; NOTIFY, UPDATE and opcodes yet unknown may: they must not come to an upstream twice. */
export function isRepeatable(query: Uint8Array): boolean {
  return opcodeOf(wordAt(query, 2)) === OPCODE_QUERY;
}

/** Key of the name that a query is for; '' when it cannot be read. */
export function nameOf(query: Uint8Array): string {
  return nameKey(viewOf(query), HEADER_LENGTH) ?? '';
}

/** A copy with another id. */
export function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = new Uint8Array(message);
  copy[0] = id >>> 8;
  copy[1] = id;
  return copy;
}

/** host:port, an IPv6 address in brackets. */
export function textOf(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
