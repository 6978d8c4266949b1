/**
 * The coalescer against its opposite: whatever it puts together, cut again as the kernel does, must be the datagrams that
 * went in, in the order of each flow.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { Batch } from '../../src/datapath/batch.ts';
import { Coalescer } from '../../src/datapath/coalescer.ts';
import { tests } from '../helpers/table.ts';

interface Datagram {
  family: 4 | 6;
  flow: number;
  size: number;
  hops: number;
  /** What its checksum is when it goes in. */
  checksum: 'right' | 'wrong' | 'partial' | 'verified';
  fragment: boolean;
}

const IP_HEADER = { 4: 20, 6: 40 } as const;

function foldedSum(bytes: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < bytes.length; i++) total += (bytes[i] ?? 0) << (i % 2 === 0 ? 8 : 0);
  while (total > 0xffff) total = (total >>> 16) + (total & 0xffff);
  return total;
}

/** Addresses, length, protocol: what a UDP checksum covers besides the datagram. */
function pseudoHeader(packet: Uint8Array, family: 4 | 6): Uint8Array {
  const length = packet.length - IP_HEADER[family];
  const addresses = family === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  return Uint8Array.from([...addresses, 0, 17, length >>> 8, length & 0xff]);
}

/** The field that makes a datagram right. */
function rightField(packet: Uint8Array, family: 4 | 6): number {
  const copy = packet.slice();
  copy.fill(0, IP_HEADER[family] + 6, IP_HEADER[family] + 8);
  const sum = foldedSum(
    Uint8Array.from([...pseudoHeader(copy, family), ...copy.subarray(IP_HEADER[family])]),
  );
  return ~sum & 0xffff || 0xffff;
}

function build(datagram: Datagram, serial: number): Uint8Array {
  const { family, flow, size, hops } = datagram;
  const ip = IP_HEADER[family];
  const packet = new Uint8Array(ip + 8 + size);
  const view = new DataView(packet.buffer);
  if (family === 4) {
    view.setUint16(0, 0x4500);
    view.setUint16(2, packet.length);
    view.setUint16(6, datagram.fragment ? 0x2000 : 0x4000);
    view.setUint16(8, (hops << 8) | 17);
    view.setUint32(12, 0xc0000201);
    view.setUint32(16, 0xc6336400 + flow);
    view.setUint16(10, ~foldedSum(packet.subarray(0, 20)) & 0xffff);
  } else {
    view.setUint32(0, 0x60000000);
    view.setUint16(4, 8 + size);
    view.setUint16(6, ((datagram.fragment ? 44 : 17) << 8) | hops);
    view.setUint32(8, 0x20010db8);
    view.setUint32(24, 0x20010db8);
    view.setUint32(36, flow);
  }
  view.setUint16(ip, 1000);
  view.setUint16(ip + 2, 2000 + flow);
  view.setUint16(ip + 4, 8 + size);
  for (let i = 0; i < size; i++) packet[ip + 8 + i] = (serial * 31 + i) & 0xff;
  view.setUint16(ip + 6, rightField(packet, family) ^ (datagram.checksum === 'wrong' ? 0x5555 : 0));
  return packet;
}

/** Put a datagram into the batch as the translator would. */
function put(batch: Batch, datagram: Datagram, serial: number): void {
  const packet = build(datagram, serial);
  const at = batch.reserve(packet.length);
  const ip = IP_HEADER[datagram.family];
  if (datagram.checksum === 'partial') {
    new DataView(packet.buffer).setUint16(ip + 6, foldedSum(pseudoHeader(packet, datagram.family)));
    batch.bytes.set([1, 0, 0, 0, 0, 0, ip, 0, 6, 0], at - 10);
  } else if (datagram.checksum === 'verified') {
    batch.bytes[at - 10] = 2;
  }
  batch.bytes.set(packet, at);
  batch.push(at, packet.length);
}

interface Written {
  virtio: DataView;
  bytes: Uint8Array;
}

/** The pairs of a batch as whole packets. */
function gather(batch: Batch): Written[] {
  const packets: Written[] = [];
  for (let k = 0; k < batch.count; k++) {
    const first = batch.writes[2 * k] ?? 0;
    const pieces: number[] = [];
    for (let more = true; more; k++) {
      const at = batch.writes[2 * k] ?? 0;
      const length = batch.writes[2 * k + 1] ?? 0;
      more = length < 0;
      pieces.push(...batch.bytes.subarray(at, at + Math.abs(length)));
    }
    k--;
    packets.push({ virtio: new DataView(batch.arena, first - 10, 10), bytes: Uint8Array.from(pieces) });
  }
  return packets;
}

/** What the kernel makes of a written packet: datagrams with whole checksums. */
function cut({ virtio, bytes }: Written): Uint8Array[] {
  const family = (bytes[0] ?? 0) >>> 4 === 4 ? 4 : 6;
  const ip = IP_HEADER[family];
  const size = virtio.getUint16(4, true);
  const isPartial = (virtio.getUint8(0) & 1) !== 0;
  if (isPartial) assert.is(virtio.getUint16(6, true), ip, 'csum_start');
  if (virtio.getUint8(1) === 0) return [isPartial ? completed(bytes, family) : bytes];
  assert.is(virtio.getUint8(1), 5, 'gso_type UDP_L4');
  assert.is(virtio.getUint16(2, true), ip + 8, 'hdr_len');
  assert.is(family === 4 ? foldedSum(bytes.subarray(0, 20)) : 0xffff, 0xffff, 'IPv4 header checksum');
  assert.is(new DataView(bytes.buffer).getUint16(ip + 4), bytes.length - ip, 'UDP length');
  assert.is(
    new DataView(bytes.buffer).getUint16(ip + 6),
    foldedSum(pseudoHeader(bytes, family)),
    'pseudo sum',
  );
  const segments: Uint8Array[] = [];
  for (let at = ip + 8; at < bytes.length; at += size) {
    const payload = bytes.subarray(at, at + size);
    const segment = Uint8Array.from([...bytes.subarray(0, ip + 8), ...payload]);
    const view = new DataView(segment.buffer);
    view.setUint16(family === 4 ? 2 : 4, family === 4 ? segment.length : payload.length + 8);
    view.setUint16(ip + 4, payload.length + 8);
    if (family === 4) {
      view.setUint16(10, 0);
      view.setUint16(10, ~foldedSum(segment.subarray(0, 20)) & 0xffff);
    }
    segments.push(completed(segment, family));
  }
  return segments;
}

function completed(packet: Uint8Array, family: 4 | 6): Uint8Array {
  const copy = packet.slice();
  new DataView(copy.buffer).setUint16(IP_HEADER[family] + 6, rightField(copy, family));
  return copy;
}

const flowOf = (packet: Uint8Array): string =>
  `${(packet[0] ?? 0) >>> 4} ${packet.at((packet[0] ?? 0) >>> 4 === 4 ? 19 : 39)}`;

function byFlow(packets: readonly Uint8Array[]): Map<string, string[]> {
  const flows = new Map<string, string[]>();
  for (const packet of packets) {
    const flow = flows.get(flowOf(packet)) ?? [];
    flow.push(Buffer.from(packet).toString('hex'));
    flows.set(flowOf(packet), flow);
  }
  return flows;
}

function run(datagrams: readonly Datagram[]): { in: Uint8Array[]; written: Written[] } {
  const batch = new Batch();
  for (const [serial, datagram] of datagrams.entries()) put(batch, datagram, serial);
  new Coalescer(batch).merge();
  return { in: datagrams.map(build), written: gather(batch) };
}

const plain: Datagram = { family: 6, flow: 1, size: 100, hops: 64, checksum: 'partial', fragment: false };
const many = (count: number, change: Partial<Datagram> = {}): Datagram[] =>
  Array.from({ length: count }, () => ({ ...plain, ...change }));

const datagram: fc.Arbitrary<Datagram> = fc.record({
  family: fc.constantFrom(4, 6),
  flow: fc.integer({ min: 1, max: 3 }),
  size: fc.oneof({ weight: 5, arbitrary: fc.constant(64) }, fc.integer({ min: 1, max: 70 })),
  hops: fc.oneof({ weight: 9, arbitrary: fc.constant(64) }, fc.constant(63)),
  checksum: fc.constantFrom('right', 'partial', 'verified', 'wrong'),
  fragment: fc.oneof({ weight: 19, arbitrary: fc.constant(false) }, fc.constant(true)),
});

tests('coalescer: UDP datagrams of one flow become one super-packet', {
  'ten of one size: one write': () => assert.is(run(many(10)).written.length, 1),
  'a shorter one joins and ends the run': () => {
    assert.is(run([...many(3), ...many(1, { size: 40 }), ...many(2)]).written.length, 2);
  },
  'a longer one begins another': () =>
    assert.is(run([...many(2), ...many(2, { size: 101 })]).written.length, 2),
  'two flows that alternate: two writes': () => {
    const mixed = many(10).map((one, i) => ({ ...one, flow: 1 + (i % 2) }));
    assert.is(run(mixed).written.length, 2);
  },
  '64 at most': () => assert.is(run(many(65, { size: 8 })).written.length, 2),
  '64 KiB at most': () => assert.is(run(many(60, { size: 1400 })).written.length, 2),
  'a wrong checksum stays wrong and alone': () => {
    const { written } = run([...many(2, { checksum: 'right' }), ...many(1, { checksum: 'wrong' })]);
    assert.is(written.length, 2);
  },
  'a right checksum that nobody verified is summed, and joins': () => {
    assert.is(run(many(5, { checksum: 'right' })).written.length, 1);
  },
  'another TTL begins another': () =>
    assert.is(run([...many(2), ...many(2, { hops: 63 })]).written.length, 2),
  'cut again, every flow is what it was': () => {
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 40 }), (datagrams) => {
        const result = run(datagrams);
        assert.equal(byFlow(result.written.flatMap(cut)), byFlow(result.in));
      }),
      { numRuns: 300 },
    );
  },
});
