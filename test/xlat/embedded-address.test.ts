/**
 * IPv4-embedded IPv6 addresses, RFC 6052, both ways.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { EMBEDDING_LENGTHS, EmbeddedAddress } from '../../src/xlat/embedded-address.ts';
import { mask } from '../../src/xlat/prefix-table.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';
import { words } from '../helpers/world.ts';

/** 192.0.2.33, the address of every example of the RFC. */
const EXAMPLE = 'c0000221';

/** @param text hex of the prefix */
function embedding(text: string, length: number, allowPrivate = false): EmbeddedAddress {
  return new EmbeddedAddress({ words: words(text.padEnd(32, '0')), length }, allowPrivate);
}

function v4(text: string): number {
  return words(text)[0]!;
}

function written(to: EmbeddedAddress, address: string): string | null {
  const out = new Int32Array(4).fill(-1);
  return to.write(v4(address), out, 0) ? text(out) : null;
}

function text(out: Int32Array): string {
  return Array.from(out, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

interface Example {
  name: string;
  prefix: string;
  length: number;
  address: string;
  /** The same with every bit set that is ignored. */
  noisy: string;
}

const EXAMPLES: readonly Example[] = [
  {
    name: '2001:db8::/32',
    prefix: '20010db8',
    length: 32,
    address: '20010db8 c0000221 00000000 00000000',
    noisy: '20010db8 c0000221 ffffffff ffffffff',
  },
  {
    name: '2001:db8:100::/40',
    prefix: '20010db801',
    length: 40,
    address: '20010db8 01c00002 00210000 00000000',
    noisy: '20010db8 01c00002 ff21ffff ffffffff',
  },
  {
    name: '2001:db8:122::/48',
    prefix: '20010db80122',
    length: 48,
    address: '20010db8 0122c000 00022100 00000000',
    noisy: '20010db8 0122c000 ff0221ff ffffffff',
  },
  {
    name: '2001:db8:122:300::/56',
    prefix: '20010db8012203',
    length: 56,
    address: '20010db8 012203c0 00000221 00000000',
    noisy: '20010db8 012203c0 ff000221 ffffffff',
  },
  {
    name: '2001:db8:122:344::/64',
    prefix: '20010db801220344',
    length: 64,
    address: '20010db8 01220344 00c00002 21000000',
    noisy: '20010db8 01220344 ffc00002 21ffffff',
  },
  {
    name: '2001:db8:122:344::/96',
    prefix: '20010db80122034400000000',
    length: 96,
    address: '20010db8 01220344 00000000 c0000221',
    noisy: '20010db8 01220344 00000000 c0000221',
  },
];

table('RFC 6052 §2.4 [37]: the examples, to IPv6', EXAMPLES, ({ prefix, length, address }) => {
  assert.is(written(embedding(prefix, length), EXAMPLE), text(words(address)));
});

table('RFC 6052 §2.4 [37]: the examples, to IPv4', EXAMPLES, ({ prefix, length, address }) => {
  assert.is(embedding(prefix, length).read(words(address), 0), v4(EXAMPLE));
});

table(
  'RFC 6052 §2.3 [37]: bits 64 to 71 and the suffix are ignored',
  EXAMPLES,
  ({ prefix, length, noisy }) => {
    assert.is(embedding(prefix, length).read(words(noisy), 0), v4(EXAMPLE));
  },
);

table('RFC 6052 §2.2 [37]: one bit of the prefix differs', EXAMPLES, ({ prefix, length, address }) => {
  for (let bit = 0; bit < length; bit++) {
    const other = words(address);
    other[bit >> 5]! ^= 1 << (31 - (bit & 31));
    assert.is(embedding(prefix, length).read(other, 0), 0, `bit ${bit}`);
  }
});

/** First and last address of each range, then the addresses next to it. */
const NOT_GLOBAL = [
  { name: '10.0.0.0/8, RFC 1918', in: ['0a000000', '0affffff'], out: ['09ffffff', '0b000000'] },
  { name: '100.64.0.0/10, RFC 6598', in: ['64400000', '647fffff'], out: ['643fffff', '64800000'] },
  { name: '172.16.0.0/12, RFC 1918', in: ['ac100000', 'ac1fffff'], out: ['ac0fffff', 'ac200000'] },
  { name: '192.168.0.0/16, RFC 1918', in: ['c0a80000', 'c0a8ffff'], out: ['c0a7ffff', 'c0a90000'] },
  { name: '192.0.2.0/24, RFC 5737', in: ['c0000200', 'c00002ff'], out: ['c00001ff', 'c0000300'] },
  { name: '198.51.100.0/24, RFC 5737', in: ['c6336400', 'c63364ff'], out: ['c63363ff', 'c6336500'] },
  { name: '203.0.113.0/24, RFC 5737', in: ['cb007100', 'cb0071ff'], out: ['cb0070ff', 'cb007200'] },
  { name: '198.18.0.0/15, RFC 2544', in: ['c6120000', 'c613ffff'], out: ['c611ffff', 'c6140000'] },
];
const WELL_KNOWN = '0064ff9b0000000000000000';

table('RFC 6052 §3.1 [37]: the well-known prefix, addresses that are not global', NOT_GLOBAL, (row) => {
  const strict = embedding(WELL_KNOWN, 96);
  for (const address of row.in) {
    assert.is(written(strict, address), null, address);
    assert.is(strict.read(words(WELL_KNOWN + address), 0), 0, address);
  }
  for (const address of row.out) {
    assert.is(written(strict, address), WELL_KNOWN + address);
    assert.is(strict.read(words(WELL_KNOWN + address), 0), v4(address), address);
  }
});

table('RFC 6052 §3.1 [37]: the rule lifted, and prefixes that it is not about', NOT_GLOBAL, (row) => {
  const others = [
    { prefix: WELL_KNOWN, length: 96, allowPrivate: true },
    { prefix: '0064ff9b0001', length: 48, allowPrivate: false }, // RFC 8215
    { prefix: '0064ff9b', length: 32, allowPrivate: false },
    { prefix: '0064ff9b0000000000000001', length: 96, allowPrivate: false },
  ];
  for (const { prefix, length, allowPrivate } of others) {
    const free = embedding(prefix, length, allowPrivate);
    for (const address of [...row.in, ...row.out]) {
      const made = written(free, address);
      assert.ok(made !== null, address);
      assert.is(free.read(words(made), 0), v4(address), address);
    }
  }
});

const prefixes = fc.tuple(
  fc.constantFrom(...EMBEDDING_LENGTHS),
  fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 4, maxLength: 4 }),
);

tests('properties', {
  'RFC 6052 §2.2: the six lengths': () => assert.equal([...EMBEDDING_LENGTHS], [32, 40, 48, 56, 64, 96]),
  'RFC 6052 §2.2: no other length': () => {
    for (const length of [0, 31, 33, 72, 95, 97, 128]) {
      assert.throws(() => embedding('20010db8', length), /no embedding/, `${length}`);
    }
  },
  'RFC 7915 §5.1 [38]: 0.0.0.0 in a prefix of any length is told from what has another prefix': () => {
    for (const { prefix, length, address } of EXAMPLES) {
      const to = embedding(prefix, length);
      const zero = words(written(to, '00000000')!);
      assert.is(to.read(zero, 0), 0);
      assert.is(to.isZero(zero, 0), true, prefix);
      zero[0]! ^= 1;
      assert.is(to.isZero(zero, 0), false, `${prefix}, one bit of the prefix differs`);
      assert.is(to.isZero(words(address), 0), false);
    }
  },
  'RFC 6052 §2.2 [37]: what was written is read, and byte 8 is zero behind a shorter prefix': () =>
    holds(
      fc.tuple(prefixes, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
      1000,
      ([[length, random], v4]) => {
        const prefix = Int32Array.from(random, (word, i) => word & mask(length - i * 32));
        const both = new EmbeddedAddress({ words: prefix, length }, true);
        const out = new Int32Array(6).fill(7);
        assert.ok(both.write(v4, out, 1));
        assert.is(both.read(out, 1), v4);
        assert.equal([out[0], out[5]], [7, 7], 'nothing is written beside it');
        if (length < 96) assert.is(out[3]! >>> 24, 0);
        for (let i = 0; i < 4; i++) assert.is(out[i + 1]! & mask(length - i * 32), prefix[i], `word ${i}`);
      },
    ),
});
