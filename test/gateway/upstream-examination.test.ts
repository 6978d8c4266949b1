/** Upstreams that answer, refuse, or are not there. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import { examineUpstreams } from '../../src/gateway/upstream-examination.ts';
import { parse } from '../config/parse-run.ts';
import { tests } from '../helpers/table.ts';

const REFUSED = 5;

/** A resolver that has one answer. */
async function resolver(rcode: number): Promise<{ socket: Socket; at: string; asked: Buffer[] }> {
  const socket = createSocket('udp4');
  const asked: Buffer[] = [];
  socket.on('message', (query, from) => {
    asked.push(query);
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

tests('upstream examination', {
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
      assert.match(found[0]?.result ?? '', /^no answer \(ECONNREFUSED\); correct --dns-upstream/);
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
  'role data asks nobody': async () => {
    assert.equal(await examineUpstreams(parse('--role data')), []);
  },
});
