/**
 * The stateless translator, every ICMP error in both directions: type, code, pointer and MTU (RFC 7915 §4.2, §5.2).
 */
import * as assert from 'uvu/assert';
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import {
  HOST4,
  HOST4_BY_PREFIX,
  HOST6,
  HOST6_BY_MAPPING,
  type SiitOptions,
  SiitWorld,
} from '../helpers/siit-world.ts';
import { tests } from '../helpers/table.ts';
import { type SiitVector, siitVectors } from '../helpers/vector.ts';

/** What every row has around its 8 bytes of ICMP and the quoted packet. */
interface Frame {
  received: string;
  quoteReceived: string;
  sent: string;
  quoteSent: string;
}
const TO_V6: Frame = {
  received: `4500 003c 1111 4000 4001 2b89 cb007105 c0000221`,
  quoteReceived: `4500 0020 1111 4000 4011 2b95 c0000221 cb007105  0035 9c40 000c c79b  dead beef`,
  sent: `60000000 003c 3a3f 20010db801cb00710005000000000000 20010db8000200000000000000000021`,
  quoteSent: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000 0035 9c40 000c 67ed  dead beef`,
};
const TO_V6_28: Frame = {
  ...TO_V6,
  received: `4500 0038 1111 4000 4001 2b8d cb007105 c0000221`,
  sent: `60000000 0038 3a3f 20010db801cb00710005000000000000 20010db8000200000000000000000021`,
};
/** From a router that has no IPv4 address: from ours. */
const TO_V4: Frame = {
  received: `60000000 003c 3a40 20010db8ffff000000000000000000fe 20010db801cb00710005000000000000`,
  quoteReceived: `60000000 000c 113c 20010db801cb00710005000000000000 20010db8000200000000000000000021 9c40 0035 000c 67ed  dead beef`,
  sent: `4500 003c 0000 0000 3f01 148a c63364fe cb007105`,
  quoteSent: `4500 0020 0000 0000 3c11 80a6 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
};

interface ErrorRow {
  name: string;
  world?: SiitOptions;
  /** Type, code, checksum, rest; so is `out`. Without `out` it is dropped. */
  in: string;
  out?: string;
  /** The quoted packet, as received and as sent, where it is another: 28 and 48 bytes of a larger one. */
  quote?: readonly [string, string];
}

function errors(title: string, frame: Frame, rows: readonly ErrorRow[]): void {
  siitVectors(
    title,
    rows.map((row) => toVector(frame, row)),
  );
}

function toVector(frame: Frame, { name, world = {}, in: received, out, quote }: ErrorRow): SiitVector {
  const { received: before, sent } = quote ? TO_V6_28 : frame;
  const [quoteIn, quoteOut] = quote ?? [frame.quoteReceived, frame.quoteSent];
  const row = { name, world, in: `${before} ${received} ${quoteIn}` };
  if (out === undefined) return { ...row, verdict: 'DropIcmpType' };
  return { ...row, out: `${sent} ${out} ${quoteOut}` };
}

const NOTHING = { source: bytes(HOST4), destination: bytes(HOST6_BY_MAPPING) };
const NOTHING_6 = { source: bytes(HOST6), destination: bytes(HOST4_BY_PREFIX) };

/** Types of which some code has a counterpart are in the rows. */
function dropped(known: readonly number[], packet: (typeCode: number) => Uint8Array): void {
  const world = new SiitWorld();
  for (let type = 0; type < 256; type++) {
    for (const code of known.includes(type) ? [] : [0, 1, 4, 255]) {
      const { verdict, outputs } = world.translate(packet((type << 8) | code));
      assert.equal([verdict, outputs.length], ['DropIcmpType', 0], `${type}/${code}`);
    }
  }
}

errors('RFC 7915 §4.2: types, codes and pointers to ICMPv6', TO_V6, [
  { name: '[11] 3/0 → 1/0', in: '0300 fb44 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/1 → 1/0', in: '0301 fb43 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/2 → 4/1, pointer 6', in: '0302 fb42 0000 0000', out: '0401 2c7d 0000 0006' },
  { name: '[11] 3/3 → 1/4', in: '0303 fb41 0000 0000', out: '0104 2f80 0000 0000' },
  { name: '[11] 3/5 → 1/0', in: '0305 fb3f 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/6 → 1/0', in: '0306 fb3e 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/7 → 1/0', in: '0307 fb3d 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/8 → 1/0', in: '0308 fb3c 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/9 → 1/1', in: '0309 fb3b 0000 0000', out: '0101 2f83 0000 0000' },
  { name: '[11] 3/10 → 1/1', in: '030a fb3a 0000 0000', out: '0101 2f83 0000 0000' },
  { name: '[11] 3/11 → 1/0', in: '030b fb39 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/12 → 1/0', in: '030c fb38 0000 0000', out: '0100 2f84 0000 0000' },
  { name: '[11] 3/13 → 1/1', in: '030d fb37 0000 0000', out: '0101 2f83 0000 0000' },
  { name: '[11] 3/15 → 1/1', in: '030f fb35 0000 0000', out: '0101 2f83 0000 0000' },
  { name: '[11] 3/14', in: '030e fb36 0000 0000' },
  { name: '[11] 3/16', in: '0310 fb34 0000 0000' },
  { name: '[13] 11/0 → 3/0', in: '0b00 f344 0000 0000', out: '0300 2d84 0000 0000' },
  { name: '[13] 11/1 → 3/1', in: '0b01 f343 0000 0000', out: '0301 2d83 0000 0000' },
  { name: '[13] 11/2', in: '0b02 f342 0000 0000' },
  { name: '[13] 12/1', in: '0c01 f243 0000 0000' },
  { name: '[13] 12/3', in: '0c03 f241 0000 0000' },
  { name: '[13] 12/0, pointer 0 → 4/0, pointer 0', in: '0c00 f244 0000 0000', out: '0400 2c84 0000 0000' },
  { name: '[13] 12/2, pointer 0 → 4/0, pointer 0', in: '0c02 f242 0000 0000', out: '0400 2c84 0000 0000' },
  { name: '[13] 12/0, pointer 1 → 4/0, pointer 1', in: '0c00 f144 0100 0000', out: '0400 2c83 0000 0001' },
  { name: '[13] 12/0, pointer 2 → 4/0, pointer 4', in: '0c00 f044 0200 0000', out: '0400 2c80 0000 0004' },
  { name: '[13] 12/0, pointer 3 → 4/0, pointer 4', in: '0c00 ef44 0300 0000', out: '0400 2c80 0000 0004' },
  { name: '[13] 12/0, pointer 4', in: '0c00 ee44 0400 0000' },
  { name: '[13] 12/2, pointer 4', in: '0c02 ee42 0400 0000' },
  { name: '[13] 12/0, pointer 5', in: '0c00 ed44 0500 0000' },
  { name: '[13] 12/0, pointer 6', in: '0c00 ec44 0600 0000' },
  { name: '[13] 12/0, pointer 7', in: '0c00 eb44 0700 0000' },
  { name: '[13] 12/0, pointer 8 → 4/0, pointer 7', in: '0c00 ea44 0800 0000', out: '0400 2c7d 0000 0007' },
  { name: '[13] 12/2, pointer 8 → 4/0, pointer 7', in: '0c02 ea42 0800 0000', out: '0400 2c7d 0000 0007' },
  { name: '[13] 12/0, pointer 9 → 4/0, pointer 6', in: '0c00 e944 0900 0000', out: '0400 2c7e 0000 0006' },
  { name: '[13] 12/0, pointer 10', in: '0c00 e844 0a00 0000' },
  { name: '[13] 12/0, pointer 11', in: '0c00 e744 0b00 0000' },
  { name: '[13] 12/0, pointer 12 → 4/0, pointer 8', in: '0c00 e644 0c00 0000', out: '0400 2c7c 0000 0008' },
  { name: '[13] 12/0, pointer 13 → 4/0, pointer 8', in: '0c00 e544 0d00 0000', out: '0400 2c7c 0000 0008' },
  { name: '[13] 12/0, pointer 14 → 4/0, pointer 8', in: '0c00 e444 0e00 0000', out: '0400 2c7c 0000 0008' },
  { name: '[13] 12/0, pointer 15 → 4/0, pointer 8', in: '0c00 e344 0f00 0000', out: '0400 2c7c 0000 0008' },
  { name: '[13] 12/0, pointer 16 → 4/0, pointer 24', in: '0c00 e244 1000 0000', out: '0400 2c6c 0000 0018' },
  { name: '[13] 12/0, pointer 17 → 4/0, pointer 24', in: '0c00 e144 1100 0000', out: '0400 2c6c 0000 0018' },
  { name: '[13] 12/0, pointer 18 → 4/0, pointer 24', in: '0c00 e044 1200 0000', out: '0400 2c6c 0000 0018' },
  { name: '[13] 12/0, pointer 19 → 4/0, pointer 24', in: '0c00 df44 1300 0000', out: '0400 2c6c 0000 0018' },
  { name: '[13] 12/0, pointer 20', in: '0c00 de44 1400 0000' },
  { name: '[13] 12/0, pointer 255', in: '0c00 f343 ff00 0000' },
]);

errors('RFC 7915 §4.2, RFC 1191 §7.1: MTU to ICMPv6', TO_V6, [
  { name: '[12] MTU 1440 → 1460', in: '0304 f5a0 0000 05a0', out: '0200 28d0 0000 05b4' },
  { name: '[12] MTU 1496 → 1500', in: '0304 f568 0000 05d8', out: '0200 28a8 0000 05dc' },
  { name: '[12] MTU 1200 → 1280', in: '0304 f690 0000 04b0', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 1600 → 1500', in: '0304 f500 0000 0640', out: '0200 28a8 0000 05dc' },
  { name: '[12] MTU 1259 → 1280', in: '0304 f655 0000 04eb', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 1260 → 1280', in: '0304 f654 0000 04ec', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 1261 → 1281', in: '0304 f653 0000 04ed', out: '0200 2983 0000 0501' },
  { name: '[12] MTU 68 → 1280', in: '0304 fafc 0000 0044', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 67 → 1280', in: '0304 fafd 0000 0043', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 1 → 1280', in: '0304 fb3f 0000 0001', out: '0200 2984 0000 0500' },
  { name: '[12] MTU 65535 → 1500', in: '0304 fb40 0000 ffff', out: '0200 28a8 0000 05dc' },
  { name: '[12] MTU 1480 → 1500', in: '0304 f578 0000 05c8', out: '0200 28a8 0000 05dc' },
  {
    name: '[12] MTU 1440 → 1400, mtu6: 1400',
    in: '0304 f5a0 0000 05a0',
    out: '0200 290c 0000 0578',
    world: { mtu6: 1400 },
  },
  {
    name: '[12] MTU 1440 → 1420, mtu4: 1400, mtu6: 9000',
    in: '0304 f5a0 0000 05a0',
    out: '0200 28f8 0000 058c',
    world: { mtu4: 1400, mtu6: 9000 },
  },
  {
    name: '[12] MTU 1440 → 1280, mtu4: 1000',
    in: '0304 f5a0 0000 05a0',
    out: '0200 2984 0000 0500',
    world: { mtu4: 1000 },
  },
  {
    name: '[12] MTU 65535 → 65535, mtu4: 65535, mtu6: 65535',
    in: '0304 fb40 0000 ffff',
    out: '0200 2e84 0000 ffff',
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 8980 → 9000, mtu4: 9000, mtu6: 9000',
    in: '0304 d82c 0000 2314',
    out: '0200 0b5c 0000 2328',
    world: { mtu4: 9000, mtu6: 9000 },
  },
  {
    name: '[12] MTU 0 about 65535 bytes: plateau, → 32020',
    in: '0304 be3f 0000 0000',
    out: '0200 7492 0000 7d14',
    quote: [
      `4500 ffff 1111 4000 4011 2bb5 c000 0221 cb00 7105 0035 9c40 ffeb a25a`,
      `6000 0000 ffeb 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 40ff eb42 ac`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 32001 bytes: plateau, → 32020',
    in: '0304 ff04 0000 0000',
    out: '0200 3856 0000 7d14',
    quote: [
      `4500 7d01 1111 4000 4011 aeb3 c000 0221 cb00 7105 0035 9c40 7ced e493`,
      `6000 0000 7ced 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 407c ed84 e5`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 32000 bytes: plateau, → 17934',
    in: '0304 5a03 0000 0000',
    out: '0200 ca5b 0000 460e',
    quote: [
      `4500 7d00 1111 4000 4011 aeb4 c000 0221 cb00 7105 0035 9c40 7cec 8996`,
      `6000 0000 7cec 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 407c ec29 e8`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 8167 bytes: plateau, → 8186',
    in: '0304 a1ea 0000 0000',
    out: '0200 9570 0000 1ffa',
    quote: [
      `4500 1fe7 1111 4000 4011 0bce c000 0221 cb00 7105 0035 9c40 1fd3 9ec8`,
      `6000 0000 1fd3 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 401f d33f 1a`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 2003 bytes: plateau, → 2022',
    in: '0304 4d9a 0000 0000',
    out: '0200 7148 0000 07e6',
    quote: [
      `4500 07d3 1111 4000 4011 23e2 c000 0221 cb00 7105 0035 9c40 07bf 0b2d`,
      `6000 0000 07bf 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4007 bfab 7e`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 2002 bytes: plateau, → 1512',
    in: '0304 a898 0000 0000',
    out: '0200 ce45 0000 05e8',
    quote: [
      `4500 07d2 1111 4000 4011 23e3 c000 0221 cb00 7105 0035 9c40 07be b02f`,
      `6000 0000 07be 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4007 be50 81`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 1500 bytes: plateau, → 1512',
    in: '0304 3d39 0000 0000',
    out: '0200 64dc 0000 05e8',
    quote: [
      `4500 05dc 1111 4000 4011 25d9 c000 0221 cb00 7105 0035 9c40 05c8 1d85`,
      `6000 0000 05c8 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4005 c8bd d6`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 1493 bytes: plateau, → 1512',
    in: '0304 4b9c 0000 0000',
    out: '0200 7346 0000 05e8',
    quote: [
      `4500 05d5 1111 4000 4011 25e0 c000 0221 cb00 7105 0035 9c40 05c1 0f29`,
      `6000 0000 05c1 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4005 c1af 7a`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 1492 bytes: plateau, → 1280',
    in: '0304 a69a 0000 0000',
    out: '0200 cf2d 0000 0500',
    quote: [
      `4500 05d4 1111 4000 4011 25e1 c000 0221 cb00 7105 0035 9c40 05c0 b42b`,
      `6000 0000 05c0 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4005 c054 7d`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 69 bytes: plateau, → 1280',
    in: '0304 9157 0000 0000',
    out: '0200 bf79 0000 0500',
    quote: [
      `4500 0045 1111 4000 4011 2b70 c000 0221 cb00 7105 0035 9c40 0031 cefd`,
      `6000 0000 0031 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4000 316f 4f`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 68 bytes: plateau, → 1280',
    in: '0304 ec55 0000 0000',
    out: '0200 1a79 0000 0500',
    quote: [
      `4500 0044 1111 4000 4011 2b71 c000 0221 cb00 7105 0035 9c40 0030 7400`,
      `6000 0000 0030 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4000 3014 52`,
    ],
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[12] MTU 0 about 1500 bytes → 1500, mtu6',
    in: '0304 3d39 0000 0000',
    out: '0200 64e8 0000 05dc',
    quote: [
      `4500 05dc 1111 4000 4011 25d9 c000 0221 cb00 7105 0035 9c40 05c8 1d85`,
      `6000 0000 05c8 1140 2001 0db8 0002 00*9 2120 010d b801 cb00 7100 05 00*7 359c 4005 c8bd d6`,
    ],
  },
]);

errors('RFC 7915 §5.2: types, codes and pointers to ICMPv4', TO_V4, [
  { name: '[27] 1/0 → 3/1', in: '0100 2ead 0000 0000', out: '0301 fb43 0000 0000' },
  { name: '[27] 1/1 → 3/10', in: '0101 2eac 0000 0000', out: '030a fb3a 0000 0000' },
  { name: '[27] 1/2 → 3/1', in: '0102 2eab 0000 0000', out: '0301 fb43 0000 0000' },
  { name: '[27] 1/3 → 3/1', in: '0103 2eaa 0000 0000', out: '0301 fb43 0000 0000' },
  { name: '[27] 1/4 → 3/3', in: '0104 2ea9 0000 0000', out: '0303 fb41 0000 0000' },
  { name: '[27] 1/5', in: '0105 2ea8 0000 0000' },
  { name: '[27] 1/6', in: '0106 2ea7 0000 0000' },
  { name: '[27] 1/7', in: '0107 2ea6 0000 0000' },
  { name: '[27] 1/8', in: '0108 2ea5 0000 0000' },
  { name: '[27] 1/255', in: '01ff 2dae 0000 0000' },
  { name: '[27] 3/0 → 11/0', in: '0300 2cad 0000 0000', out: '0b00 f344 0000 0000' },
  { name: '[27] 3/1 → 11/1', in: '0301 2cac 0000 0000', out: '0b01 f343 0000 0000' },
  { name: '[27] 3/2', in: '0302 2cab 0000 0000' },
  { name: '[27] 4/0, pointer 0 → 12/0, pointer 0', in: '0400 2bad 0000 0000', out: '0c00 f244 0000 0000' },
  { name: '[27] 4/0, pointer 1 → 12/0, pointer 1', in: '0400 2bac 0000 0001', out: '0c00 f144 0100 0000' },
  { name: '[27] 4/0, pointer 2', in: '0400 2bab 0000 0002' },
  { name: '[27] 4/0, pointer 3', in: '0400 2baa 0000 0003' },
  { name: '[27] 4/0, pointer 4 → 12/0, pointer 2', in: '0400 2ba9 0000 0004', out: '0c00 f044 0200 0000' },
  { name: '[27] 4/0, pointer 5 → 12/0, pointer 2', in: '0400 2ba8 0000 0005', out: '0c00 f044 0200 0000' },
  { name: '[27] 4/0, pointer 6 → 12/0, pointer 9', in: '0400 2ba7 0000 0006', out: '0c00 e944 0900 0000' },
  { name: '[27] 4/0, pointer 7 → 12/0, pointer 8', in: '0400 2ba6 0000 0007', out: '0c00 ea44 0800 0000' },
  { name: '[27] 4/0, pointer 8 → 12/0, pointer 12', in: '0400 2ba5 0000 0008', out: '0c00 e644 0c00 0000' },
  { name: '[27] 4/0, pointer 15 → 12/0, pointer 12', in: '0400 2b9e 0000 000f', out: '0c00 e644 0c00 0000' },
  { name: '[27] 4/0, pointer 23 → 12/0, pointer 12', in: '0400 2b96 0000 0017', out: '0c00 e644 0c00 0000' },
  { name: '[27] 4/0, pointer 24 → 12/0, pointer 16', in: '0400 2b95 0000 0018', out: '0c00 e244 1000 0000' },
  { name: '[27] 4/0, pointer 39 → 12/0, pointer 16', in: '0400 2b86 0000 0027', out: '0c00 e244 1000 0000' },
  { name: '[27] 4/0, pointer 40', in: '0400 2b85 0000 0028' },
  { name: '[27] 4/0, pointer 43', in: '0400 2b82 0000 002b' },
  { name: '[27] 4/0, pointer 256', in: '0400 2aad 0000 0100' },
  { name: '[27] 4/0, pointer 4294967295', in: '0400 2bad ffff ffff' },
  { name: '[27] 4/1 → 3/2', in: '0401 2ba6 0000 0006', out: '0302 fb42 0000 0000' },
  { name: '[27] 4/2', in: '0402 2bab 0000 0000' },
]);

errors('RFC 7915 §5.2: MTU to ICMPv4', TO_V4, [
  { name: '[28] MTU 1360 → 1340', in: '0200 285d 0000 0550', out: '0304 f604 0000 053c' },
  { name: '[28] MTU 1600 → 1480', in: '0200 276d 0000 0640', out: '0304 f578 0000 05c8' },
  { name: '[28] MTU 1280 → 1260', in: '0200 28ad 0000 0500', out: '0304 f654 0000 04ec' },
  { name: '[28] MTU 1279 → 1259', in: '0200 28ae 0000 04ff', out: '0304 f655 0000 04eb' },
  { name: '[28] MTU 1500 → 1480', in: '0200 27d1 0000 05dc', out: '0304 f578 0000 05c8' },
  { name: '[28] MTU 88 → 68', in: '0200 2d55 0000 0058', out: '0304 fafc 0000 0044' },
  { name: '[28] MTU 87 → 68', in: '0200 2d56 0000 0057', out: '0304 fafc 0000 0044' },
  { name: '[28] MTU 20 → 68', in: '0200 2d99 0000 0014', out: '0304 fafc 0000 0044' },
  { name: '[28] MTU 0 → 68', in: '0200 2dad 0000 0000', out: '0304 fafc 0000 0044' },
  { name: '[28] MTU 70000 → 1480', in: '0200 1c3c 0001 1170', out: '0304 f578 0000 05c8' },
  { name: '[28] MTU 4294967295 → 1480', in: '0200 2dad ffff ffff', out: '0304 f578 0000 05c8' },
  {
    name: '[28] MTU 1500 → 1300, mtu4: 1300',
    in: '0200 27d1 0000 05dc',
    out: '0304 f62c 0000 0514',
    world: { mtu4: 1300 },
  },
  {
    name: '[28] MTU 1500 → 1380, mtu6: 1400',
    in: '0200 27d1 0000 05dc',
    out: '0304 f5dc 0000 0564',
    world: { mtu6: 1400 },
  },
  {
    name: '[28] MTU 4294967295 → 65515, mtu4: 65535, mtu6: 65535',
    in: '0200 2dad ffff ffff',
    out: '0304 fb54 0000 ffeb',
    world: { mtu4: 65535, mtu6: 65535 },
  },
  {
    name: '[28] MTU 9000 → 8980, mtu4: 9000, mtu6: 9000',
    in: '0200 0a85 0000 2328',
    out: '0304 d82c 0000 2314',
    world: { mtu4: 9000, mtu6: 9000 },
  },
]);

tests('types without counterpart, in silence', {
  'RFC 7915 §4.2 [14] every other type of ICMPv4': () =>
    dropped([0, 3, 8, 11, 12], (typeCode) =>
      build.v4({ ...NOTHING, protocol: 1 }, build.icmp(NOTHING, typeCode, build.u32(0), bytes('00*28'))),
    ),
  'RFC 7915 §5.2 [27] every other type of ICMPv6': () =>
    dropped([1, 2, 3, 4, 128, 129], (typeCode) =>
      build.v6({ ...NOTHING_6, next: 58 }, build.icmp(NOTHING_6, typeCode, build.u32(0), bytes('00*28'))),
    ),
});
