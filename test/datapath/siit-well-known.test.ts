/**
 * The stateless translator and the well-known prefix: RFC 6052 §3.1.
 */
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 6052 §3.1: the well-known prefix represents global addresses alone', [
  {
    name: '[37] 0a000000, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 5d9b 0a000000 c0000221  9c40 0035 000c f9a1  dead beef`,
    out: `4500 003c 0000 0000 4001 4590 c63364fe 0a000000  030a c934 0000 0000
      4500 0020 1111 4000 4011 5d9b 0a000000 c0000221  9c40 0035 000c f9a1  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] 0a000000, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000a000000
      9c40 0035 000c 8de7  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000a000000
      9c40 0035 000c 8de7  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] 0affffff, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 5c9c 0affffff c0000221  9c40 0035 000c f8a2  dead beef`,
    out: `4500 003c 0000 0000 4001 4491 c63364fe 0affffff  030a ca33 0000 0000
      4500 0020 1111 4000 4011 5c9c 0affffff c0000221  9c40 0035 000c f8a2  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] 0affffff, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000affffff
      9c40 0035 000c 8ce8  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000affffff
      9c40 0035 000c 8ce8  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] 09ffffff just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b000000000000000009ffffff
      9c40 0035 000c 8de8  dead beef`,
    out: `4500 0020 0000 0000 3f11 afad c0000221 09ffffff  9c40 0035 000c f9a2  dead beef`,
  },
  {
    name: '[37] 0b000000 just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000b000000
      9c40 0035 000c 8ce7  dead beef`,
    out: `4500 0020 0000 0000 3f11 aeac c0000221 0b000000  9c40 0035 000c f8a1  dead beef`,
  },
  {
    name: '[37] 64400000, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 035b 64400000 c0000221  9c40 0035 000c 9f61  dead beef`,
    out: `4500 003c 0000 0000 4001 eb4f c63364fe 64400000  030a 2375 0000 0000
      4500 0020 1111 4000 4011 035b 64400000 c0000221  9c40 0035 000c 9f61  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] 64400000, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b000000000000000064400000
      9c40 0035 000c 33a7  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b000000000000000064400000
      9c40 0035 000c 33a7  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] 647fffff, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 031c 647fffff c0000221  9c40 0035 000c 9f22  dead beef`,
    out: `4500 003c 0000 0000 4001 eb10 c63364fe 647fffff  030a 23b4 0000 0000
      4500 0020 1111 4000 4011 031c 647fffff c0000221  9c40 0035 000c 9f22  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] 647fffff, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000647fffff
      9c40 0035 000c 3368  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000647fffff
      9c40 0035 000c 3368  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] 643fffff just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000643fffff
      9c40 0035 000c 33a8  dead beef`,
    out: `4500 0020 0000 0000 3f11 556d c0000221 643fffff  9c40 0035 000c 9f62  dead beef`,
  },
  {
    name: '[37] 64800000 just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b000000000000000064800000
      9c40 0035 000c 3367  dead beef`,
    out: `4500 0020 0000 0000 3f11 552c c0000221 64800000  9c40 0035 000c 9f21  dead beef`,
  },
  {
    name: '[37] ac100000, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 bb8a ac100000 c0000221  9c40 0035 000c 5791  dead beef`,
    out: `4500 003c 0000 0000 4001 a37f c63364fe ac100000  030a 6b45 0000 0000
      4500 0020 1111 4000 4011 bb8a ac100000 c0000221  9c40 0035 000c 5791  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] ac100000, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac100000
      9c40 0035 000c ebd6  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac100000
      9c40 0035 000c ebd6  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] ac1fffff, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 bb7b ac1fffff c0000221  9c40 0035 000c 5782  dead beef`,
    out: `4500 003c 0000 0000 4001 a370 c63364fe ac1fffff  030a 6b54 0000 0000
      4500 0020 1111 4000 4011 bb7b ac1fffff c0000221  9c40 0035 000c 5782  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] ac1fffff, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac1fffff
      9c40 0035 000c ebc7  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac1fffff
      9c40 0035 000c ebc7  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] ac0fffff just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac0fffff
      9c40 0035 000c ebd7  dead beef`,
    out: `4500 0020 0000 0000 3f11 0d9d c0000221 ac0fffff  9c40 0035 000c 5792  dead beef`,
  },
  {
    name: '[37] ac200000 just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000ac200000
      9c40 0035 000c ebc6  dead beef`,
    out: `4500 0020 0000 0000 3f11 0d8c c0000221 ac200000  9c40 0035 000c 5781  dead beef`,
  },
  {
    name: '[37] c0a80000, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 a6f2 c0a80000 c0000221  9c40 0035 000c 42f9  dead beef`,
    out: `4500 003c 0000 0000 4001 8ee7 c63364fe c0a80000  030a 7fdd 0000 0000
      4500 0020 1111 4000 4011 a6f2 c0a80000 c0000221  9c40 0035 000c 42f9  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] c0a80000, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a80000
      9c40 0035 000c d73e  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a80000
      9c40 0035 000c d73e  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] c0a8ffff, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 a6f2 c0a8ffff c0000221  9c40 0035 000c 42f9  dead beef`,
    out: `4500 003c 0000 0000 4001 8ee7 c63364fe c0a8ffff  030a 7fdd 0000 0000
      4500 0020 1111 4000 4011 a6f2 c0a8ffff c0000221  9c40 0035 000c 42f9  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] c0a8ffff, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a8ffff
      9c40 0035 000c d73e  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a8ffff
      9c40 0035 000c d73e  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] c0a7ffff just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a7ffff
      9c40 0035 000c d73f  dead beef`,
    out: `4500 0020 0000 0000 3f11 f904 c0000221 c0a7ffff  9c40 0035 000c 42fa  dead beef`,
  },
  {
    name: '[37] c0a90000 just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0a90000
      9c40 0035 000c d73d  dead beef`,
    out: `4500 0020 0000 0000 3f11 f902 c0000221 c0a90000  9c40 0035 000c 42f8  dead beef`,
  },
  {
    name: '[37] c6120000, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 a188 c6120000 c0000221  9c40 0035 000c 3d8f  dead beef`,
    out: `4500 003c 0000 0000 4001 897d c63364fe c6120000  030a 8547 0000 0000
      4500 0020 1111 4000 4011 a188 c6120000 c0000221  9c40 0035 000c 3d8f  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] c6120000, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c6120000
      9c40 0035 000c d1d4  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c6120000
      9c40 0035 000c d1d4  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] c613ffff, to IPv6 as source: host prohibited',
    world: { pool6: '0064ff9b/96' },
    in: `4500 0020 1111 4000 4011 a187 c613ffff c0000221  9c40 0035 000c 3d8e  dead beef`,
    out: `4500 003c 0000 0000 4001 897c c63364fe c613ffff  030a 8548 0000 0000
      4500 0020 1111 4000 4011 a187 c613ffff c0000221  9c40 0035 000c 3d8e  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] c613ffff, to IPv4 as destination: no route',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c613ffff
      9c40 0035 000c d1d3  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0100 3081 0000 0000
      60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c613ffff
      9c40 0035 000c d1d3  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] c611ffff just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c611ffff
      9c40 0035 000c d1d5  dead beef`,
    out: `4500 0020 0000 0000 3f11 f39a c0000221 c611ffff  9c40 0035 000c 3d90  dead beef`,
  },
  {
    name: '[37] c6140000 just outside: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c6140000
      9c40 0035 000c d1d2  dead beef`,
    out: `4500 0020 0000 0000 3f11 f397 c0000221 c6140000  9c40 0035 000c 3d8d  dead beef`,
  },
  {
    name: '[37] c0000001, IETF protocol assignments: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0000001
      9c40 0035 000c d7e5  dead beef`,
    out: `4500 0020 0000 0000 3f11 f9aa c0000221 c0000001  9c40 0035 000c 43a0  dead beef`,
  },
  {
    name: '[37] c0586334, 6to4 relay: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000c0586334
      9c40 0035 000c 745a  dead beef`,
    out: `4500 0020 0000 0000 3f11 961f c0000221 c0586334  9c40 0035 000c e014  dead beef`,
  },
  {
    name: '[37] f0000001, class E: translated',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b0000000000000000f0000001
      9c40 0035 000c a7e5  dead beef`,
    out: `4500 0020 0000 0000 3f11 c9aa c0000221 f0000001  9c40 0035 000c 13a0  dead beef`,
  },
  {
    name: '[37] destination 10.0.0.1: host unreachable',
    world: { pool6: '0064ff9b/96', allowPrivate: false },
    in: `4500 0020 1111 4000 4011 e3b5 cb007105 0a000001  9c40 0035 000c 7fbc  dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  0301 4323 0000 0000
      4500 0020 1111 4000 4011 e3b5 cb007105 0a000001  9c40 0035 000c 7fbc  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[37] source 10.0.0.1 in the prefix: source address failed policy',
    world: { pool6: '0064ff9b/96' },
    in: `60000000 000c 1140 0064ff9b00000000000000000a000001 20010db8000200000000000000000021
      9c40 0035 000c 8de6  dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 0064ff9b00000000000000000a000001
      0105 5457 0000 0000
      60000000 000c 1140 0064ff9b00000000000000000a000001 20010db8000200000000000000000021
      9c40 0035 000c 8de6  dead beef`,
    verdict: 'DropSource',
  },
  {
    name: '[37] --allow-private-wkp: to IPv6',
    world: { pool6: '0064ff9b/96', allowPrivate: true },
    in: `4500 0020 1111 4000 4011 5d9a 0a000001 c0000221  9c40 0035 000c f9a0  dead beef`,
    out: `60000000 000c 113f 0064ff9b00000000000000000a000001 20010db8000200000000000000000021
      9c40 0035 000c 8de6  dead beef`,
  },
  {
    name: '[37] --allow-private-wkp: to IPv4',
    world: { pool6: '0064ff9b/96', allowPrivate: true },
    in: `60000000 000c 1140 20010db8000200000000000000000021 0064ff9b00000000000000000a000001
      9c40 0035 000c 8de6  dead beef`,
    out: `4500 0020 0000 0000 3f11 afab c0000221 0a000001  9c40 0035 000c f9a0  dead beef`,
  },
  {
    name: '[37] RFC 8215: 64:ff9b:1::/48 is never restricted',
    world: { pool6: '0064ff9b0001/48' },
    in: `4500 0020 1111 4000 4011 5d9a 0a000001 c0000221  9c40 0035 000c f9a0  dead beef`,
    out: `60000000 000c 113f 0064ff9b00010a000000010000000000 20010db8000200000000000000000021
      9c40 0035 000c 8ce6  dead beef`,
  },
]);
