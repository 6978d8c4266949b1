/**
 * A gateway without device or threads: segment, tables and translator over an arena.
 *
 * The world is small and always the same: an inside host, a few synthetic addresses, one SNAT address.
 */
import { SessionFlows } from '../../src/datapath/session-flows.ts';
import { type Settings, ZeroChecksum } from '../../src/datapath/settings.ts';
import { Translator } from '../../src/datapath/translator.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { NatState } from '../../src/nat/nat-state.ts';
import type { ResolverOptions } from '../../src/nat/nat46-resolver.ts';
import { protocolColumn } from '../../src/nat/port-pool.ts';
import { recover } from '../../src/nat/recovery.ts';
import { byteLength, type Geometry, NOW_SEC_AT, Segment } from '../../src/nat/segment.ts';
import { portPair } from '../../src/nat/session.ts';
import { bytes } from './hex.ts';
import { Slot } from './slot.ts';

/** Addresses of the world, as hex. Documentation prefixes only (RFC 5737, RFC 3849). */
export const CLIENT = 'c0000221'; // 192.0.2.33, inside
export const CLIENT_2 = 'c0000222';
export const SYNTHETIC = 'c6336407'; // 198.51.100.7, stands for REAL
export const REAL = '20010db8006400000000000000000080';
export const SYNTHETIC_2 = 'c6336408';
export const REAL_2 = '20010db8006400000000000000000081';
/** A second synthetic address of REAL. */
const SYNTHETIC_ALIAS = 'c6336409';
/** Stands for the SNAT address itself. */
const SYNTHETIC_HAIRPIN = 'c633640a';
export const SYNTHETIC_RESTING = 'c633640b';
const SYNTHETIC_NEGATIVE = 'c633640c';
/** Nothing is known of it. */
export const SYNTHETIC_UNKNOWN = 'c6336463';
export const SNAT = '20010db8004600000000000000000001';
export const SELF4 = 'c6336401'; // 198.51.100.1
/** RFC 6791 §3: source of translated errors of routers. */
const ERROR_SOURCE4 = 'cb007109'; // 203.0.113.9

/** BIB entries that every world has: the outside port differs from the inside one. */
export const INSIDE_PORT = 0x9c40;
export const OUTSIDE_PORT = 0xc350;
export const INSIDE_ID = 0x1234;
export const OUTSIDE_ID = 0xabcd;

export interface WorldOptions extends SettingsOptions, Partial<ResolverOptions> {
  geometry?: Partial<Geometry>;
  filtering?: Filtering;
}

export class World extends Slot {
  readonly state: NatState;
  readonly translator: Translator;

  constructor(options: WorldOptions = {}) {
    super();
    const geometry = { sessions: 64, mappings: 64, clients: 16, fragments: 16, members: 2, workers: 1 };
    Object.assign(geometry, options.geometry);
    const segment = new Segment(new ArrayBuffer(byteLength(geometry)), geometry);
    segment.format(Int32Array.of(0x1b873593, 0x2545f491, 0x5bd1e995, 0x27d4eb2f));
    segment.words[NOW_SEC_AT] = 1_700_000_000;
    this.state = new NatState(segment, () => {});
    recover(this.state, [words(SNAT)], options.filtering ?? Filtering.EndpointIndependent);
    this.#map();
    this.#bind();
    const chosen = settings(options);
    const flows = new SessionFlows(this.state, this.batch.view, resolverOptions(options), chosen);
    this.translator = new Translator(this.batch, flows, chosen);
  }

  /** The BIB entry of an inside transport address, with a chosen outside port. */
  bind(protocol: number, address: string, inside: number, outside: number): void {
    const { bibs, clients, pool } = this.state;
    const word = words(address)[0]!;
    const known = clients.lookup(word);
    const client = known < 0 ? clients.insert(word, 0) : known;
    pool.claim(0, protocolColumn(protocol), outside);
    bibs.insert(protocol, word, portPair(inside, outside), 0, client);
    clients.addBibs(client, +1);
  }

  #map(): void {
    const { mappings, segment } = this.state;
    const now = segment.nowSec();
    const map = (v4: string, v6: string): number =>
      mappings.insert(words(v4)[0]! >>> 0, bytes(v6), MappingKind.Dynamic, 7200, now);
    map(SYNTHETIC_ALIAS, REAL); // first: REAL is found as SYNTHETIC
    map(SYNTHETIC, REAL);
    map(SYNTHETIC_2, REAL_2);
    map(SYNTHETIC_HAIRPIN, SNAT);
    mappings.quarantine(map(SYNTHETIC_RESTING, '20010db8006400000000000000000082'), now);
    mappings.insertNegative(words(SYNTHETIC_NEGATIVE)[0]! >>> 0, this.now + 1000);
  }

  #bind(): void {
    for (const protocol of [6, 17]) this.bind(protocol, CLIENT, INSIDE_PORT, OUTSIDE_PORT);
    this.bind(1, CLIENT, INSIDE_ID, OUTSIDE_ID);
  }
}

/** Hex as signed words. */
export function words(text: string): Int32Array {
  const view = new DataView(bytes(text).buffer);
  return Int32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getInt32(i * 4));
}

export interface SettingsOptions extends Partial<Omit<Settings, 'self6'>> {
  /** Own IPv6 address, hex; none by default. */
  self6?: string;
}

export function settings(options: SettingsOptions): Settings {
  return {
    mtu4: options.mtu4 ?? 1500,
    mtu6: options.mtu6 ?? 1500,
    lowestIpv6Mtu: options.lowestIpv6Mtu ?? 1280,
    self4: options.self4 ?? words(SELF4)[0]!,
    self6: words(options.self6 ?? '00*16'),
    errorSource4: options.errorSource4 ?? words(ERROR_SOURCE4)[0]!,
    errorSource6: options.errorSource6 ?? new Int32Array(4),
    idSecret: options.idSecret ?? 1,
    icmpRate: options.icmpRate ?? 100,
    zeroChecksum46: options.zeroChecksum46 ?? ZeroChecksum.Compute,
    zeroChecksum64: options.zeroChecksum64 ?? ZeroChecksum.Drop,
    clampMss: options.clampMss ?? true,
    tosKept: options.tosKept ?? 0xff,
    tosSet: options.tosSet ?? 0,
  };
}

function resolverOptions(options: WorldOptions): ResolverOptions {
  return {
    inside: options.inside ?? [],
    maxClientSessions: options.maxClientSessions ?? 1000,
    maxClientPorts: options.maxClientPorts ?? 1000,
  };
}
