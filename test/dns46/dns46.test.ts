import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { Dns46, type Dns46Options, type Dns46Tuning } from '../../src/dns46/dns46.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';
import { Nat46Error } from '../../src/error.ts';
import { tests } from '../helpers/table.ts';
import { ask, askTcp, tell } from './client.ts';
import { FakeAddresses, FakeCounters, FakeLog } from './fake-parts.ts';
import { ManualClock, settled } from './manual-clock.ts';
import {
  a,
  aaaa,
  bytesOf,
  cname,
  decode,
  extendedError,
  hasFlag,
  lines,
  query,
  type ReplyShape,
  rcode,
  soa,
} from './packets.ts';
import { type Script, ScriptedUpstream } from './scripted-upstream.ts';

const TC = 0x0200;
const AD = 0x0020;
const CD = 0x0010;
const LOOPBACK = [{ address: '127.0.0.1', port: 0 }];

/** DNS46 on loopback before a scripted upstream, with fakes around it. */
class Bench {
  readonly clock = new ManualClock();
  readonly counters = new FakeCounters();
  readonly log = new FakeLog();
  readonly addresses = new FakeAddresses();
  readonly upstream: ScriptedUpstream;
  readonly dns46: Dns46;

  constructor(upstream: ScriptedUpstream, options: Partial<Dns46Options>, tuning: Partial<Dns46Tuning>) {
    this.upstream = upstream;
    const base: Dns46Options = {
      dnsListen: LOOPBACK,
      dnsUpstream: [upstream.endpoint],
      dnsAaaa: 'answer',
      maxTtlSec: 120,
      dnsRate: 0,
      sorryIp: null,
      subnet: { base: 0x0af43200, length: 24 },
      snatPool: [],
    };
    const clock = this.clock;
    this.dns46 = new Dns46({ ...base, ...options }, this.addresses, this.counters, this.log, {
      clock,
      ...tuning,
    });
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

interface Setting {
  options?: Partial<Dns46Options>;
  tuning?: Partial<Dns46Tuning>;
}

function bench(run: (bench: Bench) => Promise<void>, setting: Setting = {}) {
  return async () => {
    const upstream = await ScriptedUpstream.start();
    const made = new Bench(upstream, setting.options ?? {}, setting.tuning ?? {});
    await made.dns46.start();
    try {
      await run(made);
    } finally {
      await made.dns46.stop();
      await upstream.stop();
    }
    assert.is(made.clock.pending, 0, 'no timer is left behind');
  };
}

/** Answers by type; types that are not there get no answer at all. */
function byType(shapes: Partial<Record<string, ReplyShape>>): Script {
  return (question) => {
    const shape = shapes[question.type];
    if (shape !== undefined) question.answer(shape);
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settled();
}

/** Lets every try of an exchange run out. */
async function silence(b: Bench): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    await b.clock.advance(1200);
    await settled();
  }
}

const A_QUERY = query({ name: 'www.Example', id: 7 });
const EDNS_QUERY = query({ name: 'www.Example', id: 7, edns: 1232 });
const EMPTY: ReplyShape = { authorities: [soa('example', 90, 45)] };
const NATIVE: ReplyShape = { answers: [a('www.example', '192.0.2.1')] };
const REAL: ReplyShape = { answers: [aaaa('www.example', '2001:db8::1', 300)] };
const ONLY_AAAA = byType({ A: EMPTY, AAAA: REAL });

tests('A queries', {
  'a usable A record: the reply as it is, nothing allocated, RFC 6147 §5.1.1, checklist 64': bench(
    async (b) => {
      b.upstream.script = byType({ A: NATIVE, AAAA: REAL });
      const found = await b.ask(A_QUERY);
      assert.equal(lines(decode(found).answers), ['www.example A 300 192.0.2.1']);
      assert.equal([decode(found).id, decode(found).questions?.[0]?.name], [7, 'www.Example']);
      assert.is(b.addresses.calls, 0);
    },
  ),
  'a usable A record is answered without waiting for AAAA, checklist 64': bench(async (b) => {
    b.upstream.script = byType({ A: NATIVE });
    assert.is(decode(await b.ask(A_QUERY)).answers?.length, 1);
    await b.clock.advance(5_000);
  }),
  'only AAAA: an A record and the AAAA record, RFC 6147 §5.1.6, checklist §9': bench(async (b) => {
    b.upstream.script = ONLY_AAAA;
    const found = await b.ask(A_QUERY);
    const answers = ['www.example A 45 10.244.50.1', 'www.example AAAA 300 2001:db8::1'];
    assert.equal(lines(decode(found).answers), answers);
    assert.is(decode(found).authorities?.length, 0, 'the SOA of the negative reply is gone, checklist 73');
    assert.equal(decode(found).questions, [{ name: 'www.Example', type: 'A', class: 'IN' }]);
    assert.is(hasFlag(found, AD), false);
    assert.equal(
      b.addresses.answers,
      [{ v4: 0x0af43201, ttlSec: 45 }],
      'noted before it is sent, checklist 82',
    );
    assert.equal(b.asked, ['A www.Example', 'AAAA www.Example']);
  }),
  'TTL is at most the configured one, checklist 70': bench(
    async (b) => {
      b.upstream.script = byType({ A: {}, AAAA: REAL });
      assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', ' A 30 ');
    },
    { options: { maxTtlSec: 30 } },
  ),
  'TTL without SOA is at most 600, and that of the AAAA record, RFC 6147 §5.1.7': bench(
    async (b) => {
      b.upstream.script = byType({ A: {}, AAAA: { answers: [aaaa('www.example', '2001:db8::1', 86400)] } });
      assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', ' A 600 ');
    },
    { options: { maxTtlSec: 86400 } },
  ),
  'several AAAA: one A each, in order, checklist §9': bench(
    async (b) => {
      const answers = ['2001:db8::9', '2001:db8::1'].map((address) => aaaa('www.example', address));
      b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
      const found = lines(decode(await b.ask(A_QUERY)).answers);
      assert.equal(found, ['www.example A 45 10.244.50.1', 'www.example A 45 10.244.50.2']);
      assert.equal([...b.addresses.given.keys()], ['2001:db8::9', '2001:db8::1']);
    },
    { options: { dnsAaaa: 'omit' } },
  ),
  'NXDOMAIN of A is final, whatever AAAA says, RFC 6147 §5.1.2, checklist 65': bench(async (b) => {
    b.upstream.script = byType({ A: { rcode: 3, ...EMPTY }, AAAA: REAL });
    const found = await b.ask(A_QUERY);
    assert.equal([rcode(found), decode(found).authorities?.length], [3, 1]);
    assert.is(b.addresses.calls, 0);
  }),
  'SERVFAIL on A counts as empty, RFC 6147 §5.1.2, checklist 65': bench(async (b) => {
    b.upstream.script = byType({ A: { rcode: 2 }, AAAA: REAL });
    assert.is(lines(decode(await b.ask(A_QUERY)).answers)[0], 'www.example A 120 10.244.50.1');
  }),
  'silence on A: AAAA within the budget, RFC 6147 §5.1.3, checklist 66': bench(async (b) => {
    b.upstream.script = byType({ AAAA: REAL });
    const found = b.ask(A_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(decode(await found).answers?.length, 2);
  }),
  'silence on both: SERVFAIL with an extended error, RFC 6147 §5.1.3, checklist 66': bench(async (b) => {
    const found = b.ask(EDNS_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(rcode(await found), 2);
    assert.is(extendedError(await found)?.code, 23);
  }),
  'empty A, silence on AAAA: SERVFAIL, not a false NODATA': bench(async (b) => {
    b.upstream.script = byType({ A: EMPTY });
    const found = b.ask(A_QUERY);
    await b.upstream.questions(2);
    await silence(b);
    assert.is(rcode(await found), 2);
  }),
  'error on A and no AAAA: the error of the upstream': bench(async (b) => {
    b.upstream.script = byType({ A: { rcode: 5 }, AAAA: EMPTY });
    assert.is(rcode(await b.ask(A_QUERY)), 5);
  }),
  'neither: NODATA as it came, SOA included': bench(async (b) => {
    b.upstream.script = byType({ A: EMPTY, AAAA: EMPTY });
    const found = await b.ask(A_QUERY);
    assert.equal([rcode(found), decode(found).answers?.length, decode(found).authorities?.length], [0, 0, 1]);
  }),
  'only excluded AAAA: NODATA, nothing allocated, RFC 6147 §5.1.4, checklist 67': bench(async (b) => {
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers: [aaaa('www.example', '::ffff:192.0.2.1')] } });
    assert.equal(decode(await b.ask(A_QUERY)).answers, []);
    assert.is(b.addresses.calls, 0);
  }),
  'A inside our subnet counts as absent, checklist 68': bench(async (b) => {
    b.upstream.script = byType({ A: { answers: [a('www.example', '10.244.50.99')] }, AAAA: REAL });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '10.244.50.1');
    b.upstream.script = byType({ A: { answers: [a('www.example', '10.244.50.99')] }, AAAA: {} });
    assert.equal(decode(await b.ask(A_QUERY)).answers, []);
  }),
  'A in 127/8 yields to AAAA, but stands when there is none (blocklists), checklist 68': bench(async (b) => {
    const listed = { answers: [a('www.example', '127.0.0.2')] };
    b.upstream.script = byType({ A: listed, AAAA: REAL });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '10.244.50.1');
    b.upstream.script = byType({ A: listed, AAAA: {} });
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '127.0.0.2');
  }),
  'aliases once, A at the final name, RFC 6147 §5.1.5, checklist 69': bench(async (b) => {
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
  'DO alone is synthesized, AD cleared; DO with CD is not, RFC 6147 §5.5, checklist 75': bench(async (b) => {
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
  'exhausted: the sorry address for at most 10 s, checklist §9': bench(
    async (b) => {
      b.addresses.capacity = 0;
      b.upstream.script = ONLY_AAAA;
      assert.is(lines(decode(await b.ask(A_QUERY)).answers)[0], 'www.example A 10 10.244.40.100');
      assert.equal(b.addresses.answers, []);
      assert.is(b.counters.of('sorry'), 1);
    },
    { options: { sorryIp: 0x0af42864 } },
  ),
  'exhausted without sorry address: SERVFAIL with an extended error, RFC 8914 §2': bench(async (b) => {
    b.addresses.capacity = 0;
    b.upstream.script = ONLY_AAAA;
    const found = await b.ask(EDNS_QUERY);
    assert.is(rcode(found), 2);
    assert.equal(extendedError(found), { code: 0, text: 'NAT46 address pool exhausted' });
  }),
  'exhaustion is logged once a minute': bench(async (b) => {
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
  }),
  'nearly exhausted: what could be had is answered': bench(async (b) => {
    b.addresses.capacity = 1;
    const answers = ['2001:db8::1', '2001:db8::2'].map((address) => aaaa('www.example', address));
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
    assert.equal(
      decode(await b.ask(A_QUERY)).answers?.map((record) => record.type),
      ['A', 'AAAA', 'AAAA'],
    );
  }),
  'store down: SERVFAIL with an extended error, logged once; then up again': bench(async (b) => {
    b.upstream.script = ONLY_AAAA;
    b.addresses.gate = Promise.reject(new Error('connection refused'));
    b.addresses.gate.catch(() => {});
    const found = await b.ask(EDNS_QUERY);
    assert.is(rcode(found), 2);
    assert.is(extendedError(found)?.code, 14);
    await b.ask(EDNS_QUERY);
    b.addresses.gate = null;
    assert.is(rcode(await b.ask(EDNS_QUERY)), 0);
    assert.is(b.log.lines.length, 2);
  }),
  'a store that hangs: SERVFAIL at the end of the budget, not 1 ms earlier': bench(async (b) => {
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
  'the same question of many at once: asked once, allocated once, each its own id and letters, checklist 81':
    bench(async (b) => {
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
    }),
});

tests('what passes unchanged, checklist 63', {
  'other types, with every byte of the reply but id and letters': bench(async (b) => {
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
  'AAAA queries': bench(async (b) => {
    b.upstream.script = byType({ AAAA: REAL });
    const found = await b.ask(query({ name: 'www.example', type: 'AAAA' }));
    assert.equal(lines(decode(found).answers), ['www.example AAAA 300 2001:db8::1']);
    assert.equal(b.asked, ['AAAA www.example']);
  }),
  'unknown types and classes, RFC 3597 §3': bench(async (b) => {
    b.upstream.script = (question) => question.answer({ rcode: 4 });
    const odd = query({ name: 'www.example' });
    odd.writeUInt16BE(0xff77, odd.length - 4);
    odd.writeUInt16BE(0xfe01, odd.length - 2);
    assert.is(rcode(await b.ask(odd)), 4);
    assert.equal(b.upstream.seen[0]?.bytes.subarray(2), odd.subarray(2));
  }),
  'other opcodes, even without a question': bench(async (b) => {
    b.upstream.script = (question) => {
      const back = Buffer.from(question.bytes);
      back.writeUInt8(back.readUInt8(2) | 0x80, 2);
      question.send(back);
    };
    const status = bytesOf('0042 1000 0000 0000 0000 0000');
    assert.equal(await b.ask(status), bytesOf('0042 9000 0000 0000 0000 0000'));
  }),
  'names never mapped go upstream: local, ipv4only.arpa, checklist 77, 78': bench(async (b) => {
    b.upstream.script = ONLY_AAAA;
    for (const name of ['printer.local', 'ipv4only.arpa', '1.0.0.10.in-addr.arpa']) {
      assert.equal(decode(await b.ask(query({ name }))).answers, []);
    }
    assert.equal([b.upstream.seen.length, b.addresses.calls], [3, 0]);
  }),
  'localhost and onion are answered here, RFC 6761 §6.3, RFC 7686 §2, checklist 78': bench(async (b) => {
    const loopback = await b.ask(query({ name: 'App.localhost' }));
    assert.equal(lines(decode(loopback).answers), ['app.localhost A 10800 127.0.0.1']);
    assert.is(rcode(await b.ask(query({ name: 'x.onion' }))), 3);
    assert.is(b.upstream.seen.length, 0);
  }),
  'silence of the upstream: SERVFAIL': bench(async (b) => {
    const found = b.ask(query({ name: 'www.example', type: 'TXT' }));
    await b.upstream.questions(1);
    await silence(b);
    assert.is(rcode(await found), 2);
  }),
});

tests('sizes, checklist 74', {
  'more than 512 bytes to a client without EDNS: TC; by TCP all of it': bench(async (b) => {
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
  'a synthesized reply that outgrows the client is cut as well': bench(async (b) => {
    const answers = Array.from({ length: 15 }, (_, i) => aaaa('www.example', `2001:db8::${i + 1}`));
    b.upstream.script = byType({ A: EMPTY, AAAA: { answers } });
    assert.is(hasFlag(await b.ask(A_QUERY), TC), true);
    const [whole] = await askTcp(b.endpoint, [A_QUERY]);
    assert.is(decode(whole!).answers?.length, 23);
  }),
});

tests('messages that are no queries', {
  'malformed behind the header: FORMERR; scraps and responses: nothing': bench(async (b) => {
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
  'dns-rate: REFUSED beyond, counted, checklist 83': bench(
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
  'queries in flight: REFUSED beyond, counted': bench(
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

tests('TCP, RFC 7766', {
  'pipelined, answered in the order they are ready, §6.2.1.1': bench(async (b) => {
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
  'more than a connection may have in flight wait, none is lost': bench(
    async (b) => {
      let most = 0;
      b.upstream.script = (question) => {
        most = Math.max(most, b.counters.rows.clientQueries - b.counters.rows.clientReplies);
        question.answer();
      };
      const many = Array.from({ length: 50 }, (_, id) => query({ name: `n${id}.example`, id, type: 'TXT' }));
      assert.is((await askTcp(b.endpoint, many)).length, 50);
      assert.ok(most <= 4);
    },
    { tuning: { maxPipelined: 4 } },
  ),
  'a client that sends FIN first still gets its replies': bench(async (b) => {
    b.upstream.script = (question) => question.answer();
    assert.is((await askTcp(b.endpoint, [query({ name: 'x.example', type: 'TXT' })], true)).length, 1);
  }),
  'idle connections are closed, not 1 ms early, §6.2.3': bench(
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
  'too many connections: closed at once, counted': bench(
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
  'a zone transfer is passed on message by message, RFC 5936 §2.2': bench(async (b) => {
    b.upstream.script = (question) => {
      for (let i = 0; i < 3; i++) question.answer({ answers: [soa('example', 1, 1)] });
    };
    const asked = query({ name: 'example', type: 'AXFR', id: 5 });
    const socket = askTcp(b.endpoint, [asked]);
    assert.is(decode((await socket)[0]!).id, 5);
    await until(() => b.counters.rows.clientReplies === 3);
    await b.clock.advance(4_000);
  }),
});

tests('listeners', {
  'replies leave from the address that was asked': bench(
    async (b) => {
      b.upstream.script = byType({ A: NATIVE });
      const ports = b.dns46.listening;
      assert.equal(
        ports.map((endpoint) => endpoint.address),
        ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2', '::1', '::1'],
      );
      // A connected socket takes only what comes from the address it asked.
      for (const endpoint of [ports[0]!, ports[2]!, ports[4]!])
        assert.is(rcode(await ask(endpoint, A_QUERY)), 0);
      await b.clock.advance(5_000);
    },
    { options: { dnsListen: ['127.0.0.1', '127.0.0.2', '::1'].map((address) => ({ address, port: 0 })) } },
  ),
  'an address that cannot be bound is named, and nothing stays bound': async () => {
    const upstream = await ScriptedUpstream.start();
    const dnsListen = [...LOOPBACK, { address: '192.0.2.53', port: 53 }];
    const b = new Bench(upstream, { dnsListen }, {});
    const error = await b.dns46.start().catch((reason) => reason);
    assert.instance(error, Nat46Error);
    assert.match(error.message, '192.0.2.53:53');
    assert.equal(b.dns46.listening, []);
    const taken = new Bench(upstream, { dnsListen: [upstream.endpoint] }, {});
    assert.match((await taken.dns46.start().catch((reason) => reason)).message, 'EADDRINUSE');
    await upstream.stop();
  },
});

/** dns-packet gives TXT data as buffers; `lines` prints them so. */
function lineOf(line: string): string {
  const data = JSON.stringify([Buffer.from('hello')]);
  return line.replace('["hello"]', data);
}
