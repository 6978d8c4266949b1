import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { AddressPolicy } from '../../src/dns46/exclusion.ts';
import { realAddresses } from '../../src/dns46/judgement.ts';
import { type Message, readMessage } from '../../src/dns46/message.ts';
import { type AaaaPlacement, synthesized, withoutSynthetic } from '../../src/dns46/synthesis.ts';
import { table, tests } from '../helpers/table.ts';
import {
  a,
  aaaa,
  cname,
  decode,
  ednsRecord,
  hasFlag,
  lines,
  query,
  type ReplyShape,
  reply,
  soa,
} from './packets.ts';

const POLICY = new AddressPolicy({ dnsExclude: [], subnet: { base: 0x0af43200, length: 24 }, snatPool: [] });
const AD = 0x0020;
const AA = 0x0400;

function message(shape: ReplyShape, type = 'AAAA'): Message {
  const found = readMessage(reply(query({ name: 'a.example', type, edns: 1232 }), shape));
  if (found === null) throw new Error('unreadable');
  return found;
}

function made(
  shape: ReplyShape,
  aaaaPlace: AaaaPlacement,
  addresses: readonly number[] = [0x0af43207],
): Uint8Array {
  const source = message(shape);
  const real = realAddresses(source, POLICY);
  if (real === null) throw new Error('nothing to synthesize');
  return synthesized(source, { real, addresses, ttlSec: 60, aaaa: aaaaPlace }) ?? new Uint8Array();
}

function rrsig(name: string, typeCovered: string): Answer {
  const data = {
    typeCovered,
    algorithm: 13,
    labels: 2,
    originalTTL: 300,
    expiration: 2,
    inception: 1,
    keyTag: 7,
    signersName: 'example',
    signature: Buffer.from('5167', 'hex'),
  };
  return { name, type: 'RRSIG', class: 'IN', ttl: 300, data } as Answer;
}

const CHAIN: ReplyShape = {
  flags: 0x0180 | AD | AA,
  answers: [
    cname('a.example', 'b.example'),
    cname('a.example', 'b.example'),
    rrsig('a.example', 'CNAME'),
    cname('b.example', 'C.example'),
    aaaa('c.example', '2001:db8::1'),
    rrsig('c.example', 'AAAA'),
    aaaa('c.example', '2001:db8::2'),
  ],
  authorities: [{ name: 'example', type: 'NS', class: 'IN', ttl: 60, data: 'ns.example' } as Answer],
  additionals: [a('ns.example', '192.0.2.53'), ednsRecord({ edns: 1232 })],
};
const TYPES = { chain: ['CNAME', 'RRSIG', 'CNAME'], a: ['A', 'A'], aaaa: ['AAAA', 'RRSIG', 'AAAA'] };

table(
  'original AAAA records; the other sections as they are, RFC 6147 §5.3.2 [73]',
  [
    {
      name: 'in the answer',
      place: 'answer',
      answer: [...TYPES.chain, ...TYPES.a, ...TYPES.aaaa],
      additional: ['A', 'OPT'],
    },
    {
      name: 'in additional',
      place: 'additional',
      answer: [...TYPES.chain, ...TYPES.a],
      additional: [...TYPES.aaaa, 'A', 'OPT'],
    },
    { name: 'omitted', place: 'omit', answer: [...TYPES.chain, ...TYPES.a], additional: ['A', 'OPT'] },
  ] as { name: string; place: AaaaPlacement; answer: string[]; additional: string[] }[],
  ({ place, answer, additional }) => {
    const found = decode(made(CHAIN, place, [0x0af43207, 0x0af43208]));
    assert.equal(
      found.answers?.map((record) => record.type),
      answer,
    );
    assert.equal(
      found.additionals?.map((record) => record.type),
      additional,
    );
    assert.equal(
      found.authorities?.map((record) => record.type),
      ['NS'],
    );
  },
);

tests('synthesized replies', {
  'aliases once, in order; A at the final name, RFC 6147 §5.1.5 [69]'() {
    const found = lines(decode(made(CHAIN, 'omit')).answers).filter((line) => !line.includes('RRSIG'));
    assert.equal(found, [
      'a.example CNAME 300 b.example',
      'b.example CNAME 300 C.example',
      'c.example A 60 10.244.50.7',
    ]);
  },
  'DNAME and the alias made from it stay, RFC 6672 §3.1 [69]'() {
    const answers = [
      { name: 'example', type: 'DNAME', class: 'IN', ttl: 300, data: 'other.test' } as Answer,
      cname('a.example', 'a.other.test'),
      aaaa('a.other.test', '2001:db8::1'),
    ];
    const found = decode(made({ answers }, 'answer'));
    assert.equal(lines(found.answers), [
      'example DNAME 300 other.test',
      'a.example CNAME 300 a.other.test',
      'a.other.test A 60 10.244.50.7',
      'a.other.test AAAA 300 2001:db8::1',
    ]);
  },
  'AD is cleared, RFC 6147 §5.5, and AA, RFC 1035 §4.1.1; the other flags stay [75]'() {
    const image = made(CHAIN, 'answer');
    assert.is(Buffer.from(image).readUInt16BE(2) & 0x7fff, 0x0180);
  },
  'the question is the A question'() {
    assert.equal(decode(made(CHAIN, 'answer')).questions, [{ name: 'a.example', type: 'A', class: 'IN' }]);
  },
  'records of other types and owners in the answer stay'() {
    const text = { name: 'a.example', type: 'TXT', class: 'IN', ttl: 5, data: 'x' } as Answer;
    const found = decode(made({ answers: [text, aaaa('a.example', '2001:db8::1')] }, 'omit'));
    assert.equal(
      found.answers?.map((record) => record.type),
      ['TXT', 'A'],
    );
  },
});

tests('replies without addresses', {
  'A records in our subnet are left out, the rest stays [68]'() {
    const shape = {
      answers: [cname('a.example', 'b.example'), a('b.example', '10.244.50.9')],
      authorities: [soa('example', 5, 5)],
    };
    const found = decode(withoutSynthetic(message(shape, 'A'), POLICY) ?? new Uint8Array());
    assert.equal(lines(found.answers), ['a.example CNAME 300 b.example']);
    assert.is(found.authorities?.length, 1);
  },
  "what is left is not the authority's answer: AA is cleared, RFC 1035 §4.1.1 [68]"() {
    const flags = 0x0180 | AA;
    const image = withoutSynthetic(message({ flags, answers: [a('a.example', '10.244.50.9')] }, 'A'), POLICY);
    assert.is(hasFlag(image ?? new Uint8Array(), AA), false);
  },
  'the signature of a record set of which something was left out goes too, others stay [68] [75]'() {
    const shape = {
      answers: [
        cname('a.example', 'b.example'),
        rrsig('a.example', 'CNAME'),
        a('b.example', '10.244.50.9'),
        a('b.example', '192.0.2.1'),
        rrsig('B.example', 'A'),
        rrsig('b.example', 'AAAA'),
      ],
      additionals: [a('c.example', '192.0.2.2'), rrsig('c.example', 'A'), rrsig('b.example', 'A')],
    };
    const found = decode(withoutSynthetic(message(shape, 'A'), POLICY) ?? new Uint8Array());
    const kept = [...(found.answers ?? []), ...(found.additionals ?? [])].map((record) =>
      record.type === 'RRSIG' ? `${record.name} RRSIG ${record.data.typeCovered}` : lines([record])[0],
    );
    assert.equal(kept, [
      'a.example CNAME 300 b.example',
      'a.example RRSIG CNAME',
      'b.example A 300 192.0.2.1',
      'b.example RRSIG AAAA',
      'c.example A 300 192.0.2.2',
      'c.example RRSIG A',
    ]);
  },
  'a reply without such records is not touched'() {
    const source = message({ answers: [a('a.example', '127.0.0.1')] }, 'A');
    assert.is(withoutSynthetic(source, POLICY), source.bytes);
  },
});
