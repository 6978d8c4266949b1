/**
 * What DNS46 needs from outside, as small recording fakes.
 */
import { formatV6, parseV6 } from '../../src/address.ts';
import type { DnsCounter, DnsCounters } from '../../src/dns46/counters.ts';
import type { Log } from '../../src/dns46/log.ts';
import type { SyntheticAddresses } from '../../src/dns46/synthetic-addresses.ts';

/** Hands out base, base + 1, … one a real address, at most `capacity`. */
export class FakeAddresses implements SyntheticAddresses {
  readonly given = new Map<string, number>();
  readonly answers: { v4: number; ttlSec: number }[] = [];
  calls = 0;
  removals = 0;
  capacity = 256;
  /** When set, allocation waits for it (and rejects with it). */
  gate: Promise<void> | null = null;
  readonly #base: number;

  constructor(base = 0x0af43201) {
    this.#base = base;
  }

  async allocate(v6: Uint8Array): Promise<{ v4: number } | { exhausted: true }> {
    this.calls++;
    if (this.gate !== null) await this.gate;
    const text = formatV6(v6);
    const known = this.given.get(text);
    if (known !== undefined) return { v4: known };
    if (this.given.size >= this.capacity) return { exhausted: true };
    this.given.set(text, this.#base + this.given.size);
    return { v4: this.#base + this.given.size - 1 };
  }

  /** Every address may stand for something else from here on. */
  forget(): void {
    this.given.clear();
    this.removals++;
  }

  answered(v4: number, v6: Uint8Array, ttlSec: number): boolean {
    this.answers.push({ v4, ttlSec });
    return this.given.get(formatV6(v6)) === v4;
  }

  async realOf(v4: number): Promise<Uint8Array | null> {
    const text = [...this.given].find(([, given]) => given === v4)?.[0];
    return text === undefined ? null : parseV6(text);
  }
}

export class FakeCounters implements DnsCounters {
  readonly named = new Map<DnsCounter, number>();
  readonly rows = { clientQueries: 0, clientReplies: 0, upstreamQueries: 0, upstreamReplies: 0 };

  clientQuery(): void {
    this.rows.clientQueries++;
  }

  clientReply(): void {
    this.rows.clientReplies++;
  }

  upstreamQuery(): void {
    this.rows.upstreamQueries++;
  }

  upstreamReply(): void {
    this.rows.upstreamReplies++;
  }

  count(name: DnsCounter): void {
    this.named.set(name, this.of(name) + 1);
  }

  of(name: DnsCounter): number {
    return this.named.get(name) ?? 0;
  }
}

export class FakeLog implements Log {
  readonly lines: string[] = [];
  readonly fields: object[] = [];

  info(fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`info ${message}`);
  }

  warn(fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`warn ${message}`);
  }

  error(fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`error ${message}`);
  }
}
