/**
 * Zone transfers, RFC 5936: a reply of many messages on one TCP connection. They are none of our business, so the
 * messages are passed on as they come, on a connection of their own, until the upstream ends it or falls silent.
 */
import { connect } from 'node:net';
import { echoes } from './echo.ts';
import { FrameReader, framed } from './frames.ts';
import { HEADER_LENGTH, viewOf } from './message.ts';
import type { Endpoint, UpstreamContext } from './upstream-question.ts';
import { withId } from './upstream-question.ts';

/**
 * @param query as received
 * @param silenceMs time to the next message before the transfer is given up
 * @param deliver gets each message, its id still the one sent upstream
 * @returns number of messages delivered; never rejects
 */
export function transfer(
  query: Uint8Array,
  upstream: Endpoint,
  silenceMs: number,
  context: UpstreamContext,
  deliver: (message: Uint8Array) => void,
): Promise<number> {
  const { clock, counters } = context;
  const asked = withId(query, context.random(0x10000));
  const frames = new FrameReader();
  let delivered = 0;
  return new Promise((resolve) => {
    const socket = connect({ host: upstream.address, port: upstream.port, noDelay: true });
    let cancel = clock.after(silenceMs, () => socket.destroy());
    socket.on('connect', () => {
      counters.upstreamQuery(asked.length);
      socket.write(framed(asked));
    });
    socket.on('data', (chunk) => {
      cancel();
      cancel = clock.after(silenceMs, () => socket.destroy());
      for (const message of frames.push(chunk)) {
        counters.upstreamReply(message.length);
        // The question stands in the first message; the others may leave it out (RFC 5936 §2.2.1).
        if (delivered === 0 ? !echoes(asked, message) : !sameId(asked, message)) continue;
        delivered++;
        deliver(message);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      cancel();
      resolve(delivered);
    });
  });
}

function sameId(asked: Uint8Array, message: Uint8Array): boolean {
  return message.length >= HEADER_LENGTH && viewOf(message).getUint16(0) === viewOf(asked).getUint16(0);
}
