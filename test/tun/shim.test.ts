/**
 * The native shim without root. A named pipe stands for the TUN queue: what is written to it can be read back, one
 * packet at a time.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import * as native from '../../src/tun/shim.ts';
import { tests } from '../helpers/table.ts';

const shim = native.shim();
const THIS_FILE = fileURLToPath(import.meta.url);
const ARENA_BYTES = 4 * native.SLOT_MAX_BYTES;

interface PipeQueue {
  fd: number;
  queue: native.Queue;
  arena: Uint8Array;
  reads: Int32Array;
  writes: Int32Array;
  stamps: Int32Array;
}

function withFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'nat46-shim-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withPipe(vnet: boolean, check: (pipe: PipeQueue) => void): void {
  withFolder((folder) => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const [reads, writes, stamps] = [new Int32Array(8), new Int32Array(8), new Int32Array(native.STAMPS)];
    const arena = new ArrayBuffer(ARENA_BYTES);
    const queue = shim.queueAttach(fd, vnet, arena, reads, writes, stamps);
    check({ fd, queue, arena: new Uint8Array(arena), reads, writes, stamps });
    closeSync(fd);
  });
}

function newEventFd(): number {
  const fd = shim.eventFd();
  assert.ok(fd >= 0);
  return fd;
}

/** What a thread of the tests below does, by name. */
const THREADS: Record<string, (fd: number) => void> = {
  add(fd) {
    const words = new Int32Array(shim.mapFd(fd, 4096, true) as ArrayBuffer);
    for (let i = 0; i < 100_000; i++) Atomics.add(words, 7, 1);
  },
  signal(fd) {
    for (let i = 0; i < 100; i++) shim.signalFd(fd);
  },
  churn(fd) {
    const [arena, words] = [new ArrayBuffer(ARENA_BYTES), new Int32Array(8)];
    for (let i = 0; i < 1000; i++) {
      shim.unwatchFd(shim.watchFd(fd, () => {}) as native.Watch);
      shim.queueAttach(fd, true, arena, words, words, words);
    }
  },
  /** Ends with a watch still running. */
  leave(fd) {
    shim.watchFd(fd, () => {});
    shim.signalFd(fd);
  },
};

function thread(role: string, fd: number): Promise<number> {
  const worker = new Worker(THIS_FILE, { workerData: { role, fd } });
  return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
}

if (isMainThread) {
  tests('a batch, virtio header before the packet', {
    'the packet lies at its slot plus headroom, the header ten bytes before it': () =>
      withPipe(true, ({ fd, queue, arena, reads, stamps }) => {
        writeSync(
          fd,
          Uint8Array.from({ length: 50 }, (_, i) => i),
        );
        assert.is(shim.readBatch(queue, 1, ARENA_BYTES, 4, -1, 0), 1);
        assert.equal([...reads.subarray(0, 2)], [64 + native.HEADROOM_BYTES, 40]);
        assert.equal([...arena.subarray(64 + 70, 64 + 82)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert.is(Math.abs(shim.nowMs() - stamps[native.STAMP_NOW_MS]!) < 1000, true);
      }),
    'without a header ten bytes are zeroed': () =>
      withPipe(false, ({ fd, queue, arena, reads }) => {
        arena.fill(0xff);
        writeSync(fd, 'packet');
        assert.is(shim.readBatch(queue, 0, ARENA_BYTES, 4, -1, 0), 1);
        assert.equal([...reads.subarray(0, 2)], [80, 6]);
        assert.equal([...arena.subarray(69, 81)], [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x70]);
      }),
    'an empty queue is 0 packets': () =>
      withPipe(true, ({ queue }) => assert.is(shim.readBatch(queue, 0, ARENA_BYTES, 4, -1, 0), 0)),
    'nothing is read into less than a whole slot': () =>
      withPipe(true, ({ fd, queue }) => {
        writeSync(fd, Buffer.alloc(50));
        assert.is(shim.readBatch(queue, 0, native.SLOT_MAX_BYTES - 1, 4, -1, 0), 0);
        assert.is(shim.readBatch(queue, 0, native.SLOT_MAX_BYTES, 4, -1, 0), 1);
      }),
    'a failed read is a negative errno': () =>
      withFolder((folder) => {
        const fd = openSync(join(folder, 'file'), 'w');
        const words = new Int32Array(8);
        const queue = shim.queueAttach(
          fd,
          true,
          new ArrayBuffer(ARENA_BYTES),
          words,
          words,
          new Int32Array(native.STAMPS),
        );
        assert.is(shim.readBatch(queue, 0, ARENA_BYTES, 4, -1, 0), -os.errno.EBADF);
        closeSync(fd);
      }),
    'writes header and packet together': () =>
      withPipe(true, ({ fd, queue, arena, writes }) => {
        arena.set([9, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3], 90);
        writes.set([100, 3]);
        assert.is(shim.writeBatch(queue, 1), 1);
        const back = Buffer.alloc(64);
        assert.is(readSync(fd, back), 13);
        assert.equal([...back.subarray(0, 13)], [9, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3]);
      }),
    'a packet outside the arena is left out and counted, the others are written': () =>
      withPipe(true, ({ queue, writes, stamps }) => {
        writes.set([5, 3, ARENA_BYTES - 2, 3, 100, 0, 100, 3]);
        assert.is(shim.writeBatch(queue, 4), 1);
        assert.is(stamps[native.STAMP_WRITE_FAILURES], 3);
        assert.is(stamps[native.STAMP_WRITE_ERRNO], os.errno.EINVAL);
      }),
    'a negative length goes on in the next pair, which has no virtio header': () =>
      withPipe(true, ({ fd, queue, arena, writes }) => {
        arena.set([1, 2, 3], 100);
        arena.set([4, 5], 200);
        arena.set([6], 300);
        writes.set([100, -3, 200, -2, 300, 1, 100, 3]);
        assert.is(shim.writeBatch(queue, 4), 2);
        const back = Buffer.alloc(100);
        assert.is(readSync(fd, back), 10 + 6 + 10 + 3);
        assert.equal([...back.subarray(10, 16)], [1, 2, 3, 4, 5, 6]);
      }),
    'a packet with one piece outside the arena is left out whole': () =>
      withPipe(true, ({ queue, writes, stamps }) => {
        writes.set([100, -3, ARENA_BYTES - 2, 3, 100, 3]);
        assert.is(shim.writeBatch(queue, 3), 1);
        assert.is(stamps[native.STAMP_WRITE_FAILURES], 1);
      }),
    'a batch is never larger than the arrays': () =>
      withPipe(false, ({ queue, writes }) => {
        writes.set([100, 3, 100, 3, 100, 3, 100, 3]);
        assert.is(shim.writeBatch(queue, 1000), 4);
      }),
  });

  tests('arguments that are wrong throw', {
    'an offset outside the arena': () =>
      withPipe(true, ({ queue }) => {
        assert.throws(() => shim.readBatch(queue, 0, ARENA_BYTES + 1, 4, -1, 0), /inside the arena/);
        assert.throws(() => shim.readBatch(queue, -1, 64, 4, -1, 0), /inside the arena/);
      }),
    'something that is no queue': () => {
      const fd = newEventFd();
      const watch = shim.watchFd(fd, () => {}) as native.Watch;
      assert.throws(() => shim.readBatch({} as native.Queue, 0, 64, 4, -1, 0), /expected a queue/);
      assert.throws(
        () => shim.readBatch(watch as unknown as native.Queue, 0, 64, 4, -1, 0),
        /expected a queue/,
      );
      shim.unwatchFd(watch);
      closeSync(fd);
    },
    'arrays that are too short': () => {
      const words = new Int32Array(8);
      const attach = () => shim.queueAttach(0, true, new ArrayBuffer(64), words, words, new Int32Array(2));
      assert.throws(attach, /long enough/);
    },
    'a name that is too long': () => assert.throws(() => shim.tunOpen('x'.repeat(16), 1), /shorter string/),
  });

  // A named pipe refuses reads that are told not to wait, as TUN devices before Linux 6.4 do.
  tests('waiting where a single read cannot be told not to', {
    'ends with a packet or with a signal, which is taken, or when the time is over': () =>
      withPipe(true, ({ fd, queue }) => {
        const wake = newEventFd();
        const read = (timeoutMs: number) => shim.readBatch(queue, 0, ARENA_BYTES, 4, wake, timeoutMs);
        assert.is(read(-1), 0, 'the first looks what is there');
        assert.is(read(1), 0);
        shim.signalFd(wake);
        assert.is(read(-1), 0);
        const before = performance.now();
        assert.is(read(20), 0, 'the signal is taken');
        assert.ok(performance.now() - before >= 19);
        writeSync(fd, Buffer.alloc(50));
        assert.is(read(-1), 1);
        writeSync(fd, Buffer.alloc(50));
        shim.signalFd(wake);
        assert.is(read(-1), 1);
        closeSync(wake);
      }),
    'a closed eventfd is an error': () =>
      withPipe(true, ({ queue }) => {
        assert.is(shim.readBatch(queue, 0, ARENA_BYTES, 4, 1 << 20, 1), 0);
        assert.is(shim.readBatch(queue, 0, ARENA_BYTES, 4, 1 << 20, 1), -os.errno.EBADF);
      }),
    'a thread that has ended is not woken': () =>
      withPipe(true, ({ fd }) => assert.is(shim.wakeReader(fd, 2 ** 31 - 1), -os.errno.ESRCH)),
  });

  tests('watch', {
    'calls back after a signal, not after unwatch': async () => {
      const fd = newEventFd();
      let calls = 0;
      const called = new Promise<void>((resolve) => {
        const watch = shim.watchFd(fd, () => {
          calls++;
          shim.unwatchFd(watch);
          shim.unwatchFd(watch);
          shim.signalFd(fd);
          resolve();
        }) as native.Watch;
      });
      const alive = setInterval(() => {}, 1000);
      shim.signalFd(fd);
      await called;
      await new Promise((resolve) => setImmediate(resolve));
      clearInterval(alive);
      assert.is(calls, 1);
      closeSync(fd);
    },
    'signals of another thread arrive; the last one is never lost': async () => {
      const fd = newEventFd();
      let calls = 0;
      let called = () => {};
      const first = new Promise<void>((resolve) => (called = resolve));
      const watch = shim.watchFd(fd, () => {
        calls++;
        called();
      }) as native.Watch;
      assert.is(await thread('signal', fd), 0);
      const alive = setInterval(() => {}, 1000);
      await first;
      clearInterval(alive);
      assert.ok(calls <= 100, `${calls} calls`);
      shim.unwatchFd(watch);
      closeSync(fd);
    },
    'a thread may end with a watch running': async () => {
      const fd = newEventFd();
      assert.is(await thread('leave', fd), 0);
      closeSync(fd);
    },
    'a thousand watches and queues leave nothing behind': async () => {
      const fd = newEventFd();
      await thread('churn', fd);
      const before = process.memoryUsage().rss;
      await thread('churn', fd);
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < 32 << 20, `${grown} bytes more than after the first round`);
      closeSync(fd);
    },
  });

  tests('a mapped file', {
    'Atomics on it are exact between threads': async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nat46-shim-'));
      const fd = openSync(join(folder, 'map'), 'w+');
      ftruncateSync(fd, 4096);
      await Promise.all([thread('add', fd), thread('add', fd)]);
      const words = new Int32Array(shim.mapFd(fd, 4096, false) as ArrayBuffer);
      assert.is(Atomics.load(words, 7), 200_000);
      closeSync(fd);
      assert.is(words[7], 200_000, 'a mapping outlives its descriptor');
      rmSync(folder, { recursive: true });
    },
    'must be long enough': () =>
      withFolder((folder) => {
        const fd = openSync(join(folder, 'map'), 'w+');
        ftruncateSync(fd, 100);
        assert.is(shim.mapFd(fd, 4096, true), -os.errno.ENODATA);
        assert.is(shim.mapFd(fd, 0, true), -os.errno.EINVAL);
        closeSync(fd);
        assert.is(shim.mapFd(fd, 4096, true), -os.errno.EBADF);
      }),
    'can be locked once': () =>
      withFolder((folder) => {
        const [one, other] = [openSync(join(folder, 'map'), 'w+'), openSync(join(folder, 'map'), 'r')];
        assert.is(shim.lockFd(one), 0);
        assert.is(shim.lockFd(other), -os.errno.EWOULDBLOCK);
        closeSync(one);
        assert.is(shim.lockFd(other), 0);
        closeSync(other);
      }),
  });

  tests('the rest', {
    'nobody to notify': () => {
      delete process.env.NOTIFY_SOCKET;
      assert.is(shim.sdNotify('READY=1'), 0);
    },
    'a socket that is not there': () => {
      process.env.NOTIFY_SOCKET = '/nowhere/notify';
      assert.is(shim.sdNotify('READY=1'), -os.errno.ENOENT);
      process.env.NOTIFY_SOCKET = '@nat46-nobody';
      assert.is(shim.sdNotify('READY=1'), -os.errno.ECONNREFUSED);
      delete process.env.NOTIFY_SOCKET;
    },
    'yield comes back': () => assert.is(shim.yieldThread(), undefined),
  });
} else {
  const { role, fd } = workerData as { role: string; fd: number };
  THREADS[role]?.(fd);
}
