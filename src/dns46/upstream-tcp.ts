/**
 * Questions to one upstream over TCP, RFC 7766: one connection, kept open between questions (§6.2.1) and pipelined,
 * replies in any order. A query that was lost because an idle connection was closed by the other side is repeated once on
 * a new one (§6.2.4).
 */
import { connect, type Socket } from 'node:net';
import { echoes } from './echo.ts';
import { FrameReader, framed } from './frames.ts';
import {
  type Asked,
  type Endpoint,
  isRepeatable,
  type Lack,
  type Silence,
  type UpstreamContext,
  type Wait,
  withId,
} from './upstream-question.ts';

const ID_COUNT = 0x10000;
/** How long a connection without questions is kept: below what servers usually grant. */
const IDLE_MS = 5_000;

/** Asks over TCP; one instance an upstream. */
export class UpstreamTcp {
  readonly #endpoint: Endpoint;
  readonly #context: UpstreamContext;
  #connection: Connection | null = null;

  constructor(endpoint: Endpoint, context: UpstreamContext) {
    this.#endpoint = endpoint;
    this.#context = context;
  }

  /** @param query its id is replaced @returns the reply that echoes it, or why there is none */
  async ask(query: Uint8Array, timeoutMs: number, wait: Wait): Promise<Uint8Array | Silence> {
    const { clock } = this.#context;
    const startMs = clock.now();
    const reused = this.#connection?.open === true && this.#connection.proven;
    const again = reused && isRepeatable(query);
    const outcome = await this.#once(query, timeoutMs, wait);
    const leftMs = timeoutMs - (clock.now() - startMs);
    if (outcome !== 'unreachable' || !again || leftMs <= 0 || wait.left) return outcome;
    return this.#once(query, leftMs, wait);
  }

  close(): void {
    this.#connection?.close();
  }

  #once(query: Uint8Array, timeoutMs: number, wait: Wait): Promise<Uint8Array | Silence> {
    if (this.#connection?.open !== true) this.#connection = new Connection(this.#endpoint, this.#context);
    const connection = this.#connection;
    return new Promise((settle) => {
      wait.end = connection.send(query, timeoutMs, settle);
    });
  }
}

class Connection {
  readonly #context: UpstreamContext;
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #waiting = new Map<number, Asked>();
  #cancelIdle = (): void => {};
  /** Takes questions. */
  open = true;
  /** Has brought a reply: it worked, so a failure later is likely the idle close of the other side. */
  proven = false;

  constructor(endpoint: Endpoint, context: UpstreamContext) {
    this.#context = context;
    this.#socket = connect({ host: endpoint.address, port: endpoint.port, noDelay: true });
    this.#socket.on('connect', () => context.shortage.opened());
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.on('error', (error) =>
      this.close(context.shortage.causes(error) ? 'shortage' : 'unreachable'),
    );
    this.#socket.on('close', () => this.close());
    this.#socket.on('end', () => this.close());
  }

  /** @returns what ends the wait sooner */
  send(query: Uint8Array, timeoutMs: number, settle: (outcome: Uint8Array | Silence) => void): () => void {
    const { clock, random, counters } = this.#context;
    let id = random(ID_COUNT);
    while (this.#waiting.has(id)) id = (id + 1) % ID_COUNT;
    const bytes = withId(query, id);
    const cancelTimer = clock.after(timeoutMs, () => this.#expire(id));
    this.#cancelIdle();
    const asked = { query: bytes, settle, cancelTimer };
    this.#waiting.set(id, asked);
    counters.upstreamQuery(bytes.length);
    this.#socket.write(framed(bytes));
    return () => {
      if (this.#waiting.get(id) === asked) this.#settle(id, 'timeout');
    };
  }

  /** @param lack what those who wait are told */
  close(lack: Lack = 'unreachable'): void {
    this.open = false;
    this.#cancelIdle();
    this.#socket.destroy();
    for (const id of [...this.#waiting.keys()]) this.#settle(id, lack);
  }

  #receive(chunk: Buffer): void {
    for (const reply of this.#frames.push(chunk)) {
      const id = reply.length >= 2 ? reply.readUInt16BE(0) : -1;
      const asked = this.#waiting.get(id);
      if (asked !== undefined && echoes(asked.query, reply)) {
        this.proven = true;
        this.#context.counters.upstreamReply(reply.length);
        this.#settle(id, reply);
      } else {
        this.#context.counters.count('upstreamIgnored');
      }
    }
  }

  /** A connection on which a question timed out takes no other one; those under way may still be answered. */
  #expire(id: number): void {
    this.open = false;
    this.#settle(id, 'timeout');
  }

  #settle(id: number, outcome: Uint8Array | Silence): void {
    const asked = this.#waiting.get(id);
    if (asked === undefined) return;
    this.#waiting.delete(id);
    asked.cancelTimer();
    if (this.#waiting.size === 0) this.#rest();
    asked.settle(outcome);
  }

  #rest(): void {
    if (this.open) this.#cancelIdle = this.#context.clock.after(IDLE_MS, () => this.close());
    else this.#socket.destroy();
  }
}
