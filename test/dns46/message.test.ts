import * as assert from 'uvu/assert';
import { ANSWER, AUTHORITY, readMessage, TYPE_A, viewOf } from '../../src/dns46/message.ts';
import { keyOf } from '../../src/dns46/name.ts';
import { table, tests } from '../helpers/table.ts';
import { a, bytesOf, query, reply, soa } from './packets.ts';

const QUESTION = '01 61 00 0001 0001';

table(
  'messages that are none, RFC 1035 §4.1',
  [
    { name: 'empty', hex: '' },
    { name: 'half a header', hex: '1234 0100 0001' },
    { name: 'no question', hex: '1234 0100 0000 0000 0000 0000' },
    { name: 'two questions', hex: `1234 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}` },
    { name: 'question without type', hex: '1234 0100 0001 0000 0000 0000 01 61 00 00' },
    { name: 'question is a pointer', hex: '1234 0100 0001 0000 0000 0000 c00c 0001 0001' },
    { name: 'record announced, none there', hex: `1234 0100 0001 0001 0000 0000 ${QUESTION}` },
    {
      name: 'record cut in its fixed part',
      hex: `1234 0100 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 0000`,
    },
    {
      name: 'rdata longer than the message',
      hex: `1234 0100 0001 0001 0000 0000 ${QUESTION} c00c 0001 0001 0000003c 0005 01020304`,
    },
    {
      name: 'owner is a pointer loop',
      hex: `1234 0100 0001 0001 0000 0000 ${QUESTION} c013 0001 0001 0000003c 0004 01020304`,
    },
  ],
  ({ hex }) => assert.is(readMessage(bytesOf(hex)), null),
);

tests('messages', {
  'records are found where they are'() {
    const bytes = reply(query({ name: 'a.example' }), {
      answers: [a('a.example', '192.0.2.1', 60)],
      authorities: [soa('example', 900, 30)],
    });
    const message = readMessage(bytes);
    assert.is(message?.question.key, keyOf('a.example'));
    const [first, second] = message?.records ?? [];
    assert.is(first?.section, ANSWER);
    assert.is(first?.type, TYPE_A);
    assert.is(first?.ttl, 60);
    assert.is(viewOf(bytes).getUint32(first?.rdata ?? 0), 0xc0000201);
    assert.is(second?.section, AUTHORITY);
    assert.is(second?.key, keyOf('example'));
    assert.is(second?.end, bytes.length);
  },
  'a TTL with the top bit set is 0, RFC 2181 §8'() {
    const bytes = reply(query({ name: 'a.example' }), { answers: [a('a.example', '192.0.2.1', 0x80000001)] });
    assert.is(readMessage(bytes)?.records[0]?.ttl, 0);
  },
  'bytes behind the last record are left alone'() {
    const bytes = Buffer.concat([query({ name: 'a.example' }), Buffer.from('scrap')]);
    assert.is(readMessage(bytes)?.records.length, 0);
  },
});
