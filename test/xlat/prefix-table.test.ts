/** Longest-prefix lookup, against a twin that looks at every prefix. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { mask, NO_PREFIX, type Prefix, PrefixTable } from '../../src/xlat/prefix-table.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';

/** Few values, so that prefixes cover each other. */
const word = fc.constantFrom(0, 1, -1, 0x20010db8, -0x80000000, 0x55555555);
const four = fc.tuple(word, word, word, word).map((words) => Int32Array.from(words));

function cut(words: Int32Array, length: number): Int32Array {
  return words.map((value, i) => value & mask(length - i * 32));
}

const prefixes = fc
  .uniqueArray(fc.tuple(four, fc.nat(128)), {
    maxLength: 40,
    selector: ([words, length]) => `${cut(words, length)}/${length}`,
  })
  .map((all) => all.map(([words, length]): Prefix => ({ words: cut(words, length), length })));

function slow(all: readonly Prefix[], words: Int32Array): number {
  let best = NO_PREFIX;
  for (const [number, { words: network, length }] of all.entries()) {
    const covers = cut(words, length).every((value, i) => value === network[i]);
    if (covers && (best === NO_PREFIX || length > all[best]!.length)) best = number;
  }
  return best;
}

tests('[36] longest prefix', {
  'as a walk over all of them finds it': () =>
    holds(fc.tuple(prefixes, fc.array(four, { minLength: 1, maxLength: 20 })), 500, ([all, asked]) => {
      const lookup = new PrefixTable(all);
      for (const words of asked) assert.is(lookup.lookup(words, 0), slow(all, words));
    }),
  'none at all': () => assert.is(new PrefixTable([]).lookup(new Int32Array(4), 0), NO_PREFIX),
  'length 0 covers everything': () => {
    const lookup = new PrefixTable([{ words: new Int32Array(4), length: 0 }]);
    assert.is(lookup.lookup(Int32Array.of(-1, 2, -3, 4), 0), 0);
  },
  'words anywhere in an array': () => {
    const lookup = new PrefixTable([{ words: Int32Array.of(1, 2, 3, 4), length: 128 }]);
    assert.is(lookup.lookup(Int32Array.of(9, 9, 1, 2, 3, 4, 9), 2), 0);
    assert.is(lookup.lookup(Int32Array.of(9, 9, 1, 2, 3, 5, 9), 2), NO_PREFIX);
  },
});

table(
  'masks',
  [
    { name: '-3', bits: -3, want: 0 },
    { name: '0', bits: 0, want: 0 },
    { name: '1', bits: 1, want: -0x80000000 },
    { name: '8', bits: 8, want: 0xff000000 | 0 },
    { name: '31', bits: 31, want: -2 },
    { name: '32', bits: 32, want: -1 },
    { name: '77', bits: 77, want: -1 },
  ],
  ({ bits, want }) => assert.is(mask(bits), want),
);
