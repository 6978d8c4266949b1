import * as assert from 'uvu/assert';
import { Dns46 } from '../../src/dns46/dns46.ts';
import { echoes } from '../../src/dns46/echo.ts';
import { AddressPolicy } from '../../src/dns46/exclusion.ts';
import { FrameReader } from '../../src/dns46/frames.ts';
import { judge, negativeTtlSec, realAddresses } from '../../src/dns46/judgement.ts';
import { lifeSec } from '../../src/dns46/lifetime.ts';
import { readMessage } from '../../src/dns46/message.ts';
import { addressQuestions, passKey, readQuery } from '../../src/dns46/question.ts';
import { failure, fitted, formatError } from '../../src/dns46/reply.ts';
import { synthesized, withoutSynthetic } from '../../src/dns46/synthesis.ts';
import { shim } from '../../src/tun/shim.ts';
import { tests } from '../helpers/table.ts';
import { ask, askTcp, tell } from './client.ts';
import { FakeAddresses, FakeCounters, FakeLog } from './fake-parts.ts';
import { ASKED, generator, mutated } from './mutation.ts';
import { dnsOptions } from './options.ts';
import { aaaa, decode, query, rcode } from './packets.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';

const POLICY = new AddressPolicy(dnsOptions({}));
const ROUNDS = 8_000;

tests('whatever the bytes', {
  'queries are judged and answered without throwing'() {
    const random = generator(46);
    const reached = { malformed: 0, answered: 0, mapped: 0, fitted: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(random);
      const found = readQuery(bytes);
      if (typeof found === 'string') {
        if (found !== 'malformed') continue;
        assert.is(formatError(bytes).length, 12);
        reached.malformed++;
        continue;
      }
      if (addressQuestions(found) !== null) reached.mapped++;
      passKey(found);
      assert.is(rcode(failure(found, 2, { code: 0, text: 'x' })), 2);
      reached.answered++;
      const answer = mutated(random);
      if (answer.length < 12) continue;
      const limit = random(400);
      assert.ok(fitted(answer, found, limit).length <= 512, 'cut, or below its limit');
      reached.fitted++;
    }
    for (const [what, times] of Object.entries(reached))
      assert.ok(times > 100, `${what}: only ${times} times`);
  },
  'replies are judged and spliced without throwing; what comes out can be read'() {
    const random = generator(64);
    let spliced = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutated(random);
      echoes(ASKED, bytes);
      const message = readMessage(bytes);
      if (message === null) continue;
      lifeSec(message);
      judge(message, POLICY);
      negativeTtlSec(message);
      const rest = withoutSynthetic(message, POLICY);
      if (rest !== null) assert.ok(readMessage(rest));
      const real = realAddresses(message, POLICY);
      if (real === null) continue;
      const places = ['answer', 'additional', 'omit'] as const;
      const aaaaPlace = places[random(3)]!;
      const image = synthesized(message, { real, addresses: [1, 2, 3], ttlSec: 60, aaaa: aaaaPlace });
      if (image === null) continue;
      spliced++;
      const again = readMessage(image);
      assert.ok(again);
      assert.is(judge(again, POLICY), 'absent', 'the addresses are 0.0.0.x, and nothing else is there');
    }
    assert.ok(spliced > 100, `only ${spliced} rounds reached the splicer`);
  },
  'streams are cut without throwing'() {
    const random = generator(7);
    const reader = new FrameReader();
    let messages = 0;
    for (let round = 0; round < 2000; round++) messages += reader.push(mutated(random)).length;
    assert.ok(messages > 0);
  },
});

tests('whatever is sent', {
  async 'to the listeners or by the upstream: the next good query is answered'() {
    const random = generator(5);
    const upstream = await ScriptedUpstream.start();
    const options = dnsOptions({ dnsUpstream: [upstream.endpoint] });
    const tuning = { tryTimeoutMs: 20, budgetMs: 450 };
    const surroundings = {
      addresses: new FakeAddresses(),
      counters: new FakeCounters(),
      log: new FakeLog(),
      udp: shim(),
    };
    const dns46 = new Dns46(options, surroundings, tuning);
    await dns46.start();
    const endpoint = dns46.listening[0]!;
    upstream.script = (question) => {
      for (let i = 0; i < 3; i++) {
        const noise = mutated(random);
        if (noise.length > 2) question.bytes.copy(noise, 0, 0, 2);
        question.send(noise);
      }
      question.answer(question.type === 'AAAA' ? { answers: [aaaa(question.name, '2001:db8::1')] } : {});
    };
    for (let round = 0; round < 200; round++) await tell(endpoint, mutated(random));
    for (let round = 0; round < 5; round++) {
      const stream = Array.from({ length: 5 }, () => mutated(random));
      await Promise.race([askTcp(endpoint, stream), ask(endpoint, query({ name: 'b.example' }))]);
    }
    let found = '';
    for (let tries = 0; tries < 10 && found === ''; tries++) {
      // Noise that looks like an error of the upstream may come first.
      const { answers = [] } = decode(await ask(endpoint, query({ name: `good${tries}.test` })));
      found = answers[0]?.type === 'A' ? answers[0].data : '';
    }
    assert.match(found, /^10\.244\.50\.\d+$/);
    await dns46.stop();
    await upstream.stop();
  },
});
