/** Addresses as text. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatV6, parseV6 } from '../src/address.ts';
import { table } from './helpers/table.ts';

const BYTES = 16;

table(
  'IPv6 address as text, RFC 5952 §4',
  [
    {
      name: '§4.1: no leading zeros',
      in: '2001:0db8:0001:0002:0003:0004:0005:0006',
      out: '2001:db8:1:2:3:4:5:6',
    },
    { name: '§4.2.1: as short as possible', in: '2001:db8:0:0:0:0:2:1', out: '2001:db8::2:1' },
    { name: '§4.2.2: one group of zeros stays', in: '2001:db8:0:1:1:1:1:1', out: '2001:db8:0:1:1:1:1:1' },
    { name: '§4.2.3: the longest run', in: '2001:0:0:1:0:0:0:1', out: '2001:0:0:1::1' },
    { name: '§4.2.3: the first of two equal runs', in: '2001:db8:0:0:1:0:0:1', out: '2001:db8::1:0:0:1' },
    { name: '§4.3: small letters', in: '2001:DB8:ABCD:EF01:2:3:4:5', out: '2001:db8:abcd:ef01:2:3:4:5' },
    { name: 'a run at the start', in: '0:0:0:0:0:ffff:c000:201', out: '::ffff:c000:201' },
    { name: 'a run at the end', in: '2001:db8:0:0:0:0:0:0', out: '2001:db8::' },
    { name: 'zeros alone', in: '0:0:0:0:0:0:0:0', out: '::' },
    { name: 'no zeros', in: '1:2:3:4:5:6:7:8', out: '1:2:3:4:5:6:7:8' },
  ],
  (row) => assert.is(formatV6(parseV6(row.in) ?? new Uint8Array(BYTES)), row.out),
);

const twin = suite('IPv6 address as text: the library says the same');
twin('any bytes, wherever they lie', () => {
  const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(0xff)); // zeros are what is hard
  fc.assert(
    fc.property(fc.array(byte, { minLength: BYTES, maxLength: BYTES }), fc.nat(7), (bytes, at) => {
      const lying = Uint8Array.from([...new Array(at).fill(0xee), ...bytes, 0xee]);
      assert.is(formatV6(lying, at), new ipaddr.IPv6(bytes).toRFC5952String());
    }),
    { numRuns: 2000 },
  );
});
twin.run();
