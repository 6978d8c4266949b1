/** IPv4 addresses inside IPv6 addresses (RFC 6052 §2), against the table of §2.4 and a twin that writes bits as text. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { formatV6, parseV4, parseV6 } from '../../src/address.ts';
import { EMBEDDING_LENGTHS, EmbeddedAddress } from '../../src/xlat/embedded-address.ts';
import { hex } from '../helpers/hex.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';
import { words } from '../helpers/world.ts';

const V4 = parseV4('192.0.2.33')! | 0;

const wordsOf = (text: string) => words(hex(parseV6(text)!));

function textOf(four: Int32Array): string {
  const view = new DataView(new ArrayBuffer(16));
  for (const [i, word] of four.entries()) view.setInt32(i * 4, word);
  return formatV6(new Uint8Array(view.buffer));
}

function embedding(prefix: string, length: number, allowPrivate = true): EmbeddedAddress {
  return new EmbeddedAddress({ words: wordsOf(prefix), length }, allowPrivate);
}

function written(map: EmbeddedAddress, v4: number): string | null {
  const out = Int32Array.of(-1, -1, -1, -1);
  return map.write(v4, out, 0) ? textOf(out) : null;
}

const EXAMPLES = [
  { name: '/32', prefix: '2001:db8::', length: 32, v6: '2001:db8:c000:221::' },
  { name: '/40', prefix: '2001:db8:100::', length: 40, v6: '2001:db8:1c0:2:21::' },
  { name: '/48', prefix: '2001:db8:122::', length: 48, v6: '2001:db8:122:c000:2:2100::' },
  { name: '/56', prefix: '2001:db8:122:300::', length: 56, v6: '2001:db8:122:3c0:0:221::' },
  { name: '/64', prefix: '2001:db8:122:344::', length: 64, v6: '2001:db8:122:344:c0:2:2100:0' },
  { name: '/96', prefix: '2001:db8:122:344::', length: 96, v6: '2001:db8:122:344::c000:221' },
  { name: 'the well-known prefix', prefix: '64:ff9b::', length: 96, v6: '64:ff9b::c000:221' },
];

table('[37] RFC 6052 §2.4: 192.0.2.33 in', EXAMPLES, ({ prefix, length, v6 }) => {
  const map = embedding(prefix, length);
  assert.is(written(map, V4), v6);
  assert.is(map.read(wordsOf(v6), 0), V4);
});

table(
  '[37] RFC 6052 §2.2: what is not looked at when an address is read',
  [
    { name: 'bits 64 to 71, /32', prefix: '2001:db8::', length: 32, v6: '2001:db8:c000:221:ff00::' },
    {
      name: 'bits 64 to 71, /56',
      prefix: '2001:db8:122:300::',
      length: 56,
      v6: '2001:db8:122:3c0:ff00:221::',
    },
    { name: 'suffix, /32', prefix: '2001:db8::', length: 32, v6: '2001:db8:c000:221:0:1:2:3' },
    { name: 'suffix, /40', prefix: '2001:db8:100::', length: 40, v6: '2001:db8:1c0:2:21:ffff::1' },
    { name: 'suffix, /64', prefix: '2001:db8:122:344::', length: 64, v6: '2001:db8:122:344:c0:2:21ab:cdef' },
  ],
  ({ prefix, length, v6 }) => assert.is(embedding(prefix, length).read(wordsOf(v6), 0), V4),
);

table(
  '[37] RFC 6052 §2.2: addresses of another prefix',
  [
    { name: 'last bit of /32', prefix: '2001:db8::', length: 32, v6: '2001:db9:c000:221::' },
    { name: 'last bit of /40', prefix: '2001:db8:100::', length: 40, v6: '2001:db8:c0:2:21::' },
    { name: 'last bit of /56', prefix: '2001:db8:122:300::', length: 56, v6: '2001:db8:122:2c0:0:221::' },
    { name: 'last bit of /64', prefix: '2001:db8:122:344::', length: 64, v6: '2001:db8:122:345:c0:2:2100::' },
    { name: 'last bit of /96', prefix: '64:ff9b::', length: 96, v6: '64:ff9b::1:c000:221' },
    { name: 'first bit', prefix: '64:ff9b::', length: 96, v6: '8064:ff9b::c000:221' },
  ],
  ({ prefix, length, v6 }) => assert.is(embedding(prefix, length).read(wordsOf(v6), 0), 0),
);

/** First and last of each block that is not global, and their neighbours. */
const BLOCKS = [
  { name: '10/8', first: '10.0.0.0', last: '10.255.255.255', before: '9.255.255.255', after: '11.0.0.0' },
  {
    name: '172.16/12',
    first: '172.16.0.0',
    last: '172.31.255.255',
    before: '172.15.255.255',
    after: '172.32.0.0',
  },
  {
    name: '192.168/16',
    first: '192.168.0.0',
    last: '192.168.255.255',
    before: '192.167.255.255',
    after: '192.169.0.0',
  },
  {
    name: '100.64/10',
    first: '100.64.0.0',
    last: '100.127.255.255',
    before: '100.63.255.255',
    after: '100.128.0.0',
  },
];

table('[37] RFC 6052 §3.1: the well-known prefix and', BLOCKS, ({ first, last, before, after }) => {
  const global = embedding('64:ff9b::', 96, false);
  for (const text of [first, last]) {
    const v4 = parseV4(text)! | 0;
    assert.is(written(global, v4), null, `${text} is not written`);
    const there = wordsOf(`64:ff9b::${text}`);
    assert.is(global.read(there, 0), 0, `${text} is not read`);
    assert.is(embedding('64:ff9b::', 96, true).read(there, 0), v4, 'the rule may be lifted');
    assert.is.not(
      written(embedding('2001:db8:122:344::', 96, false), v4),
      null,
      'other prefixes have no rule',
    );
  }
  for (const text of [before, after]) {
    const v4 = parseV4(text)! | 0;
    assert.is(global.read(wordsOf(written(global, v4)!), 0), v4, text);
  }
});

/** The layout of RFC 6052 §2.2 with strings of bits. */
function twin(prefix: string, length: number, v4: number): string {
  let bits = '';
  for (const byte of parseV6(prefix)!) bits += byte.toString(2).padStart(8, '0');
  bits = bits.slice(0, length);
  for (const bit of (v4 >>> 0).toString(2).padStart(32, '0')) {
    if (bits.length === 64) bits += '00000000';
    bits += bit;
  }
  const bytes = bits.padEnd(128, '0').match(/.{8}/g)!;
  return formatV6(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2)));
}

tests('[37] RFC 6052 §2.2', {
  'there are six lengths': () => assert.equal([...EMBEDDING_LENGTHS], [32, 40, 48, 56, 64, 96]),
  'another length is refused': () => assert.throws(() => embedding('2001:db8::', 33), /33 bits/),
  'any address, any length: as the bits say, and back': () =>
    holds(fc.tuple(fc.constantFrom(...EXAMPLES), fc.integer()), 2000, ([{ prefix, length }, v4]) => {
      const map = embedding(prefix, length);
      const v6 = written(map, v4);
      assert.is(v6, twin(prefix, length, v4));
      assert.is(map.read(wordsOf(v6!), 0), v4);
    }),
  'written at any place of an array, and nowhere else': () => {
    const out = new Int32Array(12).fill(7);
    assert.ok(embedding('2001:db8::', 32).write(V4, out, 4));
    assert.is(textOf(out.slice(4, 8)), '2001:db8:c000:221::');
    assert.equal([...out.slice(0, 4), ...out.slice(8)], Array(8).fill(7));
  },
});
