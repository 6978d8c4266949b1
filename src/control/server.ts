/**
 * The control socket: HTTP over a Unix socket, mode 0660. Routes come in as a table; a handler returns what becomes
 * the JSON of the reply, or throws a Nat46Error that arrives at the other end as the same error.
 */
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { type ErrorCode, Nat46Error } from '../error.ts';

export interface ControlRequest {
  /** Of the route, e.g. `v4` of `/v1/dssm/:v4`; decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed JSON, or undefined without one. */
  readonly body: unknown;
}

/** @returns what becomes the JSON of the reply */
export type Handler = (request: ControlRequest) => unknown;
/** `METHOD /path/:param` → handler. */
export type Routes = Readonly<Record<string, Handler>>;

export interface ControlLog {
  error(fields: object, message: string): void;
}

export interface ControlOptions {
  readonly path: string;
  readonly routes: Routes;
  readonly log: ControlLog;
}

const MODE = 0o660;
const MAX_BODY_BYTES = 64 * 1024;
/** A whole request must be here by then: nobody holds a connection open for free. */
const REQUEST_MS = 10_000;

const STATUS: Readonly<Record<ErrorCode, number>> = {
  NAT46_RUNTIME: 500,
  NAT46_STORE: 409,
  NAT46_USAGE: 400,
  NAT46_UNREACHABLE: 503,
  NAT46_NO_MATCH: 404,
  NAT46_PERMISSION: 403,
  NAT46_CONFIG: 422,
};

export class ControlServer {
  readonly #options: ControlOptions;
  readonly #http: Server;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#http = createServer(
      { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => this.#fail(response, error));
      },
    );
  }

  /** @throws Nat46Error when the socket is in use by a living gateway, or cannot be made; it names the path */
  async start(): Promise<void> {
    const { path: socket } = this.#options;
    createParent(socket);
    await removeStale(socket);
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (error) => reject(cannotListen(socket, error)));
      const mask = process.umask(0o777 & ~MODE); // no moment at which others may connect
      try {
        this.#http.listen(socket, resolve);
      } finally {
        process.umask(mask);
      }
    });
    chmodSync(socket, MODE);
  }

  /** Ends connections and removes the socket. Twice is harmless. */
  async stop(): Promise<void> {
    if (!this.#http.listening) return;
    await new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://nat46');
    const match = matchRoute(this.#options.routes, request.method ?? 'GET', url.pathname);
    const body = await readBody(request);
    const reply = await match.handler({
      params: match.params,
      query: Object.fromEntries(url.searchParams),
      body,
    });
    send(response, 200, reply);
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (error instanceof Nat46Error) {
      send(response, STATUS[error.code], { code: error.code, message: error.message });
      return;
    }
    this.#options.log.error({ err: error }, 'control request failed');
    const message = error instanceof Error ? error.message : String(error);
    send(response, 500, { code: 'NAT46_RUNTIME', message });
  }
}

function send(response: ServerResponse, status: number, reply: unknown): void {
  if (response.headersSent) return;
  const text = JSON.stringify(reply ?? null);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function matchRoute(
  routes: Routes,
  method: string,
  pathname: string,
): { handler: Handler; params: Record<string, string> } {
  const parts = pathname.split('/');
  for (const [route, handler] of Object.entries(routes)) {
    const [routeMethod, pattern = ''] = route.split(' ');
    const params = routeMethod === method ? matchPath(pattern.split('/'), parts) : null;
    if (params) return { handler, params };
  }
  throw new Nat46Error(
    'NAT46_USAGE',
    `${method} ${pathname}: this gateway has no such request; is it of another version?`,
  );
}

function matchPath(pattern: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, name] of pattern.entries()) {
    const part = parts[i] ?? '';
    if (name.startsWith(':')) params[name.slice(1)] = decode(part);
    else if (name !== part) return null;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Nat46Error('NAT46_USAGE', `${part}: not a part of a path; escape it as in a URL`);
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const announced = Number(request.headers['content-length'] ?? 0); // refused unread, so that the refusal arrives
  if (announced > MAX_BODY_BYTES) throw tooLong();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLong();
    chunks.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Nat46Error('NAT46_USAGE', 'body: not JSON');
  }
}

function tooLong(): Nat46Error {
  return new Nat46Error('NAT46_USAGE', `body: more than ${MAX_BODY_BYTES} bytes; send less`);
}

function createParent(socket: string): void {
  try {
    mkdirSync(path.dirname(path.resolve(socket)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotListen(socket, error);
  }
}

/** A socket that nobody answers on was left by a process that died. */
async function removeStale(socket: string): Promise<void> {
  const found = lstatSync(socket, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new Nat46Error(
      'NAT46_RUNTIME',
      `--control ${socket}: there is a file that is not a socket; choose another path`,
    );
  }
  if (await isAnswered(socket)) {
    throw new Nat46Error(
      'NAT46_RUNTIME',
      `--control ${socket}: a running gateway answers there; stop it, or choose another --tun or --control`,
    );
  }
  try {
    unlinkSync(socket);
  } catch (error) {
    throw cannotListen(socket, error);
  }
}

function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EACCES' || error.code === 'EAGAIN'),
    );
  });
}

function cannotListen(socket: string, cause: unknown): Nat46Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  const kind = code === 'EACCES' || code === 'EPERM' ? 'NAT46_PERMISSION' : 'NAT46_RUNTIME';
  return new Nat46Error(
    kind,
    `--control ${socket}: cannot be made (${message}); choose a path this user may write`,
    {
      cause,
    },
  );
}
