/** Questions under way whose answer has come from elsewhere, or that nobody needs any more. */
import * as assert from 'uvu/assert';
import { TC } from '../../src/dns46/message.ts';
import { MAX_LINGERING } from '../../src/dns46/upstream-attempt.ts';
import { tests } from '../helpers/table.ts';
import { settled, until } from './manual-clock.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import { ASKED, FOUND, TRY_MS, upstreamTest } from './upstream-setup.ts';

const HEDGE_MS = 400;

/** The question of our own that silence leads to is answered. */
async function doubtEnds(server: ScriptedUpstream): Promise<void> {
  await until(() => server.probes.length === 1);
  server.probes[0]?.answer();
  for (let turn = 0; turn < 5; turn++) await settled();
}

tests('questions that nobody waits for any more [79]', {
  'abandoned: null at once, ended with the try, not 1 ms earlier': upstreamTest(1, async (b, server) => {
    const exchange = b.exchange();
    await server!.questions(1);
    exchange.abandon();
    assert.is(await exchange.reply, null);
    await b.clock.advance(TRY_MS - 1);
    assert.ok(b.clock.pending > 0);
    await b.clock.advance(1);
    assert.is(b.clock.pending, 0);
    assert.is(b.counters.of('upstreamLeft'), 1);
    server!.seen[0]!.answer(FOUND);
    await until(() => b.counters.of('upstreamIgnored') === 1);
  }),
  'the answer came from the next one: ended with the try, silence is held against it': upstreamTest(
    2,
    async (b, first, second) => {
      second!.script = (question) => question.answer(FOUND);
      const found = b.ask();
      await first!.questions(1);
      await b.clock.advance(HEDGE_MS);
      assert.ok(await found);
      await b.clock.advance(TRY_MS - HEDGE_MS);
      await doubtEnds(first!);
      assert.equal([b.clock.pending, b.counters.of('upstreamTimeout')], [0, 1]);
      assert.ok(await b.ask());
      assert.is(second!.seen.length, 2, 'asked first');
      await b.clock.advance(TRY_MS);
    },
  ),
  'the answer came after the try: ended at once, silence counts once': upstreamTest(1, async (b, server) => {
    const found = b.ask();
    await server!.questions(1);
    await b.clock.advance(TRY_MS);
    await server!.questions(2);
    server!.seen[1]!.answer(FOUND);
    assert.ok(await found);
    await doubtEnds(server!);
    assert.equal([b.clock.pending, b.counters.of('upstreamTimeout')], [0, 1]);
  }),
  'an answer before the end of the try proves that the upstream works': upstreamTest(
    2,
    async (b, first, second) => {
      second!.script = (question) => question.answer(FOUND);
      for (let asked = 1; asked <= 4; asked++) {
        const found = b.ask();
        await first!.questions(asked);
        await b.clock.advance(HEDGE_MS);
        assert.ok(await found);
        if (asked === 4) break;
        await b.clock.advance(TRY_MS + 5_000);
      }
      assert.equal(b.log.lines, ['warn upstream down']);
      first!.seen[3]!.answer(FOUND);
      await until(() => b.log.lines.length === 2);
      assert.is(b.log.lines[1], 'info upstream up');
      await settled();
      assert.is(b.clock.pending, 0);
    },
  ),
  'a truncated reply that nobody waits for is not asked for again over TCP': upstreamTest(
    2,
    async (b, first, second) => {
      second!.script = (question) => question.answer(FOUND);
      const found = b.ask();
      await first!.questions(1);
      await b.clock.advance(HEDGE_MS);
      assert.ok(await found);
      first!.seen[0]!.answer({ flags: TC });
      await until(() => b.counters.rows.upstreamReplies === 2);
      await settled();
      assert.equal([b.counters.of('upstreamTcp'), b.clock.pending], [0, 0]);
    },
  ),
  'a question over TCP ends as well, its connection goes on': upstreamTest(1, async (b, server) => {
    const long = Buffer.concat([ASKED, Buffer.alloc(5_000)]);
    for (let i = 0; i < 2; i++) {
      const exchange = b.exchange(long);
      await server!.questions(i + 1);
      exchange.abandon();
    }
    server!.script = (question) => question.answer(FOUND);
    assert.ok(await b.ask(long));
    assert.is(new Set(server!.seen.map((question) => question.port)).size, 1);
    await b.clock.advance(TRY_MS);
    await b.clock.advance(5_000);
    assert.is(b.clock.pending, 0);
  }),
  'beyond so many they end at once': upstreamTest(1, async (b) => {
    for (let i = 0; i < MAX_LINGERING; i++) b.exchange().abandon();
    await settled();
    const { pending } = b.clock;
    b.exchange().abandon();
    await settled();
    assert.is(b.clock.pending, pending);
    assert.is(b.counters.of('upstreamLeft'), MAX_LINGERING + 1);
    await b.clock.advance(TRY_MS);
    assert.is(b.clock.pending, 0);
    b.exchange().abandon();
    await settled();
    assert.ok(b.clock.pending > 0, 'room again');
  }),
});
