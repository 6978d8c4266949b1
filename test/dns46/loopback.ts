/**
 * DNS46 on loopback before a scripted upstream, with fakes around it and a clock that stands still.
 */
import * as assert from 'uvu/assert';
import { Dns46, type Dns46Options, type Dns46Tuning } from '../../src/dns46/dns46.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';
import { shim } from '../../src/tun/shim.ts';
import { ask } from './client.ts';
import { FakeAddresses, FakeCounters, FakeLog } from './fake-parts.ts';
import { ManualClock, settled } from './manual-clock.ts';
import { dnsOptions } from './options.ts';
import { a, aaaa, query, type ReplyShape, soa } from './packets.ts';
import { type Script, ScriptedUpstream } from './scripted-upstream.ts';

export class Loopback {
  readonly clock = new ManualClock();
  readonly counters = new FakeCounters();
  readonly log = new FakeLog();
  readonly addresses = new FakeAddresses();
  readonly upstream: ScriptedUpstream;
  readonly dns46: Dns46;

  constructor(upstream: ScriptedUpstream, options: Partial<Dns46Options>, tuning: Partial<Dns46Tuning>) {
    this.upstream = upstream;
    const all = dnsOptions({ dnsUpstream: [upstream.endpoint], ...options });
    const clock = this.clock;
    const { addresses, counters, log } = this;
    const surroundings = { addresses, counters, log, udp: shim() };
    this.dns46 = new Dns46(all, surroundings, { clock, cacheBytes: 0, ...tuning });
  }

  get endpoint(): Endpoint {
    return this.dns46.listening[0]!;
  }

  ask(message: Uint8Array): Promise<Buffer> {
    return ask(this.endpoint, message);
  }

  /** Questions the upstream got, as `type name`. */
  get asked(): string[] {
    return this.upstream.seen.map((question) => `${question.type} ${question.name}`).sort();
  }
}

export interface Setting {
  options?: Partial<Dns46Options>;
  tuning?: Partial<Dns46Tuning>;
}

export function loopback(run: (loopback: Loopback) => Promise<void>, setting: Setting = {}) {
  return async () => {
    const upstream = await ScriptedUpstream.start();
    const made = new Loopback(upstream, setting.options ?? {}, setting.tuning ?? {});
    try {
      await started(made.dns46);
      await run(made);
    } finally {
      await made.dns46.stop();
      await upstream.stop();
    }
    assert.is(made.clock.pending, 0, 'no timer is left behind');
  };
}

/** The port that is free for TCP may be somebody's for UDP: then on another one. */
async function started(dns46: Dns46): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await dns46.start();
      return;
    } catch (error) {
      if (tries === 5 || !(error instanceof Error && error.message.includes('EADDRINUSE'))) throw error;
    }
  }
}

/** Answers by type; types that are not there get no answer at all. */
export function byType(shapes: Partial<Record<string, ReplyShape>>): Script {
  return (question) => {
    const shape = shapes[question.type];
    if (shape !== undefined) question.answer(shape);
  };
}

/** Lets the time of an exchange run out. */
export async function silence(b: Loopback): Promise<void> {
  for (let steps = 0; steps < 4; steps++) {
    await b.clock.advance(1000);
    await settled();
  }
}

export const A_QUERY = query({ name: 'www.Example', id: 7 });
export const EDNS_QUERY = query({ name: 'www.Example', id: 7, edns: 1232 });
export const EMPTY: ReplyShape = { authorities: [soa('example', 90, 45)] };
export const NATIVE: ReplyShape = { answers: [a('www.example', '192.0.2.1')] };
export const REAL: ReplyShape = { answers: [aaaa('www.example', '2001:db8::1', 300)] };
export const ONLY_AAAA = byType({ A: EMPTY, AAAA: REAL });
