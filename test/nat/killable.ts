/**
 * A process that is killed between two writes to the segment: the n-th write and all after it do not happen.
 *
 * The words of the segment are watched by a Proxy, which `Atomics` would not take: while a killable run lasts, they are
 * replaced by ones that do.
 */
import { NatState } from '../../src/nat/nat-state.ts';
import { Segment } from '../../src/nat/segment.ts';

class Killed extends Error {}

interface Watch {
  target: Int32Array;
  /** Writes that may still happen. */
  left: number;
}

const watches = new WeakMap<object, Watch>();

/** @returns false, or throws, when the process is dead */
function mayWrite(watch: Watch): boolean {
  if (watch.left === 0) {
    watch.left = -1;
    throw new Killed();
  }
  if (watch.left > 0) watch.left--;
  return watch.left >= 0;
}

/** Where a bulk write goes: [from, to). */
const RANGES: Record<string, (words: Int32Array, args: number[]) => [number, number]> = {
  fill: (words, [, from = 0, to = words.length]) => [from, to],
  copyWithin: (words, [at = 0, from = 0, to = words.length]) => [at, at + to - from],
  set: (_, [given, at = 0]) => [at, at + (given as unknown as Int32Array).length],
};

/** A bulk write happens in halves. */
function inHalves(watch: Watch, name: string, args: number[]): void {
  if (!mayWrite(watch)) return;
  const [from, to] = RANGES[name]?.(watch.target, args) ?? [0, 0];
  const before = watch.target.slice(from, to);
  (Reflect.get(watch.target, name) as (...all: unknown[]) => void).apply(watch.target, args);
  if (watch.left > 0) {
    watch.left--;
    return;
  }
  const half = before.length >> 1;
  watch.target.set(before.subarray(half), from + half);
  mayWrite(watch);
}

function watched(watch: Watch): Int32Array {
  const proxy = new Proxy(watch.target, {
    get: (target, name) => {
      if (typeof name === 'string' && name in RANGES) {
        return (...args: number[]) => {
          inHalves(watch, name, args);
          return proxy;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => {
      if (mayWrite(watch)) Reflect.set(target, name, value);
      return true;
    },
  });
  watches.set(proxy, watch);
  return proxy;
}

const REAL = { load: Atomics.load, store: Atomics.store, compareExchange: Atomics.compareExchange };

function replaceAtomics(): void {
  const watchOf = (words: object): Watch =>
    watches.get(words) ?? { target: words as Int32Array, left: Infinity };
  Object.assign(Atomics, {
    load: (words: Int32Array, at: number) => REAL.load(watchOf(words).target, at),
    store: (words: Int32Array, at: number, value: number) => {
      const watch = watchOf(words);
      return mayWrite(watch) ? REAL.store(watch.target, at, value) : value;
    },
    compareExchange: (words: Int32Array, at: number, expected: number, value: number) => {
      const watch = watchOf(words);
      return mayWrite(watch) ? REAL.compareExchange(watch.target, at, expected, value) : expected;
    },
  });
}

/**
 * Run something on a state and kill it.
 * @param writes that happen before @returns writes that were left when it came to its end; -1 = killed
 */
export function killAfter(writes: number, state: NatState, job: (state: NatState) => void): number {
  const watch: Watch = { target: state.segment.words, left: writes };
  const segment: Segment = Object.create(Segment.prototype, {
    ...Object.getOwnPropertyDescriptors(state.segment),
    words: { value: watched(watch) },
  });
  replaceAtomics();
  try {
    job(new NatState(segment, () => {}));
    return watch.left;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return -1;
  } finally {
    Object.assign(Atomics, REAL);
  }
}
