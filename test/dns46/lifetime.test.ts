/** How long a reply may be used again. */
import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { lifeSec } from '../../src/dns46/lifetime.ts';
import { readMessage } from '../../src/dns46/message.ts';
import { table } from '../helpers/table.ts';
import { a, cname, ednsRecord, query, type ReplyShape, reply, soa } from './packets.ts';

const NAME = 'www.example';

table(
  'life of a reply, RFC 1035 §3.2.1, RFC 2308 §5 [80]',
  [
    {
      name: 'the smallest TTL of all sections',
      shape: { answers: [a(NAME, '192.0.2.1', 90)], additionals: [a('ns', '192.0.2.2', 30)] },
      sec: 30,
    },
    {
      name: 'not that of the OPT record',
      shape: { answers: [a(NAME, '192.0.2.1', 90)], additionals: [ednsRecord()] },
      sec: 90,
    },
    { name: 'a day at most', shape: { answers: [a(NAME, '192.0.2.1', 1e6)] }, sec: 86_400 },
    { name: 'TTL 0 is not kept', shape: { answers: [a(NAME, '192.0.2.1', 0)] }, sec: 0 },
    { name: 'NXDOMAIN: the SOA', shape: { rcode: 3, authorities: [soa('example', 60, 20)] }, sec: 20 },
    { name: 'NODATA: the SOA', shape: { authorities: [soa('example', 20, 60)] }, sec: 20 },
    {
      name: 'NODATA behind an alias: its TTL too',
      shape: { answers: [cname(NAME, 'b.example', 10)], authorities: [soa('example', 60, 60)] },
      sec: 10,
    },
    {
      name: 'an alias alone, without SOA, is no answer',
      shape: { answers: [cname(NAME, 'b.example', 10)] },
      sec: 0,
    },
    {
      name: 'an hour at most for what is not there',
      shape: { rcode: 3, authorities: [soa('example', 1e5, 1e5)] },
      sec: 3_600,
    },
    { name: 'no SOA: not kept', shape: { rcode: 3 }, sec: 0 },
    { name: 'truncated: not kept', shape: { flags: 0x0280, answers: [a(NAME, '192.0.2.1', 90)] }, sec: 0 },
    { name: 'a failure: a second, RFC 9520 §3.2', shape: { rcode: 2 }, sec: 1 },
    {
      name: 'a failure that the OPT record tells',
      shape: { additionals: [ednsRecord({ extendedRcode: 1 })] },
      sec: 1,
    },
  ] as { name: string; shape: ReplyShape; sec: number }[],
  ({ shape, sec }) => {
    const message = readMessage(reply(query({ name: NAME }), shape));
    assert.is(message && lifeSec(message), sec);
  },
);

table(
  'what is asked for counts as an answer whatever its type',
  [
    { type: 'CNAME', answers: [cname(NAME, 'b.example', 10)] },
    { type: 'ANY', answers: [a(NAME, '192.0.2.1', 10)] },
  ].map((row) => ({ ...row, name: row.type })) as { name: string; type: string; answers: Answer[] }[],
  ({ type, answers }) => {
    const message = readMessage(reply(query({ name: NAME, type }), { answers }));
    assert.is(message && lifeSec(message), 10);
  },
);
