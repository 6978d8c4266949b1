/** Address hints of HTTPS and SVCB records, RFC 9460. */
import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { withHints } from '../../src/dns46/hints.ts';
import { table, tests } from '../helpers/table.ts';
import { byType, EMPTY, loopback, NATIVE, REAL } from './loopback.ts';
import { bytesOf, decode, hasFlag, lines, query, soa } from './packets.ts';

const ALPN = '0001 0003 02 6832';
const PORT = '0003 0002 01bb';
const V4HINT = '0004 0004 c0000201';
const ECH = '0005 0002 abcd';
const V6HINT = '0006 0010 20010db8000000000000000000000001';
const NEW_V4HINT = '0004 0004 0af43201';
const HEAD = '0001 00'; // priority 1, target: the owner

table(
  'SvcParams, RFC 9460 §2.2, §7.3, §8 [76]',
  [
    {
      name: 'hints go, the others stay',
      in: `${HEAD} ${ALPN} ${PORT} ${V4HINT} ${ECH} ${V6HINT}`,
      out: `${HEAD} ${ALPN} ${PORT} ${ECH}`,
    },
    { name: 'only ipv6hint', in: `${HEAD} ${V6HINT}`, out: HEAD },
    {
      name: 'hints are replaced, keys in order',
      in: `${HEAD} ${ALPN} ${V6HINT}`,
      add: [0x0af43201],
      out: `${HEAD} ${ALPN} ${NEW_V4HINT}`,
    },
    {
      name: 'a new hint goes between what is before and behind it',
      in: `${HEAD} ${ALPN} ${ECH} ${V6HINT}`,
      add: [0x0af43201],
      out: `${HEAD} ${ALPN} ${NEW_V4HINT} ${ECH}`,
    },
    {
      name: 'mandatory loses what is gone',
      in: `${HEAD} 0000 0006 000100040006 ${ALPN} ${V4HINT} ${V6HINT}`,
      out: `${HEAD} 0000 0002 0001 ${ALPN}`,
    },
    { name: 'mandatory goes when it is empty', in: `${HEAD} 0000 0002 0006 ${V6HINT}`, out: HEAD },
    {
      name: 'mandatory keeps a hint that is replaced',
      in: `${HEAD} 0000 0004 00040006 ${V4HINT} ${V6HINT}`,
      add: [0x0af43201],
      out: `${HEAD} 0000 0002 0004 ${NEW_V4HINT}`,
    },
    { name: 'a target of its own', in: `0001 01 61 00 ${V6HINT}`, out: '0001 01 61 00' },
    { name: 'no hints', in: `${HEAD} ${ALPN}`, out: null },
    { name: 'AliasMode', in: `0000 00 ${V6HINT}`, out: null },
    { name: 'keys out of order', in: `${HEAD} ${V6HINT} ${ALPN}`, out: null },
    { name: 'a key twice', in: `${HEAD} ${V4HINT} ${V4HINT}`, out: null },
    { name: 'a value cut short', in: `${HEAD} 0006 0010 2001`, out: null },
    { name: 'a target cut short', in: '0001 05 61', out: null },
    { name: 'nothing', in: '', out: null },
  ] as { name: string; in: string; out: string | null; add?: number[] }[],
  (row) => {
    const out = withHints(bytesOf(row.in), row.add ?? []);
    assert.equal(out === null ? null : Buffer.from(out), row.out === null ? null : bytesOf(row.out));
  },
);

const HTTPS = 65;
const rdata = bytesOf(`${HEAD} ${ALPN} ${V4HINT} ${V6HINT}`);

/** dns-packet knows no HTTPS records: they go as type 65. */
function https(name: string, ttl = 300): Answer {
  return { name, type: 'UNKNOWN_65', class: 'IN', ttl, data: rdata } as unknown as Answer;
}

function asked(dnssecOk = false): Buffer {
  const bytes = query({ name: 'www.example', type: 'TXT', ...(dnssecOk ? { edns: 1232, dnssecOk } : {}) });
  bytes.writeUInt16BE(HTTPS, 12 + 13);
  return bytes;
}

/** rdata of the first answer. */
function rdataOf(bytes: Buffer): Buffer {
  const [record] = decode(bytes).answers ?? [];
  return (record as unknown as { data: Buffer }).data;
}

const synthetic = byType({
  A: EMPTY,
  AAAA: REAL,
  UNKNOWN_65: { answers: [https('www.example')], flags: 0x00a0 },
});

tests('HTTPS queries [76]', {
  'of a name with synthetic addresses: hints stripped, AD cleared': loopback(async (b) => {
    b.upstream.script = synthetic;
    const found = await b.ask(asked());
    assert.equal(rdataOf(found), bytesOf(`${HEAD} ${ALPN}`));
    assert.is(hasFlag(found, 0x0020), false);
    assert.is(b.counters.of('hints'), 1);
  }),
  'in the additional section as well, RFC 9460 §4.2': loopback(async (b) => {
    const additionals = [https('www.example')];
    b.upstream.script = byType({ A: EMPTY, AAAA: REAL, UNKNOWN_65: { additionals } });
    const [record] = decode(await b.ask(asked())).additionals ?? [];
    assert.equal((record as unknown as { data: Buffer }).data, bytesOf(`${HEAD} ${ALPN}`));
  }),
  'a signature over what was changed goes, others stay': loopback(async (b) => {
    const signature = (covered: number): Answer => {
      const data = Buffer.concat([
        Buffer.from([0, covered]),
        Buffer.alloc(16),
        Buffer.from([0]),
        Buffer.alloc(8),
      ]);
      return { name: 'www.example', type: 'UNKNOWN_46', class: 'IN', ttl: 300, data } as unknown as Answer;
    };
    const answers = [https('www.example'), signature(HTTPS), signature(1)];
    b.upstream.script = byType({ A: EMPTY, AAAA: REAL, UNKNOWN_65: { answers } });
    const found = await b.ask(asked());
    const kept = decode(found).answers ?? [];
    const types = kept.map((record) => (record.type === 'RRSIG' ? record.data.typeCovered : record.type));
    assert.equal(types, ['UNKNOWN_65', 'A'], 'the signature over A is still there');
    assert.is(b.counters.of('hints'), 1);
  }),
  'or replaced, for no longer than the address is good for': loopback(
    async (b) => {
      b.upstream.script = synthetic;
      const found = await b.ask(asked());
      assert.equal(rdataOf(found), bytesOf(`${HEAD} ${ALPN} ${NEW_V4HINT}`));
      assert.match(lines(decode(found).answers)[0] ?? '', ' 45 ');
    },
    { options: { dnsHints: 'synthesize' } },
  ),
  'or kept': loopback(
    async (b) => {
      b.upstream.script = synthetic;
      assert.equal(rdataOf(await b.ask(asked())), rdata);
      assert.equal(b.asked, ['UNKNOWN_65 www.example']);
    },
    { options: { dnsHints: 'keep' } },
  ),
  'of a name with A records of its own: as it came': loopback(async (b) => {
    b.upstream.script = byType({ A: NATIVE, AAAA: REAL, UNKNOWN_65: { answers: [https('www.example')] } });
    assert.equal(rdataOf(await b.ask(asked())), rdata);
    assert.is(b.addresses.calls, 0);
    await b.clock.advance(5_000);
  }),
  'of a name that cannot be looked up: stripped, within the time of the client': loopback(async (b) => {
    b.upstream.script = byType({ UNKNOWN_65: { answers: [https('www.example')] } });
    const found = b.ask(asked());
    await b.upstream.questions(3);
    await b.clock.advance(4_000);
    assert.equal(rdataOf(await found), bytesOf(`${HEAD} ${ALPN}`));
  }),
  'of a name without addresses: as it came': loopback(async (b) => {
    b.upstream.script = byType({ A: EMPTY, AAAA: EMPTY, UNKNOWN_65: { answers: [https('www.example')] } });
    assert.equal(rdataOf(await b.ask(asked())), rdata);
  }),
  'without records: as it came': loopback(async (b) => {
    b.upstream.script = byType({ UNKNOWN_65: { authorities: [soa('example', 60, 60)] } });
    assert.equal(decode(await b.ask(asked())).answers, []);
  }),
  'DO and CD: as it came, RFC 6147 §5.5 [75]': loopback(async (b) => {
    b.upstream.script = synthetic;
    const strict = asked(true);
    strict.writeUInt16BE(0x0110, 2);
    assert.equal(rdataOf(await b.ask(strict)), rdata);
  }),
});
