/**
 * Domain names on the wire, RFC 1035 §3.1 and §4.1.4: labels of at most 63 bytes, 255 in all, the tail of a name
 * possibly a pointer to an earlier one. Hostile input cannot loop: a pointer must lead to before the place the name
 * (or the last jump) started, and the number of jumps is bounded.
 *
 * A name's `key` is its wire form without pointers, one character a byte, ASCII letters in lower case (RFC 4343): two
 * names are equal exactly when their keys are.
 */
const POINTER = 0xc0;
const MAX_LABEL_LENGTH = 63;
const MAX_NAME_LENGTH = 255;
/** No writer of messages needs more: a name has at most 127 labels and each jump of a sane writer ends in one. */
const MAX_JUMPS = 127;
const HEADER_LENGTH = 12;
/** A key is put together here: a string grown letter by letter costs five times as much. */
const scratch = Buffer.alloc(MAX_NAME_LENGTH);

/** @returns where the name that starts at `at` ends in place (after its pointer or its root label), or -1 */
export function skipName(view: DataView, at: number): number {
  while (at < view.byteLength) {
    const length = view.getUint8(at);
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2 <= view.byteLength ? at + 2 : -1;
    if (length > MAX_LABEL_LENGTH) return -1;
    at += length + 1;
  }
  return -1;
}

/** @returns the key of the name that starts at `at`, or null when it is malformed */
export function nameKey(view: DataView, at: number): string | null {
  let used = 0;
  let before = at;
  for (let jumps = 0; at < view.byteLength; ) {
    const length = view.getUint8(at);
    if (length === 0) {
      scratch[used] = 0;
      return scratch.toString('latin1', 0, used + 1);
    }
    if (length >= POINTER) {
      const target = pointerAt(view, at);
      if (target < HEADER_LENGTH || target >= before || ++jumps > MAX_JUMPS) return null;
      before = target;
      at = target;
      continue;
    }
    if (length > MAX_LABEL_LENGTH || at + 1 + length > view.byteLength) return null;
    if (used + 1 + length + 1 > MAX_NAME_LENGTH) return null;
    used = copyLabel(view, at, length, used);
    at += length + 1;
  }
  return null;
}

/** @returns the offset a compression pointer leads to, or -1 when there is none at `at` */
export function pointerAt(view: DataView, at: number): number {
  if (at + 2 > view.byteLength || view.getUint8(at) < POINTER) return -1;
  return view.getUint16(at) & 0x3fff;
}

/** Key of a name given as text, labels of plain ASCII. Root is ''. */
export function keyOf(text: string): string {
  const labels = text.toLowerCase().split('.').filter(Boolean);
  return `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
}

/** Whether a name is `ancestor` or lies below it. Both are keys. */
export function isWithin(key: string, ancestor: string): boolean {
  const at = key.length - ancestor.length;
  if (at < 0 || !key.endsWith(ancestor)) return false;
  // The tail must start where a label starts: a label's bytes may look like a length.
  for (let label = 0; label <= at; label += key.charCodeAt(label) + 1) {
    if (label === at) return true;
  }
  return false;
}

/** @returns where the next label goes in the scratch */
function copyLabel(view: DataView, at: number, length: number, used: number): number {
  scratch[used++] = length;
  for (let i = at + 1; i <= at + length; i++) {
    const byte = view.getUint8(i);
    scratch[used++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
  }
  return used;
}
