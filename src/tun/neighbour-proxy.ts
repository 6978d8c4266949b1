/**
 * SNAT addresses that lie on the prefix of a link: routers there look for them by neighbour solicitation, and the kernel
 * answers in our place.
 */
import type { HostChange, SysctlChange } from './host-change.ts';
import { type HostFacts, onLinkDevice } from './host-facts.ts';
import { parsePrefix } from './prefix.ts';
import type { Sysctls } from './sysctl.ts';

export type ProxyChange = Extract<HostChange, { kind: 'proxy' }>;

/** The entries that are needed: none for an address that is routed to us. @param tun our device */
export function proxyChanges(facts: HostFacts, addresses: readonly string[], tun: string): ProxyChange[] {
  return addresses.flatMap((address) => {
    const prefix = parsePrefix(address);
    const device = prefix === null ? null : onLinkDevice(facts, prefix.bytes, tun);
    return device === null ? [] : [{ kind: 'proxy', device, address } as const];
  });
}

/** Settings of the devices that answer: proxy_ndp, and no random delay (0.8 s) before an answer. */
export function proxySysctls(proxies: readonly ProxyChange[], sysctls: Sysctls): SysctlChange[] {
  const devices = [...new Set(proxies.map((proxy) => proxy.device))];
  return devices.flatMap((device) => [
    ...change(sysctls, `net/ipv6/conf/${device}/proxy_ndp`, '1'),
    ...change(sysctls, `net/ipv6/neigh/${device}/proxy_delay`, '0'),
  ]);
}

function change(sysctls: Sysctls, path: string, value: string): SysctlChange[] {
  const previous = sysctls.read(path);
  return previous === null ? [] : [{ kind: 'sysctl', path, previous, value }];
}
