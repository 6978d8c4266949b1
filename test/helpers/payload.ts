/**
 * Pseudorandom files of any size, made quickly, and their hash: what arrives must be what was sent.
 */
import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';

const CHUNK = 4 << 20;

/** Writes `bytes` of an AES key stream to a file. @returns its SHA-256, hex */
export function writePayload(file: string, bytes: number, seed = 1): string {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(CHUNK);
  const fd = openSync(file, 'w');
  for (let left = bytes; left > 0; left -= CHUNK) {
    const chunk = cipher.update(zeros.subarray(0, Math.min(left, CHUNK)));
    hash.update(chunk);
    writeSync(fd, chunk);
  }
  closeSync(fd);
  return hash.digest('hex');
}

/** @returns SHA-256 of everything that a stream yields, hex */
export async function hashOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

export function hashOfFile(file: string): Promise<string> {
  return hashOf(createReadStream(file, { highWaterMark: CHUNK }));
}
