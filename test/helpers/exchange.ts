/**
 * Exact packets in, exact packets out, through the translator's device: both sides are written as scapy expressions, so
 * that lengths and checksums come from another implementation than ours. `exchange.py` has the names they use.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import * as assert from 'uvu/assert';
import { bytes, dump } from './hex.ts';

export interface ExchangeRow {
  name: string;
  /** Expressions of what is put on the device: packets or lists of packets. */
  send: string | readonly string[];
  /** Expressions of what comes out, in order. Empty: nothing. */
  get: string | readonly string[];
  /** Tshark would complain about what comes out, and rightly so. */
  odd?: true;
}

interface Answer {
  got?: string[];
  want?: string[];
  error?: string;
}

export class Exchange {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  private constructor(child: ChildProcess) {
    if (child.stdout === null) throw new RangeError('exchange.py has no standard output');
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** @param child exchange.py, just started. Resolves once it listens. */
  static async over(child: ChildProcess): Promise<Exchange> {
    const exchange = new Exchange(child);
    await exchange.#answer();
    return exchange;
  }

  /** One row; throws an assertion error when what comes out differs. */
  async check({ send, get, odd }: ExchangeRow): Promise<void> {
    const row = { send: [send].flat(), get: [get].flat(), keep: odd !== true };
    this.#child.stdin?.write(`${JSON.stringify(row)}\n`);
    const { got = [], want = [], error } = await this.#answer();
    if (error !== undefined) throw new Error(error);
    assert.is(text(got), text(want));
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.on('close', resolve));
    this.#child.stdin?.end();
    this.#lines.close();
    await ended;
  }

  async #answer(): Promise<Answer> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('exchange.py has ended');
    return JSON.parse(value) as Answer;
  }
}

/** Packets one below the other, 16 bytes a line. */
function text(packets: readonly string[]): string {
  if (packets.length === 0) return 'nothing';
  return packets.map((packet) => dump(bytes(packet))).join('\n---\n');
}
