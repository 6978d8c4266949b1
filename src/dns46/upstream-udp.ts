/**
 * Questions to one upstream over UDP. RFC 5452 §9.2: ids and source ports are random, replies count only when they
 * come from the address asked (the sockets are connected) and echo the question. A small pool of sockets is kept, each
 * replaced after some questions or some time, because a fresh one a question costs more than the question itself.
 * Questions of one turn of the loop leave together, from one port in one system call; the next turn draws another port.
 */
import { constants } from 'node:os';
import { echoes, keepsCase } from './echo.ts';
import { TC, viewOf, wordAt } from './message.ts';
import { mayMixCase, mixCase } from './mixed-case.ts';
import { type Arena, BatchSocket, ENVELOPE_BYTES, SLOTS, type UdpCalls } from './udp-batch.ts';
import {
  type Asked,
  type Endpoint,
  type Lack,
  type Silence,
  type UpstreamContext,
  type Wait,
  withId,
} from './upstream-question.ts';

const POOL_SIZE = 16;
const QUESTIONS_PER_PORT = 64;
const PORT_LIFE_MS = 30_000;
const ID_COUNT = 0x10000;
/** No room to send at this moment: as if the packet had been lost. */
const PASSING: ReadonlySet<number> = new Set([constants.errno.EAGAIN, constants.errno.ENOBUFS]);
/** A connected socket knows where to send. */
const NOWHERE = new Uint8Array(ENVELOPE_BYTES);

/** What the sockets towards upstreams share. */
export interface UdpTransport {
  readonly calls: UdpCalls;
  readonly arena: Arena;
}

/** What becomes of a question. 'case': the reply lost the letter case of the question. */
type Outcome = Uint8Array | Silence | 'case';

interface Question extends Asked<Outcome> {
  /** Its letters are in random case. */
  readonly mixed: boolean;
}

/** Asks over UDP; one instance an upstream. */
export class UpstreamUdp {
  readonly #endpoint: Endpoint;
  readonly #transport: UdpTransport;
  readonly #context: UpstreamContext;
  #ports: SourcePort[] = [];
  /** The one of this turn. */
  #drawn: SourcePort | null = null;
  /** Those that take no more questions, and had some to wait for. */
  #leaving: SourcePort[] = [];

  constructor(endpoint: Endpoint, transport: UdpTransport, context: UpstreamContext) {
    this.#endpoint = endpoint;
    this.#transport = transport;
    this.#context = context;
  }

  /** @param query at most MAX_DATAGRAM_BYTES; its id is replaced @returns the first reply that echoes it, or why there is none */
  ask(query: Uint8Array, timeoutMs: number, wait: Wait): Promise<Outcome> {
    return new Promise((settle) => {
      const port = this.#port();
      if (typeof port === 'string') settle(port);
      else wait.end = port.send(query, timeoutMs, settle);
    });
  }

  /** Why there is no way to the upstream, as the name of an error; null when there is. Nothing is sent. */
  routeFailure(): string | null {
    try {
      BatchSocket.connected(this.#transport.calls, this.#endpoint, this.#transport.arena).close();
      return null;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  }

  close(): void {
    for (const port of [...this.#ports, ...this.#leaving]) port.close();
    this.#ports = [];
    this.#leaving = [];
  }

  /** @returns why there is none when no socket is open and none can be opened */
  #port(): SourcePort | Lack {
    const { clock, random } = this.#context;
    const now = clock.now();
    if (this.#drawn?.isLoading && this.#drawn.usable(now)) return this.#drawn;
    for (let i = this.#ports.length - 1; i >= 0; i--) {
      if (this.#ports[i]?.usable(now) !== false) continue;
      this.#leaving.push(...this.#ports.splice(i, 1));
      this.#leaving = this.#leaving.filter((port) => !port.closed);
    }
    const lack = this.#ports.length < POOL_SIZE ? this.#open() : null;
    if (this.#ports.length === 0) return lack ?? 'unreachable';
    this.#drawn = this.#ports[random(this.#ports.length)] ?? null;
    return this.#drawn ?? 'unreachable';
  }

  /** One socket more. @returns why not */
  #open(): Lack | null {
    const { calls, arena } = this.#transport;
    const { shortage } = this.#context;
    try {
      this.#ports.push(new SourcePort(BatchSocket.connected(calls, this.#endpoint, arena), this.#context));
      shortage.opened();
      return null;
    } catch (error) {
      return shortage.causes(error) ? 'shortage' : 'unreachable';
    }
  }
}

/** One connected socket and the questions that wait on it, by id. */
class SourcePort {
  readonly #context: UpstreamContext;
  readonly #socket: BatchSocket;
  readonly #waiting = new Map<number, Question>();
  readonly #untilMs: number;
  #unsent: Uint8Array[] = [];
  #uses = 0;
  #retired = false;
  closed = false;

  /** @throws an error of the system; the socket is closed then */
  constructor(socket: BatchSocket, context: UpstreamContext) {
    this.#context = context;
    this.#untilMs = context.clock.now() + PORT_LIFE_MS;
    this.#socket = socket;
    socket.watch(() => this.#drain());
  }

  /** Whether questions of this turn wait to leave from here. */
  get isLoading(): boolean {
    return this.#unsent.length > 0;
  }

  /** Whether it may take another question; one that may not closes itself when nobody waits any more. */
  usable(nowMs: number): boolean {
    if (this.#uses >= QUESTIONS_PER_PORT || nowMs >= this.#untilMs) this.#retired = true;
    this.#closeWhenIdle();
    return !this.#retired;
  }

  /** @returns what ends the wait sooner */
  send(query: Uint8Array, timeoutMs: number, settle: (outcome: Outcome) => void): () => void {
    const { clock, counters, random, mixedCase } = this.#context;
    const mixed = mixedCase && mayMixCase(query);
    let id = random(ID_COUNT);
    while (this.#waiting.has(id)) id = (id + 1) % ID_COUNT;
    const bytes = withId(query, id);
    if (mixed) mixCase(bytes, random);
    const cancelTimer = clock.after(timeoutMs, () => this.#settle(id, 'timeout'));
    const asked = { query: bytes, settle, cancelTimer, mixed };
    this.#waiting.set(id, asked);
    this.#uses++;
    counters.upstreamQuery(bytes.length);
    if (this.#unsent.push(bytes) === 1) setImmediate(() => this.#transmit());
    return () => {
      if (this.#waiting.get(id) === asked) this.#settle(id, 'timeout');
    };
  }

  close(): void {
    this.#fail();
  }

  #transmit(): void {
    const unsent = this.#unsent;
    this.#unsent = [];
    if (this.closed) return;
    for (const bytes of unsent) this.#socket.queue(NOWHERE, bytes);
    const sent = this.#socket.flush();
    if (sent < 0 && !PASSING.has(-sent)) this.#fail();
  }

  #drain(): void {
    const count = this.#socket.receive();
    if (count < 0) this.#fail();
    for (let slot = 0; slot < count; slot++) {
      const reply = this.#socket.message(slot) ?? cut(this.#socket.start(slot));
      this.#receive(new Uint8Array(reply));
    }
    if (count === SLOTS && !this.closed) setImmediate(() => this.#drain());
  }

  #receive(reply: Uint8Array): void {
    const id = reply.length >= 2 ? wordAt(reply, 0) : -1;
    const asked = this.#waiting.get(id);
    if (asked === undefined || !echoes(asked.query, reply)) {
      this.#context.counters.count('upstreamIgnored');
      return;
    }
    this.#context.counters.upstreamReply(reply.length);
    const believed = !asked.mixed || keepsCase(asked.query, reply);
    this.#settle(id, believed ? reply : 'case');
  }

  #settle(id: number, outcome: Outcome): void {
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
    if (!this.#retired || this.closed || this.#waiting.size > 0) return;
    this.closed = true;
    this.#socket.close();
  }
}

/** The start of a reply that was longer than we take by UDP, marked as what it is: TCP brings the whole. */
function cut(start: Uint8Array): Uint8Array {
  const view = viewOf(start);
  view.setUint16(2, view.getUint16(2) | TC);
  return start;
}
