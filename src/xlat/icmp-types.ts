/**
 * Which ICMP error becomes which, RFC 7915 §4.2 and §5.2. A type and its code are one word here: type << 8 | code.
 */
import * as icmp from '../wire/icmp.ts';

/** No counterpart: dropped silently. */
export const NONE = -1;

const UNREACHABLE_TO_V6: Readonly<Record<number, number>> = {
  0: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  1: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  2: word(icmp.V6_PARAMETER_PROBLEM, icmp.V6_UNKNOWN_NEXT_HEADER),
  3: word(icmp.V6_UNREACHABLE, icmp.V6_PORT_UNREACHABLE),
  4: word(icmp.V6_PACKET_TOO_BIG, 0),
  5: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  6: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  7: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  8: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  9: word(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
  10: word(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
  11: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  12: word(icmp.V6_UNREACHABLE, icmp.V6_NO_ROUTE),
  13: word(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
  15: word(icmp.V6_UNREACHABLE, icmp.V6_PROHIBITED),
};

const UNREACHABLE_TO_V4: Readonly<Record<number, number>> = {
  0: word(icmp.V4_UNREACHABLE, icmp.V4_HOST_UNREACHABLE),
  1: word(icmp.V4_UNREACHABLE, icmp.V4_HOST_PROHIBITED),
  2: word(icmp.V4_UNREACHABLE, icmp.V4_HOST_UNREACHABLE),
  3: word(icmp.V4_UNREACHABLE, icmp.V4_HOST_UNREACHABLE),
  4: word(icmp.V4_UNREACHABLE, icmp.V4_PORT_UNREACHABLE),
};

/** RFC 7915 §4.2, figure 3: which octet of an IPv4 header is which of an IPv6 header. */
const POINTER_TO_V6 = [0, 1, 4, 4, NONE, NONE, NONE, NONE, 7, 6, NONE, NONE, 8, 8, 8, 8, 24, 24, 24, 24];

/** @param typeCode of an ICMPv4 error. @returns the same of ICMPv6, or NONE */
export function toV6(typeCode: number): number {
  const code = typeCode & 0xff;
  switch (typeCode >>> 8) {
    case icmp.V4_UNREACHABLE:
      return UNREACHABLE_TO_V6[code] ?? NONE;
    case icmp.V4_TIME_EXCEEDED:
      return code <= 1 ? word(icmp.V6_TIME_EXCEEDED, code) : NONE;
    case icmp.V4_PARAMETER_PROBLEM:
      return code === 0 || code === 2 ? word(icmp.V6_PARAMETER_PROBLEM, icmp.V6_ERRONEOUS_FIELD) : NONE;
    default:
      return NONE;
  }
}

/** @param typeCode of an ICMPv6 error. @returns the same of ICMPv4, or NONE */
export function toV4(typeCode: number): number {
  const code = typeCode & 0xff;
  switch (typeCode >>> 8) {
    case icmp.V6_UNREACHABLE:
      return UNREACHABLE_TO_V4[code] ?? NONE;
    case icmp.V6_PACKET_TOO_BIG:
      return word(icmp.V4_UNREACHABLE, icmp.V4_FRAGMENTATION_NEEDED);
    case icmp.V6_TIME_EXCEEDED:
      return code <= 1 ? word(icmp.V4_TIME_EXCEEDED, code) : NONE;
    case icmp.V6_PARAMETER_PROBLEM:
      if (code === icmp.V6_ERRONEOUS_FIELD) return word(icmp.V4_PARAMETER_PROBLEM, 0);
      return code === icmp.V6_UNKNOWN_NEXT_HEADER
        ? word(icmp.V4_UNREACHABLE, icmp.V4_PROTOCOL_UNREACHABLE)
        : NONE;
    default:
      return NONE;
  }
}

/** @param pointer octet of an IPv4 header. @returns octet of the IPv6 header, or NONE */
export function pointerToV6(pointer: number): number {
  return POINTER_TO_V6[pointer] ?? NONE;
}

/** RFC 7915 §5.2, figure 6. @param pointer octet of an IPv6 header, any 32-bit value. @returns octet of the IPv4 header, or NONE */
export function pointerToV4(pointer: number): number {
  if (pointer === 0 || pointer === 1) return pointer;
  if (pointer === 4 || pointer === 5) return 2;
  if (pointer === 6) return 9;
  if (pointer === 7) return 8;
  if (pointer >= 8 && pointer <= 23) return 12;
  return pointer >= 24 && pointer <= 39 ? 16 : NONE;
}

function word(type: number, code: number): number {
  return (type << 8) | code;
}
