/**
 * DNS46 between kdig and upstreams that misbehave: whatever they do, the client gets a true answer or SERVFAIL, within its
 * budget.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Dns46 } from '../../src/dns46/dns46.ts';
import { shim } from '../../src/tun/shim.ts';
import { FakeAddresses, FakeCounters, FakeLog } from '../dns46/fake-parts.ts';
import { dnsOptions } from '../dns46/options.ts';
import { a, aaaa, cname, reply, soa } from '../dns46/packets.ts';
import { type Dug, kdig } from '../dns46/real-upstreams.ts';
import { type Received, ScriptedUpstream } from '../dns46/scripted-upstream.ts';

const REAL = '2001:db8::1';
const EMPTY = { authorities: [soa('example', 60, 60)] };
const TC = 0x0200;

/** What a good server says: only AAAA. */
function good(question: Received): void {
  if (question.type === 'AAAA') question.answer({ answers: [aaaa(question.name, REAL)] });
  else question.answer(EMPTY);
}

/** A false address for whoever believes it. */
function lie(question: Received, edit: (bytes: Buffer) => void): void {
  const bytes = reply(question.bytes, { answers: [a(question.name, '192.0.2.66')] });
  edit(bytes);
  question.send(bytes);
}

interface Row {
  name: string;
  script: (question: Received) => void;
  /** Status, or the synthetic address by default. */
  status?: string;
  /** A counter that must have moved. */
  counts?: 'upstreamIgnored' | 'upstreamTimeout' | 'upstreamTcp' | 'upstreamMalformed' | 'servfail';
}

const ROWS: readonly Row[] = [
  {
    name: 'late: each reply after 1.5 s, when it was asked again already',
    script: (question) => void setTimeout(() => good(question), 1_500),
    counts: 'upstreamTimeout',
  },
  {
    name: 'twice each, the second one a lie',
    script: (question) => {
      good(question);
      lie(question, () => {});
    },
    counts: 'upstreamIgnored',
  },
  {
    name: 'a wrong id first',
    script: (question) => {
      lie(question, (bytes) => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0));
      good(question);
    },
    counts: 'upstreamIgnored',
  },
  {
    name: 'a wrong question first: another name, another type',
    script: (question) => {
      lie(question, (bytes) => bytes.write('evil', 13));
      lie(question, (bytes) => bytes.writeUInt16BE(16, 12 + question.name.length + 2));
      good(question);
    },
    counts: 'upstreamIgnored',
  },
  {
    name: 'a query in place of a reply first',
    script: (question) => {
      question.send(question.bytes);
      good(question);
    },
    counts: 'upstreamIgnored',
  },
  {
    name: 'truncated by UDP, whole by TCP',
    script: (question) => (question.transport === 'udp' ? question.answer({ flags: TC }) : good(question)),
    counts: 'upstreamTcp',
  },
  {
    name: 'oversized: 6,000 bytes by UDP',
    script: (question) => {
      if (question.transport === 'tcp') return good(question);
      const bytes = reply(question.bytes, EMPTY);
      return question.send(Buffer.concat([bytes, Buffer.alloc(6_000 - bytes.length)]));
    },
    counts: 'upstreamTcp',
  },
  {
    name: 'empty: a datagram of no bytes, then one of a header',
    script: (question) => {
      question.send(Buffer.alloc(0));
      question.send(question.bytes.subarray(0, 12));
      good(question);
    },
    counts: 'upstreamIgnored',
  },
  { name: 'lame: REFUSED', script: (question) => question.answer({ rcode: 5 }), status: 'REFUSED' },
  { name: 'SERVFAIL', script: (question) => question.answer({ rcode: 2 }), status: 'SERVFAIL' },
  { name: 'silence', script: () => {}, status: 'SERVFAIL', counts: 'servfail' },
  {
    name: 'pointer loops in every record',
    script: (question) => {
      const bytes = reply(question.bytes, {
        answers: [cname(question.name, 'b.example'), a('b.example', '192.0.2.66')],
      });
      const at = 12 + question.name.length + 2 + 4;
      bytes.writeUInt16BE(0xc000 | at, at); // the owner points to itself
      question.send(bytes);
    },
    status: 'SERVFAIL',
    counts: 'upstreamMalformed',
  },
  {
    name: 'a chain of aliases that closes',
    script: (question) =>
      question.answer({ answers: [cname(question.name, 'b.example'), cname('b.example', question.name)] }),
    status: 'NOERROR',
  },
  {
    name: 'more records announced than there are',
    script: (question) => lie(question, (bytes) => bytes.writeUInt16BE(9, 6)),
    status: 'SERVFAIL',
    counts: 'upstreamMalformed',
  },
];

const it = suite('DNS46 before an upstream that misbehaves [66] [74] [79]');
let upstream: ScriptedUpstream;
let dns46: Dns46;
let counters: FakeCounters;
it.before(async () => {
  upstream = await ScriptedUpstream.start();
  counters = new FakeCounters();
  const surroundings = { addresses: new FakeAddresses(), counters, log: new FakeLog(), udp: shim() };
  dns46 = new Dns46(dnsOptions({ dnsUpstream: [upstream.endpoint] }), surroundings);
  await dns46.start();
});
it.after(async () => {
  await dns46.stop();
  await upstream.stop();
});

function ask(name: string): Promise<Dug> {
  return kdig(dns46.listening[0]!, name, 'A', '+timeout=6', '+retry=0');
}

for (const [index, row] of ROWS.entries()) {
  it(row.name, async () => {
    const before = row.counts === undefined ? 0 : counters.of(row.counts);
    upstream.script = row.script;
    const begin = performance.now();
    const found = await ask(`n${index}.example`);
    assert.ok(performance.now() - begin < 5_000, 'before a stub resolver asks again');
    assert.is(found.status, row.status ?? 'NOERROR', found.text);
    if (row.status === undefined) assert.match(found.answer[0] ?? '', / A 10\.244\.50\.\d+$/, found.text);
    assert.not.match(found.text, '192.0.2.66');
    if (row.counts !== undefined) assert.ok(counters.of(row.counts) > before, row.counts);
    upstream.script = good;
    assert.match((await ask(`after${index}.example`)).answer[0] ?? '', / A 10\.244\.50\./, 'and it goes on');
  });
}
it.run();
