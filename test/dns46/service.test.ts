import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';
import { askTcp, tell } from './client.ts';
import { A_QUERY, byType, EMPTY, loopback, NATIVE, ONLY_AAAA, REAL, silence } from './loopback.ts';
import { until } from './manual-clock.ts';
import { a, aaaa, bytesOf, decode, hasFlag, lines, query, rcode } from './packets.ts';

const TC = 0x0200;
const AD = 0x0020;

tests('what passes unchanged [63]', {
  'other types, with every byte of the reply but id and letters': loopback(async (b) => {
    const text = { name: 'www.example', type: 'TXT', class: 'IN', ttl: 5, data: 'hello' } as Answer;
    b.upstream.script = byType({ TXT: { answers: [text], flags: 0x0480 | AD, ...EMPTY } });
    const asked = query({ name: 'wWw.example', type: 'TXT', id: 99 });
    const found = await b.ask(asked);
    assert.equal([decode(found).id, hasFlag(found, 0x0400), hasFlag(found, AD)], [99, true, true]);
    assert.equal(
      lines(decode(found).answers),
      ['www.example TXT 5 ["hello"]'].map((line) => lineOf(line)),
    );
    assert.equal(b.upstream.seen[0]?.bytes.subarray(2), asked.subarray(2), 'the query went as it came');
  }),
  'AAAA queries': loopback(async (b) => {
    b.upstream.script = byType({ AAAA: REAL });
    const found = await b.ask(query({ name: 'www.example', type: 'AAAA' }));
    assert.equal(lines(decode(found).answers), ['www.example AAAA 300 2001:db8::1']);
    assert.equal(b.asked, ['AAAA www.example']);
  }),
  'unknown types and classes, RFC 3597 §3': loopback(async (b) => {
    b.upstream.script = (question) => question.answer({ rcode: 4 });
    const odd = query({ name: 'www.example' });
    odd.writeUInt16BE(0xff77, odd.length - 4);
    odd.writeUInt16BE(0xfe01, odd.length - 2);
    assert.is(rcode(await b.ask(odd)), 4);
    assert.equal(b.upstream.seen[0]?.bytes.subarray(2), odd.subarray(2));
  }),
  'other opcodes, even without a question': loopback(async (b) => {
    b.upstream.script = (question) => {
      const back = Buffer.from(question.bytes);
      back.writeUInt8(back.readUInt8(2) | 0x80, 2);
      question.send(back);
    };
    const status = bytesOf('0042 1000 0000 0000 0000 0000');
    assert.equal(await b.ask(status), bytesOf('0042 9000 0000 0000 0000 0000'));
  }),
  'names never mapped go upstream: local, ipv4only.arpa [77] [78]': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    for (const name of ['printer.local', 'ipv4only.arpa', '1.0.0.10.in-addr.arpa']) {
      assert.equal(decode(await b.ask(query({ name }))).answers, []);
    }
    assert.equal([b.upstream.seen.length, b.addresses.calls], [3, 0]);
  }),
  'localhost and onion are answered here, RFC 6761 §6.3, RFC 7686 §2 [78]': loopback(async (b) => {
    const loopback = await b.ask(query({ name: 'App.localhost' }));
    assert.equal(lines(decode(loopback).answers), ['app.localhost A 10800 127.0.0.1']);
    assert.is(rcode(await b.ask(query({ name: 'x.onion' }))), 3);
    assert.is(b.upstream.seen.length, 0);
  }),
  'silence of the upstream: SERVFAIL': loopback(async (b) => {
    const found = b.ask(query({ name: 'www.example', type: 'TXT' }));
    await b.upstream.questions(1);
    await silence(b);
    assert.is(rcode(await found), 2);
  }),
});

tests('sizes [74]', {
  'more than 512 bytes to a client without EDNS: TC; by TCP all of it': loopback(async (b) => {
    const answers = Array.from({ length: 40 }, (_, i) => a('www.example', `192.0.2.${i}`));
    b.upstream.script = (question) => {
      const whole = question.transport === 'tcp';
      if (question.type === 'A') question.answer(whole ? { answers } : { flags: 0x0080 | TC });
    };
    const cut = await b.ask(A_QUERY);
    assert.equal([hasFlag(cut, TC), decode(cut).answers?.length, cut.length <= 512], [true, 0, true]);
    const [whole] = await askTcp(b.endpoint, [A_QUERY]);
    assert.equal([hasFlag(whole!, TC), decode(whole!).answers?.length], [false, 40]);
    const large = await b.ask(query({ name: 'www.example', edns: 4096 }));
    assert.is(decode(large).answers?.length, 40);
    await b.clock.advance(10_000);
  }),
  'a synthesized reply that outgrows the client is cut as well': loopback(async (b) => {
    const answers = Array.from({ length: 15 }, (_, i) => aaaa('www.example', `2001:db8::${i + 1}`));
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
    assert.is(hasFlag(await b.ask(A_QUERY), TC), true);
    const [whole] = await askTcp(b.endpoint, [A_QUERY]);
    assert.is(decode(whole!).answers?.length, 23);
  }),
});

tests('messages that are no queries', {
  'malformed behind the header: FORMERR; scraps and responses: nothing': loopback(async (b) => {
    assert.equal(
      await b.ask(bytesOf('abcd 0100 0000 0000 0000 0000')),
      bytesOf('abcd 8101 0000 0000 0000 0000'),
    );
    await tell(b.endpoint, Buffer.from('short'));
    await tell(b.endpoint, bytesOf('abcd 8100 0001 0000 0000 0000 00 0001 0001'));
    await until(() => b.counters.of('malformed') + b.counters.of('response') === 2);
    assert.equal([b.counters.rows.clientQueries, b.counters.rows.clientReplies], [3, 1]);
  }),
});

tests('limits', {
  'dns-rate: REFUSED beyond, counted [83]': loopback(
    async (b) => {
      b.upstream.script = byType({ A: NATIVE });
      const codes = [];
      for (let i = 0; i < 3; i++) codes.push(rcode(await b.ask(A_QUERY)));
      assert.equal(codes, [0, 0, 5]);
      assert.is(b.counters.of('rateLimited'), 1);
      await b.clock.advance(5_000);
      assert.is(rcode(await b.ask(A_QUERY)), 0);
      await b.clock.advance(5_000);
    },
    { options: { dnsRate: 2 } },
  ),
  'dns-client-rate: a client over its limit takes nothing from the others [83]': loopback(
    async (b) => {
      b.upstream.script = byType({ A: NATIVE });
      const codes = [];
      for (let i = 0; i < 3; i++) codes.push(rcode(await b.ask(A_QUERY)));
      assert.equal(codes, [0, 0, 5]);
      const [other] = await askTcp({ ...b.endpoint, address: '127.0.0.1' }, [A_QUERY], false, '127.0.0.9');
      assert.is(rcode(other!), 0);
      assert.equal([b.counters.of('clientLimited'), b.counters.of('rateLimited')], [1, 0]);
      await b.clock.advance(20_000);
    },
    { options: { dnsClientRate: 2 } },
  ),
  'over a limit and told to drop: no reply, counted [83]': loopback(
    async (b) => {
      await tell(b.endpoint, query({ name: 'localhost' }));
      await tell(b.endpoint, query({ name: 'localhost' }));
      await until(() => b.counters.of('rateLimited') === 1);
      assert.equal([b.counters.rows.clientQueries, b.counters.rows.clientReplies], [2, 1]);
    },
    { options: { dnsRate: 1, dnsOverLimit: 'drop' } },
  ),
  'ANY over UDP: TC and nothing else, over TCP it passes, RFC 8482 §4.4 [63]': loopback(async (b) => {
    b.upstream.script = (question) => question.answer(NATIVE);
    const any = query({ name: 'www.example', type: 'ANY' });
    const cut = await b.ask(any);
    assert.equal([hasFlag(cut, TC), cut.length, b.upstream.seen.length], [true, any.length, 0]);
    const [whole] = await askTcp(b.endpoint, [any]);
    assert.is(decode(whole!).answers?.length, 1);
    assert.is(b.counters.of('any'), 1);
    await b.clock.advance(10_000);
  }),
  'queries in flight: REFUSED beyond, counted': loopback(
    async (b) => {
      const first = b.ask(query({ name: 'a.example', type: 'TXT' }));
      await b.upstream.questions(1);
      assert.is(rcode(await b.ask(query({ name: 'b.example', type: 'TXT' }))), 5);
      assert.is(b.counters.of('overload'), 1);
      b.upstream.seen[0]!.answer();
      assert.is(rcode(await first), 0);
    },
    { tuning: { maxInFlight: 1 } },
  ),
});

/** dns-packet gives TXT data as buffers; `lines` prints them so. */
function lineOf(line: string): string {
  const data = JSON.stringify([Buffer.from('hello')]);
  return line.replace('["hello"]', data);
}
