/**
 * Every type, code, pointer and MTU of ICMP errors, against tables written down from RFC 7915 §4.2 and §5.2 once more.
 */
import * as assert from 'uvu/assert';
import { NONE, pointerToV4, pointerToV6, toV4, toV6 } from '../../src/xlat/icmp-types.ts';
import * as mtu from '../../src/xlat/mtu.ts';
import { table, tests } from '../helpers/table.ts';

/** 'type/code' to 'type/code'. */
const TO_V6: Record<string, string> = {
  '3/0': '1/0',
  '3/1': '1/0',
  '3/2': '4/1',
  '3/3': '1/4',
  '3/4': '2/0',
  '3/5': '1/0',
  '3/6': '1/0',
  '3/7': '1/0',
  '3/8': '1/0',
  '3/9': '1/1',
  '3/10': '1/1',
  '3/11': '1/0',
  '3/12': '1/0',
  '3/13': '1/1',
  '3/15': '1/1',
  '11/0': '3/0',
  '11/1': '3/1',
  '12/0': '4/0',
  '12/2': '4/0',
};
const TO_V4: Record<string, string> = {
  '1/0': '3/1',
  '1/1': '3/10',
  '1/2': '3/1',
  '1/3': '3/1',
  '1/4': '3/3',
  '3/0': '11/0',
  '3/1': '11/1',
  '4/0': '12/0',
  '4/1': '3/2',
  ...Object.fromEntries(Array.from({ length: 256 }, (_, code) => [`2/${code}`, '3/4'])),
};
const POINTER_TO_V6: Record<number, number> = {
  0: 0,
  1: 1,
  2: 4,
  3: 4,
  8: 7,
  9: 6,
  12: 8,
  13: 8,
  14: 8,
  15: 8,
  16: 24,
  17: 24,
  18: 24,
  19: 24,
};

function text(typeCode: number): string {
  return `${typeCode >>> 8}/${typeCode & 0xff}`;
}

function same(translate: (typeCode: number) => number, wanted: Record<string, string>): void {
  for (let typeCode = 0; typeCode < 65536; typeCode++) {
    const got = translate(typeCode);
    assert.is(got === NONE ? undefined : text(got), wanted[text(typeCode)], text(typeCode));
  }
}

tests('RFC 7915 §4.2, §5.2: all 65536 types and codes', {
  '[11] [13] [14] ICMPv4 to ICMPv6': () => same(toV6, TO_V6),
  '[27] ICMPv6 to ICMPv4': () => same(toV4, TO_V4),
});

tests('RFC 7915 figures 3 and 6: pointers', {
  '[13] to IPv6': () => {
    for (let at = 0; at < 256; at++) assert.is(pointerToV6(at), POINTER_TO_V6[at] ?? NONE, `${at}`);
  },
  '[27] to IPv4': () => {
    const wanted = [0, 1, NONE, NONE, 2, 2, 9, 8, ...new Array(16).fill(12), ...new Array(16).fill(16)];
    for (let at = 0; at < 300; at++) assert.is(pointerToV4(at), wanted[at] ?? NONE, `${at}`);
    for (const at of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) assert.is(pointerToV4(at), NONE);
  },
});

const LARGE = { mtu4: 65535, mtu6: 65535 };
const ETHERNET = { mtu4: 1500, mtu6: 1500 };

table(
  '[12] RFC 7915 §4.2: MTU to ICMPv6',
  [
    { name: 'plus 20', reported: 1400, inner: 1500, mtus: ETHERNET, want: 1420 },
    { name: 'at least 1280', reported: 68, inner: 1500, mtus: ETHERNET, want: 1280 },
    { name: 'at most the IPv6 link', reported: 9000, inner: 1500, mtus: ETHERNET, want: 1500 },
    {
      name: 'at most the IPv4 link and 20',
      reported: 9000,
      inner: 9000,
      mtus: { mtu4: 1500, mtu6: 9000 },
      want: 1520,
    },
    { name: '0: plateau below 65535', reported: 0, inner: 65535, mtus: LARGE, want: 32020 },
    { name: '0: plateau below 1493', reported: 0, inner: 1493, mtus: LARGE, want: 1512 },
    { name: '0: plateau below 1492', reported: 0, inner: 1492, mtus: LARGE, want: 1280 },
    { name: '0: nothing below 68', reported: 0, inner: 10, mtus: LARGE, want: 1280 },
  ],
  (row) => assert.is(mtu.toV6(row.reported, row.inner, row.mtus), row.want),
);

table(
  '[28] RFC 7915 §5.2: MTU to ICMPv4',
  [
    { name: 'minus 20', reported: 1400, mtus: ETHERNET, want: 1380 },
    { name: 'never below 68', reported: 87, mtus: ETHERNET, want: 68 },
    { name: '0 does not underflow', reported: 0, mtus: ETHERNET, want: 68 },
    { name: 'at most the IPv6 link less 20', reported: 2 ** 32 - 1, mtus: ETHERNET, want: 1480 },
    { name: 'at most the IPv4 link', reported: 9000, mtus: { mtu4: 1400, mtu6: 9000 }, want: 1400 },
  ],
  (row) => assert.is(mtu.toV4(row.reported, row.mtus), row.want),
);
