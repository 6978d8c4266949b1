/**
 * A thread that reads a queue of a TUN device as a worker does, waiting for ever. It says which thread it is, then
 * copies the number that it is to have seen, word 0, to word 1 whenever it wakes, until that is negative.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { EXCHANGE_WORDS, READ_COUNT, shim, TIMEOUT_MS } from '../../src/tun/shim.ts';
import { attach } from './attach.ts';

const { fd, words } = workerData as { fd: number; words: Int32Array };
const native = shim();
const pairs = new Int32Array(128);
const control = new Int32Array(EXCHANGE_WORDS);
const arena = new ArrayBuffer(1 << 20);
const exchange = attach(fd, true, -1, arena, arena.byteLength, pairs, pairs, control);
control[TIMEOUT_MS] = -1;
(parentPort as MessagePort).postMessage(native.interruptible());
for (let wanted = 0; wanted >= 0; wanted = Atomics.load(words, 0)) {
  Atomics.store(words, 1, wanted);
  Atomics.add(words, 2, 1);
  // Late into the read, by another time each turn: a wake may come just before it.
  for (const end = performance.now() + (wanted % 20) / 1000; performance.now() < end; );
  exchange();
  const count = control[READ_COUNT] ?? 0;
  if (count < 0) throw new Error(`errno ${-count}`);
}
