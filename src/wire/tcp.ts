/**
 * TCP header, RFC 9293 §3.1, as far as a translator reads it: ports, flags, checksum, and the MSS option of a SYN.
 */
import * as checksum from './checksum.ts';

export const PROTOCOL = 6;
export const MIN_HEADER_LENGTH = 20;
export const CHECKSUM = 16;

const DATA_OFFSET = 12;
const FLAGS = 13;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const MSS_LENGTH = 4;

/** Both ports as one word: source in the high half. */
export function ports(view: DataView, at: number): number {
  return view.getInt32(at);
}

export function setPorts(view: DataView, at: number, sourceDestination: number): void {
  view.setInt32(at, sourceDestination);
}

/** Bytes, options included; may be a lie smaller than 20, see `check`. */
export function headerLength(view: DataView, at: number): number {
  return (view.getUint8(at + DATA_OFFSET) >>> 4) << 2;
}

/** @param length bytes of TCP, header included. @returns false when the header is not whole */
export function check(view: DataView, at: number, length: number): boolean {
  if (length < MIN_HEADER_LENGTH) return false;
  const header = headerLength(view, at);
  return header >= MIN_HEADER_LENGTH && header <= length;
}

/** FIN, SYN, RST, PSH, ACK, URG, ECE, CWR from bit 0. */
export function flags(view: DataView, at: number): number {
  return view.getUint8(at + FLAGS);
}

/**
 * Lower the MSS option of a SYN (RFC 9293 §3.7.1) and keep the checksum right; never raises it.
 * @param partial whether the checksum field is a pseudo-header sum that does not cover the options
 */
export function clampMss(view: DataView, at: number, limit: number, partial: boolean): void {
  let option = at + MIN_HEADER_LENGTH;
  const end = at + headerLength(view, at);
  while (option + 1 < end) {
    const kind = view.getUint8(option);
    if (kind === OPTION_END) return;
    if (kind === OPTION_NOP) {
      option++;
      continue;
    }
    const length = view.getUint8(option + 1);
    if (length < 2) return;
    if (kind === OPTION_MSS && length === MSS_LENGTH && option + MSS_LENGTH <= end) {
      lowerMss(view, at, option + 2, limit, partial);
      return;
    }
    option += length;
  }
}

function lowerMss(view: DataView, at: number, valueAt: number, limit: number, partial: boolean): void {
  const mss = view.getUint16(valueAt);
  if (mss <= limit) return;
  view.setUint16(valueAt, limit);
  if (partial) return;
  // An option at an odd offset has its bytes in swapped halves of the summed words.
  const odd = ((valueAt - at) & 1) === 1;
  const change = odd ? checksum.delta(swap(mss), swap(limit)) : checksum.delta(mss, limit);
  view.setUint16(at + CHECKSUM, checksum.update(view.getUint16(at + CHECKSUM), change));
}

function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8);
}
