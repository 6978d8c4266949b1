/**
 * The native shim without root. A named pipe stands for the TUN queue: what is written to it can be read back, one
 * packet at a time.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as assert from 'uvu/assert';
import * as native from '../../src/tun/shim.ts';
import { isLinuxSince } from '../helpers/kernel.ts';
import { tests } from '../helpers/table.ts';
import { attach } from './attach.ts';

const shim = native.shim();
const THIS_FILE = fileURLToPath(import.meta.url);
const ARENA_BYTES = 4 * native.SLOT_MAX_BYTES;

interface PipeQueue {
  fd: number;
  /** @returns READ_COUNT */
  exchange(count: number, timeoutMs: number): number;
  /** Read what is there, or comes in time. @returns READ_COUNT */
  read(timeoutMs?: number): number;
  /** @returns packets that were refused */
  write(count: number): number;
  arena: Uint8Array;
  reads: Int32Array;
  writes: Int32Array;
  words: Int32Array;
}

function withFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'nat46-shim-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface PipeOptions {
  readonly wake?: number;
  readonly readBytes?: number;
}

function withPipe(vnet: boolean, check: (pipe: PipeQueue) => void, options: PipeOptions = {}): void {
  withFolder((folder) => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const [reads, writes, words] = [
      new Int32Array(8),
      new Int32Array(8),
      new Int32Array(native.EXCHANGE_WORDS),
    ];
    const arena = new ArrayBuffer(ARENA_BYTES);
    const { wake = -1, readBytes = ARENA_BYTES } = options;
    const call = attach(fd, vnet, wake, arena, readBytes, reads, writes, words);
    const exchange = (count: number, timeoutMs: number): number => {
      words[native.WRITE_COUNT] = count;
      words[native.TIMEOUT_MS] = timeoutMs;
      words[native.REFUSED] = 0;
      call();
      return words[native.READ_COUNT] ?? 0;
    };
    const read = (timeoutMs = 0): number => exchange(0, timeoutMs);
    const write = (count: number): number => {
      assert.is(exchange(count, native.WRITE_ONLY), 0);
      return words[native.REFUSED] ?? 0;
    };
    check({ fd, exchange, read, write, arena: new Uint8Array(arena), reads, writes, words });
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
      shim.queueAttach(fd, true, -1, arena, ARENA_BYTES, words, words, words);
    }
  },
  /** Until it is ended, in a wait that nothing ends. */
  wait() {
    parentPort?.postMessage(shim.interruptible());
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  /** Ends with a watch still running. */
  leave(fd) {
    shim.watchFd(fd, () => {});
    shim.signalFd(fd);
  },
};

/** The slice that the scheduler gives a thread of ours, ns; null where it does not say, or takes no other. */
function sliceOf(thread: number): number | null {
  if (!isLinuxSince(6, 12)) return null;
  const path = `/proc/self/task/${thread}/sched`;
  const found = existsSync(path) ? /^se[.]slice *: *(\d+)$/m.exec(readFileSync(path, 'utf8')) : null;
  return found ? Number(found[1]) : null;
}

function thread(role: string, fd: number): Promise<number> {
  const worker = new Worker(THIS_FILE, { workerData: { role, fd } });
  return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
}

if (isMainThread) {
  tests('a batch, virtio header before the packet', {
    'the packet lies at its slot plus headroom, the header ten bytes before it': () =>
      withPipe(true, ({ fd, read, arena, reads, words }) => {
        writeSync(
          fd,
          Uint8Array.from({ length: 50 }, (_, i) => i),
        );
        assert.is(read(), 1);
        assert.equal([...reads.subarray(0, 2)], [native.HEADROOM_BYTES, 40]);
        assert.equal([...arena.subarray(70, 82)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        assert.is(Math.abs(shim.nowMs() - words[native.NOW_MS]!) < 1000, true);
      }),
    'without a header ten bytes are zeroed': () =>
      withPipe(false, ({ fd, read, arena, reads }) => {
        arena.fill(0xff);
        writeSync(fd, 'packet');
        assert.is(read(), 1);
        assert.equal([...reads.subarray(0, 2)], [80, 6]);
        assert.equal([...arena.subarray(69, 81)], [0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x70]);
      }),
    'an empty queue is 0 packets': () => withPipe(true, ({ read }) => assert.is(read(), 0)),
    'nothing is read into less than a whole slot': () => {
      for (const [missing, packets] of [
        [1, 0],
        [0, 1],
      ] as const) {
        const check = ({ fd, read }: PipeQueue): void => {
          writeSync(fd, Buffer.alloc(50));
          assert.is(read(), packets);
        };
        withPipe(true, check, { readBytes: native.SLOT_MAX_BYTES - missing });
      }
    },
    'a failed read is a negative errno': () =>
      withFolder((folder) => {
        const fd = openSync(join(folder, 'file'), 'w');
        const [pairs, words] = [new Int32Array(8), new Int32Array(native.EXCHANGE_WORDS)];
        const arena = new ArrayBuffer(ARENA_BYTES);
        attach(fd, true, -1, arena, ARENA_BYTES, pairs, pairs, words)();
        assert.is(words[native.READ_COUNT], -os.errno.EBADF);
        closeSync(fd);
      }),
    'writes header and packet together': () =>
      withPipe(true, ({ fd, write, arena, writes }) => {
        arena.set([9, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3], 90);
        writes.set([100, 3]);
        assert.is(write(1), 0);
        const back = Buffer.alloc(64);
        assert.is(readSync(fd, back), 13);
        assert.equal([...back.subarray(0, 13)], [9, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3]);
      }),
    'a packet outside the arena is left out and counted, the others are written': () =>
      withPipe(true, ({ write, writes, words }) => {
        writes.set([5, 3, ARENA_BYTES - 2, 3, 100, 0, 100, 3]);
        assert.is(write(4), 3);
        assert.is(words[native.REFUSED_ERRNO], os.errno.EINVAL);
      }),
    'a negative length goes on in the next pair, which has no virtio header': () =>
      withPipe(true, ({ fd, write, arena, writes }) => {
        arena.set([1, 2, 3], 100);
        arena.set([4, 5], 200);
        arena.set([6], 300);
        writes.set([100, -3, 200, -2, 300, 1, 100, 3]);
        assert.is(write(4), 0);
        const back = Buffer.alloc(100);
        assert.is(readSync(fd, back), 10 + 6 + 10 + 3);
        assert.equal([...back.subarray(10, 16)], [1, 2, 3, 4, 5, 6]);
      }),
    'a packet with one piece outside the arena is left out whole': () =>
      withPipe(true, ({ write, writes }) => {
        writes.set([100, -3, ARENA_BYTES - 2, 3, 100, 3]);
        assert.is(write(3), 1);
      }),
    'a batch is never larger than the arrays': () =>
      withPipe(false, ({ fd, write, writes }) => {
        writes.set([100, 3, 100, 3, 100, 3, 100, 3]);
        assert.is(write(1000), 0);
        assert.is(readSync(fd, Buffer.alloc(100)), 4 * 3);
      }),
    'after a refused packet nobody sleeps: it is to be counted now': () =>
      withPipe(true, ({ exchange, read, writes }) => {
        assert.is(read(1), 0);
        writes.set([5, 3]);
        const before = performance.now();
        assert.is(exchange(1, 1000), 0);
        assert.ok(performance.now() - before < 900);
      }),
    'one call writes, then reads': () =>
      withPipe(true, ({ exchange, arena, reads, writes }) => {
        arena.set([7, 8, 9], ARENA_BYTES - 3);
        writes.set([ARENA_BYTES - 3, 3]);
        assert.is(exchange(1, 0), 1);
        const [at = 0, length = 0] = reads;
        assert.equal([...arena.subarray(at, at + length)], [7, 8, 9]);
      }),
  });

  tests('arguments that are wrong throw', {
    'more to read into than the arena has': () => {
      for (const readBytes of [ARENA_BYTES + 1, -1])
        assert.throws(() => withPipe(true, () => {}, { readBytes }), /inside the arena/);
    },
    'something that is no watch': () =>
      assert.throws(() => shim.unwatchFd({} as native.Watch), /expected a watch/),
    'arrays that are too short': () => {
      const words = new Int32Array(8);
      const attach = () =>
        shim.queueAttach(0, true, -1, new ArrayBuffer(64), 64, words, words, new Int32Array(2));
      assert.throws(attach, /long enough/);
    },
    'a name that is too long': () => assert.throws(() => shim.tunOpen('x'.repeat(16), 1), /shorter string/),
  });

  // A named pipe refuses reads that are told not to wait, as TUN devices before Linux 6.4 do.
  tests('waiting where a single read cannot be told not to', {
    'ends with a packet or with a signal, which is taken, or when the time is over': () => {
      const wake = newEventFd();
      const check = ({ fd, read }: PipeQueue): void => {
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
      };
      withPipe(true, check, { wake });
      closeSync(wake);
    },
    'a closed eventfd is an error': () => {
      const check = ({ read }: PipeQueue): void => {
        assert.is(read(1), 0);
        assert.is(read(1), -os.errno.EBADF);
      };
      withPipe(true, check, { wake: 1 << 20 });
    },
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
    'what a thread has had of the processor, not what its process had': async () => {
      const waiting = new Worker(THIS_FILE, { workerData: { role: 'wait', fd: 0 } });
      const [other] = (await once(waiting, 'message')) as [number];
      try {
        const [mine, its] = [shim.threadNs(process.pid), shim.threadNs(other)];
        while (shim.threadNs(process.pid) < mine + 20e6);
        assert.ok(mine > 0 && its > 0, `${mine} ns, ${its} ns`);
        assert.ok(shim.threadNs(other) < its + 10e6, 'it waited');
        const before = sliceOf(other);
        assert.is(shim.threadSlice(other, 100_000), 0);
        if (before === null)
          console.log('    its slice is not looked at: that takes Linux 6.12 and its /proc/…/sched');
        else assert.is(sliceOf(other), 100_000);
        assert.is(shim.threadSlice(other, 0), 0);
        assert.is(sliceOf(other), before);
      } finally {
        await waiting.terminate();
      }
      assert.is(shim.threadNs(2 ** 22), -os.errno.EINVAL, 'Linux has no such thread');
      assert.is(shim.threadSlice(2 ** 22, 0), -os.errno.ESRCH);
    },
    'a short slice shortens no other policy, and keeps nice': () => {
      const said = (...argv: string[]) => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
      const sleeper = spawn('sleep', ['20'], { stdio: 'ignore' });
      const pid = sleeper.pid!;
      try {
        said('renice', '-n', '5', '-p', String(pid));
        assert.is(shim.threadSlice(pid, 100_000), 0);
        assert.match(said('ps', '-o', 'ni=', '-p', String(pid)), /^ *5$/m);
        said('chrt', '--batch', '--pid', '0', String(pid));
        assert.is(shim.threadSlice(pid, 100_000), -os.errno.EINVAL);
      } finally {
        sleeper.kill('SIGKILL');
      }
    },
    'yield comes back': () => assert.is(shim.yieldThread(), undefined),
  });
} else {
  const { role, fd } = workerData as { role: string; fd: number };
  THREADS[role]?.(fd);
}
