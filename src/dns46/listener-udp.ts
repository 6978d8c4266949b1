/**
 * UDP towards clients: one socket a listen address, so that a reply leaves from the address that was asked.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Family } from './counters.ts';
import { bindError, type Listener, type Receive, whoIs } from './listener.ts';
import type { Endpoint } from './upstream-question.ts';

/** Bursts of queries wait here while the loop is busy. */
const RECEIVE_BUFFER_BYTES = 4 << 20;

/** @throws Nat46Error when the address cannot be bound */
export async function listenUdp(endpoint: Endpoint, receive: Receive): Promise<Listener> {
  const family: Family = isIPv6(endpoint.address) ? 6 : 4;
  const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 });
  await bound(socket, endpoint);
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  let open = true;
  socket.on('error', () => {}); // of one datagram (a route that went away); the socket stays usable
  socket.on('message', (message, from) => {
    if (from.port === 0) return; // nobody to answer
    const send = (reply: Uint8Array) => {
      if (open) socket.send(reply, from.port, from.address, () => {});
    };
    void receive(message, { transport: 'udp', family, who: () => whoIs(from.address), send });
  });
  return {
    endpoint: { address: endpoint.address, port: socket.address().port },
    close() {
      open = false;
      return new Promise((resolve) => socket.close(resolve));
    },
  };
}

function bound(socket: Socket, endpoint: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      socket.close();
      reject(bindError(endpoint, 'UDP', cause));
    };
    socket.once('error', fail);
    socket.bind(endpoint.port, endpoint.address, () => {
      socket.off('error', fail);
      resolve();
    });
  });
}
