/**
 * Packets that wait, against a plain list: whatever is released, the others keep their order and every byte.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ARENA_BYTES, Batch, HEADROOM, PARKING_BYTES } from '../../src/datapath/batch.ts';
import { Parking } from '../../src/datapath/parking.ts';
import { tests } from '../helpers/table.ts';

const START = ARENA_BYTES - PARKING_BYTES;
const MAX_PARKED = 256;
const VIRTIO_BYTES = 10;
/** Where packets arrive in the read region. */
const AT = 1024;

interface Waiting {
  number: number;
  length: number;
  far: number;
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ add: fc.constantFrom(1, 20, 1500, 65_535), far: fc.constantFrom(0, 7, -7) }),
  },
  { weight: 1, arbitrary: fc.record({ release: fc.array(fc.nat(9), { maxLength: 4 }) }) },
);

class Twin {
  readonly #batch = new Batch();
  readonly #parking = new Parking(this.#batch);
  #list: Waiting[] = [];
  #number = 0;

  add(length: number, far: number): void {
    const number = ++this.#number & 0xff;
    this.#batch.bytes.fill(number, AT - VIRTIO_BYTES, AT + length);
    const done = this.#parking.add(AT, length, number, far);
    const room = far === 0 ? PARKING_BYTES * (3 / 4) : PARKING_BYTES;
    const isFull = this.#list.length === MAX_PARKED || this.#used() + HEADROOM + length > room;
    assert.is(done, !isFull);
    if (done) this.#list.push({ number, length, far });
  }

  release(which: readonly number[]): void {
    const released = new Set(which.filter((i) => i < this.#list.length));
    for (const i of released) this.#parking.release(i);
    this.#checkBehind(released);
    this.#list = this.#list.filter((_, i) => !released.has(i));
    this.#parking.compact();
  }

  check(): void {
    const { bytes } = this.#batch;
    assert.is(this.#parking.size, this.#list.length);
    let end = START;
    for (const [i, { number, length, far }] of this.#list.entries()) {
      const at = this.#parking.at(i);
      assert.is(this.#parking.length(i), length);
      assert.ok(at - HEADROOM >= end && at + length <= ARENA_BYTES, 'room of its own, headroom included');
      end = at + length;
      assert.ok(
        bytes.subarray(at - VIRTIO_BYTES, end).every((byte) => byte === number),
        'not a byte is lost',
      );
      assert.equal([this.#parking.isPast(i, number - 1), this.#parking.isPast(i, number)], [false, true]);
      if (far !== 0) assert.ok(this.#parking.waitsFor(far));
    }
    assert.not(this.#parking.waitsFor(99));
    assert.not(this.#parking.waitsFor(0), 'nobody stays behind what waits for a fragment');
    this.#checkBehind(new Set());
  }

  #checkBehind(released: ReadonlySet<number>): void {
    for (const [i, { far }] of this.#list.entries()) {
      const before = this.#list
        .slice(0, i)
        .some((each, k) => each.far === far && far !== 0 && !released.has(k));
      assert.is(this.#parking.isBehind(i), before);
    }
  }

  #used(): number {
    return this.#list.reduce((used, { length }) => (used + HEADROOM + length + 15) & ~15, 0);
  }
}

tests('parking', {
  'like a list': () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const twin = new Twin();
        for (const each of steps) {
          if ('add' in each) twin.add(each.add, each.far);
          else twin.release(each.release);
          twin.check();
        }
      }),
      { numRuns: 60 },
    );
  },

  '[22] [45] a bounded number of packets, however small': () => {
    const twin = new Twin();
    for (let i = 0; i < MAX_PARKED + 5; i++) twin.add(1, (i % 50) + 1);
    twin.release([0]);
    twin.add(1, 5);
    twin.check();
  },

  '[45] fragments leave room for packets that wait for the store': () => {
    const many = new Parking(new Batch());
    for (let i = 0; i < MAX_PARKED; i++) many.add(AT, 1, 0, 0);
    assert.is(many.size, MAX_PARKED / 2);
    for (let i = 0; i < MAX_PARKED; i++) many.add(AT, 1, 0, 7);
    assert.is(many.size, MAX_PARKED);
    const large = new Parking(new Batch());
    for (let i = 0; i < 20; i++) large.add(AT, 60_000, 0, 0);
    const held = large.size;
    assert.ok(large.add(AT, 60_000, 0, 7));
    assert.ok(held > 2 && large.size > held);
  },

  '[22] who may pass holds nobody up': () => {
    const parking = new Parking(new Batch());
    for (let i = 0; i < 3; i++) parking.add(AT, 40, 0, 7);
    assert.equal([parking.isBehind(1), parking.isBehind(2)], [true, true]);
    parking.letPass(0);
    assert.equal([parking.isBehind(1), parking.isBehind(2)], [false, true]);
    parking.letPass(1);
    parking.letPass(2);
    assert.not(parking.waitsFor(7));
  },
});
