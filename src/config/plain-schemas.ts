/**
 * Schemas of the values that are not addresses: numbers with a unit, choices, names, paths.
 */
import { z } from 'zod';
import { COPIED, type Marking, withDscp, ZEROED } from '../xlat/traffic-class.ts';
import { reading } from './address-schemas.ts';

/** A whole decimal number. @param unit what it counts, for the message */
export function integer(min: number, max: number, unit: string): z.ZodType<number, string> {
  return reading((text) => {
    const number = Number(text);
    if (/^\d{1,10}$/.test(text) && number >= min && number <= max) return { value: number };
    return { problem: `must be a number of ${unit} from ${min} to ${max}` };
  });
}

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): z.ZodType<T, string> {
  return reading((text) => {
    const found = words.find((word) => word === text);
    return found === undefined ? { problem: `must be one of ${words.join(', ')}` } : { value: found };
  });
}

/** Data-plane threads; `auto` is null: one per core, at most 8. */
export const workers: z.ZodType<number | null, string> = reading((text) => {
  if (text === 'auto') return { value: null };
  return /^[1-8]$/.test(text)
    ? { value: Number(text) }
    : { problem: 'must be auto or a number of threads from 1 to 8' };
});

/** What becomes of the TOS byte: `copy`, `zero`, or a DSCP. */
export const marking: z.ZodType<Marking, string> = reading((text) => {
  if (text === 'copy') return { value: COPIED };
  if (text === 'zero') return { value: ZEROED };
  return /^\d{1,2}$/.test(text) && Number(text) < 64
    ? { value: withDscp(Number(text)) }
    : { problem: 'must be copy, zero or a DSCP from 0 to 63' };
});

/** A Linux interface name: IFNAMSIZ leaves 15 bytes; `%` would make the kernel number it. */
export const deviceName = reading<string>((text) =>
  /^[^\s/%:]{1,15}$/.test(text) && Buffer.byteLength(text) <= 15 && text !== '.' && text !== '..'
    ? { value: text }
    : { problem: 'not a device name; use 1 to 15 characters without space, slash, colon or percent sign' },
);

/** sun_path of a Unix socket holds 108 bytes with the final zero. */
const MAX_SOCKET_PATH = 107;

export const socketPath = reading<string>((text) => {
  const length = Buffer.byteLength(text);
  return length <= MAX_SOCKET_PATH
    ? { value: text }
    : {
        problem: `${length} bytes are too many for the path of a Unix socket; choose one of at most ${MAX_SOCKET_PATH}`,
      };
});

export const filePath = z.string();
