/**
 * The forwarding switches of the host. Turning one changes more than itself: the kernel copies it to every interface
 * and, for IPv4, flips accept_redirects; and a host that forwards IPv6 stops listening to router advertisements and drops the
 * default route that it learned from one, unless accept_ra is 2.
 */
import type { SysctlChange } from './host-change.ts';
import type { HostFacts } from './host-facts.ts';
import type { Sysctls } from './sysctl.ts';

/** What to set, in this order: accept_ra must come before the switch. */
export function forwardingChanges(facts: HostFacts, sysctls: Sysctls): SysctlChange[] {
  return [
    ...advertisementChanges(facts, sysctls),
    ...switchOn(sysctls, 'net/ipv4/ip_forward', 'net/ipv4/conf', ['net/ipv4/conf/all/accept_redirects']),
    ...switchOn(sysctls, 'net/ipv6/conf/all/forwarding', 'net/ipv6/conf', []),
  ];
}

function advertisementChanges(facts: HostFacts, sysctls: Sysctls): SysctlChange[] {
  const devices = new Set(
    facts.routes.filter((route) => route.protocol === 'ra').map((route) => route.device),
  );
  return [...devices]
    .map((device) => `net/ipv6/conf/${device}/accept_ra`)
    .filter((path) => sysctls.read(path) === '1')
    .map((path) => ({ kind: 'sysctl', path, previous: '1', value: '2' }));
}

function switchOn(sysctls: Sysctls, path: string, folder: string, more: readonly string[]): SysctlChange[] {
  const previous = sysctls.read(path);
  if (previous === null) return []; // a kernel without this family
  if (previous === '1') return [{ kind: 'sysctl', path, previous, value: '1' }];
  const others: Record<string, string> = {};
  for (const other of [...sysctls.list(folder).map((device) => `${folder}/${device}/forwarding`), ...more]) {
    const was = other === path ? null : sysctls.read(other);
    if (was !== null) others[other] = was;
  }
  return [{ kind: 'sysctl', path, previous, value: '1', others }];
}
