/**
 * Letter case as extra unpredictable bits of a question: whoever forges a reply without seeing the question has to guess
 * it as well. Servers copy a question as it is, so a reply whose letters differ is not believed.
 */
import { HEADER_LENGTH } from './message.ts';

const CASE_BIT = 0x20;

/** Flips letters of the question name in place. @param random unpredictable integer below its argument */
export function mixCase(message: Uint8Array, random: (below: number) => number): void {
  for (let at = HEADER_LENGTH; at < message.length; ) {
    const length = message[at] ?? 0;
    if (length === 0 || length > 63) return;
    const end = Math.min(at + 1 + length, message.length);
    for (at++; at < end; at++) {
      const byte = message[at] ?? 0;
      if (isLetter(byte) && random(2) === 1) message[at] = byte ^ CASE_BIT;
    }
  }
}

function isLetter(byte: number): boolean {
  const lower = byte | CASE_BIT;
  return lower >= 0x61 && lower <= 0x7a;
}
