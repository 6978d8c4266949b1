/** Explicit address mappings (RFC 7757) before a prefix (RFC 6052), against the examples of the RFC and a twin. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { formatV4, formatV6, parseV4, parseV6 } from '../../src/address.ts';
import { AddressMap, type AddressPair } from '../../src/xlat/address-map.ts';
import { hex } from '../helpers/hex.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';
import { words } from '../helpers/world.ts';

const v4Of = (text: string) => parseV4(text)! | 0;
const v6Of = (text: string) => words(hex(parseV6(text)!));

function textOf(four: Int32Array): string {
  const view = new DataView(new ArrayBuffer(16));
  for (const [i, word] of four.entries()) view.setInt32(i * 4, word);
  return formatV6(new Uint8Array(view.buffer));
}

/** `v4/length=v6/length` */
function pair(text: string): AddressPair {
  const [left = '', right = ''] = text.split('=');
  const [v4 = '', length4 = ''] = left.split('/');
  const [v6 = '', length6 = ''] = right.split('/');
  return {
    v4: { words: Int32Array.of(v4Of(v4), 0, 0, 0), length: Number(length4) },
    v6: { words: v6Of(v6), length: Number(length6) },
  };
}

function mapOf(pairs: readonly string[], pool6: string | null = null): AddressMap {
  const [prefix = '', length = ''] = pool6?.split('/') ?? [];
  return new AddressMap({
    pairs: pairs.map(pair),
    pool6: pool6 === null ? null : { words: v6Of(prefix), length: Number(length) },
    allowPrivate: true,
  });
}

function toV6(map: AddressMap, v4: string): string | null {
  const out = new Int32Array(4);
  return map.toV6(v4Of(v4), out, 0) ? textOf(out) : null;
}

function toV4(map: AddressMap, v6: string): string | null {
  const v4 = map.toV4(v6Of(v6), 0);
  return v4 === 0 ? null : formatV4(v4 >>> 0);
}

/** RFC 7757, the mappings of its example. */
const EXAMPLE = mapOf([
  '192.0.2.1/32=2001:db8:aaaa::/128',
  '192.0.2.2/32=2001:db8:bbbb::b/128',
  '192.0.2.16/28=2001:db8:cccc::/124',
  '192.0.2.128/26=2001:db8:dddd::/64',
  '192.0.2.192/29=2001:db8:eeee:8::/62',
  '192.0.2.224/31=64:ff9b::/127',
]);

table(
  '[36] RFC 7757 §3.2: both ways',
  [
    { name: '192.0.2.1', v6: '2001:db8:aaaa::' },
    { name: '192.0.2.2', v6: '2001:db8:bbbb::b' },
    { name: '192.0.2.16', v6: '2001:db8:cccc::' },
    { name: '192.0.2.24', v6: '2001:db8:cccc::8' },
    { name: '192.0.2.31', v6: '2001:db8:cccc::f' },
    { name: '192.0.2.128', v6: '2001:db8:dddd::' },
    { name: '192.0.2.152', v6: '2001:db8:dddd:0:6000::' },
    { name: '192.0.2.183', v6: '2001:db8:dddd:0:dc00::' },
    { name: '192.0.2.191', v6: '2001:db8:dddd:0:fc00::' },
    { name: '192.0.2.193', v6: '2001:db8:eeee:8:8000::' },
    { name: '192.0.2.195', v6: '2001:db8:eeee:9:8000::' },
    { name: '192.0.2.199', v6: '2001:db8:eeee:b:8000::' },
    { name: '192.0.2.224', v6: '64:ff9b::' },
    { name: '192.0.2.225', v6: '64:ff9b::1' },
  ],
  ({ name, v6 }) => {
    assert.is(toV6(EXAMPLE, name), v6);
    assert.is(toV4(EXAMPLE, v6), name);
  },
);

table(
  '[36] RFC 7757 §3.2: the rest of a longer IPv6 suffix does not matter on the way back',
  [
    { name: '2001:db8:dddd:0:6000:0:0:1', v4: '192.0.2.152' },
    { name: '2001:db8:dddd:0:63ff:ffff:ffff:ffff', v4: '192.0.2.152' },
    { name: '2001:db8:eeee:9:ffff:ffff:ffff:ffff', v4: '192.0.2.195' },
  ],
  ({ name, v4 }) => assert.is(toV4(EXAMPLE, name), v4),
);

table(
  '[36] RFC 7757 §3.3: addresses outside every mapping have none',
  [
    { name: '192.0.2.0' },
    { name: '192.0.2.3' },
    { name: '192.0.2.15' },
    { name: '192.0.2.32' },
    { name: '192.0.2.200' },
    { name: '192.0.2.226' },
    { name: '2001:db8:aaaa::1' },
    { name: '2001:db8:cccc::10' },
    { name: '2001:db8:dddd:1::' },
    { name: '2001:db8:eeee:c::' },
    { name: '64:ff9b::2' },
  ],
  ({ name }) => assert.is(name.includes(':') ? toV4(EXAMPLE, name) : toV6(EXAMPLE, name), null),
);

const NESTED = mapOf(
  [
    '198.51.100.0/24=2001:db8:1::/64',
    '198.51.100.128/25=2001:db8:2::/64',
    '198.51.100.200/32=2001:db8:3::1/128',
  ],
  '2001:db8:ffff::/96',
);

table(
  '[36] RFC 7757 §3.3: the longest prefix wins, then the prefix of all',
  [
    { name: '198.51.100.1', v6: '2001:db8:1:0:100::' },
    { name: '198.51.100.127', v6: '2001:db8:1:0:7f00::' },
    { name: '198.51.100.128', v6: '2001:db8:2::' },
    { name: '198.51.100.201', v6: '2001:db8:2:0:9200::' },
    { name: '198.51.100.200', v6: '2001:db8:3::1' },
    { name: '198.51.101.1', v6: '2001:db8:ffff::c633:6501' },
  ],
  ({ name, v6 }) => {
    assert.is(toV6(NESTED, name), v6);
    assert.is(toV4(NESTED, v6), name);
  },
);

tests('[36] RFC 7757 §4.2: what hairpinning asks', {
  'by the prefix alone, whatever mappings there are': () => {
    const out = new Int32Array(4);
    assert.ok(NESTED.embedV4(v4Of('198.51.100.200'), out, 0));
    assert.is(textOf(out), '2001:db8:ffff::c633:64c8');
    assert.is(NESTED.toV4ByPrefix(out, 0), v4Of('198.51.100.200'));
  },
  'an address of a mapping is none of the prefix': () =>
    assert.is(NESTED.toV4ByPrefix(v6Of('2001:db8:3::1'), 0), 0),
  'whether a mapping covers an IPv4 address': () => {
    assert.ok(NESTED.hasExplicit(v4Of('198.51.100.7')));
    assert.not(NESTED.hasExplicit(v4Of('198.51.101.7')));
  },
  'without a prefix there is only what is explicit': () => {
    assert.not(EXAMPLE.embedV4(v4Of('192.0.2.1'), new Int32Array(4), 0));
    assert.is(toV6(EXAMPLE, '203.0.113.1'), null);
  },
});

const bits4 = (v4: number) => (v4 >>> 0).toString(2).padStart(32, '0');
const bits6 = (four: Int32Array) => Array.from(four, bits4).join('');

/** RFC 7757 §3.3.1 with strings of bits. */
function twin(pairs: readonly AddressPair[], v4: number): string | null {
  const fits = pairs.filter(({ v4: p }) => bits4(v4).startsWith(bits4(p.words[0]!).slice(0, p.length)));
  const best = fits.sort((a, b) => b.v4.length - a.v4.length)[0];
  if (best === undefined) return null;
  return (bits6(best.v6.words).slice(0, best.v6.length) + bits4(v4).slice(best.v4.length)).padEnd(128, '0');
}

/** Pairs in one small corner, so that they nest; IPv6 prefixes apart, so that every address has one way back. */
const pairsOf = fc
  .array(fc.tuple(fc.integer({ min: 16, max: 32 }), fc.nat(0xffff), fc.nat(96 - 16)), { maxLength: 12 })
  .map((all) => {
    const seen = new Set<string>();
    return all.flatMap(([length, low, more], i) => {
      const network = ((0x0a010000 | low) & (length === 0 ? 0 : -1 << (32 - length))) | 0;
      if (seen.has(`${network}/${length}`)) return [];
      seen.add(`${network}/${length}`);
      const words6 = Int32Array.of(0x20010db8, i << 16, 0, 0);
      const length6 = Math.max(48, Math.min(length + more, length + 96));
      return [
        { v4: { words: Int32Array.of(network, 0, 0, 0), length }, v6: { words: words6, length: length6 } },
      ];
    });
  });

tests('[36] RFC 7757 §3.3', {
  'any mappings, any address: as the bits say, and back': () =>
    holds(fc.tuple(pairsOf, fc.nat(0xffff)), 1500, ([pairs, low]) => {
      const map = new AddressMap({ pairs, pool6: null, allowPrivate: true });
      const v4 = 0x0a010000 | low;
      const out = new Int32Array(4);
      const want = twin(pairs, v4);
      assert.is(map.toV6(v4, out, 0) ? bits6(out) : null, want);
      if (want !== null) assert.is(map.toV4(out, 0), v4);
    }),
});
