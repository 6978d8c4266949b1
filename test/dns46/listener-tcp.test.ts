import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';
import { askTcp } from './client.ts';
import { loopback } from './loopback.ts';
import { settled, until } from './manual-clock.ts';
import { a, decode, query, rcode, soa } from './packets.ts';

tests('TCP, RFC 7766', {
  'pipelined, answered in the order they are ready, §6.2.1.1': loopback(async (b) => {
    const slow: (() => void)[] = [];
    b.upstream.script = (question) => {
      if (question.name === 'slow.example') slow.push(() => question.answer());
      else question.answer();
    };
    const shapes = ['slow.example', 'fast.example'].map((name, id) => query({ name, id, type: 'TXT' }));
    const replies = askTcp(b.endpoint, shapes);
    await until(() => b.counters.rows.clientReplies === 1);
    slow[0]!();
    assert.equal(
      (await replies).map((reply) => decode(reply).id),
      [1, 0],
    );
  }),
  'more than a connection may have in flight wait, none is lost': loopback(
    async (b) => {
      let most = 0;
      b.upstream.script = (question) => {
        most = Math.max(most, b.counters.rows.clientQueries - b.counters.rows.clientReplies);
        question.answer();
      };
      const many = Array.from({ length: 50 }, (_, id) => query({ name: `n${id}.example`, id, type: 'TXT' }));
      assert.is((await askTcp(b.endpoint, many)).length, 50);
      assert.is(most, 4);
    },
    { tuning: { maxPipelined: 4 } },
  ),
  'a client that sends FIN first still gets its replies': loopback(async (b) => {
    b.upstream.script = (question) => question.answer();
    assert.is((await askTcp(b.endpoint, [query({ name: 'x.example', type: 'TXT' })], true)).length, 1);
  }),
  'idle connections are closed, not 1 ms early, §6.2.3': loopback(
    async (b) => {
      const waiting = askTcp(b.endpoint, [Buffer.alloc(0)]);
      await until(() => b.counters.of('malformed') === 1);
      await settled();
      await b.clock.advance(9_999);
      assert.is(b.counters.of('tcpIdle'), 0);
      await b.clock.advance(1);
      assert.is(b.counters.of('tcpIdle'), 1);
      assert.equal(await waiting, []);
    },
    { tuning: { idleMs: 10_000 } },
  ),
  'too many connections: closed at once, counted': loopback(
    async (b) => {
      const first = askTcp(b.endpoint, [query({ name: 'x.example', type: 'TXT' })]);
      await b.upstream.questions(1);
      await askTcp(b.endpoint, [query({ name: 'y.example', type: 'TXT' })]).catch(() => []);
      assert.is(b.counters.of('tcpRefused'), 1);
      b.upstream.seen[0]!.answer();
      assert.is((await first).length, 1);
    },
    { tuning: { maxConnections: 1 } },
  ),
  'a zone transfer is passed on message by message, RFC 5936 §2.2': loopback(async (b) => {
    const records = [soa('example', 1, 1), a('www.example', '192.0.2.1'), soa('example', 1, 1)];
    b.upstream.script = (question) => {
      for (const record of records) question.answer({ answers: [record] });
    };
    const asked = query({ name: 'example', type: 'AXFR', id: 5 });
    // As many queries as messages to come: askTcp waits for one each. Those of the wrong kind get no answer.
    const scraps = records.slice(1).map(() => Buffer.alloc(0));
    const found = (await askTcp(b.endpoint, [asked, ...scraps])).map((bytes) => decode(bytes));
    assert.equal(
      found.map((message) => [message.id, message.answers?.[0]?.type]),
      [
        [5, 'SOA'],
        [5, 'A'],
        [5, 'SOA'],
      ],
    );
    await b.clock.advance(4_000);
    await until(() => b.counters.of('passed') === 1);
    assert.is(b.counters.rows.clientReplies, 3);
  }),
  'a zone transfer that the upstream does not answer: SERVFAIL': loopback(async (b) => {
    const replies = askTcp(b.endpoint, [query({ name: 'example', type: 'AXFR' })]);
    await b.upstream.questions(1);
    await b.clock.advance(4_000);
    assert.is(rcode((await replies)[0]!), 2);
  }),
});
