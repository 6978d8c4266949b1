/**
 * Walks over what a stranger wrote: extension headers and the parts of an ICMP error, in buffers of the exact size.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { ChainResult, HeaderChain } from '../../src/xlat/header-chain.ts';
import { MIN_QUOTE, Parts, V4_FAMILY, V6_FAMILY } from '../../src/xlat/icmp-extension.ts';
import { mayAnswerV6 } from '../../src/xlat/originate.ts';
import { isTranslatable } from '../../src/xlat/v4-to-v6.ts';
import { bytes } from '../helpers/hex.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';

const ADDRESSES = '20010db8000000000000000000000001 20010db8000000000000000000000002';

table(
  'RFC 8200 §4, RFC 7915 §5.1.1: extension headers',
  [
    { name: 'none', next: '11', rest: '00*8', want: ChainResult.Ok, upper: 40, protocol: 17 },
    {
      name: '[25] hop-by-hop',
      next: '00',
      rest: '1100 00*6 00*8',
      want: ChainResult.Ok,
      upper: 48,
      protocol: 17,
    },
    { name: '[25] 16 bytes', next: '3c', rest: '0601 00*14', want: ChainResult.Ok, upper: 56, protocol: 6 },
    {
      name: 'fragment',
      next: '2c',
      rest: '11 ff 00*6',
      want: ChainResult.Ok,
      upper: 48,
      protocol: 17,
      fragment: 40,
    },
    { name: 'nothing behind', next: '00', rest: '1100 00*6', want: ChainResult.Ok, upper: 48, protocol: 17 },
    { name: 'one byte short', next: '00', rest: '1100 00*5', want: ChainResult.Truncated },
    { name: 'longer than the packet', next: '00', rest: '1101 00*6', want: ChainResult.Truncated },
    { name: '2048 bytes, said to be', next: '3c', rest: '11ff 00*6', want: ChainResult.Truncated },
    {
      name: '[25] segments left',
      next: '2b',
      rest: '1100 0003 00*4',
      want: ChainResult.SegmentsLeft,
      errorAt: 43,
    },
    {
      name: '[25] segments left, twice: the first',
      next: '2b',
      rest: '2b00 0003 00*4 1100 0002 00*4',
      want: ChainResult.SegmentsLeft,
      errorAt: 43,
      protocol: 17,
    },
    { name: 'segments left, then cut', next: '2b', rest: '0000 0003 00*4 11', want: ChainResult.Truncated },
    {
      name: '[26] fragment, options',
      next: '2c',
      rest: '3c00 00*6 1100 00*6',
      want: ChainResult.AfterFragment,
    },
    {
      name: '[26] fragment, fragment',
      next: '2c',
      rest: '2c00 00*6 1100 00*6',
      want: ChainResult.AfterFragment,
    },
    { name: '[26] fragment, AH', next: '2c', rest: '3300 00*6', want: ChainResult.AfterFragment },
    {
      name: '[26] fragment, ESP',
      next: '2c',
      rest: '3200 00*6',
      want: ChainResult.Ok,
      protocol: 50,
      fragment: 40,
    },
    {
      name: 'AH is an upper layer',
      next: '33',
      rest: '1100 00*6',
      want: ChainResult.Ok,
      protocol: 51,
      upper: 40,
    },
  ],
  (row) => {
    const packet = bytes(`60000000 0000 ${row.next} 40 ${ADDRESSES} ${row.rest}`);
    const chain = new HeaderChain();
    assert.is(chain.walk(new DataView(packet.buffer), 0, packet.length), row.want);
    if (row.upper !== undefined) assert.is(chain.upper, row.upper);
    if (row.protocol !== undefined) assert.is(chain.protocol, row.protocol);
    if (row.errorAt !== undefined) assert.is(chain.errorAt, row.errorAt);
    if (row.want === ChainResult.Ok) assert.is(chain.fragment, row.fragment ?? 0);
  },
);

const nextHeader = fc.constantFrom(0, 6, 17, 43, 44, 50, 51, 58, 59, 60);
const links = fc.array(fc.tuple(nextHeader, fc.nat(2), fc.uint8Array({ minLength: 6, maxLength: 6 })), {
  maxLength: 6,
});

tests('properties', {
  'a walk never leaves the packet': () =>
    holds(fc.tuple(nextHeader, links, fc.uint8Array({ maxLength: 24 })), 2000, ([first, chain, tail]) => {
      const body = chain.flatMap(([next, length, data]) => [next, length, ...data]);
      const packet = Uint8Array.of(...bytes(`60000000 0000 00 40 ${ADDRESSES}`), ...body, ...tail);
      packet[6] = first;
      const view = new DataView(packet.buffer);
      const walked = new HeaderChain();
      const result = walked.walk(view, 0, packet.length);
      if (result === ChainResult.Truncated) return;
      assert.ok(walked.upper >= 40);
      if (result !== ChainResult.AfterFragment) assert.ok(walked.upper <= packet.length);
      mayAnswerV6(view, 0, walked, packet.length);
    }),
  '[16] the parts of an error fit, and are never more than came': () => {
    const sizes = fc.record({
      declared: fc.nat(255),
      length: fc.integer({ min: 8, max: 1400 }),
      growth: fc.nat(28),
    });
    holds(fc.tuple(sizes, fc.boolean(), fc.boolean()), 3000, ([row, toV6, carries]) => {
      const [from, to] = toV6 ? [V4_FAMILY, V6_FAMILY] : [V6_FAMILY, V4_FAMILY];
      const room = toV6 ? 1232 : 548;
      const message = new DataView(new ArrayBuffer(row.length));
      message.setUint8(from.lengthAt, row.declared);
      const parts = new Parts();
      parts.read(message, 0, row.length, from, true);
      assert.is(parts.quote + parts.extension, row.length - 8);
      const translated = Math.max(0, parts.quote + (toV6 ? row.growth : -row.growth));
      const whole = parts.extension;
      const quote = parts.fit(translated, room, to, carries);
      assert.ok(quote + parts.extension <= room, 'fits');
      assert.ok(parts.extension === 0 || parts.extension === whole, 'kept or removed whole');
      if (parts.extension === 0) assert.is(quote, Math.min(translated, room));
      else assert.ok(quote >= MIN_QUOTE && quote % to.unit === 0 && quote / to.unit <= 255 && carries);
    });
  },
});

tests('RFC 7915 §4.1, §8: protocols that mean something else in IPv6', {
  '[20] 0, 43, 44, 58, 60': () => {
    const not = Array.from({ length: 256 }, (_, protocol) => protocol).filter((p) => !isTranslatable(p));
    assert.equal(not, [0, 43, 44, 58, 60]);
  },
});
