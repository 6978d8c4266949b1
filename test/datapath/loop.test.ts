/**
 * The loop of a worker on a fake queue: order, packets that wait for the store or for a first fragment, full batches,
 * counters (checklist 22, 45).
 */
import * as assert from 'uvu/assert';
import { HEADROOM, PARKING_BYTES } from '../../src/datapath/batch.ts';
import { LEARNING_TURNS } from '../../src/datapath/loop.ts';
import { BATCHES, CREATED, ICMP_LIMITED, ICMP_SENT, WRITE_FAILED } from '../../src/nat/counters.ts';
import { FRAGMENT_MS, PUNT_WAIT_MS } from '../../src/nat/lifetimes.ts';
import { PUNT_RING_ENTRIES } from '../../src/nat/segment.ts';
import {
  concat,
  fragmentHeader,
  icmp,
  type Pair,
  u16,
  u32,
  udp,
  v4,
  v6,
  virtio,
} from '../helpers/packets.ts';
import { tests } from '../helpers/table.ts';
import { bytes, MEMBERS } from '../nat/fresh-state.ts';
import { type Arriving, FakeWorker, SELF4 } from './fake-queue.ts';

const SERVER = 0x0a020205;
const OTHER = 0x0a020206;
const UNKNOWN = 0x0a020263;
const SERVER_V6 = '2001:db8:64::80';
const OTHER_V6 = '2001:db8:64::81';
const UNKNOWN_V6 = '2001:db8:64::99';
const CLIENT = 0x0a000001;

function pair(far: number): Pair {
  return { source: u32(CLIENT), destination: u32(far) };
}

/** A datagram that carries its number. */
function datagram(number: number, far = SERVER, size = 4): Arriving {
  const payload = concat(u32(number), new Uint8Array(size - 4));
  return { packet: v4({ ...pair(far), protocol: 17, id: number }, udp(pair(far), [5000, 53], payload)) };
}

/** A super-packet of datagrams of 1233 bytes that may be fragmented; their identifications follow `number` × 100. */
function train(number: number, far: number, size: number): Arriving {
  const packet = v4(
    { ...pair(far), protocol: 17, id: number * 100 },
    udp(pair(far), [5000, 53], new Uint8Array(size)),
  );
  const device = { gsoType: 5, headers: 28, segment: 1233, needsChecksum: true, sumStart: 20, sumOffset: 6 };
  return { packet, virtio: virtio(device) };
}

/** Of a fragment. */
function identification6(packet: Uint8Array): number {
  return new DataView(packet.buffer).getUint32(44);
}

/** Numbers of the datagrams that came out. */
function numbers({ queue }: FakeWorker): number[] {
  return queue.output.map((packet) => new DataView(packet.buffer).getUint32(48));
}

function worker(settings = {}): FakeWorker {
  const made = new FakeWorker(settings);
  made.map(SERVER, SERVER_V6);
  made.map(OTHER, OTHER_V6);
  return made;
}

tests('loop', {
  '[22] a batch in, a batch out, in order; then it sleeps until something comes': () => {
    const w = worker();
    w.turns([1, 2, 3].map((n) => datagram(n)));
    assert.equal(numbers(w), [1, 2, 3]);
    assert.equal(w.queue.writes, [3]);
    assert.equal(w.queue.waits, [-1]);
    assert.equal(w.counted(), { forwarded_46: 3 });
    assert.equal(w.countedBytes(), { forwarded_46: 3 * 32 });
    assert.is(w.counters[CREATED], 1, 'one session');
    assert.is(w.counters[BATCHES], 1);
    assert.is(w.queue.signals, 0);
  },

  'a dropped packet is not written, its neighbours are': () => {
    const w = worker();
    const broken = datagram(2);
    broken.packet[0] = 0x44;
    w.turns([datagram(1), broken, { packet: new Uint8Array(0) }, datagram(3)]);
    assert.equal(numbers(w), [1, 3]);
    assert.equal(w.counted(), { forwarded_46: 2, malformed: 2 });
  },

  'a super-packet counts as the packets it stands for': () => {
    const w = worker();
    const super_ = datagram(1, SERVER, 4000);
    w.turns([
      {
        ...super_,
        virtio: virtio({
          gsoType: 5,
          headers: 28,
          segment: 1000,
          needsChecksum: true,
          sumStart: 20,
          sumOffset: 6,
        }),
      },
    ]);
    assert.equal(w.counted(), { forwarded_46: 4 });
    assert.equal(w.countedBytes(), { forwarded_46: 4028 });
  },

  '[7] [22] trains whose datagrams are fragmented: none is lost, however many a batch has': () => {
    const w = worker();
    const trains = Array.from({ length: 15 }, (_, n) => train(n, SERVER, 53 * 1233));
    w.turns(trains);
    assert.is(w.queue.output.length, 15 * 53 * 2);
    assert.equal(w.counted(), { forwarded_46: 15 * 53 });
    const ids = w.queue.output.filter((_, k) => k % 2 === 0).map((packet) => identification6(packet));
    assert.equal(
      ids,
      trains.flatMap((_, n) => Array.from({ length: 53 }, (__, i) => n * 100 + i)),
    );
  },

  '[7] [22] a train waits for the store, a later datagram behind it': () => {
    const w = worker();
    w.turns([train(1, UNKNOWN, 3 * 1233), datagram(7, UNKNOWN)]);
    assert.equal([w.queue.output.length, w.counted()], [0, { punted: 4 }]);
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([]);
    assert.equal(
      w.queue.output.map((packet) => packet.length),
      [1280, 57, 1280, 57, 1280, 57, 52],
    );
    assert.equal(w.counted(), { punted: 4, forwarded_46: 4 });
  },

  'packets that the device refuses are counted': () => {
    const w = worker();
    w.queue.refuses = 2;
    w.turns([datagram(1), datagram(2), datagram(3)], [datagram(4)]);
    assert.is(w.counters[WRITE_FAILED], 3);
  },

  '[85] errors that are sent and withheld are counted': () => {
    const w = worker({ icmpRate: 1 });
    const dying = {
      packet: v4({ ...pair(SERVER), protocol: 17, ttl: 1 }, udp(pair(SERVER), [1, 2], new Uint8Array(4))),
    };
    w.turns([dying, dying, dying]);
    assert.is(w.counters[ICMP_SENT], 1);
    assert.is(w.counters[ICMP_LIMITED], 2);
    assert.is(w.queue.output.length, 1);
  },

  'stops when it is told to, between two turns': () => {
    const w = worker();
    w.queue.input.push([datagram(1)], [datagram(2)]);
    let asked = 0;
    w.loop.run(
      () => ++asked > 1,
      () => assert.unreachable('too little was seen'),
    );
    assert.equal([numbers(w), asked], [[1], 2]);
  },

  'goes on as before when it has seen much': () => {
    const w = worker();
    w.queue.input.push([datagram(1)]);
    let asked = 0;
    const inlinedAfter: number[] = [];
    const stopped = () => {
      if (++asked === LEARNING_TURNS + 2) w.queue.input.push([datagram(2)]);
      return asked > LEARNING_TURNS + 3;
    };
    w.loop.run(stopped, () => inlinedAfter.push(asked));
    assert.equal(numbers(w), [1, 2]);
    assert.equal(inlinedAfter, [LEARNING_TURNS], 'once, and not before');
  },

  'a batch that grows is written in parts: 64 KiB datagrams with DF=0, piece by piece': () => {
    const w = worker();
    const big = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => datagram(n, SERVER, 60_000));
    w.turns(big);
    assert.equal(w.counted(), { forwarded_46: 8 });
    const pieces = Math.ceil((60_000 + 8) / 1232);
    assert.is(w.queue.output.length, 8 * pieces);
    assert.ok(w.queue.writes.length > 1, 'more than the spare region holds');
    const seen = w.queue.output.map((packet) => new DataView(packet.buffer).getUint32(44)); // identification
    assert.equal(
      seen,
      [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => new Array<number>(pieces).fill(n)),
    );
    for (const packet of w.queue.output) assert.ok(packet.length <= 1280);
  },

  'a full batch of packets that each get an error': () => {
    const w = worker();
    const dying = {
      packet: v4({ ...pair(SERVER), protocol: 17, ttl: 1 }, udp(pair(SERVER), [1, 2], new Uint8Array(520))),
    };
    w.turns(new Array<Arriving>(512).fill(dying));
    assert.is(w.queue.output.length, 512);
    for (const packet of w.queue.output) assert.is(packet.length, 576);
  },
});

tests('packets that wait for the store', {
  '[22] parked, asked about once, and sent in order when the mapping is there': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN), datagram(2), datagram(3, UNKNOWN)], [datagram(4, UNKNOWN)]);
    assert.equal(numbers(w), [2], 'other addresses do not wait');
    assert.equal(w.asked(), [UNKNOWN]);
    assert.ok(w.queue.signals >= 1);
    assert.equal(w.queue.waits, [10], 'it looks again soon');
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([datagram(5, UNKNOWN)]);
    assert.equal(numbers(w), [2, 1, 3, 4, 5]);
    assert.equal(w.counted(), { forwarded_46: 5, punted: 3 });
    assert.is(w.queue.waits.at(-1), -1, 'nobody waits any more');
  },

  '[22] a later packet in the batch does not overtake, even if the mapping came in between': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN)]);
    // The main thread fills the table when the first waiting packet was looked at and the second was not yet.
    w.turns([datagram(2, UNKNOWN)]);
    const { lookup4 } = w.state.mappings;
    let looked = 0;
    w.state.mappings.lookup4 = (v4) => {
      if (++looked === 2) w.map(UNKNOWN, UNKNOWN_V6);
      return lookup4.call(w.state.mappings, v4);
    };
    w.turns([datagram(3, UNKNOWN)], [], []);
    assert.equal(numbers(w), [1, 2, 3]);
  },

  '[21] the store has none: dropped, and the sender is told': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN)]);
    w.state.mappings.insertNegative(UNKNOWN, 5000);
    w.turns([]);
    assert.equal(w.counted(), { punted: 1, unmapped: 1 });
    assert.equal(
      w.queue.output.map((packet) => [packet[20], packet[21]]),
      [[3, 1]],
    );
  },

  'no answer in time: dropped at its millisecond, and the sender is told nothing: it may ask again': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN)]);
    w.queue.clock += PUNT_WAIT_MS - 1;
    w.turns([]);
    assert.equal(w.counted(), { punted: 1 });
    w.queue.clock += 1;
    w.turns([]);
    assert.equal(w.counted(), { punted: 1, punt_timeout: 1 });
    assert.is(w.queue.output.length, 0);
    assert.is(w.counters[ICMP_SENT], 0);
    assert.is(w.queue.waits.at(-1), -1);
  },

  'after that the next packet asks again': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN)]);
    assert.equal(w.asked(), [UNKNOWN]);
    w.queue.clock += PUNT_WAIT_MS;
    w.turns([datagram(2, UNKNOWN)]);
    assert.equal(w.asked(), [UNKNOWN]);
  },

  'time may wrap while they wait': () => {
    const w = worker();
    w.queue.clock = 2 ** 31 - 1;
    w.turns([datagram(1, UNKNOWN)]);
    w.queue.clock = -(2 ** 31) + PUNT_WAIT_MS - 2;
    w.turns([]);
    assert.equal(w.counted(), { punted: 1 });
    w.queue.clock++;
    w.turns([]);
    assert.equal(w.counted(), { punted: 1, punt_timeout: 1 });
  },

  'no room: the newcomer is dropped, those that wait go on waiting': () => {
    const w = worker();
    const many = Array.from({ length: 300 }, (_, n) => datagram(n, UNKNOWN));
    w.turns(many);
    assert.equal(w.counted(), { punted: 256, parking_full: 44 });
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([]);
    assert.equal(
      numbers(w),
      Array.from({ length: 256 }, (_, n) => n),
    );
  },

  'room is counted in bytes as well, and is had again': () => {
    const w = worker();
    const fitting = Math.floor(PARKING_BYTES / (((HEADROOM + 20 + 8 + 65_000 + 15) >> 4) << 4));
    for (let round = 0; round < 3; round++) {
      w.turns([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => datagram(n, UNKNOWN, 65_000)));
      assert.is(w.counted().punted, (round + 1) * fitting);
      w.queue.clock += PUNT_WAIT_MS;
      w.turns([]);
      assert.is(w.counted().punt_timeout, (round + 1) * fitting);
    }
  },

  'a full punt ring loses the question, not the worker': () => {
    const w = new FakeWorker();
    const batch = (from: number) => Array.from({ length: 256 }, (_, n) => datagram(n, UNKNOWN + from + n));
    for (let i = 0; i <= PUNT_RING_ENTRIES / 256; i++) {
      w.turns(batch(i * 256));
      w.queue.clock += PUNT_WAIT_MS;
      w.turns([]);
    }
    assert.is(w.counted().punt_timeout, PUNT_RING_ENTRIES + 256);
    assert.is(w.asked().length, PUNT_RING_ENTRIES);
  },

  'a partial checksum is finished once, however often a packet is looked at': () => {
    const w = worker();
    const p = pair(UNKNOWN);
    const whole = icmp(p, 0x0800, u16(7, 1), u32(0xdeadbeef));
    const partial = whole.slice();
    partial.set([0, 0], 2); // ICMPv4 has no pseudo-header: the partial sum is 0
    const flags = virtio({ needsChecksum: true, sumStart: 20, sumOffset: 2 });
    w.turns([{ packet: v4({ ...p, protocol: 1 }, partial), virtio: flags }], [], []);
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([]);
    const [out = new Uint8Array(0)] = w.queue.output;
    const ends = { source: out.subarray(8, 24), destination: out.subarray(24, 40) };
    assert.equal(out.subarray(40), icmp(ends, 0x8000, out.subarray(44, 48), u32(0xdeadbeef)));
  },

  'a batch of nothing but waiting packets is not counted as read again and again': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN)], [], [], []);
    assert.is(w.counters[BATCHES], 1);
  },
});

/** The fragments of one datagram of `size` bytes, cut every 1000. */
function fragments(number: number, far = SERVER, size = 2500): Arriving[] {
  const p = pair(far);
  const upper = udp(p, [5000, 53], concat(u32(number), new Uint8Array(size - 4)));
  return [0, 1000, 2000].map((offset) => {
    const mf = offset + 1000 < upper.length;
    return {
      packet: v4({ ...p, protocol: 17, id: number, mf, offset }, upper.subarray(offset, offset + 1000)),
    };
  });
}

/** Offset of each fragment that came out. */
function offsets({ queue }: FakeWorker): number[] {
  return queue.output.map((packet) => new DataView(packet.buffer).getUint16(42) & 0xfff8);
}

tests('fragments, RFC 6146 §3.4', {
  '[45] [57] in order': () => {
    const w = worker();
    w.turns(fragments(1));
    assert.equal(offsets(w), [0, 1000, 2000]);
  },

  '[45] [57] out of order: they wait for the first, then all are sent': () => {
    const w = worker();
    const [first, second, third] = fragments(1) as [Arriving, Arriving, Arriving];
    w.turns([third, second]);
    assert.equal(offsets(w), []);
    assert.equal(w.counted(), { held: 2 });
    assert.equal(w.asked(), [], 'the store is not asked');
    w.turns([first]);
    assert.equal(offsets(w), [0, 2000, 1000]);
    assert.equal(w.counted(), { held: 2, forwarded_46: 3 });
  },

  '[45] a first fragment that never comes: dropped at the millisecond, silently': () => {
    const w = worker();
    w.turns([fragments(1)[1] as Arriving]);
    w.queue.clock += FRAGMENT_MS - 1;
    w.turns([]);
    assert.equal(w.counted(), { held: 1 });
    w.queue.clock += 1;
    w.turns([]);
    assert.equal(w.counted(), { held: 1, fragment_timeout: 1 });
    assert.is(w.queue.output.length, 0);
  },

  '[22] [45] all of a datagram to an unknown address wait and leave in order': () => {
    const w = worker();
    w.turns(fragments(1, UNKNOWN));
    assert.equal(w.counted(), { punted: 3 });
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([]);
    assert.equal(offsets(w), [0, 1000, 2000]);
  },

  '[22] [45] a fragment without its first does not hold up what follows to that address': () => {
    const w = worker();
    w.turns([datagram(1, UNKNOWN), fragments(9, UNKNOWN)[1] as Arriving]);
    w.map(UNKNOWN, UNKNOWN_V6);
    w.turns([datagram(2, UNKNOWN)], [datagram(3, UNKNOWN)]);
    assert.equal(numbers(w), [1, 2, 3]);
    assert.equal(w.counted(), { punted: 2, forwarded_46: 3 });
    w.queue.clock += PUNT_WAIT_MS;
    w.turns([]);
    assert.is(w.counted().fragment_timeout, 1);
  },

  '[45] from outside: only what is addressed to us may wait': () => {
    const w = worker();
    w.turns([datagram(1)]);
    const [out = new Uint8Array(0)] = w.queue.output.splice(0);
    const ends = { source: out.subarray(24, 40), destination: out.subarray(8, 24) };
    const upper = udp(ends, [53, 5000], new Uint8Array(1600));
    const piece = (destination: Uint8Array, offset: number) => {
      const data = concat(
        fragmentHeader(17, offset, offset === 0, 77),
        upper.subarray(offset, offset + 1200),
      );
      return { packet: v6({ source: ends.source, destination, next: 44 }, data) };
    };
    w.turns([piece(ends.destination, 1200), piece(bytes('2001:db8:5::99'), 1200)]);
    assert.equal(w.counted(), { forwarded_46: 1, held: 1, no_session: 1 });
    w.turns([piece(ends.destination, 0)]);
    assert.is(w.counted().forwarded_64, 2);
    const sent = w.queue.output.map((packet) => (new DataView(packet.buffer).getUint16(6) & 0x1fff) * 8);
    assert.equal(sent, [0, 1200]);
  },
});

tests('both directions in one batch', {
  'a reply in the batch of its request': () => {
    const w = worker();
    const member = w.state.pool.preferredMember(CLIENT);
    const ends = { source: bytes(SERVER_V6), destination: bytes(MEMBERS[member] ?? '::') };
    const reply = { packet: v6({ ...ends, next: 17 }, udp(ends, [53, 5000], u32(7))) };
    w.turns([reply, datagram(1), reply]);
    assert.equal(w.counted(), { no_session: 1, forwarded_46: 1, forwarded_64: 1 });
  },

  'a ping of the gateway is answered from the batch': () => {
    const w = worker();
    const p = pair(SELF4);
    w.turns([{ packet: v4({ ...p, protocol: 1 }, icmp(p, 0x0800, u16(7, 1), u32(1))) }]);
    assert.equal(w.counted(), { echo_replied: 1 });
    assert.is(w.queue.output[0]?.[20], 0);
  },
});
