/**
 * The lab of scripts/lab/ for tests and benches: namespaces cl1, cl2, gw, rt, srv, dns. Names and addresses come from
 * `scripts/lab/lab env`, so that they stand in one place.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import path from 'node:path';
import { type Flags, Gateway } from './gateway.ts';

export type Namespace = 'cl1' | 'cl2' | 'gw' | 'rt' | 'srv' | 'dns';

/** What a finished command left. `code` is -1 when a signal ended it. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

interface ExecOptions {
  input?: string | Uint8Array;
  timeoutMs?: number;
  env?: Record<string, string>;
}

const SCRIPT = path.resolve('scripts/lab/lab');
const COMMAND_LIMIT_MS = 120_000;

export class Lab {
  /** KEY → value of `lab env`: CL1, WEB, SUBNET, ZONE, LAB_DIR, … */
  readonly names: ReadonlyMap<string, string>;
  readonly #gatewayFlags: Flags;
  readonly #gateways = new Set<Gateway>();

  private constructor(names: ReadonlyMap<string, string>, gatewayFlags: Flags) {
    this.names = names;
    this.#gatewayFlags = gatewayFlags;
  }

  /** Builds the lab without a gateway; throws with the script's message when it cannot. */
  static async up(): Promise<Lab> {
    process.env.LAB_PREFIX ??= `nat46test${process.pid}-`;
    await script('up');
    const names = (await script('env')).split('\n').map((line) => line.split('=') as [string, string]);
    const flags: Record<string, string[]> = {};
    for (const line of (await script('flags')).trim().split('\n')) {
      const [flag = '', value = ''] = line.slice('--'.length).split(' ');
      flags[flag] = [...(flags[flag] ?? []), value];
    }
    return new Lab(new Map(names), flags);
  }

  /** A name of `lab env`. */
  name(key: string): string {
    const value = this.names.get(key);
    if (value === undefined) throw new RangeError(`the lab has no ${key}`);
    return value;
  }

  ns(name: Namespace): string {
    return `${this.name('LAB_PREFIX')}${name}`;
  }

  /** Runs a command in a namespace to its end; never throws because of its exit code. */
  exec(ns: Namespace, argv: readonly string[], options: ExecOptions = {}): Promise<Finished> {
    return run('ip', ['netns', 'exec', this.ns(ns), ...argv], options);
  }

  /** As `exec`, and throws unless it exits with 0. @returns its standard output */
  async ok(ns: Namespace, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(ns, argv, options);
    if (code !== 0) throw new Error(`${argv.join(' ')} in ${ns}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a command in a namespace; the caller ends it, or `down` does. */
  spawn(ns: Namespace, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.ns(ns), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
  }

  /** Any other command of scripts/lab/lab: `script('mtu', '1400')`. */
  script(...argv: string[]): Promise<string> {
    return script(...argv);
  }

  /**
   * Starts a gateway and waits for its ready line.
   * @param flags on top of the lab's: a value or a list replaces the lab's flag, `true` is a bare flag, `null` removes it
   */
  async startGateway(flags: Flags = {}): Promise<Gateway> {
    const gateway = this.spawnGateway(flags);
    await gateway.ready();
    return gateway;
  }

  /** As `startGateway` without waiting, for starts that are to fail. */
  spawnGateway(flags: Flags = {}, wrap: readonly string[] = []): Gateway {
    const argv = ['ip', 'netns', 'exec', this.ns('gw'), ...wrap];
    const gateway = new Gateway(argv, { ...this.#gatewayFlags, ...flags });
    this.#gateways.add(gateway);
    return gateway;
  }

  /** Every gateway that was started, ended ones too. */
  get gateways(): Iterable<Gateway> {
    return this.#gateways;
  }

  /** A command of nat46 in the gateway's namespace. */
  nat46(...argv: string[]): Promise<Finished> {
    return this.exec('gw', [process.execPath, 'dist/src/main.js', ...argv]);
  }

  /** Runs `nat46 <argv> --control <the lab's>`. */
  control(...argv: string[]): Promise<Finished> {
    return this.nat46(...argv, '--control', this.name('LAB_CONTROL'));
  }

  /** The synthetic address that a client gets for a name of the lab's zone. */
  async lookup(name: string, client: 'cl1' | 'cl2' = 'cl1'): Promise<string> {
    const fqdn = name.includes('.') ? name : `${name}.${this.name('ZONE')}`;
    const line = (await this.ok(client, ['getent', 'ahostsv4', fqdn])).split('\n')[0];
    return line?.split(' ')[0] ?? '';
  }

  /** Ends the gateways (SIGKILL) and removes everything. */
  async down(): Promise<void> {
    await Promise.all([...this.#gateways].map((gateway) => gateway.kill('SIGKILL')));
    await script('down');
  }
}

async function script(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(SCRIPT, argv);
  if (code !== 0) throw new Error(`lab ${argv.join(' ')}: ${stderr || stdout}`);
  return stdout;
}

/** Runs a command to its end; never throws because of its exit code. */
export function run(command: string, argv: readonly string[], options: ExecOptions = {}): Promise<Finished> {
  const child = spawn(command, argv, {
    env: { ...process.env, ...options.env },
    timeout: options.timeoutMs ?? COMMAND_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}
