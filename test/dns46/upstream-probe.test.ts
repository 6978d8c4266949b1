/** Questions of the gateway's own: they end with the doubt, and what clients are answered counts more. */
import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';
import { settled, until } from './manual-clock.ts';
import { isProbe, type Received, type ScriptedUpstream } from './scripted-upstream.ts';
import { FOUND, type Setup, TRY_MS, upstreamTest } from './upstream-setup.ts';

const onlyClients = (question: Received) => !isProbe(question) && question.answer(FOUND);
const asked = ({ probes }: ScriptedUpstream) => probes.map(({ name, type }) => `${name} ${type}`);
const down = (b: Setup) => b.upstreams.views().map(({ isDown }) => isDown);

/** The only upstream leaves a question unanswered. */
async function doubt(b: Setup, server: ScriptedUpstream): Promise<void> {
  const exchange = b.exchange();
  await server.questions(1);
  await b.clock.advance(TRY_MS);
  await until(() => server.probes.length === 1);
  exchange.abandon();
}

tests('questions of our own [79]', {
  'clients are answered, we are not: no more of them, and nothing is said': upstreamTest(
    1,
    async (b, server) => {
      await doubt(b, server!);
      server!.script = onlyClients;
      for (let i = 0; i < 20; i++) {
        assert.ok(await b.ask());
        await b.clock.advance(TRY_MS);
      }
      await b.clock.advance(6_000);
      assert.is(server!.probes.length, 1);
      assert.equal([b.log.lines, b.clock.pending], [[], 0]);
    },
  ),
  'a client is answered while we wait: that question ends, and its silence does not count': upstreamTest(
    1,
    async (b, server) => {
      await doubt(b, server!);
      server!.script = onlyClients;
      const { pending } = b.clock;
      assert.ok(await b.ask());
      await settled();
      assert.is(b.clock.pending, pending - 1);
      await b.clock.advance(TRY_MS);
      assert.is(b.clock.pending, 0);
    },
  ),
  'silence: the other question is next; after an answer the same one': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.type === 'A' && isProbe(question) && question.answer();
    await doubt(b, server!);
    await b.clock.advance(TRY_MS);
    await until(() => b.clock.pending === 0);
    const exchange = b.exchange();
    await server!.questions(3);
    await b.clock.advance(TRY_MS);
    await until(() => server!.probes.length === 3);
    assert.equal(asked(server!), ['. NS', 'localhost A', 'localhost A']);
    exchange.abandon();
  }),
  'no socket of theirs stays open': upstreamTest(2, async (b, first, second) => {
    first!.script = (question) => isProbe(question) && question.answer();
    void b.upstreams.allSilent();
    await until(() => second!.probes.length === 1);
    await b.clock.advance(20_000);
    await until(() => down(b)[1] === true && b.open === 0);
  }),
});

tests('asked by us at the start: both questions [79]', {
  'silent about the root only: not silent, nothing is said': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.type === 'A' && question.answer();
    const silent = b.upstreams.allSilent();
    await until(() => server!.probes.length === 1);
    await b.clock.advance(TRY_MS);
    assert.is(await silent, false);
    await b.clock.advance(6_000);
    assert.equal([down(b), b.log.lines, b.clock.pending], [[false], [], 0]);
  }),
  'refused at first, answered a second later, while another one keeps silent': upstreamTest(
    2,
    async (b, first, second) => {
      b.noRouteTo = first!.endpoint.port;
      first!.script = (question) => question.answer();
      const silent = b.upstreams.allSilent();
      await until(() => second!.probes.length === 1);
      b.noRouteTo = null;
      await b.clock.advance(1_000);
      await until(() => first!.probes.length === 1);
      await b.clock.advance(2 * TRY_MS);
      assert.is(await silent, false);
      await b.clock.advance(TRY_MS);
      assert.equal([down(b), b.log.lines], [[false, true], ['warn upstream down']]);
    },
  ),
  'refused again and again, while another one keeps silent: only the examination says so': upstreamTest(
    2,
    async (b, first, second) => {
      b.noRouteTo = first!.endpoint.port;
      const silent = b.upstreams.allSilent();
      await until(() => second!.probes.length === 1);
      await b.clock.advance(2 * TRY_MS);
      assert.is(await silent, true);
      assert.equal([down(b), b.log.lines], [[true, true], []]);
    },
  ),
  'what is called down is asked again after 5 s': upstreamTest(1, async (b, server) => {
    b.noRouteTo = server!.endpoint.port;
    assert.is(await b.upstreams.allSilent(), true);
    b.noRouteTo = null;
    server!.script = (question) => question.answer();
    await b.clock.advance(5_000);
    await until(() => b.log.lines.length === 1);
    assert.equal([down(b), b.log.lines, b.clock.pending], [[false], ['info upstream up'], 0]);
  }),
});
