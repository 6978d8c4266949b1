/**
 * A DNS client for tests, UDP and TCP.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { FrameReader, framed } from '../../src/dns46/frames.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';

/** One message by UDP. @returns the first message that comes back */
export async function ask(endpoint: Endpoint, message: Uint8Array): Promise<Buffer> {
  const socket = createSocket(endpoint.address.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.connect(endpoint.port, endpoint.address);
    await once(socket, 'connect');
    const reply = once(socket, 'message');
    socket.send(message);
    return (await reply)[0] as Buffer;
  } finally {
    socket.close();
  }
}

/** One message by UDP, nothing is waited for but that it has left. */
export async function tell(endpoint: Endpoint, message: Uint8Array): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.send(message, endpoint.port, endpoint.address, resolve));
  socket.close();
}

/** All messages at once on one TCP connection. @returns as many replies, in the order they come */
export async function askTcp(
  endpoint: Endpoint,
  messages: readonly Uint8Array[],
  half = false,
  localAddress = '',
): Promise<Buffer[]> {
  const from = localAddress === '' ? {} : { localAddress };
  const socket = connect({ host: endpoint.address, port: endpoint.port, allowHalfOpen: true, ...from });
  const frames = new FrameReader();
  const replies: Buffer[] = [];
  socket.write(Buffer.concat(messages.map(framed)));
  if (half) socket.end();
  for await (const chunk of socket) {
    replies.push(...frames.push(chunk as Buffer));
    if (replies.length >= messages.length) break;
  }
  socket.destroy();
  return replies;
}
