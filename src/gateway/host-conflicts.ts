/**
 * What the configuration claims and this host has already, the gateway's own device left out.
 */
import { formatV4, formatV6 } from '../address.ts';
import type { Config } from '../config/config.ts';
import { hostProblems } from '../config/host-checks.ts';
import type { HostFacts } from '../tun/host-facts.ts';

/** @returns one line for each conflict: key, value, remedy */
export function hostConflicts(config: Config, facts: Pick<HostFacts, 'addresses'>): string[] {
  // The DNS listener may stand on any device already
  const listeners = config.dnsListen.map((at) => at.address);
  const others = facts.addresses.filter(
    ({ device, bytes }) => device !== config.tun && !listeners.includes(text(bytes)),
  );
  return hostProblems(config, {
    addresses: others.map((address) => text(address.bytes)),
    routes: others
      .filter(({ bytes }) => bytes.length === 4)
      .map(({ bytes, length }) => network(bytes, length)),
  });
}

function text(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatV4(word(bytes)) : formatV6(bytes);
}

/** The connected prefix of an interface address, as CIDR text. */
function network(bytes: Uint8Array, length: number): string {
  const address = word(bytes);
  const size = 2 ** (32 - length);
  return `${formatV4(address - (address % size))}/${length}`;
}

function word(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
