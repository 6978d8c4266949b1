/**
 * The one frozen configuration of a running gateway, and how the command line and the environment become it.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Cidr4, formatV4, formatV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { Endpoint, SelfIp, StaticMap } from './address-schemas.ts';
import { commandLine, readCommandLine } from './command-line.ts';
import { crossProblems } from './cross-checks.ts';
import { defaultControlPath, defaultStatePath } from './paths.ts';
import { nameServers } from './resolv-conf.ts';
import { RUN_FLAGS, type RunValues } from './run-flags.ts';
import { SERVICE, sessionDb, withTls } from './session-db.ts';
import { addFlags, readSettings, type Setting, type Settings } from './settings.ts';
import type { StoreAddress } from './store-address.ts';

/** IPv4 addresses are numbers in host order, IPv6 addresses 16 bytes; `null` means not given, see `--help`. */
export interface Config {
  readonly tun: string;
  /** Bytes, of the device. */
  readonly mtu: number;
  /** Data-plane threads = queues, 1 … 8. */
  readonly workers: number;
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
  readonly dnsAaaa: 'answer' | 'additional' | 'omit';
  readonly maxTtlSec: number;
  /** Queries per second; 0 = no limit. */
  readonly dnsRate: number;
  readonly sorryIp: number | null;
  /** Bytes, 1280 … 65535. */
  readonly lowestIpv6Mtu: number;
  readonly maxSessions: number;
  readonly statePath: string;
  readonly controlPath: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly logFormat: 'json' | 'pretty';
  /** False: addresses, routes, sysctls and neighbour proxies are left alone. */
  readonly setup: boolean;
  readonly persist: boolean;
  readonly attach: boolean;
  readonly mtu4: number | null;
  readonly mtu6: number | null;
  readonly self4: number | null;
  readonly self6: Uint8Array | null;
  readonly rfc6791V4: number | null;
  readonly rfc6791V6: Uint8Array | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a configuration takes from the host it is written for; tests give their own. */
export interface Surroundings {
  readonly resolvConf: () => string;
  readonly cores: () => number;
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
};

const DNS_PORT = 53;
const MAX_WORKERS = 8;

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
  const all = [...problems, ...crossProblems({ values, settings })];
  const config = all.length === 0 ? build(values as RunValues, host) : null;
  if (config && config.role !== 'data' && config.dnsUpstream.length === 0) {
    all.push(
      '--dns-upstream: not given, and /etc/resolv.conf names no other server; give one, or use --role data',
    );
  }
  if (!config || all.length > 0) throw new Nat46Error('NAT46_CONFIG', all.join('\n'));
  return { config: freeze(config), settings };
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

function build(values: RunValues, host: Surroundings): Config {
  const dnsListen = values['dns-listen'].length > 0 ? values['dns-listen'] : [firstHost(values.subnet)];
  return {
    ...deviceOf(values, host),
    ...addressesOf(values),
    store: values.store,
    role: values.role,
    dnsListen,
    dnsUpstream: values['dns-upstream'].length > 0 ? values['dns-upstream'] : upstreamOf(host, dnsListen),
    dnsAaaa: values['dns-aaaa'],
    maxTtlSec: values['max-ttl'],
    dnsRate: values['dns-rate'],
    logLevel: values['log-level'],
    logFormat: values['log-format'],
  };
}

function deviceOf(values: RunValues, host: Surroundings) {
  return {
    tun: values.tun,
    mtu: values.mtu,
    mtu4: values.mtu4,
    mtu6: values.mtu6,
    workers: values.workers ?? Math.min(Math.max(host.cores(), 1), MAX_WORKERS),
    lowestIpv6Mtu: values['lowest-ipv6-mtu'],
    maxSessions: values['max-sessions'],
    statePath: values.state ?? defaultStatePath(values.tun),
    controlPath: values.control ?? defaultControlPath(values.tun),
    setup: !values['no-setup'],
    persist: values.persist,
    attach: values.attach,
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
    self4: values.self4,
    self6: values.self6,
    rfc6791V4: values['rfc6791-v4'],
    rfc6791V6: values['rfc6791-v6'],
  };
}

function firstHost(subnet: Cidr4): Endpoint {
  return { address: formatV4(subnet.base + 1), port: DNS_PORT };
}

function upstreamOf(host: Surroundings, listen: readonly Endpoint[]): Endpoint[] {
  const own = listen.filter((at) => at.port === DNS_PORT).map((at) => at.address);
  return nameServers(host.resolvConf(), own).map((address) => ({ address, port: DNS_PORT }));
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
      if (isCidr(value)) return `${formatV4(value.base)}/${value.length}`;
      return typeof value === 'number' && V4_KEYS.has(key) ? formatV4(value) : value;
    }),
  );
}

const V4_KEYS = new Set(['v4', 'sorryIp', 'self4', 'rfc6791V4']);

function isCidr(value: unknown): value is Cidr4 {
  return typeof value === 'object' && value !== null && 'base' in value && typeof value.base === 'number';
}
