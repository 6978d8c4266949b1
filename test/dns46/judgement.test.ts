import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { formatV6, parseV6 } from '../../src/address.ts';
import { AddressPolicy } from '../../src/dns46/exclusion.ts';
import { judge, negativeTtlSec, realAddresses } from '../../src/dns46/judgement.ts';
import { type Message, readMessage } from '../../src/dns46/message.ts';
import { table, tests } from '../helpers/table.ts';
import { a, aaaa, cname, ednsRecord, query, type ReplyShape, reply, soa } from './packets.ts';

const POLICY = new AddressPolicy({
  dnsExclude: [],
  subnet: { base: 0x0af43200, length: 24 },
  snatPool: [parseV6('2001:db8:5::1') ?? new Uint8Array(16)],
});

function message(shape: ReplyShape, type = 'A'): Message {
  const found = readMessage(reply(query({ name: 'a.example', type, edns: 1232 }), shape));
  if (found === null) throw new Error('unreadable');
  return found;
}

const TC = 0x0280;
const NS: Answer = { name: 'example', type: 'NS', class: 'IN', ttl: 300, data: 'ns.example' };

table(
  'meaning of the reply to the A question',
  [
    {
      name: 'an A record, RFC 6147 §5.1.1',
      shape: { answers: [a('a.example', '192.0.2.1')] },
      verdict: 'usable',
    },
    {
      name: 'behind aliases, RFC 6147 §5.1.5',
      shape: { answers: [cname('a.example', 'b.example'), a('b.example', '192.0.2.1')] },
      verdict: 'usable',
    },
    {
      name: 'one usable among unusable [64]',
      shape: { answers: [a('a.example', '127.0.0.1'), a('a.example', '192.0.2.1')] },
      verdict: 'usable',
    },
    {
      name: 'truncated but usable',
      shape: { flags: TC, answers: [a('a.example', '192.0.2.1')] },
      verdict: 'usable',
    },
    { name: 'NXDOMAIN, RFC 6147 §5.1.2', shape: { rcode: 3 }, verdict: 'nxdomain' },
    {
      name: 'NXDOMAIN behind an alias, RFC 6147 §5.1.2',
      shape: { rcode: 3, answers: [cname('a.example', 'b.example')] },
      verdict: 'nxdomain',
    },
    { name: 'empty', shape: { authorities: [soa('example', 60, 60)] }, verdict: 'absent' },
    { name: 'alias to nothing', shape: { answers: [cname('a.example', 'b.example')] }, verdict: 'absent' },
    {
      name: 'A in 127/8 [68]',
      shape: { answers: [a('a.example', '127.0.0.1')] },
      verdict: 'absent',
    },
    {
      name: 'A in our subnet [68]',
      shape: { answers: [a('a.example', '10.244.50.7')] },
      verdict: 'absent',
    },
    {
      name: 'A in additional only',
      shape: { additionals: [a('a.example', '192.0.2.1')] },
      verdict: 'absent',
    },
    {
      name: 'A of another name than the end of the chain [69]',
      shape: { answers: [cname('a.example', 'b.example'), a('c.example', '192.0.2.1')] },
      verdict: 'absent',
    },
    {
      name: 'a referral: name servers, no SOA, RFC 2308 §2.2.1',
      shape: { authorities: [NS] },
      verdict: 'referral',
    },
    {
      name: 'no data: name servers and SOA, RFC 2308 §2.2',
      shape: { authorities: [NS, soa('example', 60, 60)] },
      verdict: 'absent',
    },
    { name: 'truncated and empty', shape: { flags: TC }, verdict: 'failed' },
    { name: 'SERVFAIL [65]', shape: { rcode: 2 }, verdict: 'failed' },
    { name: 'REFUSED [65]', shape: { rcode: 5 }, verdict: 'failed' },
    {
      name: 'extended code BADVERS looks like NOERROR, RFC 6891 §6.1.3',
      shape: { additionals: [ednsRecord({ extendedRcode: 1 })] },
      verdict: 'failed',
    },
  ] as { name: string; shape: ReplyShape; verdict: string }[],
  ({ shape, verdict }) => assert.is(judge(message(shape), POLICY), verdict),
);

const NINE = Array.from({ length: 9 }, (_, i) => `2001:db8::${i + 1}`);

table(
  'real addresses of the reply to the AAAA question',
  [
    { name: 'one', shape: { answers: [aaaa('a.example', '2001:db8::1')] }, found: ['2001:db8::1'] },
    {
      name: 'several, order kept, at most 8',
      shape: { answers: NINE.map((address) => aaaa('a.example', address)) },
      found: NINE.slice(0, 8),
    },
    {
      name: 'the same twice is one',
      shape: { answers: [aaaa('a.example', '2001:db8::1'), aaaa('a.example', '2001:db8::1')] },
      found: ['2001:db8::1'],
    },
    {
      name: 'excluded ones are passed over, RFC 6147 §5.1.4',
      shape: {
        answers: ['::1', '2001:db8::2', '2001:db8:5::1'].map((address) => aaaa('a.example', address)),
      },
      found: ['2001:db8::2'],
    },
    {
      name: 'at the end of the chain, whatever the order, RFC 6147 §5.1.5',
      shape: {
        answers: [
          aaaa('C.example', '2001:db8::3'),
          cname('b.example', 'c.example'),
          cname('a.example', 'B.example'),
        ],
      },
      found: ['2001:db8::3'],
    },
    { name: 'all excluded', shape: { answers: [aaaa('a.example', '::ffff:192.0.2.1')] }, found: null },
    { name: 'of another name', shape: { answers: [aaaa('b.example', '2001:db8::1')] }, found: null },
    { name: 'in additional only', shape: { additionals: [aaaa('a.example', '2001:db8::1')] }, found: null },
    {
      name: 'chain that bites its tail',
      shape: { answers: [cname('a.example', 'b.example'), cname('b.example', 'a.example')] },
      found: null,
    },
    {
      name: 'truncated proves nothing',
      shape: { flags: TC, answers: [aaaa('a.example', '2001:db8::1')] },
      found: null,
    },
    { name: 'error', shape: { rcode: 2, answers: [aaaa('a.example', '2001:db8::1')] }, found: null },
  ] as { name: string; shape: ReplyShape; found: string[] | null }[],
  ({ shape, found }) => {
    const real = realAddresses(message(shape, 'AAAA'), POLICY);
    assert.equal(real?.addresses.map((address) => formatV6(address)) ?? null, found);
  },
);

table(
  'negative TTL, RFC 2308 §5, RFC 6147 §5.1.7 [70]',
  [
    { name: 'TTL of the SOA is smaller', authorities: [soa('example', 30, 60)], ttl: 30 },
    { name: 'MINIMUM is smaller', authorities: [soa('example', 60, 30)], ttl: 30 },
    { name: 'no SOA', authorities: [], ttl: null },
  ] as { name: string; authorities: Answer[]; ttl: number | null }[],
  ({ authorities, ttl }) => assert.is(negativeTtlSec(message({ authorities })), ttl),
);

tests('records of the wrong shape', {
  'A and AAAA records of three bytes are none'() {
    const answers = [
      { name: 'a.example', type: 'NULL', class: 'IN', ttl: 5, data: Buffer.alloc(3, 1) },
    ] as Answer[];
    for (const [type, code] of [['A', 1] as const, ['AAAA', 28] as const]) {
      const bytes = reply(query({ name: 'a.example', type }), { answers });
      bytes.writeUInt16BE(code, bytes.length - 3 - 10);
      const found = readMessage(bytes);
      if (found === null) throw new Error('unreadable');
      assert.is(judge(found, POLICY), 'absent');
      assert.is(realAddresses(found, POLICY), null);
    }
  },
});

tests('time to live', {
  'of several AAAA records the smallest, RFC 2181 §5.2'() {
    const answers = [aaaa('a.example', '2001:db8::1', 90), aaaa('a.example', '2001:db8::2', 40)];
    assert.is(realAddresses(message({ answers }, 'AAAA'), POLICY)?.ttlSec, 40);
  },
});
