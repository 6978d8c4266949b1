/**
 * One arena a worker; a packet is an offset and a length in it.
 *
 *   | read region: a batch as it came, each packet with headroom | spare: packets we make | parking: packets that wait |
 *
 * The device fills `reads` with pairs (offset, length); translation appends pairs to `writes`, in order. Every packet
 * has its 10-byte virtio header directly before it.
 */
import * as virtioNet from '../wire/virtio-net.ts';

/** Before every packet: 10 bytes of virtio header, 20 + 8 of growth, 48 of an ICMPv6 error; rounded to a line. */
export const HEADROOM = 80;
const LINE = 64;

export const READ_BYTES = 1 << 20;
export const SPARE_BYTES = 1 << 19;
export const PARKING_BYTES = 1 << 19;
export const ARENA_BYTES = READ_BYTES + SPARE_BYTES + PARKING_BYTES;
/** Packets a batch. */
const MAX_READS = 512;
/** 53 datagrams of 1233 bytes, which is the first size that makes two fragments of 1280, and a short one. */
const WRITES_PER_PACKET = 128;
export const MAX_WRITES = 2 * MAX_READS + WRITES_PER_PACKET;
/** These fragments, each with headroom and rounded, take 84 KiB; those of one large datagram 74. */
const SPARE_PER_PACKET = 96 * 1024;

export class Batch {
  readonly arena = new ArrayBuffer(ARENA_BYTES);
  readonly view = new DataView(this.arena);
  readonly bytes = new Uint8Array(this.arena);
  readonly reads = new Int32Array(2 * MAX_READS);
  readonly writes = new Int32Array(2 * MAX_WRITES);
  /** Packets to write. */
  count = 0;
  private spare = READ_BYTES;

  /** Append a packet to the output. */
  push(at: number, length: number): void {
    this.writes[this.count * 2] = at;
    this.writes[this.count * 2 + 1] = length;
    this.count++;
  }

  /** Take the last packet out of the output again; its length is still behind the end. @returns its offset */
  pop(): number {
    this.count--;
    return this.writes[this.count * 2]!;
  }

  /** Room for a packet of ours, virtio header cleared. @returns offset of its IP header */
  reserve(length: number): number {
    const at = this.spare + HEADROOM;
    this.spare = (at + length + LINE - 1) & -LINE;
    virtioNet.clear(this.view, at);
    return at;
  }

  /** Whether the next packet could find no room for what it becomes: write first. */
  isFull(): boolean {
    return (
      this.count > MAX_WRITES - WRITES_PER_PACKET || this.spare > READ_BYTES + SPARE_BYTES - SPARE_PER_PACKET
    );
  }

  /** Everything is written. */
  clear(): void {
    this.count = 0;
    this.spare = READ_BYTES;
  }
}
