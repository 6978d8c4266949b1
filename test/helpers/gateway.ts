/**
 * One `nat46 run` or `nat46 siit` process of a test: its ready line, its log, its end.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** Flag without dashes → value, values, `true` for a bare flag; `null` = not given. */
export type Flags = Record<string, string | readonly string[] | true | null>;

const READY_LIMIT_MS = 20_000;
const END_LIMIT_MS = 20_000;

function argvOf(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([flag, value]) => {
    if (value === null) return [];
    if (value === true) return [`--${flag}`];
    return [value].flat().flatMap((one) => [`--${flag}`, one]);
  });
}

export class Gateway {
  readonly #child: ChildProcess;
  #log = '';
  /** Resolves with the exit code, or -1 when a signal ended it. */
  readonly ended: Promise<number>;
  #watch: () => void = () => {};

  /** @param wrap what stands before `node`: ip netns exec … */
  constructor(wrap: readonly string[], flags: Flags, verb: 'run' | 'siit' = 'run') {
    const [command = '', ...argv] = [...wrap, process.execPath, 'dist/src/main.js', verb, ...argvOf(flags)];
    this.#child = spawn(command, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk;
      this.#watch();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code) => resolve(code ?? -1));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything it wrote to stderr so far. */
  get log(): string {
    return this.#log;
  }

  /** Messages of the log whose `msg` matches. */
  messages(pattern: RegExp): Record<string, unknown>[] {
    return this.#log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => pattern.test(String(line.msg)));
  }

  /** Waits for the ready line; throws with the log when it ends or takes too long. */
  async ready(): Promise<void> {
    const seen = new Promise<'ready'>((resolve) => {
      this.#watch = () => {
        if (this.#log.includes('"msg":"ready"')) resolve('ready');
      };
      this.#watch();
    });
    const result = await Promise.race([seen, this.ended, expiry(READY_LIMIT_MS)]);
    if (result !== 'ready') throw new Error(`the gateway is not ready (${result}):\n${this.#log}`);
  }

  /** Sends a signal, if the gateway is still there. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. @returns its exit code, -1 when the signal ended it */
  async kill(signal: NodeJS.Signals): Promise<number> {
    this.#child.kill(signal);
    const result = await Promise.race([this.ended, expiry(END_LIMIT_MS)]);
    if (typeof result === 'string') throw new Error(`the gateway does not end on ${signal}:\n${this.#log}`);
    return result;
  }
}

function expiry(limitMs: number): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(`nothing within ${limitMs} ms`), limitMs).unref();
  });
}
