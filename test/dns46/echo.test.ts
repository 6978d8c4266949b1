import * as assert from 'uvu/assert';
import { echoes, keepsCase } from '../../src/dns46/echo.ts';
import { table, tests } from '../helpers/table.ts';
import { query, reply } from './packets.ts';

const ASKED = query({ name: 'www.Example', id: 0x1234 });
const REPLY = reply(ASKED);
const HEADER_ONLY = Buffer.from(REPLY.subarray(0, 12));
HEADER_ONLY.writeUInt16BE(0, 4);

function edited(bytes: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  edit(copy);
  return copy;
}

table(
  'reply belongs to the question, RFC 5452 §9.1 [79]',
  [
    { name: 'the same', bytes: REPLY, echoes: true },
    { name: 'name in other letters', bytes: reply(query({ name: 'WWW.eXAMPLE' })), echoes: true },
    { name: 'another id', bytes: edited(REPLY, (b) => b.writeUInt16BE(0x1235, 0)), echoes: false },
    { name: 'another name', bytes: reply(query({ name: 'www.example2' })), echoes: false },
    { name: 'another type', bytes: reply(query({ name: 'www.example', type: 'AAAA' })), echoes: false },
    { name: 'another class', bytes: edited(REPLY, (b) => b.writeUInt16BE(3, b.length - 2)), echoes: false },
    { name: 'not a response', bytes: ASKED, echoes: false },
    { name: 'another opcode', bytes: edited(REPLY, (b) => b.writeUInt8(0xa1, 2)), echoes: false },
    { name: 'scrap', bytes: REPLY.subarray(0, 11), echoes: false },
    { name: 'no question, NOERROR', bytes: HEADER_ONLY, echoes: false },
    {
      name: 'no question, NXDOMAIN',
      bytes: edited(HEADER_ONLY, (b) => b.writeUInt8(0x83, 3)),
      echoes: false,
    },
    { name: 'no question, REFUSED', bytes: edited(HEADER_ONLY, (b) => b.writeUInt8(0x85, 3)), echoes: true },
    { name: 'no question, FORMERR', bytes: edited(HEADER_ONLY, (b) => b.writeUInt8(0x81, 3)), echoes: true },
  ],
  (row) => assert.is(echoes(ASKED, row.bytes), row.echoes),
);

tests('letter case of the question [79]', {
  'a reply without question does not keep it'() {
    assert.is(keepsCase(ASKED, HEADER_ONLY), false);
    assert.is(keepsCase(ASKED, REPLY), true);
  },
});
