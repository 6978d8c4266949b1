/**
 * DNS46 before two upstreams of which the first is dead: who asks does not wait for it, whether many ask or one after the other.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dns46 } from '../../src/dns46/dns46.ts';
import { shim } from '../../src/tun/shim.ts';
import { ask } from '../dns46/client.ts';
import { FakeAddresses, FakeCounters, FakeLog } from '../dns46/fake-parts.ts';
import { dnsOptions } from '../dns46/options.ts';
import { aaaa, query, rcode, soa } from '../dns46/packets.ts';
import { ScriptedUpstream } from '../dns46/scripted-upstream.ts';

/** Who waited for the dead one has waited for 0.4 s at least. */
const NO_WAIT_MS = 390;
const DOWN = 'warn upstream down';

const it = suite('DNS46 before a dead first upstream [79]');

/** @param dead a port that swallows everything, or one where nobody listens */
async function withDeadFirst(dead: 'silent' | 'closed', run: (dns46: Dns46, log: FakeLog) => Promise<void>) {
  const first = createSocket('udp4').bind(0, '127.0.0.1');
  await once(first, 'listening');
  const second = await ScriptedUpstream.start();
  second.script = (question) =>
    question.answer(
      question.type === 'AAAA'
        ? { answers: [aaaa(question.name, '2001:db8::1')] }
        : { authorities: [soa('example', 60, 60)] },
    );
  const endpoint = { address: '127.0.0.1', port: first.address().port };
  if (dead === 'closed') first.close();
  const log = new FakeLog();
  const surroundings = { addresses: new FakeAddresses(), counters: new FakeCounters(), log, udp: shim() };
  const dns46 = new Dns46(dnsOptions({ dnsUpstream: [endpoint, second.endpoint] }), surroundings);
  try {
    await dns46.start();
    await run(dns46, log);
  } finally {
    await dns46.stop();
    await second.stop();
    if (dead === 'silent') first.close();
  }
}

/** @returns milliseconds until the answer for a new name was there */
async function timed(dns46: Dns46, name: string): Promise<number> {
  const startMs = performance.now();
  assert.is(rcode(await ask(dns46.listening[0]!, query({ name: `${name}.example` }))), 0);
  return performance.now() - startMs;
}

for (const dead of ['silent', 'closed'] as const) {
  it(`${dead}: 40 new names a second, nobody waits once it is down`, () =>
    withDeadFirst(dead, async (dns46, log) => {
      const waits: Promise<number>[] = [];
      let downAt = -1;
      for (let i = 0; i < 400; i++) {
        if (downAt < 0 && log.lines.includes(DOWN)) downAt = i;
        waits.push(timed(dns46, `n${i}`));
        await sleep(25);
      }
      assert.ok(downAt >= 0 && downAt < 200, `down at question ${downAt}`);
      const late = (await Promise.all(waits)).slice(downAt).filter((ms) => ms > NO_WAIT_MS);
      assert.is(late.length, 0, `${late.length} waited`);
      assert.equal(log.lines, [DOWN]);
    }));

  it(`${dead}: one after the other, it is down after some, and only the first waited`, () =>
    withDeadFirst(dead, async (dns46, log) => {
      const waits: number[] = [];
      for (let i = 0; i < 6; i++) {
        waits.push(await timed(dns46, `n${i}`));
        await sleep(1_500);
      }
      assert.equal(log.lines, [DOWN]);
      assert.ok(
        waits.slice(1).every((ms) => ms <= NO_WAIT_MS),
        waits.map(Math.round).join(' '),
      );
    }));
}
it.run();
