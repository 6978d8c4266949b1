/**
 * A DNS server on 127.0.0.1 that does what a test tells it: UDP and TCP on one port.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket as Stream } from 'node:net';
import { FrameReader, framed } from '../../src/dns46/frames.ts';
import { decode, type ReplyShape, reply } from './packets.ts';

/** A question that came, and the ways to answer it. */
export interface Received {
  readonly bytes: Buffer;
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  /** Source port of the question. */
  readonly port: number;
  /** Sends bytes back as they are. */
  send(bytes: Uint8Array): void;
  /** Sends the reply described. */
  answer(shape?: ReplyShape): void;
}

export type Script = (question: Received) => void;

export class ScriptedUpstream {
  readonly seen: Received[] = [];
  /** Questions of the gateway's own: no test asks these. */
  readonly probes: Received[] = [];
  /** What to do with a question; nothing unless told. */
  script: Script = () => {};
  readonly #udp: Socket;
  readonly #tcp: Server;
  readonly #streams = new Set<Stream>();
  #stopped = false;
  #waiters: { count: number; resolve: () => void }[] = [];

  private constructor(udp: Socket, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on('message', (bytes, from) => this.#udpQuestion(bytes, from));
    tcp.on('connection', (stream) => this.#connection(stream));
  }

  /** The port that is free for TCP may be taken for UDP: another one then. */
  static async start(): Promise<ScriptedUpstream> {
    for (;;) {
      const tcp = createServer();
      tcp.listen(0, '127.0.0.1');
      await once(tcp, 'listening');
      const udp = createSocket('udp4');
      udp.bind((tcp.address() as AddressInfo).port, '127.0.0.1');
      const failure: unknown = await once(udp, 'listening').then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) return new ScriptedUpstream(udp, tcp);
      tcp.close();
      udp.close();
      if ((failure as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw failure;
    }
  }

  get endpoint(): { address: string; port: number } {
    return { address: '127.0.0.1', port: this.#udp.address().port };
  }

  get connections(): number {
    return this.#streams.size;
  }

  /** Resolves once `count` questions in all have come. */
  async questions(count: number): Promise<void> {
    if (this.seen.length >= count) return;
    await new Promise<void>((resolve) => this.#waiters.push({ count, resolve }));
  }

  /** Drops the TCP connections, as a server does with idle ones. */
  async hangUp(): Promise<void> {
    const closed = [...this.#streams].map((stream) => once(stream, 'close'));
    for (const stream of this.#streams) stream.destroy();
    await Promise.all(closed);
  }

  /** Calling it twice is harmless. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const stream of this.#streams) stream.destroy();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  #udpQuestion(bytes: Buffer, from: RemoteInfo): void {
    this.#question(bytes, 'udp', from.port, (message) => this.#udp.send(message, from.port, from.address));
  }

  #connection(stream: Stream): void {
    const frames = new FrameReader();
    this.#streams.add(stream);
    stream.on('close', () => this.#streams.delete(stream));
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk) => {
      for (const bytes of frames.push(chunk)) {
        this.#question(bytes, 'tcp', stream.remotePort ?? 0, (message) => stream.write(framed(message)));
      }
    });
  }

  #question(
    bytes: Buffer,
    transport: 'udp' | 'tcp',
    port: number,
    send: (message: Uint8Array) => void,
  ): void {
    const asked = questionOf(bytes);
    if (asked === null) return;
    const answer = (shape: ReplyShape = {}) => send(reply(bytes, shape));
    const received = {
      bytes,
      transport,
      port,
      send,
      answer,
      name: asked?.name ?? '',
      type: asked?.type ?? '',
    };
    (isProbe(received) ? this.probes : this.seen).push(received);
    this.script(received);
    this.#waiters = this.#waiters.filter(({ count, resolve }) => {
      if (this.seen.length < count) return true;
      resolve();
      return false;
    });
  }
}

/** Whether it is one of the gateway's own: for the root, for localhost, for the SOA and NS records of a zone. */
export function isProbe({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return type === 'SOA' || type === 'NS' || name === 'localhost';
}

/** @returns null for what cannot be read: bodies of other opcodes pass DNS46 unread */
function questionOf(bytes: Buffer): { name: string; type: string } | null {
  try {
    const question = decode(bytes).questions?.[0];
    return { name: question?.name ?? '', type: question?.type ?? '' };
  } catch {
    return null;
  }
}
