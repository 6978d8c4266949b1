/** Upstreams that answer, refuse, or are not there. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { HEADER_LENGTH } from '../../src/dns46/message.ts';
import { examineUpstreams } from '../../src/gateway/upstream-examination.ts';
import { parse } from '../config/parse-run.ts';
import { tests } from '../helpers/table.ts';

const REFUSED = 5;

/** A resolver that has one answer. @param answers which question it answers */
async function resolver(
  rcode: number,
  answers = (_name: string, _type: number): boolean => true,
): Promise<{ socket: Socket; at: string; asked: Buffer[] }> {
  const socket = createSocket('udp4');
  const asked: Buffer[] = [];
  socket.on('message', (query, from) => {
    asked.push(query);
    const name = query.subarray(HEADER_LENGTH, -4).toString('latin1');
    if (!answers(name, query.readUInt16BE(query.length - 4))) return;
    const reply = Buffer.from(query);
    reply.writeUInt16BE(0x8180 | rcode, 2);
    socket.send(reply, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, at: `127.0.0.1:${socket.address().port}`, asked };
}

/** Nobody is there. */
const CLOSED = '127.0.0.1:1';

const A = 1;
const SOA = 6;

tests('upstream examination', {
  'one that does not answer for the root, and refuses the second question, answers': async () => {
    const { socket, at, asked } = await resolver(REFUSED, (_, type) => type === A);
    try {
      const [row] = await examineUpstreams(parse(`--dns-upstream ${at}`));
      assert.is(row?.result, 'ok');
      assert.is(asked.length, 2);
    } finally {
      socket.close();
    }
  },
  'a response code that nobody knows is an answer': async () => {
    const { socket, at } = await resolver(15);
    try {
      assert.is((await examineUpstreams(parse(`--dns-upstream ${at}`)))[0]?.result, 'ok');
    } finally {
      socket.close();
    }
  },
  'the server of a zone is asked for its SOA': async () => {
    const { socket, at, asked } = await resolver(0, (_, type) => type === SOA);
    try {
      const found = await examineUpstreams(parse(`--dns-upstream ${CLOSED} --dns-zone corp.example=${at}`));
      assert.is(found[1]?.result, 'ok');
      assert.is(asked[0]?.subarray(HEADER_LENGTH, -4).toString('latin1'), '\x04corp\x07example\x00');
    } finally {
      socket.close();
    }
  },
  'silence: what was asked is named': async () => {
    const { socket, at } = await resolver(0, () => false);
    try {
      const [row] = await examineUpstreams(parse(`--dns-upstream ${at}`));
      assert.match(
        row?.result ?? '',
        /^no answer to NS\? \. and A\? localhost\. \(none within 3 s\); correct/,
      );
    } finally {
      socket.close();
    }
  },
  'one query each; a refusal is an answer; one that is not there is no obstacle beside it': async () => {
    const { socket, at, asked } = await resolver(REFUSED);
    try {
      const flags = `--dns-upstream ${CLOSED} --dns-upstream ${at} --dns-zone corp.example=${CLOSED}`;
      const found = await examineUpstreams(parse(flags));
      assert.equal(
        found.map(({ check, of, isObstacle }) => [check, of, isObstacle]),
        [
          ['dns upstream', CLOSED, false],
          ['dns upstream', at, false],
          ['dns zone corp.example', CLOSED, true],
        ],
      );
      assert.match(found[0]?.result ?? '', /^no answer to NS\? \. \(ECONNREFUSED\); correct --dns-upstream/);
      assert.is(found[1]?.result, 'ok');
      assert.is(asked.length, 1);
    } finally {
      socket.close();
    }
  },
  'nobody answers: an obstacle': async () => {
    const [row] = await examineUpstreams(parse(`--dns-upstream ${CLOSED}`));
    assert.is(row?.isObstacle, true);
  },
  'nobody could be asked': async () => {
    const everybody = { address: '255.255.255.255', port: 53 }; // refused to sockets that are not for broadcasts
    const [row] = await examineUpstreams({ ...parse(''), dnsUpstream: [everybody] });
    assert.match(row?.result ?? '', /^cannot be asked \((EACCES|ENETUNREACH)\); correct --dns-upstream/);
  },
  'role data asks nobody': async () => {
    assert.equal(await examineUpstreams(parse('--role data')), []);
  },
});
