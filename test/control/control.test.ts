/** Server and client of the control socket over a real Unix socket. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { ControlClient } from '../../src/control/client.ts';
import { ControlServer, type Routes } from '../../src/control/server.ts';
import { type ErrorCode, Nat46Error } from '../../src/error.ts';
import { table, tests } from '../helpers/table.ts';

interface Setting {
  readonly socket: string;
  readonly client: ControlClient;
  readonly logged: string[];
  /** Starts one more server on the same path. */
  start(routes?: Routes): Promise<ControlServer>;
}

/** A folder of its own, everything in it stopped and removed at the end. */
function inFolder(run: (setting: Setting) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nat46-control-'));
    const socket = `${folder}/run/nat46.sock`;
    const logged: string[] = [];
    const servers: ControlServer[] = [];
    const start = async (routes: Routes = {}): Promise<ControlServer> => {
      const server = new ControlServer({
        path: socket,
        routes,
        log: { error: (_, message) => logged.push(message) },
      });
      await server.start();
      servers.push(server);
      return server;
    };
    try {
      await run({ socket, client: new ControlClient(socket), logged, start });
    } finally {
      for (const server of servers) await server.stop();
      rmSync(folder, { recursive: true });
    }
  };
}

async function failure(promise: Promise<unknown>): Promise<Nat46Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Nat46Error) return error;
    throw error;
  }
  throw new Error('no error');
}

const ECHO: Routes = {
  'GET /v1/echo/:one/:two': (given) => given,
  'PUT /v1/echo': async ({ body }) => ({ body }),
  'GET /v1/nothing': () => undefined,
};

tests('control', {
  'path, query and body arrive': inFolder(async ({ client, start }) => {
    await start(ECHO);
    assert.equal(await client.ask('GET', '/v1/echo/a%2Fb/%3A%3A1', { query: { x: '1 & 2', limit: '3' } }), {
      params: { one: 'a/b', two: '::1' },
      query: { x: '1 & 2', limit: '3' },
    });
    assert.equal(await client.ask('PUT', '/v1/echo', { body: { v6: '2001:db8::1', n: [1, null] } }), {
      body: { v6: '2001:db8::1', n: [1, null] },
    });
    assert.is(await client.ask('GET', '/v1/nothing'), null);
  }),
  'the socket has mode 0660 whatever the umask, and goes when the server stops': inFolder(
    async ({ socket, start }) => {
      const before = process.umask(0);
      try {
        const server = await start();
        assert.is(statSync(socket).mode & 0o777, 0o660);
        assert.is(process.umask(0), 0);
        await server.stop();
        await server.stop();
        assert.not(existsSync(socket));
      } finally {
        process.umask(before);
      }
    },
  ),
  'many requests at once': inFolder(async ({ client, start }) => {
    await start({ 'GET /v1/n/:n': async ({ params }) => ({ n: Number(params.n) }) });
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client.ask<{ n: number }>('GET', `/v1/n/${n}`)),
    );
    assert.equal(
      replies.map(({ n }) => n),
      Array.from({ length: 100 }, (_, n) => n),
    );
  }),
  'a reply of megabytes arrives whole': inFolder(async ({ client, start }) => {
    const rows = Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'é'.repeat(40) }));
    await start({ 'GET /v1/rows': () => ({ rows }) });
    assert.equal(await client.ask('GET', '/v1/rows'), { rows });
  }),
});

const CODES: readonly (readonly [ErrorCode, number])[] = [
  ['NAT46_RUNTIME', 1],
  ['NAT46_STORE', 1],
  ['NAT46_USAGE', 2],
  ['NAT46_UNREACHABLE', 3],
  ['NAT46_NO_MATCH', 4],
  ['NAT46_PERMISSION', 5],
  ['NAT46_CONFIG', 78],
];

table(
  'control: an error arrives as it was thrown',
  CODES.map(([code, exit]) => ({ name: code, code, exit })),
  (row) =>
    inFolder(async ({ client, logged, start }) => {
      await start({
        'GET /v1/x': async () => {
          throw new Nat46Error(row.code, 'key value: what and remedy');
        },
      });
      const error = await failure(client.ask('GET', '/v1/x'));
      assert.is(error.code, row.code);
      assert.is(error.exitCode, row.exit);
      assert.is(error.message, 'key value: what and remedy');
      assert.equal(logged, []);
    })(),
);

tests('control: requests that fail', {
  'any other error is logged here and told there': inFolder(async ({ client, logged, start }) => {
    await start({
      'GET /v1/x': () => {
        throw new TypeError('a mistake');
      },
    });
    const error = await failure(client.ask('GET', '/v1/x'));
    assert.is(error.code, 'NAT46_RUNTIME');
    assert.is(error.message, 'a mistake');
    assert.equal(logged, ['control request failed']);
  }),
  'an unknown route, method or escape': inFolder(async ({ client, start }) => {
    await start(ECHO);
    for (const [method, url] of [
      ['GET', '/v1/nope'],
      ['DELETE', '/v1/echo'],
      ['GET', '/v1/echo/a'],
      ['GET', '/v1/echo/%zz/b'],
    ] as const) {
      const error = await failure(client.ask(method, url));
      assert.is(error.code, 'NAT46_USAGE', url);
    }
  }),
  'a body that is too long, announced or not': inFolder(async ({ client, socket, start }) => {
    await start(ECHO);
    assert.is(
      (await failure(client.ask('PUT', '/v1/echo', { body: 'x'.repeat(70_000) }))).code,
      'NAT46_USAGE',
    );
    const chunked = new Promise<number>((resolve, reject) => {
      const sent = request(
        { socketPath: socket, method: 'PUT', path: '/v1/echo', agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      for (let i = 0; i < 8; i++) sent.write('x'.repeat(10_000));
      sent.end();
    });
    const status = await chunked.catch(() => 'reset');
    assert.ok(status === 400 || status === 'reset', `${status}`);
    assert.equal(await client.ask('PUT', '/v1/echo', { body: 1 }), { body: 1 });
  }),
  'a body that is not JSON': inFolder(async ({ socket, start }) => {
    await start(ECHO);
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request(
        { socketPath: socket, method: 'PUT', path: '/v1/echo', agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end('{');
    });
    assert.is(status, 400);
  }),
});

/** Makes a socket and dies without removing it. */
const KILLED_LISTENER = `
  const { createServer } = require('node:net');
  createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'));
`;

tests('control: the socket of somebody else', {
  'of a dead process is replaced': inFolder(async ({ client, socket, start }) => {
    mkdirSync(path.dirname(socket));
    spawnSync(process.execPath, ['-e', KILLED_LISTENER, socket]);
    assert.ok(statSync(socket).isSocket());
    assert.is((await failure(client.ask('GET', '/v1/echo/a/b'))).exitCode, 3);
    await start(ECHO);
    assert.ok(await client.ask('GET', '/v1/echo/a/b'));
  }),
  'of a living one is left alone': inFolder(async ({ client, socket, start }) => {
    await start(ECHO);
    const error = await failure(start());
    assert.is(error.exitCode, 1);
    assert.is(
      error.message,
      `--control ${socket}: a running gateway answers there; stop it, or choose another --tun or --control`,
    );
    assert.ok(await client.ask('GET', '/v1/echo/a/b'));
  }),
  'a file that is no socket is left alone': inFolder(async ({ socket, start }) => {
    mkdirSync(path.dirname(socket));
    writeFileSync(socket, 'precious');
    const error = await failure(start());
    assert.is(error.exitCode, 1);
    assert.match(error.message, /there is a file that is not a socket; choose another path$/);
    assert.ok(statSync(socket).isFile());
  }),
  'a path that cannot be made': inFolder(async ({ logged }) => {
    const server = new ControlServer({
      path: '/proc/nat46/nat46.sock',
      routes: {},
      log: { error: (_, message) => logged.push(message) },
    });
    const error = await failure(server.start());
    assert.is(error.exitCode, 1);
    assert.match(
      error.message,
      /^--control \/proc\/nat46\/nat46\.sock: cannot be made \(.*\); choose a path/,
    );
  }),
});

tests('control: nobody answers, exit 3', {
  'no socket': inFolder(async ({ client, socket }) => {
    const error = await failure(client.ask('GET', '/v1/status'));
    assert.is(error.code, 'NAT46_UNREACHABLE');
    assert.is(
      error.message,
      `${socket}: no gateway answers there; start it with nat46 run, or name it with --tun NAME or --control PATH`,
    );
  }),
  'something that is not a gateway': inFolder(async ({ socket }) => {
    mkdirSync(path.dirname(socket));
    const other = await listening(socket, 'HTTP/1.0 200 OK\r\n\r\nhello');
    const error = await failure(new ControlClient(socket).ask('GET', '/v1/status'));
    assert.is(error.exitCode, 3);
    assert.match(error.message, 'not a nat46 gateway');
    other.close();
  }),
  'something that says nothing': inFolder(async ({ socket }) => {
    mkdirSync(path.dirname(socket));
    const other = await listening(socket, null);
    const error = await failure(new ControlClient(socket, 20).ask('GET', '/v1/status'));
    assert.is(error.exitCode, 3);
    assert.match(error.message, 'does not answer within 0.02 s');
    other.close();
  }),
  'a socket of another user, exit 5': inFolder(async ({ socket, start }) => {
    if (process.getuid?.() !== 0) return; // only root can become somebody else
    await start(ECHO);
    chmodSync(path.dirname(path.dirname(socket)), 0o755);
    const url = new URL('../../src/control/client.js', import.meta.url);
    const script = `
      const { ControlClient } = await import(${JSON.stringify(url.href)});
      process.setgroups([]);
      process.setgid(65534);
      process.setuid(65534);
      await new ControlClient(process.argv[1]).ask('GET', '/v1/status').catch((e) => console.log(e.exitCode, e.message));
    `;
    const child = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, socket]);
    assert.is(
      (await child).stdout,
      `5 ${socket}: may be used by its owner and group only; run as root or as a member of its group\n`,
    );
  }),
});

/** A server that says `text` to whoever connects. */
function listening(socket: string, text: string | null): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((connection) => {
      connection.on('error', () => {});
      if (text !== null) connection.end(text);
      server.on('close', () => connection.destroy());
    });
    server.listen(socket, () => resolve(server));
  });
}
