import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { TC } from '../../src/dns46/message.ts';
import { tests } from '../helpers/table.ts';
import { settled, until } from './manual-clock.ts';
import { a, decode, lines, rcode, reply } from './packets.ts';
import { ASKED, BUDGET_MS, FOUND, TRY_MS, upstreamTest } from './upstream-setup.ts';

const { EAGAIN, ENOSPC } = constants.errno;
const UPDATE = 0x2800;
const QR = 0x8000;

function edited(bytes: Buffer, edit: (copy: Buffer) => void): Buffer {
  edit(bytes);
  return bytes;
}

tests('one upstream', {
  'ids and source ports differ from question to question, RFC 5452 §9.2 [79]': upstreamTest(
    1,
    async (b, server) => {
      server!.script = (question) => question.answer(FOUND);
      for (let i = 0; i < 40; i++) await b.ask();
      assert.ok(new Set(server!.seen.map((question) => question.bytes.readUInt16BE(0))).size > 30);
      assert.ok(new Set(server!.seen.map((question) => question.port)).size >= 10);
    },
  ),
  'ports are replaced after 64 questions or 30 s, RFC 5452 §9.2': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(FOUND);
    const ports = () => new Set(server!.seen.splice(0).map((question) => question.port));
    for (let i = 0; i < 200; i++) await b.ask();
    const before = ports();
    await b.clock.advance(30_000);
    for (let i = 0; i < 200; i++) await b.ask();
    const after = ports();
    assert.ok(before.size > 4 && before.size <= 20, String(before.size));
    assert.ok([...after].filter((port) => before.has(port)).length <= 2, 'but for chance');
    for (let i = 0; i < 16; i++) await Promise.all(Array.from({ length: 70 }, () => b.ask()));
    assert.ok(ports().size > 16);
  }),
  'wrong id, wrong question and scrap are ignored, the true reply counts [79]': upstreamTest(
    1,
    async (b, server) => {
      server!.script = (question) => {
        question.send(
          edited(reply(question.bytes, FOUND), (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0)),
        );
        question.send(edited(reply(question.bytes, FOUND), (bytes) => bytes.write('evil', 13)));
        question.send(Buffer.from('x'));
        question.send(question.bytes);
        question.answer({ answers: [a('www.example', '192.0.2.9')] });
      };
      const found = await b.ask();
      assert.equal(lines(decode(found ?? new Uint8Array()).answers), ['www.example A 300 192.0.2.9']);
      assert.is(b.counters.of('upstreamIgnored'), 4);
    },
  ),
  'a duplicate reply is ignored [79]': upstreamTest(1, async (b, server) => {
    server!.script = (question) => {
      question.answer(FOUND);
      question.answer(FOUND);
    };
    assert.ok(await b.ask());
    await until(() => b.counters.of('upstreamIgnored') === 1);
    assert.is(b.counters.rows.upstreamReplies, 1);
  }),
  'a lost packet: asked again after the try, not 1 ms earlier': upstreamTest(1, async (b, server) => {
    const found = b.ask();
    await server!.questions(1);
    await b.clock.advance(TRY_MS - 1);
    assert.is(server!.seen.length, 1);
    await b.clock.advance(1);
    await server!.questions(2);
    server!.seen[1]!.answer(FOUND);
    assert.ok(await found);
    assert.is(b.counters.of('upstreamTimeout'), 1);
    await b.clock.advance(BUDGET_MS);
  }),
  'slower than a try: the first reply counts, the one to the repeated question is ignored [79]': upstreamTest(
    1,
    async (b, server) => {
      const found = b.ask();
      await server!.questions(1);
      await b.clock.advance(TRY_MS);
      await server!.questions(2);
      server!.seen[0]!.answer(FOUND);
      assert.is(rcode((await found) ?? new Uint8Array()), 0);
      await b.clock.advance(BUDGET_MS);
      server!.seen[1]!.answer({ rcode: 3 });
      await until(() => b.counters.of('upstreamIgnored') === 1);
    },
  ),
  'silence ends with the budget, and down is logged once': upstreamTest(1, async (b, server) => {
    for (let i = 0; i < 2; i++) {
      const found = b.ask();
      for (let tries = 0; tries < 3; tries++) {
        await server!.questions(3 * i + tries + 1);
        await b.clock.advance(TRY_MS);
      }
      assert.is(await found, null);
    }
    assert.equal(b.log.lines, ['warn upstream down']);
    server!.script = (question) => question.answer(FOUND);
    await b.ask();
    await b.ask();
    assert.equal(b.log.lines, ['warn upstream down', 'info upstream up']);
  }),
  'no descriptor is left for a new socket: an open one is used': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(FOUND);
    await b.ask();
    b.noSockets = true;
    assert.ok(await b.ask());
    assert.is(new Set(server!.seen.map((question) => question.port)).size, 1);
    assert.is(b.counters.of('noSocket'), 0);
  }),
  'no descriptor and no open socket: null at once, and not held against the upstream': upstreamTest(
    1,
    async (b, server) => {
      server!.script = (question) => question.answer(FOUND);
      b.noSockets = true;
      for (let i = 0; i < 4; i++) assert.is(await b.ask(), null);
      assert.equal([b.counters.of('noSocket'), b.counters.of('upstreamUnreachable')], [4, 0]);
      b.noSockets = false;
      assert.ok(await b.ask());
      assert.equal(b.log.lines, ['warn no socket could be opened']);
    },
  ),
  'a socket that cannot be watched: null, as without one': upstreamTest(1, async (b) => {
    b.watchFailure = -ENOSPC;
    assert.is(await b.ask(), null);
    assert.is(b.counters.of('noSocket'), 1);
  }),
  'no room to send at this moment: asked again after the try': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(FOUND);
    b.sendFailure = -EAGAIN;
    const found = b.ask();
    await settled();
    b.sendFailure = null;
    await b.clock.advance(TRY_MS);
    assert.ok(await found);
    assert.is(b.counters.of('upstreamUnreachable'), 0);
    await b.clock.advance(BUDGET_MS);
  }),
  'a truncated reply is asked for again over TCP [74]': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(question.transport === 'udp' ? { flags: TC } : FOUND);
    assert.is(decode((await b.ask()) ?? new Uint8Array()).answers?.length, 1);
    assert.is(b.counters.of('upstreamTcp'), 1);
  }),
  'a message that UDP cannot carry goes by TCP': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(FOUND);
    assert.ok(await b.ask(Buffer.concat([ASKED, Buffer.alloc(5_000)])));
    assert.equal(
      server!.seen.map((question) => question.transport),
      ['tcp'],
    );
    await b.clock.advance(5_000);
  }),
  'TCP connections are used again, RFC 7766 §6.2.1': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(question.transport === 'udp' ? { flags: TC } : FOUND);
    await Promise.all([b.ask(), b.ask(), b.ask()]);
    await b.ask();
    const ports = server!.seen
      .filter((question) => question.transport === 'tcp')
      .map((question) => question.port);
    assert.is(ports.length, 4);
    assert.is(new Set(ports).size, 1);
    await b.clock.advance(5_000);
    await until(() => server!.connections === 0);
  }),
  'an idle connection is closed after 5 s, RFC 7766 §6.2.3': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.answer(question.transport === 'udp' ? { flags: TC } : FOUND);
    await b.ask();
    await b.clock.advance(4_999);
    assert.is(b.clock.pending, 1);
    await b.clock.advance(1);
    await until(() => server!.connections === 0);
  }),
  'a connection closed while idle is no reason to fail, RFC 7766 §6.2.4': upstreamTest(
    1,
    async (b, server) => {
      server!.script = (question) => question.answer(question.transport === 'udp' ? { flags: TC } : FOUND);
      await b.ask();
      await server!.hangUp();
      assert.is(decode((await b.ask()) ?? new Uint8Array()).answers?.length, 1);
    },
  ),
  'TCP that says nothing leaves the truncated reply': upstreamTest(1, async (b, server) => {
    server!.script = (question) => question.transport === 'udp' && question.answer({ flags: TC });
    const found = b.ask();
    await server!.questions(2);
    await b.clock.advance(TRY_MS);
    assert.is(Buffer.from((await found) ?? []).readUInt16BE(2) & TC, TC);
  }),
  'a wrong question over TCP is ignored [79]': upstreamTest(1, async (b, server) => {
    server!.script = (question) => {
      if (question.transport === 'udp') question.answer({ flags: TC });
      else question.send(edited(reply(question.bytes, FOUND), (bytes) => bytes.write('evil', 13)));
      if (question.transport === 'tcp') question.answer(FOUND);
    };
    assert.ok(await b.ask());
    assert.is(b.counters.of('upstreamIgnored'), 1);
  }),
  'abandoned: nobody else is asked, silence is not held against it': upstreamTest(
    2,
    async (b, first, second) => {
      const exchange = b.exchange();
      await first!.questions(1);
      exchange.abandon();
      await b.clock.advance(TRY_MS);
      assert.is(await exchange.reply, null);
      first!.script = (question) => question.answer(FOUND);
      await b.ask();
      assert.equal([first!.seen.length, second!.seen.length], [2, 0]);
    },
  ),
  'closing answers whoever waits on a port that takes no more questions, too': upstreamTest(1, async (b) => {
    const count = 16 * 64 * 2;
    let answered = 0;
    for (let i = 0; i < count; i++) void b.ask().then(() => answered++);
    await settled();
    b.upstreams.close();
    await settled();
    assert.is(answered, count);
  }),
  'closing answers whoever waits': upstreamTest(1, async (b, server) => {
    const found = b.ask();
    await server!.questions(1);
    b.upstreams.close();
    assert.is(await found, null);
    assert.equal(b.log.lines, []);
  }),
});

tests('fail-over [79]', {
  'silence: the next one after 400 ms, not 1 ms earlier': upstreamTest(2, async (b, first, second) => {
    second!.script = (question) => question.answer(FOUND);
    const found = b.ask();
    await first!.questions(1);
    await b.clock.advance(399);
    assert.is(second!.seen.length, 0);
    await b.clock.advance(1);
    assert.ok(await found);
    assert.is(second!.seen.length, 1);
    await b.clock.advance(TRY_MS);
  }),
  'a slow one still counts when the next one is silent': upstreamTest(2, async (b, first, second) => {
    const found = b.ask();
    await first!.questions(1);
    await b.clock.advance(400);
    await second!.questions(1);
    first!.seen[0]!.answer(FOUND);
    assert.ok(await found);
    assert.equal([first!.seen.length, second!.seen.length], [1, 1]);
    await b.clock.advance(TRY_MS);
  }),
  'silence everywhere: asked three times each, waited for to the end': upstreamTest(
    2,
    async (b, first, second) => {
      const found = b.upstreams.ask(ASKED, b.clock.now() + 60_000, (bytes) => bytes).reply;
      for (let round = 1; round <= 3; round++) {
        await first!.questions(round);
        await b.clock.advance(400);
        await second!.questions(round);
        await b.clock.advance(TRY_MS);
      }
      await b.clock.advance(60_000);
      assert.is(await found, null);
      assert.equal([first!.seen.length, second!.seen.length], [3, 3]);
    },
  ),
  'server failure: the next one at once': upstreamTest(2, async (b, first, second) => {
    first!.script = (question) => question.answer({ rcode: 2 });
    second!.script = (question) => question.answer(FOUND);
    assert.is(rcode((await b.ask()) ?? new Uint8Array()), 0);
  }),
  'server failure everywhere: the first one counts': upstreamTest(2, async (b, first, second) => {
    first!.script = (question) => question.answer({ rcode: 5 });
    second!.script = (question) => question.answer({ rcode: 2 });
    assert.is(rcode((await b.ask()) ?? new Uint8Array()), 5);
    assert.equal([first!.seen.length, second!.seen.length], [1, 1]);
  }),
  'server failure here, silence there: one round is enough, waited for to the end': upstreamTest(
    2,
    async (b, first, second) => {
      first!.script = (question) => question.answer({ rcode: 2 });
      const found = b.ask();
      await second!.questions(1);
      await b.clock.advance(BUDGET_MS);
      assert.is(rcode((await found) ?? new Uint8Array()), 2);
      assert.equal([first!.seen.length, second!.seen.length], [1, 1]);
    },
  ),
  ...Object.fromEntries(
    [2, 5].map((failure) => [
      `response code ${failure} here, a good reply there 1 ms before the end: it counts`,
      upstreamTest(2, async (b, first, second) => {
        first!.script = (question) => question.answer({ rcode: failure });
        const found = b.ask();
        await second!.questions(1);
        await b.clock.advance(BUDGET_MS - 1);
        second!.seen[0]!.answer(FOUND);
        assert.is(rcode((await found) ?? new Uint8Array()), 0);
        await b.clock.advance(1);
      }),
    ]),
  ),
  'other opcodes are sent once, to one upstream, RFC 2136 §1': upstreamTest(2, async (b, first, second) => {
    const update = edited(Buffer.from(ASKED), (bytes) => bytes.writeUInt16BE(UPDATE, 2));
    const found = b.ask(update);
    await first!.questions(1);
    await b.clock.advance(BUDGET_MS);
    assert.is(await found, null);
    assert.equal([first!.seen.length, second!.seen.length], [1, 0]);
  }),
  'other opcodes are not repeated on a new connection, RFC 2136 §1': upstreamTest(1, async (b, server) => {
    const update = edited(Buffer.concat([ASKED, Buffer.alloc(5_000)]), (bytes) =>
      bytes.writeUInt16BE(UPDATE, 2),
    );
    server!.script = (question) =>
      question.send(edited(Buffer.from(question.bytes), (bytes) => bytes.writeUInt16BE(UPDATE | QR, 2)));
    assert.ok(await b.ask(update));
    server!.script = () => void server!.hangUp();
    assert.is(await b.ask(update), null);
    await settled();
    assert.is(server!.seen.length, 2);
    await b.clock.advance(5_000);
  }),
  'NXDOMAIN is an answer': upstreamTest(2, async (b, first, second) => {
    first!.script = (question) => question.answer({ rcode: 3 });
    assert.is(rcode((await b.ask()) ?? new Uint8Array()), 3);
    assert.is(second!.seen.length, 0);
  }),
  'nobody listens there: the next one at once': upstreamTest(2, async (b, first, second) => {
    second!.script = (question) => question.answer(FOUND);
    await first!.stop();
    assert.ok(await b.ask());
    assert.ok(b.counters.of('upstreamUnreachable') >= 1);
  }),
  'no route there: the next one at once': upstreamTest(2, async (b, first, second) => {
    second!.script = (question) => question.answer(FOUND);
    b.noRouteTo = first!.endpoint.port;
    assert.ok(await b.ask());
    assert.is(b.counters.of('upstreamUnreachable'), 1);
  }),
  'nobody listens anywhere: null at once, down is logged': upstreamTest(1, async (b, server) => {
    await server!.stop();
    for (let i = 0; i < 3; i++) assert.is(await b.ask(), null);
    assert.equal(b.log.lines, ['warn upstream down']);
  }),
  'a try cut short by the deadline is not held against anybody': upstreamTest(2, async (b, first) => {
    const hurried = b.upstreams.ask(ASKED, b.clock.now() + 100, (bytes) => bytes);
    await first!.questions(1);
    await b.clock.advance(100);
    assert.is(await hurried.reply, null);
    first!.script = (question) => question.answer(FOUND);
    await b.ask();
    assert.is(first!.seen.length, 2);
  }),
  'a reply that cannot be read: the next one': upstreamTest(2, async (b, first, second) => {
    first!.script = (question) => question.answer(FOUND);
    second!.script = (question) => question.answer({ answers: [] });
    const read = (bytes: Uint8Array) => (decode(bytes).answers?.length === 0 ? bytes : null);
    assert.ok(await b.upstreams.ask(ASKED, b.clock.now() + BUDGET_MS, read).reply);
    assert.is(b.counters.of('upstreamMalformed'), 1);
  }),
});
