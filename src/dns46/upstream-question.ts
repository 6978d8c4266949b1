/**
 * What the two transports to an upstream share.
 */
import type { Clock } from './clock.ts';
import type { DnsCounters } from './counters.ts';

export interface Endpoint {
  /** Text, IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

/** Why there is no reply: nothing came in time, the network refused, or one came that lost the case of the question. */
export type Silence = 'timeout' | 'unreachable' | 'case';

/** A question on its way. */
export interface Asked {
  /** As sent, with its id. */
  readonly query: Uint8Array;
  readonly settle: (outcome: Uint8Array | Silence) => void;
  readonly cancelTimer: () => void;
}

export interface UpstreamContext {
  readonly clock: Clock;
  /** Unpredictable integer, 0 … below - 1. */
  readonly random: (below: number) => number;
  readonly counters: DnsCounters;
  /** Letters of questions in random case, and the same case expected in replies over UDP. */
  readonly mixedCase: boolean;
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
