/**
 * Can a listener be bound here? Tried as the gateway does it, and let go again: nothing is read meanwhile.
 */
import { Nat46Error } from '../error.ts';
import { systemClock } from './clock.ts';
import { listenTcp } from './listener-tcp.ts';
import { listenUdp } from './listener-udp.ts';
import type { UdpCalls } from './udp-batch.ts';
import type { Endpoint } from './upstream-question.ts';

const NOBODY = { maxConnections: 1, maxPipelined: 1, idleMs: 1000 };

/** @returns code of the system and what to do about it; null when it can be bound */
export async function tryListener(
  endpoint: Endpoint,
  calls: UdpCalls,
): Promise<{ readonly code: string; readonly message: string } | null> {
  const parts = { receive: () => {}, count: () => {}, clock: systemClock, calls };
  try {
    const tcp = await listenTcp(endpoint, NOBODY, parts);
    await tcp.close();
    await listenUdp(endpoint, parts).close();
    return null;
  } catch (error) {
    if (!(error instanceof Nat46Error)) throw error;
    const { code = '' } = error.cause as NodeJS.ErrnoException;
    return { code, message: error.message };
  }
}
