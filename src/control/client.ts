/**
 * The other end of the control socket: what the commands use to ask a running gateway.
 */
import { type IncomingMessage, request } from 'node:http';
import { type ErrorCode, Nat46Error } from '../error.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A gateway that does not answer by then is stuck, or is not one. */
const ANSWER_MS = 10_000;

const CODES: readonly ErrorCode[] = [
  'NAT46_RUNTIME',
  'NAT46_STORE',
  'NAT46_USAGE',
  'NAT46_UNREACHABLE',
  'NAT46_NO_MATCH',
  'NAT46_PERMISSION',
  'NAT46_CONFIG',
];

export class ControlClient {
  readonly #socket: string;
  readonly #answerMs: number;

  /** @param socket path of the control socket @param answerMs how long to wait for an answer */
  constructor(socket: string, answerMs: number = ANSWER_MS) {
    this.#socket = socket;
    this.#answerMs = answerMs;
  }

  /**
   * @param query column → value
   * @throws Nat46Error as the gateway threw it; NAT46_UNREACHABLE or NAT46_PERMISSION when it cannot be asked
   */
  async ask<Reply>(
    method: Method,
    path: string,
    options: { query?: Record<string, string>; body?: unknown } = {},
  ) {
    const search = new URLSearchParams(options.query).toString();
    const { status, text } = await this.#exchange(
      method,
      search === '' ? path : `${path}?${search}`,
      options.body,
    );
    const reply = this.#parse(text);
    if (status === 200) return reply as Reply;
    throw asError(reply);
  }

  #exchange(method: Method, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const options = {
        socketPath: this.#socket,
        method,
        path,
        headers,
        agent: false,
        timeout: this.#answerMs,
      };
      const sent = request(options, (response) => {
        readText(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, text: answer }),
          (error: NodeJS.ErrnoException) => reject(this.#unreachable(error)),
        );
      });
      sent.on('timeout', () => sent.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
      sent.on('error', (error: NodeJS.ErrnoException) => reject(this.#unreachable(error)));
      sent.end(text);
    });
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Nat46Error(
        'NAT46_UNREACHABLE',
        `${this.#socket}: what answers there is not a nat46 gateway; name its socket with --control`,
        { cause },
      );
    }
  }

  #unreachable(cause: NodeJS.ErrnoException): Nat46Error {
    const socket = this.#socket;
    if (cause.code === 'EACCES' || cause.code === 'EPERM') {
      const remedy = 'run as root or as a member of its group';
      return new Nat46Error(
        'NAT46_PERMISSION',
        `${socket}: may be used by its owner and group only; ${remedy}`,
        { cause },
      );
    }
    const remedy = 'start it with nat46 run, or name it with --tun NAME or --control PATH';
    const what =
      cause.code === 'ETIMEDOUT'
        ? `the gateway does not answer within ${this.#answerMs / 1000} s`
        : 'no gateway answers there';
    return new Nat46Error('NAT46_UNREACHABLE', `${socket}: ${what}; ${remedy}`, { cause });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function asError(reply: unknown): Nat46Error {
  const { code, message } = (typeof reply === 'object' && reply !== null ? reply : {}) as Record<
    string,
    unknown
  >;
  const known = CODES.find((one) => one === code) ?? 'NAT46_RUNTIME';
  return new Nat46Error(
    known,
    typeof message === 'string' ? message : 'the gateway failed without saying why',
  );
}
