/** A queue tied to its memory. */
import { type Exchange, type Shim, shim } from '../../src/tun/shim.ts';

/** @throws Error when it cannot be */
export function attach(...queue: Parameters<Shim['queueAttach']>): Exchange {
  const exchange = shim().queueAttach(...queue);
  if (typeof exchange === 'number') throw new Error(`errno ${-exchange}`);
  return exchange;
}
