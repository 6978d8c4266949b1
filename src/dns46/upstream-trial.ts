/**
 * Whether a DNS server says anything at all: questions over UDP, one after the other, until there is a reply. For doctor,
 * beside whatever runs; a running gateway has upstream-probe.ts.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { HEADER_LENGTH } from './message.ts';
import { type ProbeQuestion, probeQuery } from './probe-question.ts';
import type { Endpoint } from './upstream-question.ts';

/** Nothing came. */
export interface NoReply {
  readonly asked: readonly ProbeQuestion[];
  /** `ECONNREFUSED`, or `none within 3 s` */
  readonly why: string;
}

/** From one question to the next, and from the last one to the end. */
const NEXT_MS = 1000;
const LAST_MS = 2000;

/** @returns null as soon as there is a reply to any of them, whatever it says */
export function replies(server: Endpoint, questions: readonly ProbeQuestion[]): Promise<NoReply | null> {
  const id = randomInt(2 ** 16);
  const socket = createSocket(isIPv6(server.address.replace(/%.*/, '')) ? 'udp6' : 'udp4');
  const asked: ProbeQuestion[] = [];
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (noReply: NoReply | null): void => {
      clearTimeout(timer);
      socket
        .removeAllListeners()
        .on('error', () => {})
        .close();
      resolve(noReply);
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
      socket.send(probeQuery(question, id), failed);
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
