/** Upstreams that left a question unanswered: who asks does not wait for them, and questions beside tell whether they work. */
import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';
import { settled, until } from './manual-clock.ts';
import { query, rcode } from './packets.ts';
import { isProbe, type Received, type ScriptedUpstream } from './scripted-upstream.ts';
import { ASKED, FOUND, type Setup, TRY_MS, upstreamTest } from './upstream-setup.ts';

const answer = (question: Received) => question.answer(FOUND);
const named = (name: string, type = 'A') => query({ name, type, id: 0 });

/** The first one leaves a question unanswered, and that is noted. */
async function doubt(b: Setup, first: ScriptedUpstream): Promise<void> {
  const before = first.seen.length;
  const found = b.ask(named('unlucky.example'));
  await first.questions(before + 1);
  await b.clock.advance(TRY_MS);
  await found;
  await until(() => first.probes.length > 0);
}

tests('an upstream in doubt [79]', {
  'the next one is asked at once, the doubtful one beside': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    assert.ok(await b.ask(), 'no time passes');
    await first!.questions(2);
    assert.equal([first!.seen.length, second!.seen.length], [2, 2]);
  }),
  'beside: one question a second, not 1 ms earlier': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    for (let i = 0; i < 5; i++) assert.ok(await b.ask());
    await first!.questions(2);
    await b.clock.advance(999);
    assert.ok(await b.ask());
    await settled();
    assert.is(first!.seen.length, 2);
    await b.clock.advance(1);
    assert.ok(await b.ask());
    await first!.questions(3);
    await b.clock.advance(TRY_MS);
  }),
  'what was asked beside is answered: it comes first again': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    first!.script = answer;
    assert.ok(await b.ask());
    await until(() => b.counters.rows.upstreamReplies === 3);
    assert.ok(await b.ask());
    assert.equal([first!.seen.length, second!.seen.length], [3, 2]);
  }),
  'its answer counts when the other one is silent': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    second!.script = () => {};
    const found = b.ask();
    await first!.questions(2);
    first!.seen[1]!.answer({ rcode: 3 });
    assert.is(rcode((await found) ?? new Uint8Array()), 3);
    await b.clock.advance(TRY_MS);
  }),
  'a refusal of what was asked beside makes nobody else be asked': upstreamTest(
    3,
    async (b, first, second, third) => {
      second!.script = answer;
      await doubt(b, first!);
      first!.script = (question) => question.answer({ rcode: 5 });
      second!.script = () => {};
      const found = b.ask();
      await until(() => b.counters.rows.upstreamReplies === 2);
      assert.is(third!.seen.length, 0);
      second!.seen[1]!.answer(FOUND);
      assert.ok(await found);
    },
  ),
  'silent about one name, whatever the type and however often: not down': upstreamTest(
    1,
    async (b, server) => {
      server!.script = (question) => (question.name === 'foo.local' ? null : answer(question));
      for (let round = 0; round < 3; round++) {
        const all = ['A', 'AAAA', 'TXT', 'MX'].map((type) => b.ask(named('foo.local', type)));
        await server!.questions(12 * round + 4);
        for (let tries = 2; tries <= 3; tries++) {
          await b.clock.advance(TRY_MS);
          await server!.questions(12 * round + 4 * tries);
        }
        await b.clock.advance(TRY_MS);
        await Promise.all(all);
      }
      assert.equal(b.log.lines, []);
    },
  ),
  'silent about several names at once, while it answers us: not down': upstreamTest(1, async (b, server) => {
    server!.script = (question) => isProbe(question) && question.answer();
    const all = ['a', 'b', 'c', 'd'].map((name) => b.ask(named(`${name}.local`)));
    await server!.questions(4);
    for (let tries = 0; tries < 3; tries++) await b.clock.advance(TRY_MS);
    await Promise.all(all);
    assert.equal(b.log.lines, []);
  }),
  'one question after the other, all in vain: down after the first': upstreamTest(
    2,
    async (b, first, second) => {
      second!.script = answer;
      await doubt(b, first!);
      await b.clock.advance(2 * TRY_MS);
      assert.equal(b.log.lines, ['warn upstream down']);
      assert.equal(
        b.upstreams.views().map(({ isDown }) => isDown),
        [true, false],
      );
    },
  ),
  'down: asked by us each 5 s, up with the first answer': upstreamTest(2, async (b, server, other) => {
    other!.script = answer;
    await doubt(b, server!);
    await b.clock.advance(2 * TRY_MS);
    await until(() => b.log.lines.length === 1);
    const before = server!.probes.length;
    server!.script = answer;
    await b.clock.advance(5_000 - TRY_MS - 1);
    assert.is(server!.probes.length, before);
    await b.clock.advance(1);
    await until(() => b.log.lines.length === 2);
    assert.equal([server!.probes.length, b.log.lines[1]], [before + 1, 'info upstream up']);
    assert.is(b.clock.pending, 0, 'no more of them');
  }),
  'answers nothing but us: nobody waits for it': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    first!.script = (question) => isProbe(question) && question.answer();
    await doubt(b, first!);
    await b.clock.advance(10_000);
    for (let i = 0; i < 3; i++) assert.ok(await b.ask());
    assert.equal(b.log.lines, []);
    await b.clock.advance(TRY_MS);
  }),
  ...Object.fromEntries(
    ['asked beside', 'asked behind'].map((place) => [
      `${place}, a server failure from the one that works: 400 ms for it, not 1 ms less`,
      upstreamTest(2, async (b, first, second) => {
        second!.script = answer;
        await doubt(b, first!);
        if (place === 'asked behind') await b.ask(); // its copy of this second
        second!.script = (question) => question.answer({ rcode: 2 });
        const before = first!.seen.length;
        let found: Uint8Array | null = null;
        void b.ask().then((reply) => {
          found = reply;
        });
        await first!.questions(before + 1);
        await until(() => b.counters.rows.upstreamReplies === second!.seen.length);
        await b.clock.advance(399);
        assert.is(found, null);
        await b.clock.advance(1);
        assert.is(rcode(found ?? new Uint8Array(12)), 2);
        await b.clock.advance(TRY_MS);
      }),
    ]),
  ),
  'a server failure from the one that works, its own answer within 400 ms: it counts': upstreamTest(
    2,
    async (b, first, second) => {
      second!.script = answer;
      await doubt(b, first!);
      second!.script = (question) => question.answer({ rcode: 2 });
      const found = b.ask();
      await first!.questions(2);
      await until(() => b.counters.rows.upstreamReplies === 2);
      await b.clock.advance(399);
      first!.seen[1]!.answer(FOUND);
      assert.is(rcode((await found) ?? new Uint8Array()), 0);
      await b.clock.advance(TRY_MS);
    },
  ),
  'no time is left, or all is closed: it is not asked either': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    assert.is(await b.upstreams.ask(ASKED, b.clock.now(), (bytes) => bytes).reply, null);
    await settled();
    assert.equal([b.clock.pending, first!.seen.length, second!.seen.length], [1, 1, 1], 'a probe');
    b.upstreams.close();
    const { opened } = b;
    assert.is(await b.ask(), null);
    assert.equal([b.clock.pending, b.opened], [0, opened]);
  }),
  'our own questions are not counted': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    await doubt(b, first!);
    await b.clock.advance(20_000);
    assert.ok(first!.probes.length >= 5);
    assert.equal([b.counters.rows.upstreamQueries, b.counters.of('upstreamTimeout')], [2, 1]);
  }),
});

tests('asked by us at the start', {
  'nobody answers: all are down, which is said by whoever asked for it': upstreamTest(2, async (b, first) => {
    const silent = b.upstreams.allSilent();
    await until(() => first!.probes.length === 1);
    await b.clock.advance(2 * TRY_MS);
    assert.is(await silent, true);
    assert.equal(
      b.upstreams.views().map(({ isDown }) => isDown),
      [true, true],
    );
    assert.equal(b.log.lines, []);
  }),
  'one answers: the other one is told of as any that is down': upstreamTest(2, async (b, first, second) => {
    second!.script = answer;
    const silent = b.upstreams.allSilent();
    await until(() => first!.probes.length === 1);
    await b.clock.advance(2 * TRY_MS);
    assert.is(await silent, false);
    await b.clock.advance(TRY_MS);
    await until(() => b.log.lines.length === 1);
    assert.equal(b.log.lines, ['warn upstream down']);
  }),
  'a client was answered meanwhile': upstreamTest(1, async (b, server) => {
    server!.script = (question) => !isProbe(question) && answer(question);
    const silent = b.upstreams.allSilent();
    assert.ok(await b.ask());
    await b.clock.advance(TRY_MS);
    assert.is(await silent, false);
  }),
  'a refusal is an answer': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer({ rcode: 5 });
    assert.is(await b.upstreams.allSilent(), false);
  }),
});
