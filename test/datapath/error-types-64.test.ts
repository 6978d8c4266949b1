/**
 * Every ICMPv6 error: its type, code, pointer and MTU in ICMPv4 (RFC 7915 §5.2).
 */
import { type Vector, vectors } from '../helpers/vector.ts';
import type { WorldOptions } from '../helpers/world.ts';

/** The session that the errors are about. */
const BEFORE = [
  `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
  `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
];
/** What every row has around its 8 bytes of ICMP. */
const HEADER_IN = '60000000 003c 3a40 20010db8ffff000000000000000000fe 20010db8004600000000000000000001';
const QUOTE_IN = `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080  c350 0035 000c 4216 dead beef`;
const HEADER_OUT = '4500 003c 0000 0000 3f01 7d96 cb007109 c0000221';
const QUOTE_OUT = `4500 0020 0000 0000 3f11 8f71 c0000221 c6336407  9c40 0035 000c d966 dead beef`;

interface ErrorRow {
  name: string;
  world?: WorldOptions;
  /** Type, code, checksum, rest; so is `out`. Without `out` it is dropped. */
  in: string;
  out?: string;
}

function errors(title: string, rows: readonly ErrorRow[]): void {
  vectors(title, rows.map(toVector));
}

function toVector({ name, world = {}, in: received, out }: ErrorRow): Vector {
  const row = { name, world, before: BEFORE, in: HEADER_IN + received + QUOTE_IN };
  if (out === undefined) return { ...row, verdict: 'DropIcmpType' };
  return { ...row, out: HEADER_OUT + out + QUOTE_OUT };
}

errors('RFC 7915 §5.2: types, codes and pointers to ICMPv4', [
  { name: '[27] 1/0, no route → 3/1', in: '0100 30a4 00000000', out: '0301 e978 00000000' },
  { name: '[27] 1/1, prohibited → 3/10', in: '0101 30a3 00000000', out: '030a e96f 00000000' },
  { name: '[27] 1/2, beyond scope → 3/1', in: '0102 30a2 00000000', out: '0301 e978 00000000' },
  { name: '[27] 1/3, address → 3/1', in: '0103 30a1 00000000', out: '0301 e978 00000000' },
  { name: '[27] 1/4, port → 3/3', in: '0104 30a0 00000000', out: '0303 e976 00000000' },
  { name: '[27] 1/5, source address failed policy', in: '0105 309f 00000000' },
  { name: '[27] 1/6, reject route', in: '0106 309e 00000000' },
  { name: '[27] 1/7, source routing header', in: '0107 309d 00000000' },
  { name: '[27] 1/255, no such code', in: '01ff 2fa5 00000000' },
  { name: '[27] 3/0 → 11/0', in: '0300 2ea4 00000000', out: '0b00 e179 00000000' },
  { name: '[27] 3/1 → 11/1', in: '0301 2ea3 00000000', out: '0b01 e178 00000000' },
  { name: '[27] 3/2', in: '0302 2ea2 00000000' },
  { name: '[27] 4/0, pointer 0 → 12/0, pointer 0', in: '0400 2da4 00000000', out: '0c00 e079 00000000' },
  { name: '[27] 4/0, pointer 1 → 12/0, pointer 1', in: '0400 2da3 00000001', out: '0c00 df79 01000000' },
  { name: '[27] 4/0, pointer 2', in: '0400 2da2 00000002' },
  { name: '[27] 4/0, pointer 3', in: '0400 2da1 00000003' },
  { name: '[27] 4/0, pointer 4 → 12/0, pointer 2', in: '0400 2da0 00000004', out: '0c00 de79 02000000' },
  { name: '[27] 4/0, pointer 5 → 12/0, pointer 2', in: '0400 2d9f 00000005', out: '0c00 de79 02000000' },
  { name: '[27] 4/0, pointer 6 → 12/0, pointer 9', in: '0400 2d9e 00000006', out: '0c00 d779 09000000' },
  { name: '[27] 4/0, pointer 7 → 12/0, pointer 8', in: '0400 2d9d 00000007', out: '0c00 d879 08000000' },
  { name: '[27] 4/0, pointer 8 → 12/0, pointer 12', in: '0400 2d9c 00000008', out: '0c00 d479 0c000000' },
  { name: '[27] 4/0, pointer 15 → 12/0, pointer 12', in: '0400 2d95 0000000f', out: '0c00 d479 0c000000' },
  { name: '[27] 4/0, pointer 23 → 12/0, pointer 12', in: '0400 2d8d 00000017', out: '0c00 d479 0c000000' },
  { name: '[27] 4/0, pointer 24 → 12/0, pointer 16', in: '0400 2d8c 00000018', out: '0c00 d079 10000000' },
  { name: '[27] 4/0, pointer 31 → 12/0, pointer 16', in: '0400 2d85 0000001f', out: '0c00 d079 10000000' },
  { name: '[27] 4/0, pointer 39 → 12/0, pointer 16', in: '0400 2d7d 00000027', out: '0c00 d079 10000000' },
  { name: '[27] 4/0, pointer 40', in: '0400 2d7c 00000028' },
  { name: '[27] 4/0, pointer 41', in: '0400 2d7b 00000029' },
  { name: '[27] 4/0, pointer 255', in: '0400 2ca5 000000ff' },
  { name: '[27] 4/0, pointer 256', in: '0400 2ca4 00000100' },
  { name: '[27] 4/0, pointer 2147483648', in: '0400 ada3 80000000' },
  { name: '[27] 4/0, pointer 4294967295', in: '0400 2da4 ffffffff' },
  { name: '[27] 4/1 → 3/2', in: '0401 2d9d 00000006', out: '0302 e977 00000000' },
  { name: '[27] 4/2', in: '0402 2da2 00000000' },
  { name: '[27] 4/3', in: '0403 2da1 00000000' },
  { name: '[27] 0/0', in: '0000 31a4 00000000' },
  { name: '[27] 5/0', in: '0500 2ca4 00000000' },
  { name: '[27] 100/0', in: '6400 cda3 00000000' },
  { name: '[27] 127/0', in: '7f00 b2a3 00000000' },
  {
    name: '[27] 2/1: the code of packet too big is not looked at',
    in: '0201 2a2b 00000578',
    out: '0304 e411 00000564',
  },
]);

errors('RFC 7915 §5.2, RFC 8021: MTU to ICMPv4', [
  { name: '[28] MTU 1500 → 1480', in: '0200 29c8 000005dc', out: '0304 e3ad 000005c8' },
  { name: '[28] MTU 1501 → 1480', in: '0200 29c7 000005dd', out: '0304 e3ad 000005c8' },
  { name: '[28] MTU 9000 → 1480', in: '0200 0c7c 00002328', out: '0304 e3ad 000005c8' },
  { name: '[28] MTU 1400 → 1380', in: '0200 2a2c 00000578', out: '0304 e411 00000564' },
  { name: '[28] MTU 1281 → 1261', in: '0200 2aa3 00000501', out: '0304 e488 000004ed' },
  { name: '[28] MTU 1280 → 1260', in: '0200 2aa4 00000500', out: '0304 e489 000004ec' },
  { name: '[28] MTU 1279 → 1259', in: '0200 2aa5 000004ff', out: '0304 e48a 000004eb' },
  { name: '[28] MTU 1000 → 980', in: '0200 2bbc 000003e8', out: '0304 e5a1 000003d4' },
  { name: '[28] MTU 89 → 69', in: '0200 2f4b 00000059', out: '0304 e930 00000045' },
  { name: '[28] MTU 88 → 68', in: '0200 2f4c 00000058', out: '0304 e931 00000044' },
  { name: '[28] MTU 87 → 68', in: '0200 2f4d 00000057', out: '0304 e931 00000044' },
  { name: '[28] MTU 20 → 68', in: '0200 2f90 00000014', out: '0304 e931 00000044' },
  { name: '[28] MTU 19 → 68', in: '0200 2f91 00000013', out: '0304 e931 00000044' },
  { name: '[28] MTU 1 → 68', in: '0200 2fa3 00000001', out: '0304 e931 00000044' },
  { name: '[28] MTU 0 → 68', in: '0200 2fa4 00000000', out: '0304 e931 00000044' },
  { name: '[28] MTU 2147483647 → 1480', in: '0200 afa4 7fffffff', out: '0304 e3ad 000005c8' },
  { name: '[28] MTU 2147483648 → 1480', in: '0200 afa3 80000000', out: '0304 e3ad 000005c8' },
  { name: '[28] MTU 4294967295 → 1480', in: '0200 2fa4 ffffffff', out: '0304 e3ad 000005c8' },
  {
    name: '[28] MTU 1500 → 1380 where mtu6: 1400',
    in: '0200 29c8 000005dc',
    out: '0304 e411 00000564',
    world: { mtu6: 1400 },
  },
  {
    name: '[28] MTU 1500 → 1300 where mtu4: 1300',
    in: '0200 29c8 000005dc',
    out: '0304 e461 00000514',
    world: { mtu4: 1300 },
  },
  {
    name: '[28] MTU 9000 → 8980 where mtu4: 9000, mtu6: 9000',
    in: '0200 0c7c 00002328',
    out: '0304 c661 00002314',
    world: { mtu4: 9000, mtu6: 9000 },
  },
  {
    name: '[28] MTU 4294967295 → 65515 where mtu4: 65535, mtu6: 65535',
    in: '0200 2fa4 ffffffff',
    out: '0304 e989 0000ffeb',
    world: { mtu4: 65535, mtu6: 65535 },
  },
]);
