/**
 * Longest-prefix lookup against a slow twin: look at every prefix, keep the longest.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { mask, NO_PREFIX, type Prefix, PrefixTable } from '../../src/xlat/prefix-table.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';
import { words } from '../helpers/world.ts';

function prefix(text: string): Prefix {
  const [address = '', length = ''] = text.split('/');
  return { words: words(address.padEnd(32, '0')), length: Number(length) };
}

/** Bit by bit, and every prefix of the list. */
function slowLookup(prefixes: readonly Prefix[], address: Int32Array): number {
  let best = NO_PREFIX;
  for (const [number, { words: network, length }] of prefixes.entries()) {
    let same = 0;
    while (same < length && bit(network, same) === bit(address, same)) same++;
    if (same === length && (best === NO_PREFIX || length > prefixes[best]!.length)) best = number;
  }
  return best;
}

function bit(address: Int32Array, index: number): number {
  return (address[index >> 5]! >>> (31 - (index & 31))) & 1;
}

const NESTED = ['0a/8', '0a00/16', '0a000105/32', '0a0001/24', '/0', '80/1'];

table(
  'RFC 7757 §3.3 [36]: the longest prefix',
  [
    { name: 'of one address', address: '0a000105', want: '0a000105/32' },
    { name: 'next to it', address: '0a000106', want: '0a0001/24' },
    { name: 'before it', address: '0a000104', want: '0a0001/24' },
    { name: 'the last of a /24', address: '0a0001ff', want: '0a0001/24' },
    { name: 'behind it', address: '0a000200', want: '0a00/16' },
    { name: 'behind the /16', address: '0a010000', want: '0a/8' },
    { name: 'behind the /8', address: '0b000000', want: '/0' },
    { name: 'before the /8', address: '09ffffff', want: '/0' },
    { name: 'the first of a /1', address: '80000000', want: '80/1' },
    { name: 'the last of all', address: 'ffffffff', want: '80/1' },
    { name: 'the first of all', address: '00000000', want: '/0' },
  ],
  ({ address, want }) => {
    const found = new PrefixTable(NESTED.map(prefix)).lookup(words(address.padEnd(32, '0')), 0);
    assert.is(NESTED[found], want);
  },
);

table(
  'the first bits of a word',
  [
    { name: 'below none', bits: -5, want: 0 },
    { name: 'none', bits: 0, want: 0 },
    { name: '1', bits: 1, want: 0x80000000 | 0 },
    { name: '31', bits: 31, want: -2 },
    { name: 'all', bits: 32, want: -1 },
    { name: 'more than all', bits: 96, want: -1 },
  ],
  ({ bits, want }) => assert.is(mask(bits), want),
);

/** Few values, so that prefixes nest and addresses hit them. */
const word = fc.constantFrom(0, -1, 1, 0x20010db8, 0x20010db9, -0x80000000, 0x7fffffff, 0x0a000100);
const address = fc.array(word, { minLength: 4, maxLength: 4 }).map((list) => Int32Array.from(list));
const prefixes = fc
  .array(fc.tuple(address, fc.nat(128)), { maxLength: 40 })
  .map((list) => list.map(([bits, length]) => cut(bits, length)))
  .map((list) => [...new Map(list.map((row) => [`${row.words}/${row.length}`, row])).values()]);

function cut(bits: Int32Array, length: number): Prefix {
  return { words: bits.map((value, i) => value & mask(length - i * 32)), length };
}

tests('properties', {
  'equals its slow twin': () =>
    holds(
      fc.tuple(prefixes, fc.array(address, { minLength: 1, maxLength: 8 })),
      1500,
      ([list, addresses]) => {
        const built = new PrefixTable(list);
        const edges = list.map((row) => row.words);
        for (const asked of [...addresses, ...edges]) {
          assert.is(built.lookup(asked, 0), slowLookup(list, asked), `${asked}`);
        }
      },
    ),
  'none covers what nobody gave': () => assert.is(new PrefixTable([]).lookup(words('00*16'), 0), NO_PREFIX),
  'the address may stand anywhere': () => {
    const built = new PrefixTable([prefix('20010db8/32')]);
    assert.is(built.lookup(words(`ffffffff 20010db8 ${'00*12'}`), 1), 0);
    assert.is(built.lookup(words(`ffffffff 20010db8 ${'00*12'}`), 0), NO_PREFIX);
  },
  '5000 prefixes of one address each, and their neighbours': () => {
    const list = Array.from({ length: 5000 }, (_, i) => cut(Int32Array.of(0x20010db8, 0, 0, i * 2), 128));
    const built = new PrefixTable(list);
    for (let i = 0; i < 5000; i++) {
      assert.is(built.lookup(Int32Array.of(0x20010db8, 0, 0, i * 2), 0), i);
      assert.is(built.lookup(Int32Array.of(0x20010db8, 0, 0, i * 2 + 1), 0), NO_PREFIX);
    }
  },
});
