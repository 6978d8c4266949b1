/**
 * ICMPv4 (RFC 792) and ICMPv6 (RFC 4443): the common header, and the numbers that translation uses.
 *
 * Both start with type, code, checksum and 4 bytes whose meaning the type decides: identifier and sequence of
 * an echo, MTU or pointer of an error, followed by the packet in error.
 */
export const V4 = 1;
export const V6 = 58;
export const HEADER_LENGTH = 8;

export const CHECKSUM = 2;
const IDENTIFIER = 4;
/** The 32-bit word after the checksum: MTU, pointer. */
export const REST = 4;

export const V4_ECHO_REPLY = 0;
export const V4_UNREACHABLE = 3;
const V4_SOURCE_QUENCH = 4;
const V4_REDIRECT = 5;
export const V4_ECHO_REQUEST = 8;
export const V4_TIME_EXCEEDED = 11;
export const V4_PARAMETER_PROBLEM = 12;

export const V4_HOST_UNREACHABLE = 1;
export const V4_PROTOCOL_UNREACHABLE = 2;
export const V4_PORT_UNREACHABLE = 3;
export const V4_FRAGMENTATION_NEEDED = 4;
export const V4_SOURCE_ROUTE_FAILED = 5;
export const V4_HOST_PROHIBITED = 10;
export const V4_PROHIBITED = 13;

export const V6_UNREACHABLE = 1;
export const V6_PACKET_TOO_BIG = 2;
export const V6_TIME_EXCEEDED = 3;
export const V6_PARAMETER_PROBLEM = 4;
export const V6_ECHO_REQUEST = 128;
export const V6_ECHO_REPLY = 129;

export const V6_NO_ROUTE = 0;
export const V6_PROHIBITED = 1;
export const V6_PORT_UNREACHABLE = 4;
/** Source address failed ingress/egress policy, RFC 4443 §3.1. */
export const V6_SOURCE_POLICY = 5;
export const V6_ERRONEOUS_FIELD = 0;
export const V6_UNKNOWN_NEXT_HEADER = 1;

export function type(view: DataView, at: number): number {
  return view.getUint8(at);
}

/** Type and code as one word, as a checksum sums them. */
export function typeCode(view: DataView, at: number): number {
  return view.getUint16(at);
}

export function setTypeCode(view: DataView, at: number, typeNumber: number, codeNumber: number): void {
  view.setUint16(at, (typeNumber << 8) | codeNumber);
}

export function identifier(view: DataView, at: number): number {
  return view.getUint16(at + IDENTIFIER);
}

export function setIdentifier(view: DataView, at: number, id: number): void {
  view.setUint16(at + IDENTIFIER, id);
}

/** Errors of ICMPv4, RFC 1122 §3.2.2: never answered with another error. */
export function isErrorV4(typeNumber: number): boolean {
  return (
    typeNumber === V4_UNREACHABLE ||
    typeNumber === V4_SOURCE_QUENCH ||
    typeNumber === V4_REDIRECT ||
    typeNumber === V4_TIME_EXCEEDED ||
    typeNumber === V4_PARAMETER_PROBLEM
  );
}

/** Errors of ICMPv6 have the high bit of the type clear, RFC 4443 §2.1. */
export function isErrorV6(typeNumber: number): boolean {
  return typeNumber < 128;
}
