/**
 * The few bytes of the Redis protocol (RESP2) that an examination speaks: a command as an array of bulk strings, and
 * replies.
 *
 *     *2\r\n $4\r\nAUTH\r\n $6\r\nsecret\r\n          +OK\r\n  -ERR text\r\n  :1\r\n  $3\r\nabc\r\n  *2\r\n…
 */
export type Reply = string | number | null | RespError | Reply[];

/** A reply that is an error: `WRONGPASS invalid username-password pair…`. */
export class RespError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Its first word. */
  get kind(): string {
    return this.text.split(' ', 1)[0] ?? '';
  }
}

/** A command on the wire. */
export function command(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** @param at offset in `bytes`. @returns the reply that begins there and where the next one does; null when it is not whole */
export function readReply(bytes: Buffer, at = 0): { reply: Reply; next: number } | null {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return null;
  const text = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '-':
      return { reply: new RespError(text), next };
    case ':':
      return { reply: Number(text), next };
    case '$':
      return readBulk(bytes, next, Number(text));
    case '*':
      return readArray(bytes, next, Number(text));
    default:
      return { reply: text, next };
  }
}

function readBulk(bytes: Buffer, at: number, length: number): { reply: Reply; next: number } | null {
  if (length < 0) return { reply: null, next: at };
  const next = at + length + 2;
  return bytes.length < next ? null : { reply: bytes.toString('utf8', at, at + length), next };
}

function readArray(bytes: Buffer, at: number, length: number): { reply: Reply; next: number } | null {
  const items: Reply[] = [];
  let next = at;
  for (let i = 0; i < length; i++) {
    const item = readReply(bytes, next);
    if (!item) return null;
    items.push(item.reply);
    next = item.next;
  }
  return { reply: items, next };
}
