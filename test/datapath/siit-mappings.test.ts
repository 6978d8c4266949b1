/**
 * The stateless translator and explicit mappings (RFC 7757), and what has no counterpart.
 */
import { siitVectors } from '../helpers/vector.ts';

/** A host inside a network inside another, and a mapping whose suffixes differ in length. */
const EAMS = [
  '0a000000/16=20010db8cafe00000000000000000000/112',
  '0a000100/24=20010db8123400000000000000000100/120',
  '0a000106/32=20010db8567800000000000000000106/128',
  'c0000200/24=20010db8/64',
];

siitVectors('RFC 7757 §3.2, §3.3: explicit mappings, the longest prefix', [
  {
    name: '[36] to 0a0000ff',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5cb6 c0000207 0a0000ff  9c40 0035 000c f8bc  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8cafe000000000000000000ff
      9c40 0035 000c 9753  dead beef`,
  },
  {
    name: '[36] from 20010db8cafe000000000000000000ff',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8cafe000000000000000000ff 20010db8000000000700000000000000
      9c40 0035 000c 9753  dead beef`,
    out: `4500 0020 0000 0000 3f11 aec7 0a0000ff c0000207  9c40 0035 000c f8bc  dead beef`,
  },
  {
    name: '[36] to 0a000100',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5cb5 c0000207 0a000100  9c40 0035 000c f8bb  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8123400000000000000000100
      9c40 0035 000c 501d  dead beef`,
  },
  {
    name: '[36] from 20010db8123400000000000000000100',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8123400000000000000000100 20010db8000000000700000000000000
      9c40 0035 000c 501d  dead beef`,
    out: `4500 0020 0000 0000 3f11 aec6 0a000100 c0000207  9c40 0035 000c f8bb  dead beef`,
  },
  {
    name: '[36] to 0a000105',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5cb0 c0000207 0a000105  9c40 0035 000c f8b6  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8123400000000000000000105
      9c40 0035 000c 5018  dead beef`,
  },
  {
    name: '[36] from 20010db8123400000000000000000105',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8123400000000000000000105 20010db8000000000700000000000000
      9c40 0035 000c 5018  dead beef`,
    out: `4500 0020 0000 0000 3f11 aec1 0a000105 c0000207  9c40 0035 000c f8b6  dead beef`,
  },
  {
    name: '[36] to 0a000106',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5caf c0000207 0a000106  9c40 0035 000c f8b5  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8567800000000000000000106
      9c40 0035 000c 0bd3  dead beef`,
  },
  {
    name: '[36] from 20010db8567800000000000000000106',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8567800000000000000000106 20010db8000000000700000000000000
      9c40 0035 000c 0bd3  dead beef`,
    out: `4500 0020 0000 0000 3f11 aec0 0a000106 c0000207  9c40 0035 000c f8b5  dead beef`,
  },
  {
    name: '[36] to 0a000107',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5cae c0000207 0a000107  9c40 0035 000c f8b4  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8123400000000000000000107
      9c40 0035 000c 5016  dead beef`,
  },
  {
    name: '[36] from 20010db8123400000000000000000107',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8123400000000000000000107 20010db8000000000700000000000000
      9c40 0035 000c 5016  dead beef`,
    out: `4500 0020 0000 0000 3f11 aebf 0a000107 c0000207  9c40 0035 000c f8b4  dead beef`,
  },
  {
    name: '[36] to 0a0001ff',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5bb6 c0000207 0a0001ff  9c40 0035 000c f7bc  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db81234000000000000000001ff
      9c40 0035 000c 4f1e  dead beef`,
  },
  {
    name: '[36] from 20010db81234000000000000000001ff',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db81234000000000000000001ff 20010db8000000000700000000000000
      9c40 0035 000c 4f1e  dead beef`,
    out: `4500 0020 0000 0000 3f11 adc7 0a0001ff c0000207  9c40 0035 000c f7bc  dead beef`,
  },
  {
    name: '[36] to 0a000200',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5bb5 c0000207 0a000200  9c40 0035 000c f7bb  dead beef`,
    out: `60000000 000c 113f 20010db8000000000700000000000000 20010db8cafe00000000000000000200
      9c40 0035 000c 9652  dead beef`,
  },
  {
    name: '[36] from 20010db8cafe00000000000000000200',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8cafe00000000000000000200 20010db8000000000700000000000000
      9c40 0035 000c 9652  dead beef`,
    out: `4500 0020 0000 0000 3f11 adc6 0a000200 c0000207  9c40 0035 000c f7bb  dead beef`,
  },
  {
    name: '[36] RFC 7757 §3.2: what follows a shorter IPv4 suffix is ignored',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8567800000000000000000106 20010db80000000007123456789abcde
      9c40 0035 000c a1f1  dead beef`,
    out: `4500 0020 0000 0000 3f11 aec0 0a000106 c0000207  9c40 0035 000c f8b5  dead beef`,
  },
  {
    name: '[36] outside every mapping: host unreachable',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5db4 c0000207 0a010000  9c40 0035 000c f9ba  dead beef`,
    out: `4500 003c 0000 0000 4001 8d88 c63364fe c0000207  0301 c924 0000 0000
      4500 0020 1111 4000 4011 5db4 c0000207 0a010000  9c40 0035 000c f9ba  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[36] source outside every mapping: host prohibited',
    world: { pairs: EAMS, pool6: null },
    in: `4500 0020 1111 4000 4011 5cb4 0b000001 c0000207  9c40 0035 000c f8ba  dead beef`,
    out: `4500 003c 0000 0000 4001 448f c63364fe 0b000001  030a ca1b 0000 0000
      4500 0020 1111 4000 4011 5cb4 0b000001 c0000207  9c40 0035 000c f8ba  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[36] outside every mapping: no route',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8567800000000000000000106 20010db8cafe00000000000000010000
      9c40 0035 000c 47d3  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8567800000000000000000106
      0100 d925 0000 0000
      60000000 000c 1140 20010db8567800000000000000000106 20010db8cafe00000000000000010000
      9c40 0035 000c 47d3  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[36] next to a mapping of one address: no route',
    world: { pairs: EAMS, pool6: null },
    in: `60000000 000c 1140 20010db8567800000000000000000106 20010db8567800000000000000000107
      9c40 0035 000c bb53  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8567800000000000000000106
      0100 d925 0000 0000
      60000000 000c 1140 20010db8567800000000000000000106 20010db8567800000000000000000107
      9c40 0035 000c bb53  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[17] TCP to nobody: host unreachable',
    world: { pool6: null },
    in: `4500 0028 1111 4000 4006 2a98 cb007105 c0000321  9c40 0050 0102 0304 0506 0708 5002 2000 e416 0000`,
    out: `4500 0044 0000 0000 4001 1382 c63364fe cb007105  0301 fc40 0000 0000
      4500 0028 1111 4000 4006 2a98 cb007105 c0000321  9c40 0050 0102 0304 0506 0708 5002 2000 e416 0000`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[17] a ping to nobody: host unreachable',
    world: { pool6: null },
    in: `4500 0020 1111 4000 4001 2aa5 cb007105 c0000321  0800 5a5c 0005 0001  dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  0301 fcfe 0000 0000
      4500 0020 1111 4000 4001 2aa5 cb007105 c0000321  0800 5a5c 0005 0001  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[17] the reply to a ping, to nobody: silence',
    world: { pool6: null },
    in: `4500 0020 1111 4000 4001 2aa5 cb007105 c0000321  0000 625c 0005 0001  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[17] a first fragment to nobody: host unreachable',
    world: { pool6: null },
    in: `4500 0024 1111 2000 4011 4a91 cb007105 c0000321  a5a5 a5a5 a5a5 a5a5  a5*8`,
    out: `4500 0040 0000 0000 4001 1386 c63364fe cb007105  0301 cfd1 0000 0000
      4500 0024 1111 2000 4011 4a91 cb007105 c0000321  a5a5 a5a5 a5a5 a5a5  a5*8`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[17] a later fragment to nobody: silence',
    world: { pool6: null },
    in: `4500 0024 1111 2001 4011 4a90 cb007105 c0000321  a5*16`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[29] a ping to nobody: no route',
    in: `60000000 000c 3a40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      8000 dbd4 0005 0001  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 07aa 0000 0000
      60000000 000c 3a40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      8000 dbd4 0005 0001  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[29] the reply to a ping, to nobody: silence',
    in: `60000000 000c 3a40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      8100 dad4 0005 0001  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[29] a ping from a host without counterpart: source address failed policy',
    in: `60000000 000c 3a40 20010db8ffff000000000000000000fe 20010db801cb00710005000000000000
      8000 8364 0005 0001  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8ffff000000000000000000fe
      0105 06ca 0000 0000
      60000000 000c 3a40 20010db8ffff000000000000000000fe 20010db801cb00710005000000000000
      8000 8364 0005 0001  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[29] the reply to a ping, from such a host: silence',
    in: `60000000 000c 3a40 20010db8ffff000000000000000000fe 20010db801cb00710005000000000000
      8100 8264 0005 0001  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[29] GRE to nobody: no route',
    in: `60000000 0010 2f40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      a5*16`,
    out: `60000000 0040 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 deed 0000 0000
      60000000 0010 2f40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      a5*16`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[29] a later fragment to nobody: silence',
    in: `60000000 0018 2c40 20010db8000200000000000000000021 20010db8aaaa00000000000000000001
      1100 0009 0000 0001  a5*16`,
    verdict: 'DropUnmapped',
  },
]);
