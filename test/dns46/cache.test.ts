/** The cache before a scripted upstream: what is kept, for how long, and what a hit looks like. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { ReplyCache } from '../../src/dns46/cache.ts';
import { QueryKey } from '../../src/dns46/cache-key.ts';
import { table, tests } from '../helpers/table.ts';
import { tell } from './client.ts';
import {
  A_QUERY,
  byType,
  EDNS_QUERY,
  EMPTY,
  type Loopback,
  loopback,
  NATIVE,
  ONLY_AAAA,
  REAL,
} from './loopback.ts';
import { settled, until } from './manual-clock.ts';
import {
  a,
  aaaa,
  bytesOf,
  cname,
  decode,
  ednsRecord,
  extendedError,
  hasFlag,
  lines,
  query,
  rcode,
  reply,
  soa,
} from './packets.ts';
import type { Script } from './scripted-upstream.ts';

const AA = 0x0400;
const CACHE = { tuning: { cacheBytes: 1 << 20 } };
const TXT = { name: 'www.example', type: 'TXT', class: 'IN', ttl: 300, data: 'hello' } as Answer;

/** `run` with a cache. */
const cached = (run: (b: Loopback) => Promise<void>) => loopback(run, CACHE);

function failing(kind: 'SERVFAIL' | 'BADVERS' | 'silence'): Script {
  const badVersion = { ...ednsRecord(), extendedRcode: 1 } as Answer;
  return (question) => {
    if (kind === 'SERVFAIL') question.answer({ rcode: 2 });
    if (kind === 'BADVERS') question.answer({ additionals: [badVersion] });
  };
}

/** Lets a failed exchange with a silent upstream run its whole time. */
async function wait(b: Loopback, ms: number): Promise<void> {
  await settled();
  await b.clock.advance(ms);
}

tests('cache: hits', {
  'the flags of a synthesized answer are the same as those of the one that is kept, RFC 1035 §4.1.1':
    loopback(async (b) => {
      const AA_RD_RA = 0x0580;
      b.upstream.script = (question) =>
        question.answer(question.type === 'AAAA' ? { ...REAL, flags: AA_RD_RA } : EMPTY);
      const [made, kept] = [await b.ask(A_QUERY), await b.ask(A_QUERY)];
      assert.is(b.counters.of('cached'), 1);
      assert.equal([made.readUInt16BE(2), kept.readUInt16BE(2)], [0x8180, 0x8180]);
    }, CACHE),
  'the second query is answered from here: its id, its letters, TTL less the age, AA gone [80]': cached(
    async (b) => {
      b.upstream.script = byType({ A: { ...NATIVE, flags: 0x0480 } });
      assert.is(hasFlag(await b.ask(A_QUERY), AA), true);
      await b.clock.advance(100_000);
      const found = await b.ask(query({ name: 'WWW.exampLE', id: 99 }));
      assert.equal([decode(found).id, decode(found).questions?.[0]?.name], [99, 'WWW.exampLE']);
      assert.equal(lines(decode(found).answers), ['www.example A 200 192.0.2.1']);
      assert.is(hasFlag(found, AA), false);
      assert.equal([b.upstream.seen.length, b.counters.of('cached')], [2, 1]);
    },
  ),
  'a synthesized answer too: asked and allocated once, each hit keeps the mapping [82]': cached(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    await b.clock.advance(15_000);
    const found = lines(decode(await b.ask(A_QUERY)).answers);
    assert.equal(found, ['www.example A 30 10.244.50.1', 'www.example AAAA 285 2001:db8::1']);
    assert.equal([b.upstream.seen.length, b.addresses.calls], [2, 1]);
    assert.equal(b.addresses.answers.at(-1), { v4: 0x0af43201, ttlSec: 30 });
  }),
  'a mapping that is gone takes its answers with it [80]': cached(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    b.addresses.forget();
    b.addresses.given.set('2001:db8::99', 0x0af43201); // somebody else has the address now
    assert.match(lines(decode(await b.ask(A_QUERY)).answers)[0] ?? '', '10.244.50.2');
    assert.is(b.counters.of('cached'), 0);
  }),
  'life ends with the smallest TTL, not 1 s earlier, RFC 1035 §3.2.1 [80]': cached(async (b) => {
    b.upstream.script = byType({ TXT: { answers: [TXT], additionals: [a('ns.example', '192.0.2.9', 20)] } });
    const asked = query({ name: 'www.example', type: 'TXT' });
    await b.ask(asked);
    await b.clock.advance(19_999);
    await b.ask(asked);
    await until(() => b.counters.rows.upstreamReplies === 2);
    await settled();
    assert.is(b.counters.of('prefetched'), 1);
    await b.clock.advance(20_000);
    await b.ask(asked);
    assert.is(b.upstream.seen.length, 3);
  }),
  'NXDOMAIN and NODATA for the TTL of the SOA, RFC 2308 §5 [80]': cached(async (b) => {
    const soas = { authorities: [soa('example', 90, 5)] };
    b.upstream.script = byType({ A: { rcode: 3, ...soas }, TXT: soas });
    for (const asked of [A_QUERY, query({ name: 'www.example', type: 'TXT' })]) {
      const before = b.upstream.seen.length;
      await b.ask(asked);
      const after = b.upstream.seen.length;
      await b.clock.advance(4_999);
      await b.ask(asked);
      assert.is(b.upstream.seen.length, after);
      await b.clock.advance(1);
      await b.ask(asked);
      assert.ok(b.upstream.seen.length > after && after > before);
    }
  }),
  'no SOA: nobody says how long, so it is not kept, RFC 2308 §5 [80]': cached(async (b) => {
    b.upstream.script = byType({ TXT: {} });
    for (let i = 0; i < 2; i++) await b.ask(query({ name: 'www.example', type: 'TXT' }));
    assert.is(b.upstream.seen.length, 2);
  }),
  'a failure for a second, RFC 9520 §3.2 [80]': cached(async (b) => {
    b.upstream.script = byType({ TXT: { rcode: 2 } });
    const asked = query({ name: 'www.example', type: 'TXT' });
    for (let i = 0; i < 3; i++) assert.is(rcode(await b.ask(asked)), 2);
    assert.is(b.upstream.seen.length, 1);
    await b.clock.advance(1_000);
    await b.ask(asked);
    assert.is(b.upstream.seen.length, 2);
  }),
  'larger than this client can take: cut, and whole for the next one [74]': cached(async (b) => {
    const answers = Array.from({ length: 40 }, (_, i) => a('www.example', `192.0.2.${i}`));
    b.upstream.script = byType({ A: { answers, additionals: [ednsRecord()] } });
    await b.ask(query({ name: 'www.example', edns: 4096 }));
    const cut = await b.ask(query({ name: 'www.example', edns: 512 }));
    assert.equal([hasFlag(cut, 0x0200), cut.length <= 512], [true, true]);
    assert.is(decode(await b.ask(query({ name: 'www.example', edns: 4096 }))).answers?.length, 40);
    assert.is(b.upstream.seen.length, 2);
  }),
  'the cookie of a client does not go upstream, RFC 7873 §5.2': cached(async (b) => {
    b.upstream.script = (question) => question.answer({ answers: [TXT], additionals: [ednsRecord()] });
    const options = [{ code: 10, data: Buffer.from('0123456789abcdef', 'hex') }];
    await b.ask(query({ name: 'www.example', type: 'TXT', edns: 1232, options }));
    const opt = decode(b.upstream.seen[0]!.bytes).additionals?.[0] as unknown as { options: unknown[] };
    assert.equal(opt.options, []);
  }),
});

tests('cache: past its life', {
  'the upstream fails: the stale reply, TTL 30, and why, RFC 8767 §4, RFC 8914 §4.4 [80]': cached(
    async (b) => {
      b.upstream.script = byType({
        A: { ...EMPTY, additionals: [ednsRecord()] },
        AAAA: { ...REAL, additionals: [ednsRecord()] },
      });
      await b.ask(EDNS_QUERY);
      await b.clock.advance(50_000);
      b.upstream.script = (question) => question.answer({ rcode: 2 });
      const found = await b.ask(EDNS_QUERY);
      assert.equal(lines(decode(found).answers), [
        'www.example A 30 10.244.50.1',
        'www.example AAAA 30 2001:db8::1',
      ]);
      assert.is(extendedError(found)?.code, 3);
      const asked = b.upstream.seen.length;
      await b.clock.advance(29_000);
      assert.is(decode(await b.ask(EDNS_QUERY)).answers?.length, 2);
      assert.is(b.upstream.seen.length, asked, 'not asked again for 30 s, RFC 8767 §5');
      assert.is(b.counters.of('stale'), 2);
      await b.clock.advance(1_000);
      b.upstream.script = ONLY_AAAA;
      assert.match(lines(decode(await b.ask(EDNS_QUERY)).answers)[0] ?? '', ' A 45 ');
    },
  ),
  'the upstream is silent: the stale reply after 1.8 s, RFC 8767 §5 [80]': cached(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    await b.clock.advance(46_000);
    b.upstream.script = () => {};
    let answered = false;
    const found = b.ask(A_QUERY).then((bytes) => {
      answered = true;
      return bytes;
    });
    await b.upstream.questions(4);
    await b.clock.advance(1_799);
    assert.is(answered, false);
    await b.clock.advance(1);
    assert.is(decode(await found).answers?.length, 2);
    await wait(b, 5_000);
  }),
  'not when the mapping is gone: then the failure is the answer [80]': cached(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    await b.clock.advance(46_000);
    b.addresses.forget();
    b.upstream.script = (question) => question.answer({ rcode: 2 });
    assert.is(rcode(await b.ask(A_QUERY)), 2);
  }),
  'for a day, not 1 ms longer, RFC 8767 §5 [80]': cached(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    b.upstream.script = (question) => question.answer({ rcode: 2 });
    await b.clock.advance(45_000 + 86_400_000 - 1);
    assert.is(rcode(await b.ask(A_QUERY)), 0);
    await b.clock.advance(1);
    assert.is(rcode(await b.ask(A_QUERY)), 2);
  }),
});

tests('cache: prefetch', {
  'in the last tenth of a life one query fetches it again, and nobody waits': cached(async (b) => {
    b.upstream.script = byType({ TXT: { answers: [TXT] } });
    const asked = query({ name: 'www.example', type: 'TXT' });
    await b.ask(asked);
    await b.clock.advance(269_000);
    await b.ask(asked);
    assert.equal([b.upstream.seen.length, b.counters.of('prefetched')], [1, 0]);
    await b.clock.advance(1_000);
    const held: (() => void)[] = [];
    b.upstream.script = (question) => held.push(() => question.answer({ answers: [TXT] }));
    for (let i = 0; i < 3; i++) assert.match(lines(decode(await b.ask(asked)).answers)[0] ?? '', ' 30 ');
    await until(() => held.length === 1);
    held[0]!();
    await settled();
    await until(() => b.counters.rows.upstreamReplies === 2);
    assert.match(lines(decode(await b.ask(asked)).answers)[0] ?? '', ' 300 ');
    assert.equal([b.upstream.seen.length, b.counters.of('prefetched')], [2, 1]);
  }),
});

tests('cache: what a later reply may do to what is there, RFC 8767 §5 [80]', {
  ...Object.fromEntries(
    (['SERVFAIL', 'BADVERS', 'silence'] as const).map((kind) => [
      `a prefetch that ends in ${kind} leaves the reply, within its life and past it`,
      cached(async (b) => {
        b.upstream.script = byType({ TXT: { answers: [TXT], additionals: [ednsRecord()] } });
        const asked = query({ name: 'www.example', type: 'TXT', edns: 1232 });
        await b.ask(asked);
        await b.clock.advance(291_000);
        b.upstream.script = failing(kind);
        await b.ask(asked);
        await b.upstream.questions(2);
        await (kind === 'silence' ? wait(b, 4_000) : until(() => b.counters.rows.upstreamReplies === 2));
        await settled();
        assert.is(decode(await b.ask(asked)).answers?.length, 1, 'fresh');
        await b.clock.advance(20_000);
        const found = await b.ask(asked);
        assert.equal([rcode(found), decode(found).answers?.length], [0, 1], 'stale');
        assert.is(b.counters.of('stale'), 1);
      }),
    ]),
  ),
  'a newer reply that may not be kept ends the older one': cached(async (b) => {
    b.upstream.script = byType({ TXT: { answers: [TXT] } });
    const asked = query({ name: 'www.example', type: 'TXT' });
    await b.ask(asked);
    await b.clock.advance(301_000);
    b.upstream.script = byType({ TXT: { answers: [{ ...TXT, ttl: 0 } as Answer] } });
    await b.ask(asked);
    b.upstream.script = failing('SERVFAIL');
    assert.is(rcode(await b.ask(asked)), 2);
    assert.is(b.counters.of('stale'), 0);
  }),
  'BADVERS is a failure: the stale reply serves, RFC 6891 §6.1.3': cached(async (b) => {
    b.upstream.script = byType({ TXT: { answers: [TXT], additionals: [ednsRecord()] } });
    const asked = query({ name: 'www.example', type: 'TXT', edns: 1232 });
    await b.ask(asked);
    await b.clock.advance(301_000);
    b.upstream.script = failing('BADVERS');
    assert.is(decode(await b.ask(asked)).answers?.length, 1);
    assert.is(b.counters.of('stale'), 1);
  }),
});

table(
  'cache: queries that have no key',
  [
    { name: 'a response', bytes: bytesOf('0001 8100 0001 0000 0000 0000 00 0001 0001') },
    { name: 'another opcode', bytes: bytesOf('0001 2100 0001 0000 0000 0000 00 0001 0001') },
    { name: 'another class', bytes: bytesOf('0001 0100 0001 0000 0000 0000 00 0001 0003') },
    { name: 'ANY', bytes: query({ name: 'a.example', type: 'ANY' }) },
    { name: 'AXFR', bytes: query({ name: 'a.example', type: 'AXFR' }) },
    { name: 'bytes behind the question', bytes: bytesOf('0001 0100 0001 0000 0000 0000 00 0001 0001 00') },
    {
      name: 'bytes behind the OPT record',
      bytes: Buffer.concat([query({ name: 'a.example', edns: 1232 }), Buffer.alloc(1)]),
    },
    { name: 'no question', bytes: bytesOf('0001 0100 0000 0000 0000 0000') },
    { name: 'a label cut short', bytes: bytesOf('0001 0100 0001 0000 0000 0000 05 61') },
    { name: 'a type cut short', bytes: bytesOf('0001 0100 0001 0000 0000 0000 00 0001') },
    { name: 'a pointer', bytes: bytesOf('0001 0100 0001 0000 0000 0000 c00c 0001 0001') },
    { name: 'EDNS version 1', bytes: query({ name: 'a.example', edns: 1232, version: 1 }) },
    {
      name: 'a subnet option, RFC 7871',
      bytes: query({
        name: 'a.example',
        edns: 1232,
        options: [{ code: 8, data: bytesOf('0001 18 00 c00002') }],
      }),
    },
  ],
  ({ bytes }) => assert.is(new QueryKey().read(bytes), null),
);

tests('cache: keys', {
  'equal for queries that differ in id, letters, size and cookie, different for any other'() {
    const keys = new QueryKey();
    const cookie = { code: 10, data: Buffer.alloc(8) };
    const read = (shape: Parameters<typeof query>[0]) => keys.read(query(shape));
    const base = read({ name: 'a.example', edns: 1232, id: 1 });
    assert.is(read({ name: 'A.Example', edns: 512, id: 2, options: [cookie] }), base);
    const others = [
      read({ name: 'a.example' }),
      read({ name: 'b.example', edns: 1232 }),
      read({ name: 'a.example', edns: 1232, type: 'TXT' }),
      read({ name: 'a.example', edns: 1232, dnssecOk: true }),
      ...[0x0000, 0x0120, 0x0110].map((flags) => read({ name: 'a.example', edns: 1232, flags })),
      read({ name: 'a.b.example', edns: 1232 }),
    ];
    assert.is(new Set([base, ...others]).size, others.length + 1);
    assert.not(others.includes(null));
  },
  'the size that a client can take comes along [74]'() {
    const keys = new QueryKey();
    const sizes = [undefined, 100, 1232, 9000].map((edns) => {
      keys.read(query({ name: 'a.example', ...(edns === undefined ? {} : { edns }) }));
      return keys.udpLimit;
    });
    assert.equal(sizes, [512, 512, 1232, 1232]);
  },
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use by objects and buffers, not counting what the allocator needs for the latter. */
function inUse(): number {
  for (let i = 0; i < 3; i++) collect(); // buffers are freed behind the collector, until its next run
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const BOUND = 8 << 20;
const addresses = (count: number) =>
  Array.from({ length: count }, (_, v4) => ({ v4, v6: new Uint8Array(16) }));

table(
  'cache: a full one uses the memory that it may, and not much less [80]',
  [
    { name: 'denials', shape: { rcode: 3 }, synthetic: 0 },
    { name: 'one address', shape: { answers: [a('www.example', '192.0.2.1')] }, synthetic: 0 },
    { name: 'synthetic addresses', shape: { answers: [a('www.example', '10.2.2.1')] }, synthetic: 4 },
    {
      name: 'many records',
      shape: { answers: Array.from({ length: 30 }, (_, i) => a('www.example', `192.0.2.${i}`)) },
      synthetic: 0,
    },
  ],
  ({ shape, synthetic }) => {
    const image = reply(query({ name: 'www.example' }), shape);
    const before = inUse();
    const cache = new ReplyCache(BOUND, { answered: () => true, removals: 0 });
    for (let i = 0; i < 20_000; i++) cache.keep(`key of ${i}`, image, i + 0.5, 60, addresses(synthetic));
    const used = inUse() - before;
    assert.is(cache.fresh('key of 0', 0), undefined, 'full');
    assert.ok(used < BOUND && used > 0.6 * BOUND, `${used} bytes of ${BOUND}`);
  },
);

tests('cache: memory', {
  'stays below its bound, the least recently used goes first [80]'() {
    const cache = new ReplyCache(50_000, { answered: () => true, removals: 0 });
    for (let i = 0; i < 1_000; i++) {
      const image = reply(query({ name: `n${i}.example` }), { answers: [a(`n${i}.example`, '192.0.2.1')] });
      cache.keep(`n${i}`, image, 0, 60, []);
      cache.fresh('n0', 0);
    }
    assert.ok(cache.size > 50 && cache.size < 75, `${cache.size} replies`);
    assert.ok(cache.fresh('n0', 0) && cache.fresh('n999', 0));
    assert.is(cache.fresh('n500', 0), undefined);
  },
  'synthetic addresses are counted [80]'() {
    const kept = (synthetic: { v4: number; v6: Uint8Array }[]) => {
      const cache = new ReplyCache(50_000, { answered: () => true, removals: 0 });
      const image = reply(query({ name: 'n.example' }), { answers: [a('n.example', '192.0.2.1')] });
      for (let i = 0; i < 200; i++) cache.keep(`n${i}`, image, 0, 60, synthetic);
      return cache.size;
    };
    assert.ok(kept(addresses(8)) < kept([]) / 3, `${kept(addresses(8))} of ${kept([])}`);
  },
  'an upstream that answers nonsense leaves nothing behind': cached(async (b) => {
    const noise: Script = (question) =>
      question.send(Buffer.concat([question.bytes.subarray(0, 2), Buffer.alloc(9)]));
    b.upstream.script = noise;
    await tell(b.endpoint, query({ name: 'www.example', type: 'TXT' }));
    await until(() => b.counters.of('upstreamIgnored') === 1);
    await wait(b, 5_000);
    b.upstream.script = byType({
      TXT: { answers: [cname('www.example', 'x.example'), aaaa('x.example', '2001:db8::1')] },
    });
    assert.is(rcode(await b.ask(query({ name: 'www.example', type: 'TXT' }))), 0);
  }),
});
