/**
 * The dSSM record of a mapping, byte for byte:
 *
 *     key    0073c3b6eft_dns46 + IPv4                        0073c3b6eft_dns4610.144.175.220
 *     value  gen_id timeout user-flags IPv6                  0001 00000000 0000000000000002 2002::10:20:2:206
 *            4 hex  8 hex   16 hex     text                  (without the spaces)
 *
 * The newer envelope `V001…S<IPv6>` is read as well. What stands between is not documented, so it is left alone and
 * such a mapping never expires.
 */
import { contains6, formatV4, formatV6, parseCidr6, parseV4, parseV6 } from '../address.ts';

/** ha_unit and bin_id of the documented key. */
export const KEY_PREFIX = '0073c3b6eft_dns46';
/** Both read as "never expires"; the first is written. */
export const NEVER_SEC = 0;
const NEVER_SEC_ALL_ONES = 0xffffffff;
/** The largest timeout that is one. */
export const MAX_TIMEOUT_SEC = NEVER_SEC_ALL_ONES - 1;

const GENERATION = '0001';
const USER_FLAGS = '0000000000000002';

/** Generation, timeout, user flags, address. */
const CLASSIC = /^[0-9a-f]{4}([0-9a-f]{8})[0-9a-f]{16}(.*)$/is;
/** An IPv6 address has no S, so the last one ends the envelope. */
const ENVELOPE = /^V001.*S([^S]*)$/s;

export interface MappingRecord {
  /** 16 bytes. */
  readonly v6: Uint8Array;
  /** Seconds of inactivity; 0 = never. */
  readonly timeoutSec: number;
}

export type ParsedRecord = { readonly record: MappingRecord } | { readonly problem: string };

/** @param v4 host order */
export function recordKey(v4: number): string {
  return KEY_PREFIX + formatV4(v4);
}

/** @returns the synthetic v4 of a key as `recordKey` writes it, or null */
export function parseKey(key: string): number | null {
  if (!key.startsWith(KEY_PREFIX)) return null;
  const v4 = parseV4(key.slice(KEY_PREFIX.length));
  return v4 !== null && recordKey(v4) === key ? v4 : null; // 10.1.2.03 would be a second name of one address
}

/** @param timeoutSec seconds of inactivity, 0 = never */
export function formatRecord(v6: Uint8Array, timeoutSec: number): string {
  return GENERATION + timeoutSec.toString(16).padStart(8, '0') + USER_FLAGS + formatV6(v6);
}

/** Both envelopes. @returns why, when it is not the record of a mapping that can be translated */
export function parseRecord(value: string): ParsedRecord {
  const classic = CLASSIC.exec(value);
  const text = classic?.[2] ?? ENVELOPE.exec(value)?.[1];
  if (text === undefined) {
    return { problem: 'neither 28 hex digits and an IPv6 address nor V001…S and an IPv6 address' };
  }
  const v6 = parseV6(text);
  if (!v6) return { problem: `${JSON.stringify(text.slice(0, 64))} is not an IPv6 address` };
  if (!isTranslatable(v6)) return { problem: `${text} is not a unicast address that can be translated to` };
  const timeout = Number.parseInt(classic?.[1] ?? '0', 16);
  return { record: { v6, timeoutSec: timeout === NEVER_SEC_ALL_ONES ? NEVER_SEC : timeout } };
}

/** Never translated to: unspecified, loopback, v4-mapped, link-local, multicast (RFC 4291 §2.4). */
const UNTRANSLATABLE = ['::/128', '::1/128', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8'].map(parseCidr6);

/** Whether an IPv6 address can be the real v6 of a mapping. */
export function isTranslatable(v6: Uint8Array): boolean {
  return !UNTRANSLATABLE.some((prefix) => prefix !== null && contains6(prefix, v6));
}
