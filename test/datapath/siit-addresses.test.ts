/**
 * The stateless translator and addresses that never cross a router, on their own and embedded in the prefix.
 */
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 7915 §4.1: addresses that are never translated, and some that are', [
  {
    name: '[38] from this network, 00000001',
    in: `4500 0020 1111 4000 4011 679a 00000001 c0000221  9c40 0035 000c 03a1  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to this network, 00000001',
    in: `4500 0020 1111 4000 4011 edb5 cb007105 00000001  9c40 0035 000c 89bc  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from loopback, 7f000001',
    in: `4500 0020 1111 4000 4011 e899 7f000001 c0000221  9c40 0035 000c 84a0  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to loopback, 7f000001',
    in: `4500 0020 1111 4000 4011 6eb5 cb007105 7f000001  9c40 0035 000c 0abc  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from link-local, a9fe0001',
    in: `4500 0020 1111 4000 4011 bd9b a9fe0001 c0000221  9c40 0035 000c 59a2  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to link-local, a9fe0001',
    in: `4500 0020 1111 4000 4011 43b7 cb007105 a9fe0001  9c40 0035 000c dfbd  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from multicast, e0000001',
    in: `4500 0020 1111 4000 4011 8799 e0000001 c0000221  9c40 0035 000c 23a0  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to multicast, e0000001',
    in: `4500 0020 1111 4000 4011 0db5 cb007105 e0000001  9c40 0035 000c a9bb  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from multicast, the last, efffffff',
    in: `4500 0020 1111 4000 4011 779b efffffff c0000221  9c40 0035 000c 13a2  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to multicast, the last, efffffff',
    in: `4500 0020 1111 4000 4011 fdb6 cb007105 efffffff  9c40 0035 000c 99bd  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from broadcast, ffffffff',
    in: `4500 0020 1111 4000 4011 679b ffffffff c0000221  9c40 0035 000c 03a2  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to broadcast, ffffffff',
    in: `4500 0020 1111 4000 4011 edb6 cb007105 ffffffff  9c40 0035 000c 89bd  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from class E, the first, f0000001: translated',
    in: `4500 0020 1111 4000 4011 7799 f0000001 c0000221  9c40 0035 000c 13a0  dead beef`,
    out: `60000000 000c 113f 20010db801f000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 683d  dead beef`,
  },
  {
    name: '[38] to class E, the first, f0000001: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801f000000001000000000000
      9c40 0035 000c 683d  dead beef`,
    out: `4500 0020 0000 0000 3f11 c9aa c0000221 f0000001  9c40 0035 000c 13a0  dead beef`,
  },
  {
    name: '[38] from class E, the last, fffffffe: translated',
    in: `4500 0020 1111 4000 4011 679c fffffffe c0000221  9c40 0035 000c 03a3  dead beef`,
    out: `60000000 000c 113f 20010db801ffffff00fe000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6731  dead beef`,
  },
  {
    name: '[38] to class E, the last, fffffffe: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801ffffff00fe000000000000
      9c40 0035 000c 6731  dead beef`,
    out: `4500 0020 0000 0000 3f11 b9ad c0000221 fffffffe  9c40 0035 000c 03a3  dead beef`,
  },
  {
    name: '[38] from IETF protocol assignments, c0000001: translated',
    in: `4500 0020 1111 4000 4011 a799 c0000001 c0000221  9c40 0035 000c 43a0  dead beef`,
    out: `60000000 000c 113f 20010db801c000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 686d  dead beef`,
  },
  {
    name: '[38] to IETF protocol assignments, c0000001: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801c000000001000000000000
      9c40 0035 000c 686d  dead beef`,
    out: `4500 0020 0000 0000 3f11 f9aa c0000221 c0000001  9c40 0035 000c 43a0  dead beef`,
  },
  {
    name: '[38] from 6to4 relay, c0586334: translated',
    in: `4500 0020 1111 4000 4011 440e c0586334 c0000221  9c40 0035 000c e014  dead beef`,
    out: `60000000 000c 113f 20010db801c058630034000000000000 20010db8000200000000000000000021
      9c40 0035 000c 0fd7  dead beef`,
  },
  {
    name: '[38] to 6to4 relay, c0586334: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801c058630034000000000000
      9c40 0035 000c 0fd7  dead beef`,
    out: `4500 0020 0000 0000 3f11 961f c0000221 c0586334  9c40 0035 000c e014  dead beef`,
  },
  {
    name: '[38] from private, 0a000001: translated',
    in: `4500 0020 1111 4000 4011 5d9a 0a000001 c0000221  9c40 0035 000c f9a0  dead beef`,
    out: `60000000 000c 113f 20010db8010a00000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6923  dead beef`,
  },
  {
    name: '[38] to private, 0a000001: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8010a00000001000000000000
      9c40 0035 000c 6923  dead beef`,
    out: `4500 0020 0000 0000 3f11 afab c0000221 0a000001  9c40 0035 000c f9a0  dead beef`,
  },
  {
    name: '[38] from shared, 64400001: translated',
    in: `4500 0020 1111 4000 4011 035a 64400001 c0000221  9c40 0035 000c 9f60  dead beef`,
    out: `60000000 000c 113f 20010db8016440000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 28c9  dead beef`,
  },
  {
    name: '[38] to shared, 64400001: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8016440000001000000000000
      9c40 0035 000c 28c9  dead beef`,
    out: `4500 0020 0000 0000 3f11 556b c0000221 64400001  9c40 0035 000c 9f60  dead beef`,
  },
  {
    name: '[38] from benchmarks, c6120001: translated',
    in: `4500 0020 1111 4000 4011 a187 c6120001 c0000221  9c40 0035 000c 3d8e  dead beef`,
    out: `60000000 000c 113f 20010db801c612000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 5667  dead beef`,
  },
  {
    name: '[38] to benchmarks, c6120001: translated',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801c612000001000000000000
      9c40 0035 000c 5667  dead beef`,
    out: `4500 0020 0000 0000 3f11 f398 c0000221 c6120001  9c40 0035 000c 3d8e  dead beef`,
  },
]);

siitVectors('RFC 7915 §5.1: addresses that are never translated', [
  {
    name: '[38] from unspecified',
    in: `60000000 000c 1140 00000000000000000000000000000000 20010db801cb00710005000000000000
      9c40 0035 000c 95c9  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to unspecified',
    in: `60000000 000c 1140 20010db8000200000000000000000021 00000000000000000000000000000000
      9c40 0035 000c 97e7  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from loopback',
    in: `60000000 000c 1140 00000000000000000000000000000001 20010db801cb00710005000000000000
      9c40 0035 000c 95c8  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to loopback',
    in: `60000000 000c 1140 20010db8000200000000000000000021 00000000000000000000000000000001
      9c40 0035 000c 97e6  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from v4-mapped',
    in: `60000000 000c 1140 00000000000000000000ffffcb007105 20010db801cb00710005000000000000
      9c40 0035 000c 59c3  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to v4-mapped',
    in: `60000000 000c 1140 20010db8000200000000000000000021 00000000000000000000ffffcb007105
      9c40 0035 000c 5be1  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from link-local',
    in: `60000000 000c 1140 fe800000000000000000000000000001 20010db801cb00710005000000000000
      9c40 0035 000c 9747  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to link-local',
    in: `60000000 000c 1140 20010db8000200000000000000000021 fe800000000000000000000000000001
      9c40 0035 000c 9965  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from link-local, the last',
    in: `60000000 000c 1140 febfffffffffffffffffffffffffffff 20010db801cb00710005000000000000
      9c40 0035 000c 9709  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to link-local, the last',
    in: `60000000 000c 1140 20010db8000200000000000000000021 febfffffffffffffffffffffffffffff
      9c40 0035 000c 9927  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from multicast',
    in: `60000000 000c 1140 ff020000000000000000000000000001 20010db801cb00710005000000000000
      9c40 0035 000c 96c5  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to multicast',
    in: `60000000 000c 1140 20010db8000200000000000000000021 ff020000000000000000000000000001
      9c40 0035 000c 98e3  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from 0.0.0.0 in the prefix',
    in: `60000000 000c 1140 20010db8010000000000000000000000 20010db8000200000000000000000021
      9c40 0035 000c 692e  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to 0.0.0.0 in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8010000000000000000000000
      9c40 0035 000c 692e  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to 0.0.0.0 in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db8010000000000000000000000
      0104 30c1 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] from this network in the prefix',
    in: `60000000 000c 1140 20010db8010000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 692d  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to this network in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8010000000001000000000000
      9c40 0035 000c 692d  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to this network in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db8010000000001000000000000
      0104 30c0 0000 0000
      60000000 000c 1140 20010db8010000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 692d  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] an ICMPv6 error from this network in the prefix: silence',
    in: `60000000 003c 3a40 20010db8010000000001000000000000 20010db801cb00710005000000000000
      0104 2ea2 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] from loopback in the prefix',
    in: `60000000 000c 1140 20010db8017f00000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 68ae  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to loopback in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8017f00000001000000000000
      9c40 0035 000c 68ae  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to loopback in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db8017f00000001000000000000
      0104 3041 0000 0000
      60000000 000c 1140 20010db8017f00000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 68ae  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] an ICMPv6 error from loopback in the prefix: silence',
    in: `60000000 003c 3a40 20010db8017f00000001000000000000 20010db801cb00710005000000000000
      0104 2e23 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] from link-local in the prefix',
    in: `60000000 000c 1140 20010db801a9fe000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6a83  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to link-local in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801a9fe000001000000000000
      9c40 0035 000c 6a83  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to link-local in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db801a9fe000001000000000000
      0104 3216 0000 0000
      60000000 000c 1140 20010db801a9fe000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6a83  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] an ICMPv6 error from link-local in the prefix: silence',
    in: `60000000 003c 3a40 20010db801a9fe000001000000000000 20010db801cb00710005000000000000
      0104 2ff8 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] from multicast in the prefix',
    in: `60000000 000c 1140 20010db801e000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 684d  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to multicast in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801e000000001000000000000
      9c40 0035 000c 684d  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to multicast in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db801e000000001000000000000
      0104 2fe0 0000 0000
      60000000 000c 1140 20010db801e000000001000000000000 20010db8000200000000000000000021
      9c40 0035 000c 684d  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] an ICMPv6 error from multicast in the prefix: silence',
    in: `60000000 003c 3a40 20010db801e000000001000000000000 20010db801cb00710005000000000000
      0104 2dc2 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] from broadcast in the prefix',
    in: `60000000 000c 1140 20010db801ffffff00ff000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6730  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] to broadcast in the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801ffffff00ff000000000000
      9c40 0035 000c 6730  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] an ICMPv6 error to broadcast in the prefix: silence',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db801ffffff00ff000000000000
      0104 2ec3 0000 0000
      60000000 000c 1140 20010db801ffffff00ff000000000000 20010db8000200000000000000000021
      9c40 0035 000c 6730  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[38] an ICMPv6 error from broadcast in the prefix: silence',
    in: `60000000 003c 3a40 20010db801ffffff00ff000000000000 20010db801cb00710005000000000000
      0104 2ca5 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropUnmapped',
  },
]);
