import * as assert from 'uvu/assert';
import { localSoa } from '../../src/dns46/codec.ts';
import { udpLimit } from '../../src/dns46/edns.ts';
import { type Query, readQuery } from '../../src/dns46/question.ts';
import { failure, fitted, formatError, local } from '../../src/dns46/reply.ts';
import { table, tests } from '../helpers/table.ts';
import { a, bytesOf, decode, ednsRecord, extendedError, hasFlag, query, rcode, reply } from './packets.ts';

const TC = 0x0200;

function read(bytes: Uint8Array): Query {
  const found = readQuery(bytes);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const MANY = Array.from({ length: 40 }, (_, i) => a('a.example', `192.0.2.${i}`));

tests('replies fitted to a client', {
  'id and question as the client sent them, byte for byte; the rest untouched'() {
    const asked = query({ name: 'A.eXaMple', id: 77 });
    const upstream = reply(query({ name: 'a.example', id: 1 }), { answers: MANY.slice(0, 2) });
    const found = fitted(upstream, read(asked), 512);
    assert.equal(Buffer.from(found.subarray(12, asked.length)), asked.subarray(12));
    assert.is(decode(found).id, 77);
    assert.equal(Buffer.from(found.subarray(asked.length)), upstream.subarray(asked.length));
    assert.is(decode(upstream).id, 1, 'the reply is shared: it must not change');
  },
  'exactly the limit fits, one byte more does not [74]'() {
    const asked = query({ name: 'a.example' });
    const upstream = reply(asked, { answers: MANY });
    assert.is(hasFlag(fitted(upstream, read(asked), upstream.length), TC), false);
    assert.is(hasFlag(fitted(upstream, read(asked), upstream.length - 1), TC), true);
  },
  'cut: question and OPT only, TC set, RFC 2181 §9, RFC 6891 §7'() {
    const asked = query({ name: 'a.example', edns: 600 });
    const upstream = reply(asked, {
      answers: MANY,
      additionals: [a('x.example', '192.0.2.1'), ednsRecord()],
    });
    const found = fitted(upstream, read(asked), 600);
    const packet = decode(found);
    assert.equal([packet.answers?.length, packet.additionals?.map((each) => each.type)], [0, ['OPT']]);
    assert.is(hasFlag(found, TC), true);
    assert.ok(found.length <= 512);
  },
  'a reply that cannot be read is cut to its header'() {
    const asked = query({ name: 'a.example' });
    const found = fitted(
      Buffer.concat([reply(asked, { rcode: 0 }).subarray(0, 14), Buffer.alloc(600, 0xff)]),
      read(asked),
      512,
    );
    assert.is(found.length, 12);
  },
});

table(
  'what a client can take by UDP, RFC 6891 §6.2.5 [74]',
  [
    { name: 'no EDNS', edns: undefined, limit: 512 },
    { name: 'less than 512 counts as 512', edns: 100, limit: 512 },
    { name: '1232', edns: 1232, limit: 1232 },
    { name: '65535 is not believed', edns: 65535, limit: 1232 },
  ],
  ({ edns, limit }) => {
    const asked = query({ name: 'a.example', ...(edns === undefined ? {} : { edns }) });
    assert.is(udpLimit(read(asked).edns), limit);
  },
);

tests('replies made here', {
  'SERVFAIL with an extended error for EDNS clients, RFC 8914 §3'() {
    const asked = query({ name: 'A.example', id: 9, edns: 1232, dnssecOk: true });
    const found = failure(read(asked), 2, { code: 0, text: 'NAT46 address pool exhausted' });
    assert.is(rcode(found), 2);
    assert.equal(extendedError(found), { code: 0, text: 'NAT46 address pool exhausted' });
    const packet = decode(found);
    assert.equal(
      [packet.id, packet.questions?.[0]?.name, packet.flag_rd, packet.flag_ra],
      [9, 'A.example', true, true],
    );
    assert.is((packet.additionals?.[0] as { flag_do?: boolean } | undefined)?.flag_do, true, 'RFC 3225 §3');
  },
  'of the EDNS flags only DO is copied, RFC 3225 §3, RFC 6891 §6.1.4'() {
    const asked = query({ name: 'a.example', edns: 1232 });
    asked.writeUInt16BE(0x7fff, asked.length - 4);
    const packet = decode(failure(read(asked), 2, null));
    assert.is((packet.additionals?.[0] as { flags?: number } | undefined)?.flags, 0);
  },
  'no OPT for clients without EDNS, RFC 6891 §7'() {
    const found = failure(read(query({ name: 'a.example' })), 2, { code: 0, text: 'x' });
    assert.is(decode(found).additionals?.length, 0);
  },
  'FORMERR for a header alone'() {
    const found = formatError(bytesOf('abcd 0130 0002 0000 0000 0000 ff'));
    assert.equal(Buffer.from(found), bytesOf('abcd 8111 0000 0000 0000 0000'));
  },
  'local answers are whole messages'() {
    const soa = localSoa('onion');
    const found = local(read(query({ name: 'x.onion', edns: 1232 })), {
      rcode: 3,
      answer: null,
      authority: soa,
    });
    const packet = decode(found);
    assert.is(rcode(found), 3);
    assert.equal(
      [packet.answers?.length, packet.authorities?.[0]?.name, packet.additionals?.length],
      [0, 'onion', 1],
    );
  },
});
