/**
 * Checksum deltas from inside to outside. TCP and UDP: both pseudo-headers have the same protocol and length words.
 * ICMPv4 has no pseudo-header and ICMPv6 has one: there the delta adds it, but for the length, which each packet adds.
 */
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import type { NewSession } from './session.ts';

/** Fill `delta` and `addressDelta` from the tuples. */
export function setDeltas(session: NewSession): void {
  let outside = 0;
  for (let i = 0; i < 8; i++) outside += checksum.words(session.outside[i]!);
  const insidePorts = checksum.words(session.insidePorts);
  const outsidePorts = checksum.words(session.outsidePorts);
  if (session.protocol === icmp.V4) {
    session.delta = checksum.delta(insidePorts, outsidePorts + outside + icmp.V6);
    session.addressDelta = 0;
    return;
  }
  const inside = checksum.words(session.insideNear) + checksum.words(session.insideFar);
  session.addressDelta = checksum.delta(inside, outside);
  session.delta = checksum.delta(inside + insidePorts, outside + outsidePorts);
}
