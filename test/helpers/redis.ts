/**
 * Real redis-servers and Sentinels of a test, with or without TLS, in a folder that goes with them. They listen on
 * loopback, or on addresses of a network namespace.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeCertificates } from './certificates.ts';

export interface RedisOptions {
  readonly tls?: boolean;
  /** Servers: the first is the master, the others replicate it. */
  readonly servers?: number;
  readonly sentinels?: number;
  readonly password?: string;
  /** Further lines of the configuration of every server. */
  readonly lines?: readonly string[];
  /** Name of the certificate that servers show. */
  readonly certificate?: string;
  /** What stands before every command, and the address they listen on there. */
  readonly wrap?: readonly string[];
  readonly address?: string;
}

export const MASTER = 'dssm';
const START_LIMIT_MS = 10_000;

export class RedisProcess {
  readonly port: number;
  readonly #command: readonly string[];
  readonly #log: string;
  #child: ChildProcess | null = null;

  constructor(port: number, command: readonly string[], log: string) {
    this.port = port;
    this.#command = command;
    this.#log = log;
  }

  start(): void {
    const [program = '', ...argv] = this.#command;
    this.#child = spawn(program, argv, { stdio: 'ignore' });
  }

  get log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGKILL');
    await ended;
  }
}

export class RedisWorld {
  readonly folder: string;
  readonly servers: RedisProcess[] = [];
  readonly sentinels: RedisProcess[] = [];
  readonly #options: RedisOptions;
  readonly #address: string;

  private constructor(options: RedisOptions) {
    this.#options = options;
    this.#address = options.address ?? '127.0.0.1';
    this.folder = mkdtempSync(path.join(tmpdir(), 'nat46-redis-'));
  }

  /** Everything is up, and every replica and Sentinel knows of the others. */
  static async up(options: RedisOptions = {}): Promise<RedisWorld> {
    const world = new RedisWorld(options);
    try {
      if (options.tls) makeCertificates(world.folder, options.address ? [options.address] : []);
      for (let i = 0; i < (options.servers ?? 1); i++) world.servers.push(await world.#server(i));
      for (let i = 0; i < (options.sentinels ?? 0); i++) world.sentinels.push(await world.#sentinel(i));
      await world.#settled();
      return world;
    } catch (error) {
      await world.down();
      throw error;
    }
  }

  /** `host:port` of the Sentinels, or of the master. */
  get hosts(): string {
    const processes = this.sentinels.length > 0 ? this.sentinels : this.servers.slice(0, 1);
    return processes.map(({ port }) => `${this.#address}:${port}`).join(',');
  }

  get uri(): string {
    const scheme = this.sentinels.length > 0 ? 'sentinel' : 'redis';
    const login = this.#options.password ? `:${this.#options.password}@` : '';
    return `${scheme}${this.#options.tls ? 's' : ''}://${login}${this.hosts}`;
  }

  /** What a gateway needs to be let in. */
  get environment(): Record<string, string> {
    if (!this.#options.tls) return {};
    const file = (name: string): string => path.join(this.folder, name);
    return {
      REDIS_CA_FILE: file('ca.crt'),
      REDIS_AUTH_CERT: file('client.crt'),
      REDIS_AUTH_KEY: file('client.key'),
    };
  }

  /** `redis-cli` as a person types it. @returns its output without the last line break */
  cli(argv: readonly string[], to: RedisProcess = this.#first()): Promise<string> {
    const { REDIS_CA_FILE: ca = '', REDIS_AUTH_CERT: cert = '', REDIS_AUTH_KEY: key = '' } = this.environment;
    const tls = this.#options.tls ? ['--tls', '--cert', cert, '--key', key, '--cacert', ca] : [];
    const login = this.#options.password ? ['-a', this.#options.password, '--no-auth-warning'] : [];
    const command = [
      ...(this.#options.wrap ?? []),
      'redis-cli',
      '-h',
      this.#address,
      '-p',
      String(to.port),
      ...tls,
      ...login,
      ...argv,
    ];
    const [program = '', ...rest] = command;
    return new Promise((resolve, reject) => {
      execFile(program, rest, { timeout: 10_000, maxBuffer: 2 ** 28 }, (error, stdout, stderr) =>
        error
          ? reject(new Error(`${command.join(' ')}: ${stderr || stdout || error.message}`))
          : resolve(stdout.replace(/\n$/, '')),
      );
    });
  }

  /** The server that is the master now, as the Sentinels say; without them the first. */
  async master(): Promise<RedisProcess> {
    for (const sentinel of this.sentinels) {
      const reply = await this.cli(['SENTINEL', 'get-master-addr-by-name', MASTER], sentinel).catch(() => '');
      const found = this.servers.find(({ port }) => String(port) === reply.split('\n')[1]);
      if (found) return found;
    }
    return this.#first();
  }

  /** Resolves when another server than this one is the master. */
  async promotedInsteadOf(old: RedisProcess): Promise<RedisProcess> {
    return until('another master', 30_000, async () => {
      const now = await this.master();
      return now !== old && (await this.cli(['ROLE'], now)).startsWith('master') ? now : null;
    });
  }

  async down(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((process) => process.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #first(): RedisProcess {
    const [server] = this.servers;
    if (!server) throw new RangeError('there is no server');
    return server;
  }

  async #server(i: number): Promise<RedisProcess> {
    const { password, lines = [] } = this.#options;
    const master = i === 0 ? [] : [`replicaof ${this.#address} ${this.#first().port}`];
    return this.#start(`server${i}`, [
      ...(password ? [`requirepass ${password}`, `masterauth ${password}`] : []),
      'save ""',
      'repl-diskless-sync-delay 0',
      'repl-ping-replica-period 1',
      ...master,
      ...lines,
    ]);
  }

  async #sentinel(i: number): Promise<RedisProcess> {
    const { password } = this.#options;
    return this.#start(
      `sentinel${i}`,
      [
        `sentinel monitor ${MASTER} ${this.#address} ${this.#first().port} 2`,
        `sentinel down-after-milliseconds ${MASTER} 1000`,
        `sentinel failover-timeout ${MASTER} 3000`,
        ...(password ? [`sentinel auth-pass ${MASTER} ${password}`] : []),
      ],
      ['--sentinel'],
    );
  }

  async #start(name: string, lines: readonly string[], argv: readonly string[] = []): Promise<RedisProcess> {
    const folder = path.join(this.folder, name);
    mkdirSync(folder);
    const port = await freePort();
    const log = path.join(folder, 'log');
    const config = [
      `bind ${this.#address}`,
      `dir ${folder}`,
      `logfile ${log}`,
      'protected-mode no',
      ...this.#portLines(port),
      ...lines,
    ];
    writeFileSync(path.join(folder, 'conf'), `${config.join('\n')}\n`);
    const command = [...(this.#options.wrap ?? []), 'redis-server', path.join(folder, 'conf'), ...argv];
    const process = new RedisProcess(port, command, log);
    process.start();
    await until(`${name} on port ${port}`, START_LIMIT_MS, () =>
      this.cli(['PING'], process).then(
        (pong) => pong === 'PONG' || null,
        () => null,
      ),
    );
    return process;
  }

  #portLines(port: number): string[] {
    if (!this.#options.tls) return [`port ${port}`];
    const file = (name: string): string => path.join(this.folder, name);
    const certificate = this.#options.certificate ?? 'server';
    return [
      'port 0',
      `tls-port ${port}`,
      `tls-cert-file ${file(`${certificate}.crt`)}`,
      `tls-key-file ${file(`${certificate}.key`)}`,
      `tls-ca-cert-file ${file('ca.crt')}`,
      'tls-replication yes',
    ];
  }

  async #settled(): Promise<void> {
    const replicas = this.servers.length - 1;
    await until('every replica in step', START_LIMIT_MS, async () => {
      const info = await this.cli(['INFO', 'replication']);
      return info.split('state=online').length - 1 === replicas || null;
    });
    for (const sentinel of this.sentinels) {
      await until('every Sentinel knows the others', START_LIMIT_MS, async () => {
        const [state = ''] = (await this.cli(['INFO', 'sentinel'], sentinel)).match(/^master0:.*$/m) ?? [];
        return state.includes(`slaves=${replicas},sentinels=${this.sentinels.length}`) || null;
      });
    }
  }
}

/** Ask again every 20 ms until the answer is not null. */
export async function until<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<T | null> | T | null,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await pause(20);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
