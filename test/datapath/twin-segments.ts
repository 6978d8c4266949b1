/**
 * What a super-packet stands for: its segments, each as the kernel makes it, headers written anew and summed from scratch.
 */
import { concat, type Pair, pseudoHeader, sum, u16, virtio } from '../helpers/packets.ts';
import * as parse from './twin-parse.ts';

export interface Segment {
  packet: Uint8Array;
  virtio: Uint8Array;
}

/** Sequence numbers of TCP excepted. @param whole its checksum is partial */
export function segments(whole: Uint8Array, device: parse.Virtio): Segment[] {
  const upper = device.sumStart;
  const start = upper + (device.gsoType === 5 ? 8 : parse.tcpHeader(whole.slice(upper)));
  const packets: Segment[] = [];
  for (let from = start; from < whole.length || packets.length === 0; from += device.segment) {
    const payload = whole.slice(from, from + device.segment);
    const packet = concat(headers(whole.slice(0, start), payload, device, packets.length), payload);
    const { needsChecksum, sumStart, sumOffset } = device;
    packets.push({ packet, virtio: virtio({ needsChecksum, sumStart, sumOffset }) });
  }
  return packets;
}

/** As the network had the first of it. */
export function first(whole: Uint8Array, device: parse.Virtio): Uint8Array {
  return device.segment === 0 ? whole : segments(whole, device)[0]!.packet;
}

function headers(before: Uint8Array, payload: Uint8Array, device: parse.Virtio, number: number): Uint8Array {
  const out = before.slice();
  const isV4 = out[0]! >> 4 === 4;
  const upper = device.sumStart;
  const length = out.length - upper + payload.length;
  const pair: Pair = isV4
    ? { source: out.slice(12, 16), destination: out.slice(16, 20) }
    : { source: out.slice(8, 24), destination: out.slice(24, 40) };
  if (isV4) {
    out.set(u16(upper + length, (parse.word(out, 4) + number) & 0xffff), 2);
    out.set(u16(0), 10);
    out.set(u16(0xffff - sum(out.slice(0, upper))), 10);
  } else {
    out.set(u16(upper - 40 + length), 4);
  }
  if (device.gsoType === 5) out.set(u16(length), upper + 4);
  const partial = sum(pseudoHeader(pair, device.gsoType === 5 ? 17 : 6, length));
  out.set(u16(partial), upper + device.sumOffset);
  return out;
}
