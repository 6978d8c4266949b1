/**
 * From the configuration and the facts of the host to the numbers that the parts work with.
 */
import { createHash, randomInt } from 'node:crypto';
import { contains4, formatV4, formatV6, parseV4, parseV6 } from '../address.ts';
import type { Config } from '../config/config.ts';
import { type Settings, ZeroChecksum } from '../datapath/settings.ts';
import { BindingLogMode } from '../nat/binding-ring.ts';
import { Filtering } from '../nat/filtering.ts';
import { toWords } from '../nat/mapping.ts';
import type { ResolverOptions } from '../nat/nat46-resolver.ts';
import type { Geometry } from '../nat/segment.ts';
import { defaultMtu, type HostFacts, isLocal, onLinkDevice, onLinkPrefixes6 } from '../tun/host-facts.ts';

/** Workers that a segment has room for; more or fewer threads do not change its geometry. */
const MAX_WORKERS = 8;
/** Members that a segment has room for, so that a pool may grow without losing sessions. */
const MIN_MEMBERS = 256;
const MAX_MAPPINGS = 2 ** 20;
/** Every subnet up to /16 has the same geometry, so that a change of it meets the rows of the old one. */
const MIN_MAPPINGS = 2 ** 16;
/** Room for `--map` addresses outside the subnet. */
const EXTRA_MAPPINGS = 4096;
const MAX_CLIENTS = 65_536;
const FRAGMENTS = 65_536;
/** Sessions that one inside host may hold at once: as many as it has ports, and half of the table at most. */
const MAX_CLIENT_SESSIONS = 65_536;
/** Half of the ports of a SNAT address: one host cannot take the address from those it shares it with. */
const MAX_CLIENT_PORTS = 32_768;

export interface Plan {
  readonly geometry: Geometry;
  readonly settings: Settings;
  readonly resolver: ResolverOptions;
  readonly filtering: Filtering;
  readonly bindingLogMode: BindingLogMode;
  /** SNAT addresses, 16 bytes each. */
  readonly members: readonly Uint8Array[];
  /** Where the members come from when none were configured. */
  readonly automap: 'self-ip' | 'on-link' | 'ula' | null;
  /** IPv4 addresses that are the gateway's own or the sorry server's: never given out. */
  readonly taken: readonly number[];
  /** What to do to the host: text for `ip`. */
  readonly addresses: readonly string[];
  readonly routes4: readonly string[];
  readonly routes6: readonly string[];
  readonly neighbourProxies: readonly string[];
}

/** @param machine identifies this host, for an address of its own that stays the same */
export function makePlan(config: Config, facts: HostFacts, machine: string): Plan {
  const { members, automap } = membersOf(config, facts, machine);
  const self4 = config.self4 ?? config.subnet.base + 1;
  const listen4 = config.dnsListen.map((at) => parseV4(at.address)).filter((v4) => v4 !== null);
  return {
    geometry: geometryOf(config, members.length),
    settings: settingsOf(config, facts, self4),
    resolver: resolverOf(config),
    filtering: FILTERINGS[config.filtering],
    bindingLogMode: bindingLogModeOf(config),
    members,
    automap,
    taken: [self4, ...listen4, ...ownV4(config)],
    addresses: foreignListeners(config, self4, facts),
    routes4: [
      `${formatV4(config.subnet.base)}/${config.subnet.length}`,
      ...config.maps.filter(({ v4 }) => !contains4(config.subnet, v4)).map(({ v4 }) => `${formatV4(v4)}/32`),
    ],
    routes6: members.map((member) => `${formatV6(member)}/128`),
    neighbourProxies: members
      .filter((member) => onLinkDevice(facts, member, config.tun) !== null)
      .map((member) => formatV6(member)),
  };
}

/** Addresses to listen on that the host does not have: they go on the device. Everywhere is at the gateway's own, too. */
function foreignListeners(config: Config, self4: number, facts: HostFacts): string[] {
  const found = new Set<string>();
  for (const { address } of config.dnsListen) {
    const v4 = address === '0.0.0.0' ? self4 >>> 0 : parseV4(address);
    const bytes = v4 === null ? parseV6(address) : bytes4(v4);
    const everywhere = bytes?.every((byte) => byte === 0);
    if (bytes && !everywhere && !isLocal(facts, bytes, config.tun))
      found.add(`${v4 === null ? address : formatV4(v4)}/${bytes.length * 8}`);
  }
  return [...found];
}

/** IPv4 addresses of the configuration that stand for somebody already. */
function ownV4({ sorryIp, rfc6791V4, selfIps }: Config): number[] {
  const self = selfIps.map((at) => parseV4(at.address));
  return [sorryIp, rfc6791V4, ...self].filter((v4) => v4 !== null);
}

function geometryOf(config: Config, members: number): Geometry {
  return {
    sessions: config.maxSessions,
    mappings: mappingCapacity(config.subnet.length),
    clients: Math.min(config.maxSessions, MAX_CLIENTS),
    fragments: FRAGMENTS,
    members: Math.max(MIN_MEMBERS, members),
    workers: MAX_WORKERS,
  };
}

function mappingCapacity(subnetLength: number): number {
  return Math.max(MIN_MAPPINGS, Math.min(2 ** (32 - subnetLength), MAX_MAPPINGS)) + EXTRA_MAPPINGS;
}

const FILTERINGS = {
  'endpoint-independent': Filtering.EndpointIndependent,
  'address-dependent': Filtering.AddressDependent,
  'address-and-port-dependent': Filtering.AddressAndPortDependent,
} as const;

function bindingLogModeOf({ bindingLog, bindingLogDestinations }: Config): BindingLogMode {
  if (bindingLog === null) return BindingLogMode.Off;
  return bindingLogDestinations ? BindingLogMode.BibsAndSessions : BindingLogMode.Bibs;
}

function resolverOf(config: Config): ResolverOptions {
  const share = Math.ceil(config.maxSessions / 2);
  return {
    inside: config.inside.map(mask),
    maxClientSessions: config.maxClientSessions ?? Math.min(MAX_CLIENT_SESSIONS, share),
    maxClientPorts: config.maxClientPorts ?? Math.min(MAX_CLIENT_PORTS, share),
  };
}

function settingsOf(config: Config, facts: HostFacts, self4: number): Settings {
  const self6 = new Int32Array(4);
  const errorSource6 = new Int32Array(4);
  if (config.self6) toWords(config.self6, self6);
  const errors = config.rfc6791V6 ?? config.self6;
  if (errors) toWords(errors, errorSource6);
  return {
    mtu4: config.mtu4 ?? defaultMtu(facts, 4, config.tun) ?? config.mtu,
    mtu6: config.mtu6 ?? defaultMtu(facts, 6, config.tun) ?? config.mtu,
    lowestIpv6Mtu: config.lowestIpv6Mtu,
    self4: self4 | 0,
    self6,
    errorSource4: (config.rfc6791V4 ?? self4) | 0,
    errorSource6,
    icmpRate: config.icmpRate,
    zeroChecksum46: ZeroChecksum.Compute,
    zeroChecksum64: ZeroChecksum.Drop,
    clampMss: true,
    ...config.marking,
    idSecret: randomInt(2 ** 32) | 0,
  };
}

function membersOf(config: Config, facts: HostFacts, machine: string): Pick<Plan, 'members' | 'automap'> {
  // Without a data path there are no sessions: what is configured is known to DNS46 only
  if (config.snatPool.length > 0 || config.role === 'dns') return { members: config.snatPool, automap: null };
  const selfIps = config.selfIps.map((self) => parseV6(self.address)).filter((v6) => v6 !== null);
  const own = selfIps[config.replica] ?? selfIps[0];
  if (own) return { members: [own], automap: 'self-ip' };
  const [prefix] = onLinkPrefixes6(facts, config.tun).filter((route) => route.length <= 64);
  if (prefix) return { members: [stableAddress(prefix.bytes, config.tun, machine)], automap: 'on-link' };
  return { members: [stableAddress(ula(machine), config.tun, machine)], automap: 'ula' };
}

/** An interface identifier that stays the same for this device, host and link and tells nothing about them, RFC 7217 §5. */
function stableAddress(prefix: Uint8Array, tun: string, machine: string): Uint8Array {
  const address = new Uint8Array(16);
  address.set(prefix.subarray(0, 8));
  address.set(createHash('sha256').update(tun).update(prefix).update(machine).digest().subarray(0, 8), 8);
  return address;
}

/** A unique local prefix, RFC 4193 §3.2. */
function ula(machine: string): Uint8Array {
  const prefix = new Uint8Array(8);
  prefix[0] = 0xfd;
  prefix.set(createHash('sha256').update('nat46 ula').update(machine).digest().subarray(0, 5), 1);
  return prefix;
}

function mask(cidr: { base: number; length: number }): { network: number; mask: number } {
  return { network: cidr.base | 0, mask: cidr.length === 0 ? 0 : -1 << (32 - cidr.length) };
}

function bytes4(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}
