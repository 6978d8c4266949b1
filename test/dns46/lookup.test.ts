import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';
import {
  A_QUERY,
  byType,
  EDNS_QUERY,
  EMPTY,
  loopback,
  NATIVE,
  ONLY_AAAA,
  REAL,
  silence,
} from './loopback.ts';
import { until } from './manual-clock.ts';
import { a, aaaa, cname, decode, extendedError, hasFlag, lines, query, rcode } from './packets.ts';

const AD = 0x0020;
const CD = 0x0010;

tests('A queries', {
  'a usable A record: the reply as it is, nothing allocated, RFC 6147 §5.1.1 [64]': loopback(async (b) => {
    b.upstream.script = byType({ A: NATIVE, AAAA: REAL });
    const found = await b.ask(A_QUERY);
    assert.equal(lines(decode(found).answers), ['www.example A 300 192.0.2.1']);
    assert.equal([decode(found).id, decode(found).questions?.[0]?.name], [7, 'www.Example']);
    assert.is(b.addresses.calls, 0);
  }),
  'a usable A record is answered without waiting for AAAA [64]': loopback(async (b) => {
    b.upstream.script = byType({ A: NATIVE });
    assert.is(decode(await b.ask(A_QUERY)).answers?.length, 1);
    await b.clock.advance(5_000);
  }),
  'AAAA comes first: nothing is allocated before A is known to be empty, RFC 6147 §5.1.8 [71]': loopback(
    async (b) => {
      const held: (() => void)[] = [];
      b.upstream.script = (question) => {
        if (question.type === 'AAAA') question.answer(REAL);
        else held.push(() => question.answer(NATIVE));
      };
      const found = b.ask(A_QUERY);
      await until(() => b.counters.rows.upstreamReplies === 1 && held.length === 1);
      assert.is(b.addresses.calls, 0);
      held[0]!();
      assert.equal(lines(decode(await found).answers), ['www.example A 300 192.0.2.1']);
      assert.is(b.addresses.calls, 0);
    },
  ),
  'only AAAA: an A record and the AAAA record, RFC 6147 §5.1.6': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    const found = await b.ask(A_QUERY);
    const answers = ['www.example A 45 10.244.50.1', 'www.example AAAA 300 2001:db8::1'];
    assert.equal(lines(decode(found).answers), answers);
    assert.is(decode(found).authorities?.length, 0, 'the SOA of the negative reply is gone [73]');
    assert.equal(decode(found).questions, [{ name: 'www.Example', type: 'A', class: 'IN' }]);
    assert.is(hasFlag(found, AD), false);
    assert.equal(b.addresses.answers, [{ v4: 0x0af43201, ttlSec: 45 }], 'noted before it is sent [82]');
    assert.equal(b.asked, ['A www.Example', 'AAAA www.Example']);
  }),
  'TTL is at most the configured one [70]': loopback(
    async (b) => {
      b.upstream.script = byType({ A: {}, AAAA: REAL });
      assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', ' A 30 ');
    },
    { options: { maxTtlSec: 30 } },
  ),
  'TTL without SOA is at most 600, and that of the AAAA record, RFC 6147 §5.1.7': loopback(
    async (b) => {
      b.upstream.script = byType({ A: {}, AAAA: { answers: [aaaa('www.example', '2001:db8::1', 86400)] } });
      assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', ' A 600 ');
    },
    { options: { maxTtlSec: 86400 } },
  ),
  'several AAAA: one A each, in order': loopback(
    async (b) => {
      const answers = ['2001:db8::9', '2001:db8::1'].map((address) => aaaa('www.example', address));
      b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
      const found = lines(decode(await b.ask(A_QUERY)).answers);
      assert.equal(found, ['www.example A 45 10.244.50.1', 'www.example A 45 10.244.50.2']);
      assert.equal([...b.addresses.given.keys()], ['2001:db8::9', '2001:db8::1']);
    },
    { options: { dnsAaaa: 'omit' } },
  ),
  'NXDOMAIN of A is final, whatever AAAA says, RFC 6147 §5.1.2 [65]': loopback(async (b) => {
    b.upstream.script = byType({ A: { rcode: 3, ...EMPTY }, AAAA: REAL });
    const found = await b.ask(A_QUERY);
    assert.equal([rcode(found), decode(found).authorities?.length], [3, 1]);
    assert.is(b.addresses.calls, 0);
  }),
  'SERVFAIL on A counts as empty, RFC 6147 §5.1.2 [65]': loopback(async (b) => {
    b.upstream.script = byType({ A: { rcode: 2 }, AAAA: REAL });
    assert.is(lines(decode(await b.ask(A_QUERY)).answers)[0], 'www.example A 120 10.244.50.1');
  }),
  'silence on A: AAAA within the budget, RFC 6147 §5.1.3 [66]': loopback(async (b) => {
    b.upstream.script = byType({ AAAA: REAL });
    const found = b.ask(A_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(decode(await found).answers?.length, 2);
  }),
  'silence on both: SERVFAIL with an extended error, RFC 6147 §5.1.3 [66]': loopback(async (b) => {
    const found = b.ask(EDNS_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(rcode(await found), 2);
    assert.is(extendedError(await found)?.code, 23);
  }),
  'empty A, silence on AAAA: SERVFAIL, not a false NODATA': loopback(async (b) => {
    b.upstream.script = byType({ A: EMPTY });
    const found = b.ask(A_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(rcode(await found), 2);
  }),
  'error on A and no AAAA: the error of the upstream': loopback(async (b) => {
    b.upstream.script = byType({ A: { rcode: 5 }, AAAA: EMPTY });
    assert.is(rcode(await b.ask(A_QUERY)), 5);
  }),
  'neither: NODATA as it came, SOA included': loopback(async (b) => {
    b.upstream.script = byType({ A: EMPTY, AAAA: EMPTY });
    const found = await b.ask(A_QUERY);
    assert.equal([rcode(found), decode(found).answers?.length, decode(found).authorities?.length], [0, 0, 1]);
  }),
  'only excluded AAAA: NODATA, nothing allocated, RFC 6147 §5.1.4 [67]': loopback(async (b) => {
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers: [aaaa('www.example', '::ffff:192.0.2.1')] } });
    assert.equal(decode(await b.ask(A_QUERY)).answers, []);
    assert.is(b.addresses.calls, 0);
  }),
  'A inside our subnet counts as absent [68]': loopback(async (b) => {
    b.upstream.script = byType({ A: { answers: [a('www.example', '10.244.50.99')] }, AAAA: REAL });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '10.244.50.1');
    b.upstream.script = byType({ A: { answers: [a('www.example', '10.244.50.99')] }, AAAA: {} });
    assert.equal(decode(await b.ask(A_QUERY)).answers, []);
  }),
  'A in 127/8 yields to AAAA, but stands when there is none (blocklists) [68]': loopback(async (b) => {
    const listed = { answers: [a('www.example', '127.0.0.2')] };
    b.upstream.script = byType({ A: listed, AAAA: REAL });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '10.244.50.1');
    b.upstream.script = byType({ A: listed, AAAA: {} });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '127.0.0.2');
  }),
  'aliases once, A at the final name, RFC 6147 §5.1.5 [69]': loopback(async (b) => {
    const chain = [cname('www.example', 'b.example'), cname('b.example', 'c.other.test')];
    b.upstream.script = byType({
      A: { answers: chain, ...EMPTY },
      AAAA: { answers: [...chain, aaaa('c.other.test', '2001:db8::1')] },
    });
    const found = lines(decode(await b.ask(query({ name: 'www.example' }))).answers);
    assert.equal(found, [
      'www.example CNAME 300 b.example',
      'b.example CNAME 300 c.other.test',
      'c.other.test A 45 10.244.50.1',
      'c.other.test AAAA 300 2001:db8::1',
    ]);
  }),
  'DO alone is synthesized, AD cleared; DO with CD is not, RFC 6147 §5.5 [75]': loopback(async (b) => {
    b.upstream.script = byType({ A: { flags: 0x0080 | AD }, AAAA: { ...REAL, flags: 0x0080 | AD } });
    const synthesized = await b.ask(query({ name: 'www.example', edns: 1232, dnssecOk: true }));
    assert.equal([decode(synthesized).answers?.length, hasFlag(synthesized, AD)], [2, false]);
    const checked = await b.ask(
      query({ name: 'www.example', flags: 0x0100 | CD, edns: 1232, dnssecOk: true }),
    );
    assert.equal([decode(checked).answers?.length, hasFlag(checked, AD)], [0, true]);
  }),
});

tests('the pool and the store', {
  'exhausted: the sorry address for at most 10 s': loopback(
    async (b) => {
      b.addresses.capacity = 0;
      b.upstream.script = ONLY_AAAA;
      assert.is(lines(decode(await b.ask(A_QUERY)).answers)[0], 'www.example A 10 10.244.40.100');
      assert.equal(b.addresses.answers, []);
      assert.is(b.counters.of('sorry'), 1);
    },
    { options: { sorryIp: 0x0af42864 } },
  ),
  'exhausted without sorry address: SERVFAIL with an extended error, RFC 8914 §2': loopback(async (b) => {
    b.addresses.capacity = 0;
    b.upstream.script = ONLY_AAAA;
    const found = await b.ask(EDNS_QUERY);
    assert.is(rcode(found), 2);
    assert.equal(extendedError(found), { code: 0, text: 'NAT46 address pool exhausted' });
  }),
  'exhaustion is logged once a minute': loopback(async (b) => {
    b.addresses.capacity = 0;
    b.upstream.script = ONLY_AAAA;
    for (let i = 0; i < 3; i++) await b.ask(A_QUERY);
    assert.is(b.log.lines.length, 1);
    await b.clock.advance(59_999);
    await b.ask(A_QUERY);
    assert.is(b.log.lines.length, 1);
    await b.clock.advance(1);
    await b.ask(A_QUERY);
    assert.is(b.log.lines.length, 2);
    assert.equal(b.log.fields, [{ suppressed: 0 }, { suppressed: 3 }]);
  }),
  'nearly exhausted: what could be had is answered': loopback(async (b) => {
    b.addresses.capacity = 1;
    const answers = ['2001:db8::1', '2001:db8::2'].map((address) => aaaa('www.example', address));
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
    assert.equal(
      decode(await b.ask(A_QUERY)).answers?.map((record) => record.type),
      ['A', 'AAAA', 'AAAA'],
    );
  }),
  'store down: SERVFAIL with an extended error, which the store logs; then up again': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    b.addresses.gate = Promise.reject(new Error('connection refused'));
    b.addresses.gate.catch(() => {});
    const found = await b.ask(EDNS_QUERY);
    assert.is(rcode(found), 2);
    assert.is(extendedError(found)?.code, 14);
    await b.ask(EDNS_QUERY);
    b.addresses.gate = null;
    assert.is(rcode(await b.ask(EDNS_QUERY)), 0);
    assert.is(b.log.lines.length, 0);
  }),
  'a store that hangs: SERVFAIL at the end of the budget, not 1 ms earlier': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    b.addresses.gate = new Promise(() => {});
    let settledAt = -1;
    const found = b.ask(EDNS_QUERY).then((reply) => {
      settledAt = b.clock.now();
      return reply;
    });
    await until(() => b.addresses.calls === 1);
    const startMs = b.clock.now();
    await b.clock.advance(3_999);
    assert.is(settledAt, -1);
    await b.clock.advance(1);
    assert.is(rcode(await found), 2);
    assert.is(settledAt - startMs, 4_000);
  }),
  'the same question of many at once: asked once, allocated once, each its own id and letters [81]': loopback(
    async (b) => {
      const names = ['www.example', 'WWW.EXAMPLE', 'wWw.ExAmPlE', 'www.example'];
      const held: (() => void)[] = [];
      b.upstream.script = (question) => held.push(() => ONLY_AAAA(question));
      const found = names.map((name, id) => b.ask(query({ name, id })));
      await until(() => b.counters.of('merged') === 3 && held.length === 2);
      for (const release of held) release();
      b.upstream.script = ONLY_AAAA;
      const replies = (await Promise.all(found)).map((reply) => decode(reply));
      assert.equal(
        replies.map((reply) => reply.id),
        [0, 1, 2, 3],
      );
      assert.equal(
        replies.map((reply) => reply.questions?.[0]?.name),
        names,
      );
      assert.equal([b.upstream.seen.length, b.addresses.calls], [2, 1]);
      await b.ask(A_QUERY);
      assert.is(b.upstream.seen.length, 4, 'afterwards it is asked again');
    },
  ),
});

tests('merging', {
  'into work with less than half its time left does not happen': loopback(async (b) => {
    b.upstream.script = () => {};
    const early = b.ask(A_QUERY);
    await b.upstream.questions(2);
    await b.clock.advance(2_000);
    const merged = b.ask(A_QUERY);
    await until(() => b.counters.of('merged') === 1);
    await b.clock.advance(1);
    const asked = b.upstream.seen.length;
    b.upstream.script = ONLY_AAAA;
    assert.is(rcode(await b.ask(A_QUERY)), 0, 'the first ones still wait');
    assert.ok(b.upstream.seen.length >= asked + 2);
    await silence(b);
    await Promise.all([early, merged]);
    assert.is(b.counters.of('merged'), 1);
  }),
});

tests('A records of all kinds', {
  'one in our subnet beside a usable one is taken out [68]': loopback(async (b) => {
    const answers = [a('www.example', '10.244.50.9'), a('www.example', '192.0.2.1')];
    b.upstream.script = byType({ A: { answers }, AAAA: REAL });
    assert.equal(lines(decode(await b.ask(A_QUERY)).answers), ['www.example A 300 192.0.2.1']);
    await silence(b);
  }),
  'that count as absent are the answer when AAAA fails [68]': loopback(async (b) => {
    b.upstream.script = byType({ A: { answers: [a('www.example', '127.0.0.2')] }, AAAA: { rcode: 2 } });
    const found = await b.ask(A_QUERY);
    assert.equal([rcode(found), ...lines(decode(found).answers)], [0, 'www.example A 300 127.0.0.2']);
  }),
  'a query that wants no recursion is passed on, RFC 6147 §5': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    assert.equal(decode(await b.ask(query({ name: 'www.example', flags: 0 }))).answers, []);
    assert.equal([b.asked, b.addresses.calls], [['A www.example'], 0]);
  }),
});
