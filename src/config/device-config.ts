/**
 * What `run` and `siit` have in common: the device, its threads, and what translation needs beside addresses.
 */
import type { Marking } from '../xlat/traffic-class.ts';
import type { FlagValues } from './flag.ts';
import { defaultStatePath } from './paths.ts';
import type { RUN_FLAGS } from './run-flags.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** IPv4 addresses are numbers in host order, IPv6 addresses 16 bytes; `null` means not given, see `--help`. */
export interface DeviceConfig {
  readonly tun: string;
  /** Bytes, of the device. */
  readonly mtu: number;
  /** Data-plane threads = queues, 1 … 8. */
  readonly workers: number;
  /** Bytes, 1280 … 65535. */
  readonly lowestIpv6Mtu: number;
  /** What becomes of TOS and traffic class. */
  readonly marking: Marking;
  /** ICMP errors a second, each worker and family; 0 = none. */
  readonly icmpRate: number;
  readonly statePath: string;
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
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly logFormat: 'json' | 'pretty';
}

type DeviceFlag =
  | 'tun'
  | 'mtu'
  | 'workers'
  | 'lowest-ipv6-mtu'
  | 'traffic-class'
  | 'icmp-rate'
  | 'state'
  | 'no-setup'
  | 'persist'
  | 'attach'
  | 'mtu4'
  | 'mtu6'
  | 'self4'
  | 'self6'
  | 'rfc6791-v4'
  | 'rfc6791-v6'
  | 'log-level'
  | 'log-format';

const MAX_WORKERS = 8;

/** @param cores of the host */
export function deviceConfig(
  values: Pick<FlagValues<typeof RUN_FLAGS>, DeviceFlag>,
  cores: number,
): DeviceConfig {
  return {
    tun: values.tun,
    mtu: values.mtu,
    mtu4: values.mtu4,
    mtu6: values.mtu6,
    workers: values.workers ?? Math.min(Math.max(cores, 1), MAX_WORKERS),
    lowestIpv6Mtu: values['lowest-ipv6-mtu'],
    marking: values['traffic-class'],
    icmpRate: values['icmp-rate'],
    statePath: values.state ?? defaultStatePath(values.tun),
    setup: !values['no-setup'],
    persist: values.persist,
    attach: values.attach,
    self4: values.self4,
    self6: values.self6,
    rfc6791V4: values['rfc6791-v4'],
    rfc6791V6: values['rfc6791-v6'],
    logLevel: values['log-level'],
    logFormat: values['log-format'],
  };
}
