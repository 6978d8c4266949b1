/**
 * Letter case as extra unpredictable bits of a question: whoever forges a reply without seeing the question has to guess
 * it as well. Servers copy a question as it is, so a reply whose letters differ is not believed.
 */
import { HEADER_LENGTH, readMessage, TYPE_SIG, TYPE_TSIG } from './message.ts';
import { isRepeatable } from './upstream-question.ts';

const CASE_BIT = 0x20;

/**
 * Whether the letters of a message may change. Not when it must not be sent again, as it is when its reply is not believed;
 * nor when it is signed as a whole: the letters are part of that (RFC 8945 §4.3.2, RFC 2931 §3.1).
 */
export function mayMixCase(message: Uint8Array): boolean {
  const last = readMessage(message)?.records.at(-1)?.type;
  return isRepeatable(message) && last !== TYPE_TSIG && last !== TYPE_SIG;
}

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
