/**
 * Packets as text. `bytes` reads hex with comments, `dump` prints 16 bytes a line, so that a failed comparison shows the
 * one line that differs.
 */

/**
 * @param text hex digits, blanks, `# comment` to the end of a line, and `a5*1200` for a byte repeated
 * @throws RangeError on anything else, or half a byte
 */
export function bytes(text: string): Uint8Array {
  const plain = text
    .replace(/#.*$/gm, ' ')
    .replace(/\b([\da-f]{2})\*(\d+)/gi, (_, byte: string, count: string) => byte.repeat(Number(count)))
    .replace(/\s+/g, '');
  if (plain.length % 2 !== 0 || /[^\da-f]/i.test(plain)) throw new RangeError(`not hex: ${text}`);
  return new Uint8Array(Buffer.from(plain, 'hex'));
}

/** Offset and 16 bytes a line, in groups of two. */
export function dump(packet: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < packet.length; at += 16) {
    const groups = hex(packet.subarray(at, at + 16)).replace(/(.{4})(?=.)/g, '$1 ');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${groups}`);
  }
  return lines.join('\n');
}

/** Digits only. */
export function hex(packet: Uint8Array): string {
  return Buffer.from(packet).toString('hex');
}
