import * as assert from 'uvu/assert';
import { keyOf } from '../../src/dns46/name.ts';
import { localAnswer, neverMapped } from '../../src/dns46/special-names.ts';
import { table } from '../helpers/table.ts';

table(
  'names never mapped [77] [78]',
  [
    { name: 'localhost', never: true },
    { name: 'app.localhost', never: true },
    { name: 'printer.local', never: true },
    { name: 'abc.onion', never: true },
    { name: 'ipv4only.arpa', never: true },
    { name: '1.0.0.10.in-addr.arpa', never: true },
    { name: '8.b.d.0.1.0.0.2.ip6.arpa', never: true },
    { name: 'localhost.example', never: false },
    { name: 'notlocal', never: false },
    { name: 'home.arpa', never: false },
    { name: 'example', never: false },
  ],
  ({ name, never }) => assert.is(neverMapped(keyOf(name)), never),
);

table(
  'names answered here',
  [
    { name: 'localhost A is loopback, RFC 6761 §6.3', qname: 'localhost', type: 1, rcode: 0, answer: true },
    { name: 'below localhost, AAAA, RFC 6761 §6.3', qname: 'a.localhost', type: 28, rcode: 0, answer: true },
    {
      name: 'localhost TXT has no records, RFC 6761 §6.3',
      qname: 'localhost',
      type: 16,
      rcode: 0,
      answer: false,
    },
    { name: 'invalid does not exist, RFC 6761 §6.4', qname: 'x.invalid', type: 1, rcode: 3, answer: false },
    { name: 'onion does not exist, RFC 7686 §2', qname: 'x.onion', type: 1, rcode: 3, answer: false },
  ],
  ({ qname, type, rcode, answer }) => {
    const found = localAnswer({ key: keyOf(qname), type, klass: 1, end: 0 });
    assert.is(found?.rcode, rcode);
    assert.is(found?.answer !== null, answer);
    assert.is(found?.authority !== null, !answer, 'negative answers carry a SOA, RFC 2308 §3');
  },
);

table(
  'names asked upstream',
  [
    { name: 'local', qname: 'x.local', klass: 1 },
    { name: 'ipv4only.arpa', qname: 'ipv4only.arpa', klass: 1 },
    { name: 'localhost in another class', qname: 'localhost', klass: 3 },
  ],
  ({ qname, klass }) => assert.is(localAnswer({ key: keyOf(qname), type: 1, klass, end: 0 }), null),
);
