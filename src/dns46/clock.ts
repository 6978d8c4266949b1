/**
 * Time as DNS46 sees it: milliseconds that only go forward, and one-shot timers. Tests bring their own.
 */
import { performance } from 'node:perf_hooks';

export interface Clock {
  /** Milliseconds since an arbitrary moment, never going back. */
  now(): number;
  /** Runs `run` once after `delayMs`. @returns a function that cancels it; cancelling twice is harmless */
  after(delayMs: number, run: () => void): () => void;
}

/** The clock of the machine. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
