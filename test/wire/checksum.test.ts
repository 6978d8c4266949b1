/**
 * RFC 1071: the sum. RFC 1624: its incremental update equals the sum from scratch [18].
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import * as checksum from '../../src/wire/checksum.ts';
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';

/** A view of exactly these bytes: a stray read throws. */
function view(packet: Uint8Array): DataView {
  return new DataView(packet.slice().buffer);
}

table(
  'RFC 1071 §3, §4.1: sum',
  [
    { name: 'the example of §3', in: '0001 f203 f4f5 f6f7', sum: 0xddf2 },
    { name: 'nothing', in: '', sum: 0 },
    { name: 'one byte is the high half of a word', in: 'ab', sum: 0xab00 },
    { name: 'odd', in: '0001 f203 f4f5 f6f7 01', sum: 0xdef2 },
    { name: 'all ones', in: 'ff*64', sum: 0xffff },
    { name: 'carry that carries again', in: 'ffff 0001', sum: 1 },
    { name: 'largest packet, all ones', in: 'ff*65535', sum: 0xff00 },
    { name: 'largest packet and one byte', in: 'ff*65536', sum: 0xffff },
  ],
  (row) => {
    const packet = bytes(row.in);
    assert.is(checksum.sum(view(packet), 0, packet.length), row.sum);
    assert.is(checksum.finish(checksum.sum(view(packet), 0, packet.length)), 0xffff - row.sum);
  },
);

table(
  '[18] RFC 1624 §4: update',
  [
    { name: 'the example: not ffff, not -0', field: 0xdd2f, from: 0x5555, to: 0x3285, want: 0x0000 },
    { name: 'nothing changes', field: 0xdd2f, from: 0x5555, to: 0x5555, want: 0xdd2f },
    { name: '0 becomes ffff', field: 0x1234, from: 0, to: 0xffff, want: 0x1234 },
    { name: 'ffff becomes 0', field: 0x1234, from: 0xffff, to: 0, want: 0x1234 },
    { name: 'carry', field: 0x0001, from: 0x0001, to: 0x0003, want: 0xfffe },
  ],
  (row) => assert.is(checksum.update(row.field, checksum.delta(row.from, row.to)), row.want),
);

const words = fc.array(fc.nat(0xffff), { minLength: 2, maxLength: 40 });

tests('properties', {
  'sum equals the plain one, at any offset': () =>
    holds(fc.tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(9)), 500, ([packet, skip]) => {
      const from = Math.min(skip, packet.length);
      const got = checksum.sum(view(packet), from, packet.length - from);
      assert.is(got, build.sum(packet.subarray(from)));
    }),
  '[18] update equals the sum from scratch': () =>
    holds(fc.tuple(words, fc.nat(0xffff), fc.nat(39)), 1000, ([packet, to, where]) => {
      const at = where % packet.length;
      const before = build.internetChecksum(build.u16(...packet));
      const after = build.internetChecksum(build.u16(...packet.with(at, to)));
      const got = checksum.update(before, checksum.delta(packet[at]!, to));
      assert.is(got % 0xffff, after % 0xffff);
    }),
  'negate takes a delta back': () =>
    holds(fc.tuple(fc.nat(0xfffe), fc.nat(0xffff), fc.nat(0xffff)), 1000, ([field, from, to]) => {
      const change = checksum.delta(from, to);
      const back = checksum.update(checksum.update(field, change), checksum.negate(change));
      assert.is(back % 0xffff, field % 0xffff);
    }),
  '[18] updateSum is update on the complement': () =>
    holds(fc.tuple(fc.nat(0xffff), fc.nat(0xffff)), 1000, ([partial, change]) => {
      const complement = checksum.update(~partial & 0xffff, change);
      assert.is(checksum.updateSum(partial, change) % 0xffff, (~complement & 0xffff) % 0xffff);
    }),
  'fold keeps the residue': () =>
    holds(fc.nat(0xffffffff), 1000, (total) => {
      const folded = checksum.fold(total);
      assert.ok(folded <= 0xffff);
      assert.is(folded % 0xffff, total % 0xffff);
    }),
  'words adds the halves, signed or not': () =>
    holds(fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }), 500, (word) => {
      assert.is(checksum.words(word), build.u32(word >>> 0)[0]! * 256 + bytesOf(word));
    }),
});

/** What is left of a word's halves when its first byte is taken out. */
function bytesOf(word: number): number {
  const [, b, c, d] = build.u32(word >>> 0);
  return b! + c! * 256 + d!;
}
