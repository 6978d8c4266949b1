/**
 * `--snat-pool A[-B]`: one member of the SNAT pool or a range of them, expanded in order.
 */
import { formatV6, parseV4, parseV6 } from '../address.ts';
import { reading, unusableV6 } from './address-schemas.ts';

/** Members in all. Each has port tables in the segment, so a mistyped range must not cost gigabytes. */
export const MAX_MEMBERS = 1024;

const HOW = 'write A or A-B with IPv6 addresses, as in 2001:db8::10-2001:db8::13';

/** The members of one value, 16 bytes each, at most MAX_MEMBERS. */
export const snatRange = reading<Uint8Array[]>((text) => {
  const ends = text.split('-');
  if (ends.length > 2) return { problem: `not a range; ${HOW}` };
  if (ends.some((end) => parseV4(end) !== null)) {
    return { problem: 'IPv4 members serve SNAT44, which this build does not have; give IPv6 members only' };
  }
  const [first = null, last = first] = ends.map(parseV6);
  if (!first || !last) return { problem: `not an IPv6 address or range; ${HOW}` };
  const count = toInteger(last) - toInteger(first) + 1n;
  if (count < 1n) {
    return { problem: `ends before it begins; write ${formatV6(last)}-${formatV6(first)}` };
  }
  if (count > MAX_MEMBERS)
    return { problem: `${count} addresses are too many; a pool holds at most ${MAX_MEMBERS}` };
  return usableMembers(toInteger(first), Number(count));
});

function usableMembers(first: bigint, count: number): { value: Uint8Array[] } | { problem: string } {
  const members: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const member = fromInteger(first + BigInt(i));
    const why = unusableV6(member);
    if (why !== null) return { problem: `${formatV6(member)} is ${why}; give unicast addresses` };
    members.push(member);
  }
  return { value: members };
}

function toInteger(address: Uint8Array): bigint {
  return address.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function fromInteger(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn));
}
