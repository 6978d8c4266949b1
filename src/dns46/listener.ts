/**
 * What the two transports towards clients share.
 */
import { parseV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { DnsCounter, Family } from './counters.ts';
import { type Endpoint, textOf } from './upstream-question.ts';

/** The client a message came from. */
export interface Client {
  readonly transport: 'udp' | 'tcp';
  readonly family: Family;
  /** The same for all messages of one host: its IPv4 address, or the /64 of its IPv6 address. */
  who(): string;
  /** Sends a reply from the address that was asked. Harmless when the client has gone. */
  send(reply: Uint8Array): void;
}

/** An IPv4 address, or the /64 of an IPv6 address: hosts have as many of those as they like. @param address text */
export function whoIs(address: string): string {
  const v6 = parseV6(address);
  return v6 === null ? address : Buffer.from(v6.subarray(0, 8)).toString('latin1');
}

/** Takes one message, whose bytes may change afterwards; settled when everything there is to say has been sent. Must not reject. */
export type Receive = (message: Uint8Array, client: Client) => Promise<void> | void;

export interface Listener {
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

export type Count = (name: DnsCounter) => void;

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another program listens there: stop it, or choose another',
  EADDRNOTAVAIL: 'this host does not have the address: add it to a device, or choose another',
  EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE',
  EPERM: 'ports below 1024 need CAP_NET_BIND_SERVICE',
};

/** Names the address, what went wrong and what to do. */
export function bindError(endpoint: Endpoint, transport: string, cause: unknown): Nat46Error {
  const system = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown';
  const denied = system === 'EACCES' || system === 'EPERM';
  const reason = REASONS[system] ?? String(cause);
  return new Nat46Error(
    denied ? 'NAT46_PERMISSION' : 'NAT46_RUNTIME',
    `--dns-listen ${textOf(endpoint)}: cannot listen on ${transport} (${system}); ${reason}`,
    { cause },
  );
}
