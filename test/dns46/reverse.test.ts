/** Reverse names of synthetic addresses, RFC 6147 §5.3.1 mirrored. */
import type { Answer } from 'dns-packet';
import * as assert from 'uvu/assert';
import { table, tests } from '../helpers/table.ts';
import { A_QUERY, byType, loopback, ONLY_AAAA } from './loopback.ts';
import { decode, lines, query, rcode, soa } from './packets.ts';

const REVERSE = '1.50.244.10.in-addr.arpa';
const REAL_REVERSE = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
const POINTER = { name: REAL_REVERSE, type: 'PTR', class: 'IN', ttl: 300, data: 'www.example' } as Answer;

tests('PTR of a synthetic address [72]', {
  'mapped: an alias to the reverse name of the real address, and its records': loopback(async (b) => {
    b.upstream.script = ONLY_AAAA;
    await b.ask(A_QUERY);
    b.upstream.script = byType({ PTR: { answers: [POINTER] } });
    const found = decode(await b.ask(query({ name: '1.50.244.10.IN-addr.arpa', type: 'PTR' })));
    assert.equal(lines(found.answers), [
      `${REVERSE} CNAME 60 ${REAL_REVERSE}`,
      `${REAL_REVERSE} PTR 300 www.example`,
    ]);
    assert.equal(found.questions, [{ name: '1.50.244.10.IN-addr.arpa', type: 'PTR', class: 'IN' }]);
    assert.is(b.upstream.seen.at(-1)?.name, REAL_REVERSE);
    assert.is(b.counters.of('reverse'), 1);
  }),
  'mapped, but the real address has no name: NXDOMAIN behind the alias, RFC 2308 §2.1': loopback(
    async (b) => {
      b.upstream.script = ONLY_AAAA;
      await b.ask(A_QUERY);
      b.upstream.script = byType({ PTR: { rcode: 3, authorities: [soa('ip6.arpa', 60, 60)] } });
      const found = await b.ask(query({ name: REVERSE, type: 'PTR' }));
      assert.equal(
        [rcode(found), decode(found).answers?.length, decode(found).authorities?.length],
        [3, 1, 1],
      );
    },
  ),
  'unmapped: NXDOMAIN with a SOA, nobody is asked': loopback(async (b) => {
    const found = await b.ask(query({ name: REVERSE, type: 'PTR' }));
    assert.equal([rcode(found), b.upstream.seen.length], [3, 0]);
    assert.match(lines(decode(found).authorities)[0] ?? '', /^50\.244\.10\.in-addr\.arpa SOA 5 /);
  }),
});

table(
  'reverse names that pass [72]',
  [
    { name: 'of another subnet', qname: '1.51.244.10.in-addr.arpa' },
    { name: 'of a part of the subnet', qname: '50.244.10.in-addr.arpa' },
    { name: 'below an address', qname: 'x.1.50.244.10.in-addr.arpa' },
    { name: 'no decimal number', qname: '01.50.244.10.in-addr.arpa' },
    { name: 'more than a byte, though the sum lies in the subnet', qname: '257.49.244.10.in-addr.arpa' },
    { name: 'IPv6', qname: REAL_REVERSE },
  ],
  async ({ qname }) => {
    await loopback(async (b) => {
      b.upstream.script = byType({ PTR: { rcode: 3 } });
      assert.is(rcode(await b.ask(query({ name: qname, type: 'PTR' }))), 3);
      assert.is(b.upstream.seen[0]?.name, qname);
    })();
  },
);
