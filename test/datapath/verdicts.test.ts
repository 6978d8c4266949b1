/**
 * Every verdict that the translator can return is reached by a packet; the others are the loop's. A new verdict without a
 * row here turns the last test red.
 */
import * as assert from 'uvu/assert';
import { Verdict } from '../../src/datapath/verdict.ts';
import { Filtering } from '../../src/nat/filtering.ts';
import { MemberUse } from '../../src/nat/port-pool.ts';
import { bytes } from '../helpers/hex.ts';
import { SiitWorld } from '../helpers/siit-world.ts';
import type { VerdictName } from '../helpers/slot.ts';
import { table, tests } from '../helpers/table.ts';
import { World, type WorldOptions } from '../helpers/world.ts';

/** Returned by the loop, about packets that waited. */
const OF_THE_LOOP: readonly VerdictName[] = ['DropPuntTimeout', 'DropFragmentTimeout', 'DropParkingFull'];

interface Row {
  name: VerdictName;
  world?: WorldOptions;
  prepare?: (world: World) => void;
  before?: string;
  in: string;
}

const ROWS: readonly Row[] = [
  {
    name: 'Forward46',
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'Forward64',
    before: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 c350 000c 4216  dead beef`,
  },
  { name: 'Reply', in: `4500 0020 1111 4000 4001 3d76 c0000221 c6336401  0800 5a0c 0055 0001  dead beef` },
  { name: 'Punt', in: `4500 0020 1111 4000 4011 3d04 c0000221 c6336463  9c40 0035 000c d90a  dead beef` },
  { name: 'Hold', in: `4500 001c 1111 0003 4011 7d61 c0000221 c6336407  a5a5 a5a5 a5a5 a5a5` },
  {
    name: 'DropMalformed',
    in: `4400 0020 1111 4000 4011 3e60 c000 0221 c633 6407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'DropHeaderChecksum',
    in: `4500 0020 1111 4000 4011 0001 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'DropAddress',
    in: `4500 0020 1111 4000 4011 8080 7f000001 c6336407  9c40 0035 000c 1c87  dead beef`,
  },
  { name: 'DropTtl', in: `4500 0020 1111 4000 0111 7c60 c0000221 c6336407  9c40 0035 000c d966  dead beef` },
  {
    name: 'DropSourceRoute',
    in: `4700 0028 1111 4000 4011 b28e c0000221 c6336407 8307 04c0 0002 0100  9c40 0035 000c d966
      dead beef`,
  },
  {
    name: 'DropRoutingHeader',
    in: `60000000 0014 2b3f 20010db8006400000000000000000080 20010db8004600000000000000000001
      1100 0001 0000 0000  0035 c350 000c 4216  dead beef`,
  },
  {
    name: 'DropAfterFragment',
    in: `60000000 0010 2c3f 20010db8006400000000000000000080 20010db8004600000000000000000001
      3c00 0001 9999 2222  1100 0104 0000 0000`,
  },
  { name: 'DropProtocol', in: `4500 0018 1111 4000 402f 3d4a c0000221 c6336407  dead beef` },
  { name: 'DropProtocolNumber', in: `4500 0018 1111 4000 403a 3d3f c0000221 c6336407  dead beef` },
  { name: 'DropIcmpType', in: `4500 0028 1111 4000 4001 3d68 c0000221 c6336407  0d00 f2ff 0000 0000  00*12` },
  { name: 'DropIcmpFragment', in: `4500 001c 1111 0003 4001 7d71 c0000221 c6336407  a5a5 a5a5 a5a5 a5a5` },
  {
    name: 'DropIcmpChecksum',
    in: `4500 003c 1111 4000 4001 3d54 c0000221 c6336407  0301 0001 0000 0000
      4500 0020 0000 0000 3f11 8f71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: 'DropIcmpQuote',
    in: `4500 003c 1111 4000 4001 3d54 c0000221 c6336407  0301 e978 0000 0000
      4500 0020 0000 0000 3f11 8f71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: 'DropUdpNoChecksum',
    before: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 c350 000c 0000  dead beef`,
  },
  { name: 'DropTooBig', in: `4500 05dd 1111 4000 4011 37a3 c0000221 c6336407  9c40 0035 05c9 8a4d  a5*1473` },
  {
    name: 'DropUnmapped',
    in: `4500 0020 1111 4000 4011 3d5c c0000221 c633640b  9c40 0035 000c d962  dead beef`,
  },
  {
    name: 'DropNotInside',
    world: { inside: [{ network: 0x0a000000, mask: ~0xffffff }] },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'DropOwnAddress',
    in: `4500 0020 1111 4000 4011 3d66 c0000221 c6336401  9c40 00a1 000c d900  dead beef`,
  },
  { name: 'DropOwnProtocol', in: `4500 0018 1111 4000 402f 3d50 c0000221 c6336401  dead beef` },
  {
    name: 'DropHairpin',
    in: `4500 0020 1111 4000 4011 3d5d c0000221 c633640a  9c40 0035 000c d963  dead beef`,
  },
  { name: 'DropOwnSource', in: `45000020111140004011d545c6336408c63364079c400035000c714cdeadbeef` },
  {
    name: 'DropTcpNoSession',
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5010 2000 f6d3 0000`,
  },
  {
    name: 'DropNoSession',
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 0005 000c 0562  dead beef`,
  },
  {
    name: 'DropSenderUnmapped',
    in: `60000000 000c 1140 20010db8000500000000000000000005 20010db8004600000000000000000001
      0035 c350 000c 42f0  dead beef`,
  },
  {
    name: 'DropFiltered',
    world: { filtering: Filtering.AddressAndPortDependent },
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 c350 000c 4216  dead beef`,
  },
  {
    name: 'DropPoolExhausted',
    prepare: (world) => {
      for (let port = 1024; port < 65536; port++) world.state.pool.claim(0, 1, port);
    },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
  },
  {
    name: 'DropNoLease',
    prepare: (world) => world.state.pool.setUse(0, MemberUse.Closed),
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'DropClientQuota',
    world: { maxClientSessions: 0 },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  },
  {
    name: 'DropTableFull',
    world: { geometry: { sessions: 3 } },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
  },
];

/** Verdicts of the stateless translator alone. */
const SIIT_ROWS: readonly Row[] = [
  {
    name: 'DropSource',
    in: `60000000 000c 1140 20010db8ffff00000000000000000005 20010db801cb00710005000000000000
      0035 0005 000c 0562  dead beef`,
  },
];

table('each verdict of the stateless translator is reached', SIIT_ROWS, (row) => {
  assert.is(new SiitWorld().translate(bytes(row.in)).verdict, row.name);
});

table('each verdict is reached', ROWS, (row) => {
  const world = new World(row.world);
  row.prepare?.(world);
  if (row.before) world.translate(bytes(row.before));
  assert.is(world.translate(bytes(row.in)).verdict, row.name);
});

tests('verdicts', {
  'none is missing': () => {
    const named = [...[...ROWS, ...SIIT_ROWS].map((row) => row.name), ...OF_THE_LOOP];
    assert.equal(named.sort(), Object.keys(Verdict).sort());
  },
});
