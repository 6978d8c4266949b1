/**
 * A TUN that answers: every IPv4 packet goes back with its addresses swapped, which changes no checksum. So a host can
 * talk to itself through the device.
 */
import { setImmediate } from 'node:timers/promises';
import { TunDevice, type TunOptions } from '../../src/tun/device.ts';
import * as native from '../../src/tun/shim.ts';
import { attach } from './attach.ts';

export const TUN = 't46h0';
const ARENA_BYTES = 1 << 20;
const BATCH = 64;
const WAIT_MS = 5;

/** A packet as it was read. */
export interface Seen {
  at: number;
  length: number;
  /** Virtio header, 10 bytes. */
  header: Buffer;
  packet: Buffer;
}

export class Mirror {
  readonly device: TunDevice;
  readonly reads = new Int32Array(2 * BATCH);
  readonly writes = new Int32Array(2 * BATCH);
  readonly words = new Int32Array(native.EXCHANGE_WORDS);
  readonly #arena = new ArrayBuffer(ARENA_BYTES);
  readonly view = new DataView(this.#arena);
  readonly #exchanges: readonly native.Exchange[];

  constructor(options: Partial<TunOptions> = {}) {
    this.device = TunDevice.open({ name: TUN, queues: 1, ...options });
    this.#exchanges = this.device.queues.map((fd) =>
      attach(fd, true, -1, this.#arena, ARENA_BYTES, this.reads, this.writes, this.words),
    );
  }

  /** @returns READ_COUNT */
  exchange(count: number, timeoutMs: number, queue = 0): number {
    this.words[native.WRITE_COUNT] = count;
    this.words[native.TIMEOUT_MS] = timeoutMs;
    this.words[native.REFUSED] = 0;
    const exchange = this.#exchanges[queue];
    if (exchange === undefined) throw new RangeError(`no queue ${queue}`);
    exchange();
    return this.words[native.READ_COUNT] ?? 0;
  }

  /** The packets of one queue that are there by now, or come in time. */
  read(queue = 0, timeoutMs = 0): Seen[] {
    const count = this.exchange(0, timeoutMs, queue);
    if (count < 0) throw new Error(`read: errno ${-count}`);
    return Array.from({ length: count }, (_, k) => {
      const [at = 0, length = 0] = this.reads.subarray(2 * k);
      const header = Buffer.from(Buffer.from(this.#arena, at - 10, 10));
      return { at, length, header, packet: Buffer.from(Buffer.from(this.#arena, at, length)) };
    });
  }

  /** Answers until `done` is settled. @returns all packets that came, without their bytes when there are many */
  async until<Result>(done: Promise<Result>): Promise<{ result: Result; seen: Seen[] }> {
    const seen: Seen[] = [];
    let running = true;
    const stop = () => {
      running = false;
    };
    done.then(stop, stop);
    while (running) {
      for (let queue = 0; queue < this.#exchanges.length; queue++) {
        const packets = this.read(queue, queue === 0 ? WAIT_MS : 0);
        seen.push(...packets.map((one) => ({ ...one, packet: one.packet.subarray(0, 40) })));
        for (const [k, { at, length }] of packets.entries()) {
          this.#swap(at);
          this.writes.set([at, length], 2 * k);
        }
        this.exchange(packets.length, native.WRITE_ONLY, queue);
      }
      await setImmediate();
    }
    return { result: await done, seen };
  }

  /** Echo requests become replies; their checksum loses what the type loses. */
  #swap(at: number): void {
    const { view } = this;
    if (view.getUint8(at) >>> 4 !== 4) return;
    const source = view.getUint32(at + 12);
    view.setUint32(at + 12, view.getUint32(at + 16));
    view.setUint32(at + 16, source);
    if (view.getUint8(at + 9) !== 1 || view.getUint8(at + 20) !== 8) return;
    view.setUint8(at + 20, 0);
    const sum = view.getUint16(at + 22) + 0x0800;
    view.setUint16(at + 22, (sum & 0xffff) + (sum >>> 16));
  }
}
