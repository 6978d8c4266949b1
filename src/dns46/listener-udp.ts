/**
 * UDP towards clients: one socket a listen address. A batch of queries is read, answered as far as the cache goes, and the
 * replies leave in a batch, each from the address that was asked. Those that come later leave at the end of the turn of
 * the loop in which they come.
 */
import { isIPv6 } from 'node:net';
import type { Family } from './counters.ts';
import { bindError, type Client, type Count, type Listener, type Receive } from './listener.ts';
import { BatchSocket, SLOTS, type UdpCalls } from './udp-batch.ts';
import type { Endpoint } from './upstream-question.ts';

export interface UdpParts {
  readonly receive: Receive;
  readonly count: Count;
  readonly calls: UdpCalls;
}

/** Batches in one turn of the loop; then timers and upstreams have theirs. */
const MAX_BATCHES = 4;
/** Of the sockaddr that an envelope starts with: the port, and where the addresses of the two families stand. */
const PORT_AT = 2;
const V4_AT = 4;
const V6_AT = 8;

/** @throws Nat46Error when the address cannot be bound, or not be watched */
export function listenUdp(endpoint: Endpoint, parts: UdpParts): Listener {
  try {
    const socket = BatchSocket.listening(parts.calls, endpoint);
    const queries = new Queries(socket, isIPv6(endpoint.address) ? 6 : 4, parts);
    socket.watch(() => queries.drain());
    return {
      endpoint: { address: endpoint.address, port: socket.port },
      async close() {
        socket.close();
      },
    };
  } catch (cause) {
    throw bindError(endpoint, 'UDP', cause);
  }
}

class Queries {
  readonly #socket: BatchSocket;
  readonly #family: Family;
  readonly #parts: UdpParts;
  #draining = false;
  #flushDue = false;

  constructor(socket: BatchSocket, family: Family, parts: UdpParts) {
    this.#socket = socket;
    this.#family = family;
    this.#parts = parts;
  }

  drain(): void {
    this.#draining = true;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const count = this.#socket.receive();
      for (let slot = 0; slot < count; slot++) this.#take(slot);
      this.#socket.flush();
      if (count < SLOTS) break;
    }
    this.#draining = false;
  }

  #take(slot: number): void {
    const message = this.#socket.message(slot);
    if (message === null) {
      this.#parts.count('oversized');
      return;
    }
    const client = new UdpClient(this, this.#family, this.#socket.envelope(slot));
    if (!client.reachable) return;
    // What is not answered yet will be when the slot has another datagram.
    if (this.#parts.receive(message, client) !== undefined) client.detach();
  }

  send(envelope: Uint8Array, reply: Uint8Array): void {
    this.#socket.queue(envelope, reply);
    if (this.#draining || this.#flushDue) return;
    this.#flushDue = true;
    setImmediate(() => {
      this.#flushDue = false;
      this.#socket.flush();
    });
  }
}

class UdpClient implements Client {
  readonly transport = 'udp';
  readonly family: Family;
  readonly #queries: Queries;
  #envelope: Uint8Array;

  constructor(queries: Queries, family: Family, envelope: Uint8Array) {
    this.#queries = queries;
    this.family = family;
    this.#envelope = envelope;
  }

  /** Nobody listens on port 0. */
  get reachable(): boolean {
    return this.#envelope[PORT_AT] !== 0 || this.#envelope[PORT_AT + 1] !== 0;
  }

  who(): string {
    const at = this.#envelope;
    if (this.family === 4) return at.subarray(V4_AT, V4_AT + 4).join('.');
    return Buffer.from(at.subarray(V6_AT, V6_AT + 8)).toString('latin1');
  }

  send(reply: Uint8Array): void {
    this.#queries.send(this.#envelope, reply);
  }

  /** From here on it keeps its envelope itself. */
  detach(): void {
    this.#envelope = new Uint8Array(this.#envelope);
  }
}
