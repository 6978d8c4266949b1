/**
 * The one frozen configuration of a running gateway, and how the command line and the environment become it.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism, networkInterfaces } from 'node:os';
import { type Cidr4, type Cidr6, formatV4, formatV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import { type Endpoint, listensAt, type SelfIp, type StaticMap } from './address-schemas.ts';
import { commandLine, readCommandLine } from './command-line.ts';
import { crossProblems } from './cross-checks.ts';
import { type DeviceConfig, deviceConfig, type Environment } from './device-config.ts';
import type { DnsZone } from './dns-zone.ts';
import { defaultControlPath } from './paths.ts';
import { type NameServers, nameServers } from './resolv-conf.ts';
import { RUN_FLAGS, type RunValues } from './run-flags.ts';
import { SERVICE, sessionDb, withTls } from './session-db.ts';
import { addFlags, readSettings, type Setting, type Settings } from './settings.ts';
import type { StoreAddress } from './store-address.ts';

/** IPv4 addresses are numbers in host order, IPv6 addresses 16 bytes; `null` means not given, see `--help`. */
export interface Config extends DeviceConfig {
  readonly subnet: Cidr4;
  /** The first so many host addresses of the subnet are never given out dynamically. */
  readonly reservedStatic: number;
  /** IPv6 members in order, ranges expanded, at most 1024; empty = automap. */
  readonly snatPool: readonly Uint8Array[];
  readonly selfIps: readonly SelfIp[];
  readonly replica: number;
  /** Sources that may create sessions; empty = any. */
  readonly inside: readonly Cidr4[];
  readonly maps: readonly StaticMap[];
  readonly store: StoreAddress;
  readonly role: 'all' | 'dns' | 'data';
  readonly dnsListen: readonly Endpoint[];
  /** Never empty unless the role is `data`. */
  readonly dnsUpstream: readonly Endpoint[];
  /** Whether flags name the upstreams; else they are those of the host. */
  readonly dnsUpstreamGiven: boolean;
  /** Name servers of the host that are left out because DNS46 itself listens there, canonical text. */
  readonly dnsUpstreamOwn: readonly string[];
  readonly dnsZones: readonly DnsZone[];
  readonly dnsAaaa: 'answer' | 'additional' | 'omit';
  readonly maxTtlSec: number;
  /** Queries per second; 0 = no limit. */
  readonly dnsRate: number;
  /** The same of one client. */
  readonly dnsClientRate: number;
  readonly dnsOverLimit: 'refuse' | 'drop';
  readonly dnsHints: 'strip' | 'synthesize' | 'keep';
  readonly dnsExclude: readonly (Cidr4 | Cidr6)[];
  readonly dnsMixedCase: boolean;
  readonly sorryIp: number | null;
  readonly maxSessions: number;
  readonly maxClientSessions: number | null;
  readonly maxClientPorts: number | null;
  readonly filtering: 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent';
  readonly bindingLog: string | null;
  readonly bindingLogDestinations: boolean;
  readonly controlPath: string;
}

/** What a configuration takes from the host it is written for; tests give their own. */
export interface Surroundings {
  readonly resolvConf: () => string;
  readonly cores: () => number;
  /** Addresses of its interfaces, canonical text. */
  readonly addresses: () => readonly string[];
}

const HOST: Surroundings = {
  resolvConf: () => {
    try {
      return readFileSync('/etc/resolv.conf', 'utf8');
    } catch {
      return ''; // no file and no name server are the same to a reader of it
    }
  },
  cores: availableParallelism,
  addresses: () =>
    Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
};

const DNS_PORT = 53;

/**
 * The configuration of `nat46 run`.
 * @param args behind the word `run`
 * @throws Nat46Error NAT46_USAGE, or NAT46_CONFIG whose message has a line for each problem
 */
export function parseRunConfig(args: readonly string[], env: Environment, host: Surroundings = HOST): Config {
  const command = addFlags(commandLine('nat46 run', 'Start the gateway in the foreground.'), RUN_FLAGS);
  readCommandLine(command, args);
  return resolveRun(command, env, host).config;
}

/** The same for a command that has the flags of `run` among its own. @param command after it parsed its arguments */
export function resolveRun(
  command: ReturnType<typeof commandLine>,
  env: Environment,
  host: Surroundings = HOST,
): { config: Config; settings: ReadonlyMap<string, Setting> } {
  const { values, settings, problems } = withStore(readSettings(RUN_FLAGS, command, env), env);
  const listen = values.role === 'data' ? [] : listenersOf(values);
  const ownAddresses = host.addresses();
  const all = [...problems, ...crossProblems({ values, settings, listen, ownAddresses })];
  const config = all.length === 0 ? build(values as RunValues, host, ownAddresses) : null;
  if (config && config.role !== 'data' && config.dnsUpstream.length === 0) all.push(noUpstream(config));
  if (!config || all.length > 0) throw new Nat46Error('NAT46_CONFIG', all.join('\n'));
  return { config: freeze(config), settings };
}

function noUpstream({ dnsUpstreamOwn: [own] }: Config): string {
  const named = own === undefined ? 'no name server' : `none but this gateway itself (${own})`;
  return (
    `--dns-upstream: not given, and /etc/resolv.conf names ${named}; name a DNS server with --dns-upstream ADDR, ` +
    'or use --role data for a gateway without DNS'
  );
}

/** The settings with the store that the environment of the dSSM names, if nothing goes before it. */
function withStore(given: Settings<typeof RUN_FLAGS>, env: Environment): Settings<typeof RUN_FLAGS> {
  const setting = given.settings.get('store');
  const named = setting?.source === 'default' ? sessionDb(env) : { value: null };
  if ('problems' in named) return { ...given, problems: [...given.problems, ...named.problems] };
  const address = named.value ?? given.values.store;
  if (!address) return given;
  const store = withTls(address, env);
  if ('problems' in store) return { ...given, problems: [...given.problems, ...store.problems] };
  const settings = new Map(given.settings);
  const texts = [store.value.label];
  if (named.value) settings.set('store', { name: 'store', texts, source: 'environment', variable: SERVICE });
  else if (setting) settings.set('store', { ...setting, texts });
  return { ...given, settings, values: { ...given.values, store: store.value } };
}

/** @param own addresses of the host */
function build(values: RunValues, host: Surroundings, own: readonly string[]): Config {
  const dnsListen = listenersOf(values);
  const dnsUpstreamGiven = values['dns-upstream'].length > 0;
  const found = dnsUpstreamGiven ? { servers: [], own: [] } : upstreamOf(host.resolvConf(), dnsListen, own);
  return {
    ...deviceConfig(values, host.cores()),
    ...addressesOf(values),
    ...flowsOf(values),
    controlPath: values.control ?? defaultControlPath(values.tun),
    store: values.store,
    role: values.role,
    dnsListen,
    dnsUpstream: dnsUpstreamGiven
      ? values['dns-upstream']
      : found.servers.map((address) => ({ address, port: DNS_PORT })),
    dnsUpstreamGiven,
    dnsUpstreamOwn: values.role === 'data' ? [] : found.own,
    ...dnsOf(values),
  };
}

function dnsOf(values: RunValues) {
  return {
    dnsZones: values['dns-zone'],
    dnsAaaa: values['dns-aaaa'],
    maxTtlSec: values['max-ttl'],
    dnsRate: values['dns-rate'],
    dnsClientRate: values['dns-client-rate'],
    dnsOverLimit: values['dns-over-limit'],
    dnsHints: values['dns-hints'],
    dnsExclude: values['dns-exclude'],
    dnsMixedCase: values['dns-mixed-case'],
  };
}

function flowsOf(values: RunValues) {
  return {
    maxSessions: values['max-sessions'],
    maxClientSessions: values['max-client-sessions'],
    maxClientPorts: values['max-client-ports'],
    filtering: values.filtering,
    bindingLog: values['binding-log'],
    bindingLogDestinations: values['binding-log-destinations'],
  };
}

function addressesOf(values: RunValues) {
  return {
    subnet: values.subnet,
    reservedStatic: values['reserved-static'],
    snatPool: values['snat-pool'].flat(),
    selfIps: values['self-ip'],
    replica: values.replica,
    inside: values.inside,
    maps: values.map,
    sorryIp: values['sorry-ip'],
  };
}

/** Where DNS46 listens: by default at the first host address. */
function listenersOf(values: Partial<RunValues>): readonly Endpoint[] {
  const { 'dns-listen': given, subnet } = values;
  if (given && given.length > 0) return given;
  if (!given || !subnet) return [];
  return [{ address: formatV4(subnet.base + 1), port: DNS_PORT }];
}

function upstreamOf(resolvConf: string, listen: readonly Endpoint[], own: readonly string[]): NameServers {
  const isOwn = (address: string) => listen.some((at) => listensAt(at, { address, port: DNS_PORT }, own));
  return nameServers(resolvConf, isOwn);
}

/** Deep, but for the bytes of addresses, which cannot be frozen. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

/** A configuration as plain JSON: addresses as text. */
export function describeConfig(config: Config): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(config, (key, value: unknown) => {
      if (value instanceof Uint8Array) return formatV6(value);
      if (key === 'store') return (value as StoreAddress).label;
      if (isCidr(value)) {
        const { base, length } = value;
        return `${typeof base === 'number' ? formatV4(base) : formatV6(base)}/${length}`;
      }
      return typeof value === 'number' && V4_KEYS.has(key) ? formatV4(value) : value;
    }),
  );
}

const V4_KEYS = new Set(['v4', 'sorryIp', 'self4', 'rfc6791V4']);

function isCidr(value: unknown): value is Cidr4 | Cidr6 {
  return typeof value === 'object' && value !== null && 'base' in value && 'length' in value;
}
