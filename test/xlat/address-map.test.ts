/**
 * Explicit mappings and the prefix together: RFC 7757 §3, RFC 6052.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { AddressMap, type AddressMapInput } from '../../src/xlat/address-map.ts';
import { mask } from '../../src/xlat/prefix-table.ts';
import { holds } from '../helpers/property.ts';
import { map as input } from '../helpers/siit-world.ts';
import { table, tests } from '../helpers/table.ts';
import { words } from '../helpers/world.ts';

/** No prefix, so that what is not mapped has no counterpart. */
function explicit(...pairs: readonly string[]): AddressMap {
  return new AddressMap(input({ pairs, pool6: null }));
}

function toV6(map: AddressMap, v4: string): string | null {
  const out = new Int32Array(4);
  return map.toV6(words(v4)[0]!, out, 0) ? text(out) : null;
}

function toV4(map: AddressMap, v6: string): string | null {
  const found = map.toV4(words(v6), 0);
  return found === 0 ? null : text(Int32Array.of(found));
}

function text(list: Int32Array): string {
  return Array.from(list, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** RFC 7757 §3.3: a host inside a network inside another. */
const NESTED = explicit(
  '0a000000/16=20010db8cafe00000000000000000000/112',
  '0a000100/24=20010db8123400000000000000000100/120',
  '0a000106/32=20010db8567800000000000000000106/128',
);

table(
  'RFC 7757 §3.3 [36]: the longest prefix of either family',
  [
    { name: '10.0.0.255', v4: '0a0000ff', v6: '20010db8cafe000000000000000000ff' },
    { name: '10.0.1.0', v4: '0a000100', v6: '20010db8123400000000000000000100' },
    { name: '10.0.1.5', v4: '0a000105', v6: '20010db8123400000000000000000105' },
    { name: '10.0.1.6', v4: '0a000106', v6: '20010db8567800000000000000000106' },
    { name: '10.0.1.7', v4: '0a000107', v6: '20010db8123400000000000000000107' },
    { name: '10.0.1.255', v4: '0a0001ff', v6: '20010db81234000000000000000001ff' },
    { name: '10.0.2.0', v4: '0a000200', v6: '20010db8cafe00000000000000000200' },
  ],
  ({ v4, v6 }) => {
    assert.is(toV6(NESTED, v4), v6);
    assert.is(toV4(NESTED, v6), v4);
  },
);

table(
  'RFC 7757 §3.3 [36]: one way only, where a longer prefix hides what a shorter one maps',
  [
    { name: '10.0.1.6 by the /24', v6: '20010db8123400000000000000000106', v4: '0a000106' },
    { name: '10.0.1.6 by the /16', v6: '20010db8cafe00000000000000000106', v4: '0a000106' },
    { name: '10.0.1.7 by the /16', v6: '20010db8cafe00000000000000000107', v4: '0a000107' },
  ],
  ({ v4, v6 }) => assert.is(toV4(NESTED, v6), v4),
);

table(
  'RFC 7757 §3.2 [36]: suffixes of unequal length',
  [
    {
      name: '/24=/64',
      pair: 'c0000200/24=20010db8/64',
      v4: 'c0000207',
      v6: '20010db8000000000700000000000000',
    },
    {
      name: '/24=/60',
      pair: 'c0000200/24=20010db8/60',
      v4: 'c0000217',
      v6: '20010db8000000017000000000000000',
    },
    {
      name: '/24=/92',
      pair: 'c0000200/24=20010db8/92',
      v4: 'c00002ff',
      v6: '20010db8000000000000000ff0000000',
    },
    {
      name: '/32=/64',
      pair: 'c0000207/32=20010db8/64',
      v4: 'c0000207',
      v6: '20010db8000000000000000000000000',
    },
    { name: '/0=/0', pair: '/0=/0', v4: 'c0000207', v6: 'c0000207000000000000000000000000' },
    { name: '/0=/96', pair: '/0=20010db8/96', v4: 'c0000207', v6: '20010db80000000000000000c0000207' },
    { name: '/8=/33', pair: '0a/8=20010db8/33', v4: '0affffff', v6: '20010db87fffff800000000000000000' },
    {
      name: '/31=/127',
      pair: 'c0000206/31=20010db8/127',
      v4: 'c0000207',
      v6: '20010db8000000000000000000000001',
    },
  ],
  ({ pair, v4, v6 }) => {
    const map = explicit(pair);
    assert.is(toV6(map, v4), v6);
    assert.is(toV4(map, v6), v4);
  },
);

table(
  'RFC 7757 §3.2 [36]: bits behind the shorter suffix are ignored on the way back',
  [
    {
      name: '/24=/64',
      pair: 'c0000200/24=20010db8/64',
      v6: '20010db80000000007ffffffffffffff',
      v4: 'c0000207',
    },
    {
      name: '/32=/64',
      pair: 'c0000207/32=20010db8/64',
      v6: '20010db800000000ffffffffffffffff',
      v4: 'c0000207',
    },
    {
      name: '/24=/92',
      pair: 'c0000200/24=20010db8/92',
      v6: '20010db800000000000000007abcdef0',
      v4: 'c0000207',
    },
  ],
  ({ pair, v4, v6 }) => assert.is(toV4(explicit(pair), v6), v4),
);

/** Bits of the suffix of both families. */
const SUFFIXES = [0, 1, 2, 4, 8, 12, 16, 20, 24];

table(
  'RFC 7757 §3.2 [36]: first and last address of a mapping, and their neighbours',
  SUFFIXES.map((bits) => ({ name: `${bits} bits`, bits })),
  ({ bits }) => {
    const first = 0x0b000000;
    const last = first + 2 ** bits - 1;
    const low = (address: number): string =>
      `20010db80000000000000000${address.toString(16).padStart(8, '0')}`;
    const map = explicit(`${hex(first)}/${32 - bits}=${low(first)}/${128 - bits}`);
    for (const address of [first, last]) {
      assert.is(toV6(map, hex(address)), low(address));
      assert.is(toV4(map, low(address)), hex(address));
    }
    for (const address of [first - 1, last + 1]) {
      assert.is(toV6(map, hex(address)), null);
      assert.is(toV4(map, low(address)), null);
      assert.is(map.hasExplicit(address | 0), false);
    }
    assert.is(map.hasExplicit(first), true);
  },
);

const BOTH = new AddressMap(input({}));

tests('RFC 7757 §3.3, §3.4: mappings before the prefix', {
  '[36] a mapped address is not embedded': () => {
    assert.is(toV6(BOTH, 'c0000221'), '20010db8000200000000000000000021');
    assert.is(toV6(BOTH, 'cb007105'), '20010db801cb00710005000000000000');
  },
  '[36] its embedded form is still read': () => {
    assert.is(toV4(BOTH, '20010db801c000020021000000000000'), 'c0000221');
  },
  '[36] the prefix alone, both ways': () => {
    const out = new Int32Array(4);
    assert.ok(BOTH.embedV4(words('c0000221')[0]!, out, 0));
    assert.is(text(out), '20010db801c000020021000000000000');
    assert.is(BOTH.toV4ByPrefix(out, 0), words('c0000221')[0]!);
    assert.is(BOTH.toV4ByPrefix(words('20010db8000200000000000000000021'), 0), 0);
  },
  '[36] a mapping inside the prefix comes first': () => {
    const map = new AddressMap(input({ pairs: ['0a000001/32=20010db801cb00710005000000000000/128'] }));
    assert.is(toV4(map, '20010db801cb00710005000000000000'), '0a000001');
    assert.is(toV4(map, '20010db801cb00710006000000000000'), 'cb007106');
    assert.is(map.toV4ByPrefix(words('20010db801cb00710005000000000000'), 0), 0);
  },
  '[37] a mapping for a private address is no matter of the well-known prefix': () => {
    const map = new AddressMap(input({ pairs: ['0a000001/32=20010db8/128'], pool6: '0064ff9b/96' }));
    assert.is(toV6(map, '0a000001'), '20010db8000000000000000000000000');
    assert.is(toV6(map, '0a000002'), null);
  },
  'neither: nothing has a counterpart': () => {
    const none = explicit();
    assert.is(toV6(none, 'c0000221'), null);
    assert.is(toV4(none, '20010db8000200000000000000000021'), null);
    assert.is(none.embedV4(1, new Int32Array(4), 0), false);
    assert.is(none.toV4ByPrefix(words('20010db8000200000000000000000021'), 0), 0);
  },
});

/** An IPv4 prefix and an IPv6 one whose suffix is not shorter; IPv6 prefixes of a map never overlap. */
interface Pair {
  network: number;
  length4: number;
  length6: number;
}
const pair = fc.record({
  network: fc.constantFrom(0x0a000000, 0x0a000100, 0x0a000180, 0xc0000200, 0xffffff00),
  length4: fc.integer({ min: 0, max: 32 }),
  length6: fc.integer({ min: 64, max: 128 }),
});
const maps = fc.array(pair, { maxLength: 8 }).map((list) => {
  const fitting = list.filter(({ length4, length6 }) => 128 - length6 >= 32 - length4);
  return [
    ...new Map(fitting.map((row) => [`${row.network & mask(row.length4)}/${row.length4}`, row])).values(),
  ];
});

function build(list: readonly Pair[], pool6: AddressMapInput['pool6']): AddressMap {
  const pairs = list.map(({ network, length4, length6 }, number) => ({
    v4: { words: Int32Array.of(network & mask(length4), 0, 0, 0), length: length4 },
    v6: { words: Int32Array.of(0x20010db8, number, 0, 0), length: length6 },
  }));
  return new AddressMap({ pairs, pool6, allowPrivate: false });
}

/** Slow: whole numbers, every pair looked at. */
function twinToV6(list: readonly Pair[], v4: number): bigint | null {
  let best: number | null = null;
  for (const [number, { network, length4 }] of list.entries()) {
    const covers = Math.floor((v4 >>> 0) / 2 ** (32 - length4)) === Math.floor(network / 2 ** (32 - length4));
    if (covers && (best === null || length4 > list[best]!.length4)) best = number;
  }
  if (best === null) return null;
  const { length4, length6 } = list[best]!;
  const bits = BigInt(32 - length4);
  const suffix = BigInt(v4 >>> 0) & ((1n << bits) - 1n);
  return (0x20010db8n << 96n) | (BigInt(best) << 64n) | (suffix << (BigInt(128 - length6) - bits));
}

const near = fc
  .tuple(
    fc.constantFrom(0x0a000000, 0x0a000100, 0x0a000180, 0xc0000200, 0xffffff00, 0),
    fc.integer({ min: -2, max: 300 }),
  )
  .map(([base, step]) => (base + step) | 0);

tests('properties', {
  '[36] to IPv6 equals a slow twin, and comes back': () =>
    holds(fc.tuple(maps, fc.array(near, { minLength: 1, maxLength: 10 })), 2000, ([list, addresses]) => {
      const map = build(list, null);
      for (const v4 of addresses.filter((address) => address !== 0)) {
        const out = new Int32Array(4);
        const want = twinToV6(list, v4);
        assert.is(map.toV6(v4, out, 0), want !== null, hex(v4 >>> 0));
        assert.is(map.hasExplicit(v4), want !== null);
        if (want === null) continue;
        assert.is(text(out), want.toString(16).padStart(32, '0'));
        assert.is(map.toV4(out, 0), v4);
      }
    }),
  '[36] [37] with a prefix every address has a counterpart, and comes back': () => {
    const pool6 = { words: Int32Array.of(0x20010db9, 0, 0, 0), length: 32 };
    holds(fc.tuple(maps, near), 1000, ([list, v4]) => {
      if (v4 === 0) return;
      const map = build(list, pool6);
      const out = new Int32Array(4);
      assert.ok(map.toV6(v4, out, 0));
      assert.is(map.toV4(out, 0), v4);
      assert.is(map.toV4ByPrefix(out, 0), map.hasExplicit(v4) ? 0 : v4);
    });
  },
});

function hex(address: number): string {
  return address.toString(16).padStart(8, '0');
}
