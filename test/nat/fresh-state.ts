/**
 * A segment in plain memory with everything small, and the state over it, as a gateway finds it after its start.
 */
import { parseV6 } from '../../src/address.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import { toWords } from '../../src/nat/mapping.ts';
import { NatState } from '../../src/nat/nat-state.ts';
import { recover } from '../../src/nat/recovery.ts';
import { byteLength, type Geometry, Segment } from '../../src/nat/segment.ts';

export const SMALL: Geometry = {
  sessions: 64,
  mappings: 32,
  clients: 16,
  fragments: 8,
  members: 2,
  workers: 2,
};

export const MEMBERS = ['2001:db8:5::1', '2001:db8:5::2'] as const;

export const SEEDS = [1, 2, 3, 4];

/** Four words of an IPv6 address. */
export function words(text: string): Int32Array {
  const out = new Int32Array(4);
  toWords(bytes(text), out);
  return out;
}

/** 16 bytes of an IPv6 address. */
export function bytes(text: string): Uint8Array {
  const address = parseV6(text);
  if (address === null) throw new RangeError(`not an IPv6 address: ${text}`);
  return address;
}

/** @param seeds secrets of the segment */
export function freshState(
  geometry: Partial<Geometry> = {},
  members: readonly string[] = MEMBERS,
  seeds = SEEDS,
  filtering: Filtering = Filtering.EndpointIndependent,
): NatState {
  const whole = { ...SMALL, ...geometry };
  const segment = new Segment(new ArrayBuffer(byteLength(whole)), whole);
  segment.format(Int32Array.from(seeds));
  const state = new NatState(segment, spin);
  recover(state, members.map(words), filtering);
  return state;
}

/** The same bytes, seen by another process later. */
export function copyOf(state: NatState): NatState {
  const buffer = state.segment.words.buffer.slice(0) as ArrayBuffer;
  return new NatState(new Segment(buffer, state.segment.geometry), spin);
}

function spin(): void {
  throw new Error('the lock is held and nobody is there to release it');
}
