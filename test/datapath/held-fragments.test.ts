/**
 * Fragments that wait for the first of their datagram: bounded, the oldest gives way (RFC 6146 §3.4, RFC 4787 REQ-14a).
 */
import * as assert from 'uvu/assert';
import { HEADROOM, PARKING_BYTES } from '../../src/datapath/batch.ts';
import { FRAGMENT_MS } from '../../src/nat/lifetimes.ts';
import { concat, u32, udp, v4 } from '../helpers/packets.ts';
import { tests } from '../helpers/table.ts';
import { type Arriving, FakeWorker } from './fake-queue.ts';

const SERVER = 0x0a020205;
const UNKNOWN = 0x0a020263;
const CLIENT = 0x0a000001;
/** Half of what may wait in all. */
const MAX_HELD = 128;

function worker(): FakeWorker {
  const made = new FakeWorker();
  made.map(SERVER, '2001:db8:64::80');
  return made;
}

/** Both fragments of datagram number `id`, the first `size` bytes long, which its payload begins with. */
function datagram(id: number, size = 64, far = SERVER): { first: Arriving; last: Arriving } {
  const pair = { source: u32(CLIENT), destination: u32(far) };
  const upper = udp(pair, [5000, 53], concat(u32(id), new Uint8Array(2 * size - 12)));
  const part = (offset: number) =>
    v4({ ...pair, protocol: 17, id, mf: offset === 0, offset }, upper.subarray(offset, offset + size));
  return { first: { packet: part(0) }, last: { packet: part(size) } };
}

/** Which datagrams' last fragments came out. */
function completed({ queue }: FakeWorker): number[] {
  return queue.output
    .map((packet) => new DataView(packet.buffer))
    .filter((view) => (view.getUint16(42) & 0xfff8) > 0)
    .map((view) => view.getUint16(46));
}

tests('fragments that wait', {
  '[45] [57] as many as may wait: the oldest gives way, and is counted': () => {
    const w = worker();
    const all = Array.from({ length: MAX_HELD + 3 }, (_, i) => datagram(i + 1));
    w.turns(all.map(({ last }) => last));
    assert.equal(w.counted(), { held: MAX_HELD + 3, parking_full: 3 });
    w.turns(...all.map(({ first }) => [first]));
    assert.equal(
      completed(w),
      Array.from({ length: MAX_HELD }, (_, i) => i + 4),
      'all but the three oldest, in their order',
    );
  },

  '[45] as many bytes as may wait: as many of the oldest give way as it takes': () => {
    const w = worker();
    const SIZE = 32_000;
    const slot = (HEADROOM + 20 + SIZE + 15) & ~15;
    const room = Math.floor((PARKING_BYTES * 3) / 4 / slot);
    const all = Array.from({ length: room + 2 }, (_, i) => datagram(i + 1, SIZE));
    w.turns(all.map(({ last }) => last));
    assert.equal(w.counted(), { held: room + 2, parking_full: 2 });
    const small = datagram(99);
    w.turns([small.last, small.first]);
    assert.equal(completed(w), [99]);
  },

  '[45] a flood of fragments takes no room from packets that wait for the store, nor from what needs no room':
    () => {
      const w = worker();
      const flood = Array.from({ length: 400 }, (_, i) => datagram(i + 1).last);
      const { first } = datagram(1, 64, UNKNOWN);
      w.turns([first, ...flood], [datagram(500).first, datagram(500).last]);
      assert.is(w.counted().punted, 1);
      assert.equal(completed(w), [500]);
      w.queue.output.length = 0;
      w.map(UNKNOWN, '2001:db8:64::99');
      w.turns([]);
      assert.is(w.queue.output.length, 1, 'the packet that waited for the store');
    },

  '[45] whoever gave way is gone before its time, the others at their millisecond': () => {
    const w = worker();
    w.turns(Array.from({ length: MAX_HELD + 1 }, (_, i) => datagram(i + 1).last));
    w.queue.clock += FRAGMENT_MS - 1;
    w.turns([]);
    assert.equal(w.counted(), { held: MAX_HELD + 1, parking_full: 1 });
    w.queue.clock += 1;
    w.turns([]);
    assert.equal(w.counted(), { held: MAX_HELD + 1, parking_full: 1, fragment_timeout: MAX_HELD });
  },

  '[45] nor does a fragment give way to a packet that would have to wait for the store': () => {
    const w = worker();
    const held = Array.from({ length: MAX_HELD }, (_, i) => datagram(i + 1));
    const unknown = Array.from({ length: MAX_HELD + 2 }, (_, i) => datagram(i + 1, 64, UNKNOWN).first);
    w.turns(
      held.map(({ last }) => last),
      unknown,
    );
    assert.equal(w.counted(), { held: MAX_HELD, punted: MAX_HELD, parking_full: 2 });
    w.turns(...held.map(({ first }) => [first]));
    assert.is(completed(w).length, MAX_HELD);
  },

  '[45] packets that wait for the store never give way to a fragment': () => {
    const w = worker();
    const waiting = Array.from({ length: 256 }, (_, i) => ({ ...datagram(i + 1, 64, UNKNOWN).first }));
    w.turns(waiting, [datagram(999).last]);
    assert.equal(w.counted(), { punted: 256, parking_full: 1 });
  },
});
