import type { Answer } from 'dns-packet';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ADDITIONAL, ANSWER, type Message, readMessage, TYPE_A, TYPE_AAAA } from '../../src/dns46/message.ts';
import { Splicer } from '../../src/dns46/splice.ts';
import { tests } from '../helpers/table.ts';
import { a, aaaa, bytesOf, cname, decode, lines, query, reply, soa } from './packets.ts';

const ASKED = query({ name: 'www.Example', type: 'AAAA' });

function read(bytes: Uint8Array): Message {
  const message = readMessage(bytes);
  if (message === null) throw new Error('unreadable');
  return message;
}

/** All records as they are, `extra` A records after the first `position` of them. */
function spliced(source: Message, position = 0, extra: readonly number[] = []): Uint8Array {
  const image = new Splicer(source);
  const owner = source.records.find((record) => record.type === TYPE_AAAA)?.owner ?? 12;
  for (const record of source.records.slice(0, position)) image.record(record);
  for (const v4 of extra) image.address(owner, v4, 60, ANSWER);
  for (const record of source.records.slice(position)) image.record(record);
  const done = image.finish(source.flags, source.question.type);
  if (done === null) throw new Error('too long');
  return done;
}

const RICH = reply(ASKED, {
  answers: [cname('www.Example', 'Host.Other.test'), aaaa('Host.Other.test', '2001:db8::1')],
  authorities: [
    { name: 'other.test', type: 'NS', class: 'IN', ttl: 60, data: 'ns1.Else.test' } as Answer,
    soa('other.test', 60, 60),
    {
      name: 'other.test',
      type: 'MX',
      class: 'IN',
      ttl: 60,
      data: { preference: 5, exchange: 'mx.other.test' },
    } as Answer,
  ],
  additionals: [a('ns1.Else.test', '192.0.2.53'), aaaa('host.other.test', '2001:db8::2')],
});

tests('splicing', {
  'nothing changed: the same bytes, case and pointers'() {
    assert.equal(Buffer.from(spliced(read(RICH))), RICH);
  },
  'records behind an insertion still mean the same, RFC 1035 §4.1.4'() {
    const before = decode(RICH);
    const after = decode(spliced(read(RICH), 1, [0x0af43201, 0x0af43202]));
    const added = ['host.other.test A 60 10.244.50.1', 'host.other.test A 60 10.244.50.2'];
    const answers = lines(before.answers);
    assert.equal(lines(after.answers), [...answers.slice(0, 1), ...added, ...answers.slice(1)]);
    assert.equal(after.authorities, before.authorities);
    assert.equal(after.additionals, before.additionals);
  },
  'an inserted record costs its 14 bytes and a pointer, the others keep their size'() {
    assert.is(spliced(read(RICH), 1, [1]).length, RICH.length + 16);
  },
  'a name whose first place was left out is written in full'() {
    const source = read(RICH);
    const image = new Splicer(source);
    for (const record of source.records.slice(2)) image.record(record);
    const after = decode(image.finish(source.flags, TYPE_A) ?? Buffer.alloc(0));
    assert.equal(after.authorities, decode(RICH).authorities);
    assert.equal(after.additionals, decode(RICH).additionals);
    assert.is(after.questions?.[0]?.type, 'A');
  },
  'types we do not know keep their bytes, even if they look like pointers, RFC 3597 §4'() {
    const rdata = 'c00c c0ff 00';
    const bytes = bytesOf(
      `1234 8180 0001 0001 0000 0000  01 61 00 001c 0001  c00c ffaa 0001 0000003c 0005 ${rdata}`,
    );
    assert.equal(Buffer.from(spliced(read(bytes), 0, [1])).subarray(-5), bytesOf(rdata));
  },
  'rdata whose names are malformed is kept as it is'() {
    const mx = bytesOf(
      `1234 8180 0001 0001 0000 0000  01 61 00 001c 0001  c00c 000f 0001 0000003c 0004 0005 c0f0`,
    );
    assert.equal(Buffer.from(spliced(read(mx))), mx);
  },
  'NAPTR replacement is a name, RFC 3403 §4.1'() {
    const naptr = '0001 0002 01 55 03 534950 00 c00c';
    const bytes = bytesOf(
      `1234 8180 0001 0001 0000 0000  01 61 00 001c 0001  c00c 0023 0001 0000003c 000d ${naptr}`,
    );
    assert.equal(Buffer.from(spliced(read(bytes))), bytes);
  },
  'a record can move to another section'() {
    const source = read(reply(ASKED, { answers: [aaaa('www.example', '2001:db8::1')] }));
    const image = new Splicer(source);
    for (const record of source.records) image.record(record, ADDITIONAL);
    const after = decode(image.finish(source.flags, TYPE_A) ?? Buffer.alloc(0));
    assert.equal([after.answers?.length, after.additionals?.length], [0, 1]);
  },
  'pointers cannot reach beyond 16 KiB: names there are written in full'() {
    const many = Array.from({ length: 700 }, (_, i) => aaaa(`h${i}.www.example`, '2001:db8::1'));
    const last = [a('far.elsewhere.test', '192.0.2.1'), a('too.far.elsewhere.test', '192.0.2.2')];
    const bytes = reply(ASKED, { answers: many, additionals: last });
    const after = decode(spliced(read(bytes), 3, [1, 2, 3, 4]));
    assert.equal(after.additionals, decode(bytes).additionals);
  },
  'a message that would exceed 64 KiB is none'() {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}`;
    const many = Array.from({ length: 1500 }, () => a(`x.${long}`, '192.0.2.1'));
    const source = read(reply(ASKED, { answers: [aaaa(long, '2001:db8::1'), ...many] }));
    const filler = Array.from({ length: 4000 }, (_, i) => i);
    const image = new Splicer(source);
    for (const v4 of filler) image.address(12, v4, 60, ANSWER);
    for (const record of source.records.slice(1)) image.record(record);
    assert.is(image.finish(source.flags, TYPE_A), null);
  },
});

const label = fc.constantFrom('a', 'B', 'www', 'Example', 'x1', 'net');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const record: fc.Arbitrary<Answer> = fc.oneof(
  name.map((owner) => aaaa(owner, '2001:db8::7', 30)),
  fc.tuple(name, name).map(([owner, target]) => cname(owner, target)),
  fc
    .tuple(name, name)
    .map(([owner, data]) => ({ name: owner, type: 'NS', class: 'IN', ttl: 9, data }) as Answer),
  name.map((owner) => soa(owner, 5, 6)),
  fc
    .tuple(name, name)
    .map(
      ([owner, exchange]) =>
        ({ name: owner, type: 'MX', class: 'IN', ttl: 9, data: { preference: 1, exchange } }) as Answer,
    ),
);
const section = fc.array(record, { maxLength: 6 });

tests('splicing, against a codec that decodes everything', {
  'whatever is inserted or left out, the rest means the same'() {
    const shape = fc.tuple(
      section,
      section,
      section,
      fc.nat(6),
      fc.nat(3),
      fc.array(fc.boolean(), { minLength: 18 }),
    );
    fc.assert(
      fc.property(shape, ([answers, authorities, additionals, position, extra, keep]) => {
        const bytes = reply(ASKED, { answers, authorities, additionals });
        const source = read(bytes);
        const image = new Splicer(source);
        const kept = source.records.filter((_, index) => keep[index] !== false);
        const before = kept.filter((each) => each.section === ANSWER).slice(0, position);
        for (const each of before) image.record(each);
        for (let i = 0; i < extra; i++) image.address(source.records[0]?.owner ?? 12, i, 1, ANSWER);
        for (const each of kept.slice(before.length)) image.record(each);
        const after = decode(image.finish(source.flags, TYPE_AAAA) ?? Buffer.alloc(0));
        const flat = [...(after.answers ?? []), ...(after.authorities ?? []), ...(after.additionals ?? [])];
        const expected = [...answers, ...authorities, ...additionals].filter(
          (_, index) => keep[index] !== false,
        );
        const own = flat.splice(before.length, extra);
        assert.is(
          own.every((each) => each.type === 'A'),
          true,
        );
        assert.equal(lines(flat), lines(expected).map(folded(flat)));
      }),
      { numRuns: 150 },
    );
  },
});

/** Compression shares names without regard to case, so case is compared nowhere but in whole-message tests. */
function folded(found: Answer[]): (line: string, index: number) => string {
  const text = lines(found);
  return (line, index) => (line.toLowerCase() === text[index]?.toLowerCase() ? (text[index] ?? line) : line);
}
