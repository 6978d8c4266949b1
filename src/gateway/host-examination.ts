/**
 * Is this host able to run a configuration? Nothing is changed: no device is made, no setting written.
 */
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { checkDriver, MISSING_CAPABILITY } from '../tun/device-error.ts';
import { deviceHolder } from '../tun/device-holder.ts';
import { defaultMtu, type HostFacts, readHostFacts } from '../tun/host-facts.ts';
import { fileHolder, readOrEmpty } from '../tun/process-search.ts';
import { type Sysctls, sysctls } from '../tun/sysctl.ts';
import { hostConflicts } from './host-conflicts.ts';
import { machineId } from './machine.ts';
import { makePlan } from './plan.ts';
import { routeConflicts } from './route-conflicts.ts';

export interface Finding {
  readonly check: string;
  readonly of: string;
  readonly result: string;
  /** Whether it keeps a gateway from working. */
  readonly isObstacle: boolean;
}

/** What is looked at; tests give their own. */
export interface Host {
  readonly facts: HostFacts;
  /** Effective ones as /proc has them: hexadecimal. */
  readonly capabilities: string;
  /** Why the driver of TUN devices cannot be opened, or null. */
  readonly driverProblem: string | null;
  /** Who has a device open, or null. */
  readonly holderOf: (device: string) => string | null;
  /** Who has the state file open, or null. */
  readonly stateHolder: string | null;
  /** Whether a device that is there is a TUN device. */
  readonly isTun: boolean;
  /** Identifies this host. */
  readonly machine: string;
  readonly sysctls: Pick<Sysctls, 'read' | 'isWritable'>;
}

/** Bit of CAP_NET_ADMIN, linux/capability.h. */
const NET_ADMIN = 12n;
/** In `tun_flags` of sysfs, linux/if_tun.h. */
const IFF_TUN = 1;
/** Bytes, RFC 8200 §5. */
const LEAST_IPV6_MTU = 1280;
const SWITCHES = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'];

/** @throws Nat46Error NAT46_RUNTIME when the command `ip` is missing */
export function readHost({ tun, statePath }: Pick<Config, 'tun' | 'statePath'>): Host {
  return {
    facts: readHostFacts(),
    capabilities: /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0',
    driverProblem: checkDriver(tun),
    holderOf: deviceHolder,
    stateHolder: fileHolder(statePath),
    isTun:
      (Number(readOrEmpty(() => readFileSync(`/sys/class/net/${tun}/tun_flags`, 'utf8'))) & IFF_TUN) !== 0,
    machine: machineId(),
    sysctls: sysctls(),
  };
}

/** A row for each thing that the role needs. */
export function examineHost(config: Config, host: Host): Finding[] {
  if (config.role === 'dns') return examineAddresses(config, host);
  return [
    examineCapability(config, host),
    bad('device', '/dev/net/tun', host.driverProblem),
    examineDevice(config, host),
    ...SWITCHES.map((path) => examineSwitch(path, config, host)),
    ...examineAddresses(config, host),
    ...examineRoutes(config, host),
    examineDefaultRoute(host, 4, config),
    examineDefaultRoute(host, 6, config),
  ];
}

function good(check: string, of: string, result: string): Finding {
  return { check, of, result, isObstacle: false };
}

/** @param problem null: none */
function bad(check: string, of: string, problem: string | null): Finding {
  return { check, of, result: problem ?? 'ok', isObstacle: problem !== null };
}

function examineCapability({ attach, setup }: Config, { capabilities }: Host): Finding {
  const has = ((BigInt(`0x${capabilities}`) >> NET_ADMIN) & 1n) === 1n;
  const isNeeded = setup || !attach; // the owner of a device may attach to it
  const problem = has ? null : MISSING_CAPABILITY;
  return isNeeded
    ? bad('capability', 'CAP_NET_ADMIN', problem)
    : good('capability', 'CAP_NET_ADMIN', has ? 'ok' : 'not needed');
}

/** The gateway that has both device and state file is most likely the one about which somebody wants to know more. */
function examineDevice({ attach, tun }: Config, { facts, holderOf, stateHolder, isTun }: Host): Finding {
  const holder = holderOf(tun);
  if (holder !== null && holder === stateHolder)
    return good('device', tun, `in use by ${holder}: this gateway`);
  if (holder !== null)
    return bad('device', tun, `in use by ${holder}; choose another --tun, or stop that process`);
  const isThere = facts.links.some(({ device }) => device === tun);
  if (isThere && !isTun) return bad('device', tun, 'is there and no TUN device; choose another --tun');
  if (isThere) return good('device', tun, 'is there');
  if (!attach) return good('device', tun, 'will be created');
  return bad('device', tun, 'is not there; create it, or leave out --attach');
}

function examineSwitch(path: string, { setup }: Config, { sysctls }: Host): Finding {
  const name = path.replaceAll('/', '.');
  const value = sysctls.read(path);
  if (value === null) return bad('forwarding', name, 'this kernel does not have it; enable IPv4 and IPv6');
  if (value !== '0') return good('forwarding', name, 'ok');
  const remedy = `sysctl -w ${name}=1`;
  if (!setup) return bad('forwarding', name, `is off, and --no-setup leaves it: ${remedy}`);
  if (sysctls.isWritable(path)) return good('forwarding', name, 'is off; will be set');
  return bad('forwarding', name, `is off and may not be written here: ${remedy} on the host, or as root`);
}

function examineAddresses(config: Config, { facts }: Host): Finding[] {
  const conflicts = hostConflicts(config, facts);
  if (conflicts.length === 0) return [good('addresses', 'subnet, SNAT, maps', 'ok')];
  return conflicts.map((line) => badLine('addresses', line));
}

function examineRoutes(config: Config, { facts, machine, holderOf }: Host): Finding[] {
  if (!config.setup) return [];
  const conflicts = routeConflicts(config, makePlan(config, facts, machine), facts, holderOf);
  if (conflicts.length === 0) return [good('routes', 'subnet, SNAT, maps', 'ok')];
  return conflicts.map((line) => badLine('routes', line));
}

/** @param line what, and behind a colon what is wrong with it */
function badLine(check: string, line: string): Finding {
  const [of = '', ...problem] = line.split(': ');
  return bad(check, of, problem.join(': '));
}

/** There may be other routes to what is wanted: without a default one a gateway works. */
function examineDefaultRoute({ facts }: Host, family: 4 | 6, { tun }: Config): Finding {
  const of = `IPv${family}`;
  const mtu = defaultMtu(facts, family, tun);
  if (mtu === null) return good('default route', of, 'none');
  const isSmall = family === 6 && mtu < LEAST_IPV6_MTU;
  return isSmall
    ? bad('default route', of, `MTU ${mtu}: IPv6 needs ${LEAST_IPV6_MTU}`)
    : good('default route', of, `MTU ${mtu}`);
}
