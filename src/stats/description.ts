/**
 * What the gateway serves, as the main thread notes it in the header of the segment when it starts, so that it can be
 * shown without it: the subnet, what of it may be given out, and where DNS46 listens.
 */
import { type Cidr4, formatV4, formatV6, parseV4, parseV6 } from '../address.ts';
import { MappingKind } from '../nat/mapping.ts';
import type { NatState } from '../nat/nat-state.ts';
import {
  ASSIGNABLE_END_AT,
  ASSIGNABLE_FIRST_AT,
  ASSIGNABLE_RESERVED_AT,
  DNS_LISTEN_AT,
  DNS_LISTEN6_AT,
  DNS_PORT_AT,
  DNS_PORT6_AT,
  type Segment,
  SUBNET_BASE_AT,
  SUBNET_LENGTH_AT,
} from '../nat/segment.ts';

export interface Description {
  readonly subnet: Cidr4;
  /** The first so many host addresses are never given out by DNS46. */
  readonly reservedStatic: number;
  /** Addresses (host order) that no mapping may have; those outside the subnet do no harm. */
  readonly reserved: readonly number[];
  /** The first of each family is shown. */
  readonly dnsListen: readonly { readonly address: string; readonly port: number }[];
}

/** Main thread, at start and after a change. */
export function describe(segment: Segment, description: Description): void {
  const { words } = segment;
  const { subnet, reservedStatic, reserved, dnsListen } = description;
  const first = subnet.base + 1 + reservedStatic;
  const end = subnet.base + 2 ** (32 - subnet.length) - 1;
  const taken = new Set(reserved.map((v4) => v4 >>> 0).filter((v4) => v4 >= first && v4 < end));
  words[SUBNET_BASE_AT] = subnet.base;
  words[SUBNET_LENGTH_AT] = subnet.length;
  words[ASSIGNABLE_FIRST_AT] = first;
  words[ASSIGNABLE_END_AT] = Math.max(first, end);
  words[ASSIGNABLE_RESERVED_AT] = taken.size;
  const first4 = dnsListen.find(({ address }) => parseV4(address) !== null);
  words[DNS_LISTEN_AT] = parseV4(first4?.address ?? '') ?? 0;
  words[DNS_PORT_AT] = first4?.port ?? 0;
  const first6 = dnsListen.find(({ address }) => parseV6(address) !== null);
  const bytes = new DataView((parseV6(first6?.address ?? '') ?? new Uint8Array(16)).buffer);
  for (let i = 0; i < 4; i++) words[DNS_LISTEN6_AT + i] = bytes.getInt32(i * 4);
  words[DNS_PORT6_AT] = first6?.port ?? 0;
}

/** `10.2.2.0/24`, or `-` when no gateway has started on this segment. */
export function subnet(segment: Segment): string {
  const length = word(segment, SUBNET_LENGTH_AT);
  return length === 0 ? '-' : `${formatV4(word(segment, SUBNET_BASE_AT) >>> 0)}/${length}`;
}

/** Addresses that DNS46 can give out now: neither mapped, nor resting, nor reserved. */
export function freeAddresses({ mappings, segment }: NatState): number {
  const first = word(segment, ASSIGNABLE_FIRST_AT) >>> 0;
  const end = word(segment, ASSIGNABLE_END_AT) >>> 0;
  let free = end - first - word(segment, ASSIGNABLE_RESERVED_AT);
  for (const row of mappings.rows.inUse()) {
    if (mappings.kind(row) === MappingKind.Negative) continue;
    const v4 = mappings.v4(row);
    if (v4 >= first && v4 < end) free--;
  }
  return Math.max(0, free);
}

/** `10.2.2.1:53`, or `-` without an IPv4 listener. */
export function dnsListener4(segment: Segment): string {
  const port = word(segment, DNS_PORT_AT);
  return port === 0 ? '-' : `${formatV4(word(segment, DNS_LISTEN_AT) >>> 0)}:${port}`;
}

/** `[2001:db8::1]:53`, or null without an IPv6 listener. */
export function dnsListener6(segment: Segment): string | null {
  const port = word(segment, DNS_PORT6_AT);
  return port === 0 ? null : `[${addressAt(segment, DNS_LISTEN6_AT)}]:${port}`;
}

/** Text of the IPv6 address in four words of the segment. @param at word offset */
export function addressAt(segment: Segment, at: number): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) view.setInt32(i * 4, word(segment, at + i));
  return formatV6(bytes);
}

function word(segment: Segment, at: number): number {
  return segment.words[at] ?? 0;
}
