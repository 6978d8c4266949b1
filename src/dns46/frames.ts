/**
 * Messages on a TCP stream, each behind its length in two bytes (RFC 1035 §4.2.2).
 */
const LENGTH_BYTES = 2;

/** Cuts a stream into messages. Holds at most one unfinished message, 64 KiB. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @returns the messages that `chunk` completes; they are views, valid as long as the caller keeps them */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
      if (end > bytes.length) break;
      messages.push(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return messages;
  }
}

/** A message ready for the stream: length and bytes in one piece, so that they leave in one segment (RFC 7766 §8). */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  frame.writeUInt16BE(message.length, 0);
  frame.set(message, LENGTH_BYTES);
  return frame;
}
