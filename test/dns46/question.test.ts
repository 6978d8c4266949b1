import * as assert from 'uvu/assert';
import {
  type AddressQuestions,
  addressQuestions,
  passKey,
  type Query,
  readQuery,
} from '../../src/dns46/question.ts';
import { table, tests } from '../helpers/table.ts';
import { bytesOf, decode, query } from './packets.ts';

const CD = 0x0010;
const RD = 0x0100;
const COOKIE = { code: 10, data: Buffer.from('0123456789abcdef', 'hex') };
const SUBNET = { code: 8, data: bytesOf('0001 18 00 c00002') };

function read(bytes: Uint8Array): Query {
  const found = readQuery(bytes);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

function pair(bytes: Uint8Array): AddressQuestions {
  const found = addressQuestions(read(bytes));
  if (found === null) throw new Error('not a synthesizable query');
  return found;
}

function edited(bytes: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  edit(copy);
  return copy;
}

const PLAIN = query({ name: 'a.example' });
const OPT = '00 0029 04d0 00000000 0000';

table(
  'messages that are no query',
  [
    { name: 'shorter than a header', bytes: PLAIN.subarray(0, 11), why: 'headless' },
    { name: 'nothing', bytes: Buffer.alloc(0), why: 'headless' },
    { name: 'a response', bytes: edited(PLAIN, (b) => b.writeUInt16BE(0x8100, 2)), why: 'response' },
    {
      name: 'a header alone',
      bytes: edited(PLAIN, (b) => b.writeUInt16BE(0, 4)).subarray(0, 12),
      why: 'malformed',
    },
    { name: 'QDCOUNT 2, RFC 9619', bytes: edited(PLAIN, (b) => b.writeUInt16BE(2, 4)), why: 'malformed' },
    {
      name: 'pointer in the question',
      bytes: bytesOf('0001 0100 0001 000000000000 c00c 0001 0001'),
      why: 'malformed',
    },
    {
      name: 'two OPT records, RFC 6891 §6.1.1',
      bytes: Buffer.concat([edited(PLAIN, (b) => b.writeUInt16BE(2, 10)), bytesOf(OPT + OPT)]),
      why: 'malformed',
    },
    {
      name: 'OPT record not at the root, RFC 6891 §6.1.2',
      bytes: Buffer.concat([edited(PLAIN, (b) => b.writeUInt16BE(1, 10)), bytesOf(`01 61 ${OPT}`)]),
      why: 'malformed',
    },
  ],
  ({ bytes, why }) => assert.is(readQuery(bytes), why),
);

table(
  'queries that are passed on unchanged [63]',
  [
    { name: 'AAAA', bytes: query({ name: 'a.example', type: 'AAAA' }) },
    { name: 'A in another class', bytes: edited(PLAIN, (b) => b.writeUInt16BE(3, b.length - 2)) },
    { name: 'opcode NOTIFY', bytes: edited(PLAIN, (b) => b.writeUInt16BE(0x2100, 2)) },
    { name: 'unknown opcode without a body', bytes: bytesOf('0001 7800 0000 0000 0000 0000') },
    {
      name: 'CD and DO, RFC 6147 §5.5 [75]',
      bytes: query({ name: 'a.example', flags: RD | CD, edns: 1232, dnssecOk: true }),
    },
    { name: 'EDNS version 1, RFC 6891 §6.1.3', bytes: query({ name: 'a.example', edns: 1232, version: 1 }) },
    { name: 'ipv4only.arpa, RFC 8880 §7.1', bytes: query({ name: 'IPv4only.ARPA' }) },
    {
      name: 'signed, RFC 8945',
      bytes: Buffer.concat([
        edited(PLAIN, (b) => b.writeUInt16BE(1, 10)),
        bytesOf('03 6b6579 00 00fa 00ff 00000000 0000'),
      ]),
    },
    {
      name: 'options that cannot be read',
      bytes: Buffer.concat([
        edited(PLAIN, (b) => b.writeUInt16BE(1, 10)),
        bytesOf('00 0029 04d0 00000000 0005 000a 0008 01'),
      ]),
    },
  ],
  ({ bytes }) => assert.is(addressQuestions(read(bytes)), null),
);

table(
  'queries that may be answered with synthetic addresses',
  [
    { name: 'plain', bytes: PLAIN },
    { name: 'DO alone', bytes: query({ name: 'a.example', edns: 1232, dnssecOk: true }) },
    { name: 'CD alone', bytes: query({ name: 'a.example', flags: RD | CD }) },
    { name: 'root', bytes: query({ name: '.' }) },
  ],
  ({ bytes }) => assert.ok(addressQuestions(read(bytes))),
);

tests('questions asked upstream', {
  'A and AAAA of the same name, letters as sent'() {
    const { a: first, aaaa } = pair(query({ name: 'A.eXample' }));
    assert.equal(decode(first).questions, [{ name: 'A.eXample', type: 'A', class: 'IN' }]);
    assert.equal(decode(aaaa).questions, [{ name: 'A.eXample', type: 'AAAA', class: 'IN' }]);
  },
  'without EDNS when the client has none'() {
    assert.is(pair(PLAIN).a.length, PLAIN.length);
  },
  'our UDP size, the flags and options of the client, but not those between neighbours (RFC 7873, RFC 7828)'() {
    const asked = query({ name: 'a.example', edns: 4096, dnssecOk: true, options: [COOKIE, SUBNET] });
    const opt = decode(pair(asked).a).additionals?.[0] as unknown as Record<string, unknown>;
    assert.is(opt.udpPayloadSize, 1232);
    assert.is(opt.flag_do, true);
    assert.equal(
      (opt.options as { code: number }[]).map((option) => option.code),
      [8],
    );
  },
  'clients that differ in case, id, size and cookie share'() {
    const one = query({ name: 'A.EXAMPLE', id: 1, edns: 512, options: [COOKIE] });
    const other = query({ name: 'a.example', id: 2, edns: 4096 });
    assert.is(pair(one).key, pair(other).key);
  },
  'clients that differ in flags, DO, EDNS, subnet option or name do not share'() {
    const keys = [
      query({ name: 'a.example' }),
      query({ name: 'a.example', flags: 0x0120 }),
      query({ name: 'a.example', edns: 1232 }),
      query({ name: 'a.example', edns: 1232, dnssecOk: true }),
      query({ name: 'a.example', edns: 1232, options: [SUBNET] }),
      query({ name: 'b.example' }),
    ].map((bytes) => pair(bytes).key);
    assert.is(new Set(keys).size, keys.length);
  },
  'passed queries share when all but id and case is the same'() {
    const key = (shape: Parameters<typeof query>[0]) => passKey(read(query(shape)));
    const base = key({ name: 'a.example', type: 'TXT' });
    assert.is(key({ name: 'A.example', type: 'TXT', id: 9 }), base);
    assert.is.not(key({ name: 'a.example', type: 'MX' }), base);
    assert.is.not(key({ name: 'a.example', type: 'TXT', edns: 1232 }), base);
    assert.is.not(key({ name: 'a.example', type: 'TXT', flags: 0 }), base);
  },
  'other opcodes never share: they may change things'() {
    const update = edited(PLAIN, (b) => b.writeUInt16BE(0x2800, 2));
    assert.is(passKey(read(update)), null);
  },
  'records in the answer section of a query keep it from being changed'() {
    const odd = Buffer.concat([
      edited(PLAIN, (b) => b.writeUInt16BE(1, 6)),
      bytesOf('c00c 0001 0001 00000000 0004 c0000201'),
    ]);
    assert.is(addressQuestions(read(odd)), null);
  },
});
