/**
 * TCP towards clients, RFC 7766: pipelined queries, replies in the order they are ready (§6.2.1.1, §7), idle connections
 * closed (§6.2.3). Everything is bounded: connections, queries in flight on each, bytes nobody reads.
 */
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from './clock.ts';
import type { Family } from './counters.ts';
import { FrameReader, framed } from './frames.ts';
import { bindError, type Client, type Count, type Listener, type Receive, whoIs } from './listener.ts';
import type { Endpoint } from './upstream-question.ts';

export interface TcpLimits {
  readonly maxConnections: number;
  /** Queries in flight on one connection; reading pauses beyond. */
  readonly maxPipelined: number;
  /** A connection without a whole query for this long, and none in flight, is closed. */
  readonly idleMs: number;
}

export interface TcpParts {
  readonly receive: Receive;
  readonly count: Count;
  readonly clock: Clock;
}

/** A client that does not read its replies is given up beyond this. */
const MAX_UNREAD_BYTES = 1 << 20;

/** @throws Nat46Error when the address cannot be bound */
export async function listenTcp(endpoint: Endpoint, limits: TcpLimits, parts: TcpParts): Promise<Listener> {
  const open = new Set<Connection>();
  const family: Family = isIPv6(endpoint.address) ? 6 : 4;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new Connection(socket, family, limits, parts);
    open.add(connection);
    socket.on('close', () => open.delete(connection));
  });
  server.maxConnections = limits.maxConnections;
  server.on('drop', () => parts.count('tcpRefused'));
  await listening(server, endpoint, family);
  server.on('error', () => {}); // of one accept (no descriptors left); the server goes on
  const address = server.address();
  return {
    endpoint: {
      address: endpoint.address,
      port: address !== null && typeof address === 'object' ? address.port : 0,
    },
    close() {
      for (const connection of open) connection.close();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server, endpoint: Endpoint, family: Family): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(bindError(endpoint, 'TCP', cause));
    server.once('error', fail);
    server.listen({ port: endpoint.port, host: endpoint.address, ipv6Only: family === 6 }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

class Connection {
  readonly #socket: Socket;
  readonly #family: Family;
  readonly #limits: TcpLimits;
  readonly #parts: TcpParts;
  readonly #frames = new FrameReader();
  /** Whole queries read but not started. */
  #queued: Buffer[] = [];
  #inFlight = 0;
  #ended = false;
  #cancelIdle = (): void => {};

  constructor(socket: Socket, family: Family, limits: TcpLimits, parts: TcpParts) {
    this.#socket = socket;
    this.#family = family;
    this.#limits = limits;
    this.#parts = parts;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#cancelIdle());
    this.#rest();
  }

  close(): void {
    this.#cancelIdle();
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#queued.push(...this.#frames.push(chunk));
    this.#start();
  }

  #start(): void {
    while (this.#inFlight < this.#limits.maxPipelined) {
      const message = this.#queued.shift();
      if (message === undefined) break;
      this.#inFlight++;
      this.#cancelIdle();
      void Promise.resolve(this.#parts.receive(message, this.#client())).then(() => this.#done());
    }
    if (this.#queued.length > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  #client(): Client {
    return {
      transport: 'tcp',
      family: this.#family,
      who: () => whoIs(this.#socket.remoteAddress ?? ''),
      send: (reply) => this.#send(reply),
    };
  }

  #send(reply: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(framed(reply));
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.destroy();
  }

  #done(): void {
    this.#inFlight--;
    if (this.#socket.destroyed) return;
    this.#start();
    if (this.#inFlight > 0) return;
    if (this.#ended) this.#socket.end();
    else this.#rest();
  }

  /** The client sends no more; it still gets its replies. */
  #end(): void {
    this.#ended = true;
    if (this.#inFlight === 0) this.#socket.end();
  }

  /** Bytes that make no whole query do not keep a connection. */
  #rest(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#parts.clock.after(this.#limits.idleMs, () => {
      this.#parts.count('tcpIdle');
      this.#socket.destroy();
    });
  }
}
