/** Questions in random letter case: more to guess for who forges a reply. */
import * as assert from 'uvu/assert';
import { mixCase } from '../../src/dns46/mixed-case.ts';
import { tests } from '../helpers/table.ts';
import { byType, loopback, NATIVE } from './loopback.ts';
import { a, bytesOf, decode, lines, query, reply } from './packets.ts';

const UPDATE = 0x2800;
const QR = 0x8000;
const MIXED = { options: { dnsMixedCase: true }, tuning: { random: (below: number) => below - 1 } };

tests('0x20 [79]', {
  'letters change, nothing else does'() {
    const bytes = query({ name: 'ab-1.xZ' });
    mixCase(bytes, () => 1);
    assert.equal(decode(bytes).questions, [{ name: 'AB-1.Xz', type: 'A', class: 'IN' }]);
  },
  'the client gets its own letters back': loopback(async (b) => {
    b.upstream.script = byType({ A: NATIVE });
    const found = decode(await b.ask(query({ name: 'www.example' })));
    assert.is(b.upstream.seen[0]?.name, 'WWW.EXAMPLE');
    assert.is(found.questions?.[0]?.name, 'www.example');
    await b.clock.advance(5_000);
  }, MIXED),
  'a reply that lost them is asked for again over TCP': loopback(async (b) => {
    b.upstream.script = (question) => {
      if (question.type !== 'A') return;
      const plain = question.transport === 'tcp' ? question.bytes : query({ name: 'www.example', id: 0 });
      question.bytes.copy(plain, 0, 0, 2);
      const address = question.transport === 'tcp' ? '192.0.2.1' : '192.0.2.66';
      question.send(reply(plain, { answers: [a('www.example', address)] }));
    };
    const found = decode(await b.ask(query({ name: 'www.example' })));
    assert.equal(lines(found.answers), ['www.example A 300 192.0.2.1']);
    assert.is(b.counters.of('upstreamCase'), 1);
    await b.clock.advance(10_000);
  }, MIXED),
  'a signed query keeps its letters: they are signed as well, RFC 8945 §4.3.2, RFC 2931 §3.1': loopback(
    async (b) => {
      b.upstream.script = byType({ TXT: {} });
      for (const type of ['0018', '00fa']) {
        const plain = query({ name: 'www.Example', type: 'TXT' });
        const signed = Buffer.concat([plain, bytesOf(`00 ${type} 00ff 00000000 0000`)]);
        signed.writeUInt16BE(1, 10);
        await b.ask(signed);
      }
      const names = b.upstream.seen.map((question) => question.name);
      assert.equal(names, ['www.Example', 'www.Example']);
    },
    MIXED,
  ),
  'an UPDATE keeps its letters, and is sent once whatever those of the reply are, RFC 2136 §1': loopback(
    async (b) => {
      b.upstream.script = (question) => {
        const other = query({ name: 'WWW.example', id: question.bytes.readUInt16BE(0) });
        other.writeUInt16BE(UPDATE | QR, 2);
        question.send(other);
      };
      await b.ask(query({ name: 'www.Example', flags: UPDATE }));
      const seen = b.upstream.seen.map(({ transport, name }) => `${transport} ${name}`);
      assert.equal(seen, ['udp www.Example']);
      await b.clock.advance(10_000);
    },
    MIXED,
  ),
});
