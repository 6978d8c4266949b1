/**
 * Questions to one upstream over UDP. RFC 5452 §9.2: ids and source ports are random, replies count only when they
 * come from the address asked (the sockets are connected) and echo the question. A small pool of sockets is kept, each
 * replaced after some questions or some time, because a fresh one a question costs more than the question itself.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { echoes } from './echo.ts';
import { countOf, HEADER_LENGTH, readQuestion, viewOf } from './message.ts';
import { mixCase, sameCase } from './mixed-case.ts';
import {
  type Asked,
  type Endpoint,
  type Silence,
  type UpstreamContext,
  withId,
} from './upstream-question.ts';

const POOL_SIZE = 16;
const QUESTIONS_PER_PORT = 64;
const PORT_LIFE_MS = 30_000;
const ID_COUNT = 0x10000;

/** Asks over UDP; one instance an upstream. */
export class UpstreamUdp {
  readonly #endpoint: Endpoint;
  readonly #context: UpstreamContext;
  #ports: SourcePort[] = [];

  constructor(endpoint: Endpoint, context: UpstreamContext) {
    this.#endpoint = endpoint;
    this.#context = context;
  }

  /** @param query its id is replaced @returns the first reply that echoes it, or why there is none */
  ask(query: Uint8Array, timeoutMs: number): Promise<Uint8Array | Silence> {
    return new Promise((resolve) => this.#port().send(query, timeoutMs, resolve));
  }

  close(): void {
    for (const port of this.#ports) port.close();
    this.#ports = [];
  }

  #port(): SourcePort {
    const { clock, random } = this.#context;
    const now = clock.now();
    this.#ports = this.#ports.filter((port) => port.usable(now));
    if (this.#ports.length < POOL_SIZE) this.#ports.push(new SourcePort(this.#endpoint, this.#context));
    return this.#ports[random(this.#ports.length)] as SourcePort;
  }
}

/** One connected socket and the questions that wait on it, by id. */
class SourcePort {
  readonly #context: UpstreamContext;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Asked>();
  readonly #untilMs: number;
  #unsent: Uint8Array[] | null = [];
  #uses = 0;
  #retired = false;
  #closed = false;

  constructor(endpoint: Endpoint, context: UpstreamContext) {
    this.#context = context;
    this.#untilMs = context.clock.now() + PORT_LIFE_MS;
    this.#socket = createSocket(isIPv6(endpoint.address) ? 'udp6' : 'udp4');
    this.#socket.on('message', (reply) => this.#receive(reply));
    this.#socket.on('error', () => this.#fail());
    this.#socket.connect(endpoint.port, endpoint.address, (error?: Error) => this.#connected(error));
  }

  /** Whether it may take another question; one that may not closes itself when nobody waits any more. */
  usable(nowMs: number): boolean {
    if (this.#uses >= QUESTIONS_PER_PORT || nowMs >= this.#untilMs) this.#retired = true;
    this.#closeWhenIdle();
    return !this.#retired;
  }

  send(query: Uint8Array, timeoutMs: number, settle: (outcome: Uint8Array | Silence) => void): void {
    const { clock, counters } = this.#context;
    let id = this.#context.random(ID_COUNT);
    while (this.#waiting.has(id)) id = (id + 1) % ID_COUNT;
    const bytes = withId(query, id);
    if (this.#context.mixedCase) mixCase(bytes, this.#context.random);
    const cancelTimer = clock.after(timeoutMs, () => this.#settle(id, 'timeout'));
    this.#waiting.set(id, { query: bytes, settle, cancelTimer });
    this.#uses++;
    counters.upstreamQuery(bytes.length);
    if (this.#unsent === null) this.#transmit(bytes);
    else this.#unsent.push(bytes);
  }

  close(): void {
    this.#fail();
  }

  #connected(error?: Error): void {
    const queued = this.#unsent ?? [];
    this.#unsent = null;
    if (error) this.#fail();
    else for (const bytes of queued) this.#transmit(bytes);
  }

  #transmit(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#socket.send(bytes, (error) => {
      if (error) this.#fail();
    });
  }

  #receive(reply: Buffer): void {
    const asked = reply.length >= 2 ? this.#waiting.get(reply.readUInt16BE(0)) : undefined;
    if (asked === undefined || !echoes(asked.query, reply)) {
      this.#context.counters.count('upstreamIgnored');
      return;
    }
    this.#context.counters.upstreamReply(reply.length);
    this.#settle(reply.readUInt16BE(0), this.#keptCase(asked.query, reply) ? reply : 'case');
  }

  #keptCase(query: Uint8Array, reply: Uint8Array): boolean {
    if (!this.#context.mixedCase || countOf(viewOf(reply), 0) === 0) return true;
    const question = readQuestion(viewOf(query));
    return question === null || sameCase(query, reply, question.end - HEADER_LENGTH);
  }

  #settle(id: number, outcome: Uint8Array | Silence): void {
    const asked = this.#waiting.get(id);
    if (asked === undefined) return;
    this.#waiting.delete(id);
    asked.cancelTimer();
    asked.settle(outcome);
    this.#closeWhenIdle();
  }

  /** The network said no (or we stop): nobody needs to wait for the timeout. */
  #fail(): void {
    this.#retired = true;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, 'unreachable');
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#retired || this.#closed || this.#waiting.size > 0) return;
    this.#closed = true;
    this.#socket.close();
  }
}
