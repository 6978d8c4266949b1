/**
 * Whether a DNS server says anything at all: questions over UDP, one after the other, until there is a reply.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { CLASS_IN, HEADER_LENGTH, RD, TYPE_A, TYPE_NS, TYPE_SOA } from '../dns46/message.ts';

export interface Question {
  /** Without a final dot; empty for the root. */
  readonly name: string;
  readonly type: number;
}

/** Nothing came. */
export interface Silence {
  readonly asked: readonly Question[];
  /** `ECONNREFUSED`, or `none within 3 s` */
  readonly why: string;
}

/** From one question to the next, and from the last one to the end. */
const NEXT_MS = 1000;
const LAST_MS = 2000;

/** @returns null as soon as there is a reply to any of them, whatever it says */
export function replies(
  server: { readonly address: string; readonly port: number },
  questions: readonly Question[],
): Promise<Silence | null> {
  const id = randomInt(2 ** 16);
  const socket = createSocket(isIPv6(server.address.replace(/%.*/, '')) ? 'udp6' : 'udp4');
  const asked: Question[] = [];
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (silence: Silence | null): void => {
      clearTimeout(timer);
      socket
        .removeAllListeners()
        .on('error', () => {})
        .close();
      resolve(silence);
    };
    const failed = (error: Error | null): void => {
      if (error) end({ asked, why: (error as NodeJS.ErrnoException).code ?? error.message });
    };
    const next = (): void => {
      const question = questions[asked.length];
      if (!question) {
        end({ asked, why: `none within ${((asked.length - 1) * NEXT_MS + LAST_MS) / 1000} s` });
        return;
      }
      asked.push(question);
      socket.send(queryOf(id, question), failed);
      timer = setTimeout(next, asked.length < questions.length ? NEXT_MS : LAST_MS);
    };
    socket.on('error', failed);
    socket.on('message', (reply) => {
      if (reply.length >= HEADER_LENGTH && reply.readUInt16BE(0) === id) end(null);
    });
    socket.on('connect', next);
    socket.connect(server.port, server.address);
  });
}

const TYPE_NAMES: Readonly<Record<number, string>> = { [TYPE_A]: 'A', [TYPE_NS]: 'NS', [TYPE_SOA]: 'SOA' };

/** `SOA? corp.example.` */
export function questionText({ name, type }: Question): string {
  return `${TYPE_NAMES[type] ?? type}? ${name}.`;
}

/** RFC 1035 §4.1. */
function queryOf(id: number, { name, type }: Question): Uint8Array {
  const labels = name === '' ? [] : name.split('.');
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RD, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  const owner = labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')]);
  return Buffer.concat([header, ...owner, Buffer.of(0), tail]);
}
