/**
 * The stateless translator, IPv4 header to IPv6 header: RFC 7915 §4.1, and protocols of which nothing else is
 * translated, §4.5.
 */
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 7915 §4.5: a protocol of which nothing but the header is translated', [
  {
    name: '[20] protocol CHAOS, 16',
    in: `4500 001b 1111 4000 4010 2b9b cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 103f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol IGMP, 2',
    in: `4500 001b 1111 4000 4002 2ba9 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 023f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol IPv4 in IPv4, 4',
    in: `4500 001b 1111 4000 4004 2ba7 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 043f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol IPv6 in IPv4, 41',
    in: `4500 001b 1111 4000 4029 2b82 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 293f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol DCCP, 33',
    in: `4500 001b 1111 4000 4021 2b8a cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 213f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol ESP, 50',
    in: `4500 001b 1111 4000 4032 2b79 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 323f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol AH, 51',
    in: `4500 001b 1111 4000 4033 2b78 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 333f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol no next header, 59',
    in: `4500 001b 1111 4000 403b 2b70 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 3b3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol VISA, 70',
    in: `4500 001b 1111 4000 4046 2b65 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 463f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol SCTP, 132',
    in: `4500 001b 1111 4000 4084 2b27 cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 843f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol reserved, 255',
    in: `4500 001b 1111 4000 40ff 2aac cb007105 c0000221  0011 2233 4455 66`,
    out: `60000000 0007 ff3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      0011 2233 4455 66`,
  },
  {
    name: '[20] protocol without a payload',
    in: `4500 0014 1111 4000 402f 2b83 cb007105 c0000221`,
    out: `60000000 0000 2f3f 20010db801cb00710005000000000000 20010db8000200000000000000000021`,
  },
]);

siitVectors('RFC 7915 §4.1: protocol numbers that mean something else in IPv6', [
  {
    name: '[20] protocol 0, in IPv6 a hop-by-hop options',
    in: `4500 0024 1111 4000 4000 2ba2 cb007105 c0000221  dead beef dead beef dead beef dead beef`,
    verdict: 'DropProtocolNumber',
  },
  {
    name: '[20] protocol 43, in IPv6 a routing header',
    in: `4500 0024 1111 4000 402b 2b77 cb007105 c0000221  dead beef dead beef dead beef dead beef`,
    verdict: 'DropProtocolNumber',
  },
  {
    name: '[20] protocol 44, in IPv6 a fragment header',
    in: `4500 0024 1111 4000 402c 2b76 cb007105 c0000221  dead beef dead beef dead beef dead beef`,
    verdict: 'DropProtocolNumber',
  },
  {
    name: '[20] protocol 58, in IPv6 ICMPv6',
    in: `4500 0024 1111 4000 403a 2b68 cb007105 c0000221  dead beef dead beef  dead beef dead beef`,
    verdict: 'DropProtocolNumber',
  },
  {
    name: '[20] protocol 60, in IPv6 a destination options',
    in: `4500 0024 1111 4000 403c 2b66 cb007105 c0000221  dead beef dead beef dead beef dead beef`,
    verdict: 'DropProtocolNumber',
  },
  {
    name: '[20] protocol 43 in a first fragment',
    in: `4500 001c 1111 2000 402b 4b7f cb007105 c0000221  a5*8`,
    verdict: 'DropProtocolNumber',
  },
]);

siitVectors('RFC 7915 §4.1: the fields of the header', [
  {
    name: '[2] [87] TOS f0 is the traffic class, flow label 0',
    in: `45f0 0020 1111 4000 4011 2aa5 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `6f000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[2] [87] TOS 02 is the traffic class, flow label 0',
    in: `4502 0020 1111 4000 4011 2b93 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `60200000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[2] [87] TOS a3 is the traffic class, flow label 0',
    in: `45a3 0020 1111 4000 4011 2af2 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `6a300000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[2] [87] TOS ff is the traffic class, flow label 0',
    in: `45ff 0020 1111 4000 4011 2a96 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `6ff00000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[1] TTL 2 becomes hop limit 1',
    in: `4500 0020 1111 4000 0211 6995 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 1101 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[1] TTL 4 becomes hop limit 3',
    in: `4500 0020 1111 4000 0411 6795 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 1103 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[1] TTL 127 becomes hop limit 126',
    in: `4500 0020 1111 4000 7f11 ec94 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 117e 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[1] TTL 255 becomes hop limit 254',
    in: `4500 0020 1111 4000 ff11 6c94 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 11fe 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[1] TTL 1: time exceeded from our address',
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  0b00 f344 0000 0000
      4500 0020 1111 4000 0111 6a95 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[1] TTL 0: time exceeded from our address',
    in: `4500 0020 1111 4000 0011 6b95 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  0b00 f344 0000 0000
      4500 0020 1111 4000 0011 6b95 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[1] TTL 1, a ping: time exceeded',
    in: `4500 0020 1111 4000 0101 6aa5 cb007105 c0000221  0800 5a0c 0055 0001  dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  0b00 f4ff 0000 0000
      4500 0020 1111 4000 0101 6aa5 cb007105 c0000221  0800 5a0c 0055 0001  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[1] [17] TTL 1, the reply to a ping: silence',
    in: `4500 0020 1111 4000 0101 6aa5 cb007105 c0000221  0000 620c 0055 0001  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[1] [17] TTL 1, an ICMP error: silence',
    in: `4500 003c 0001 0000 0101 bb99 cb007105 c0000221  0303 fb41 0000 0000
      4500 0020 1111 4000 4011 2b95 c0000221 cb007105  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[1] [17] TTL 1, not the first fragment: silence',
    in: `4500 0024 1111 0003 0111 aa8e cb007105 c0000221  a5*16`,
    verdict: 'DropTtl',
  },
  {
    name: '[17] RFC 1812 §4.3.2.3: the error has 576 bytes at most',
    in: `4500 0274 1111 4000 0111 6841 cb007105 c0000221  9c40 0035 0260 4273  a5*600`,
    out: `4500 0240 0000 0000 4001 1186 c63364fe cb007105  0b00 d77a 0000 0000
      4500 0274 1111 4000 0111 6841 cb007105 c0000221  9c40 0035 0260 4273  a5*520`,
    verdict: 'DropTtl',
  },
  {
    name: '[3] bytes behind Total Length are not forwarded',
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c c79b  dead beef a5*9`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[5] wrong header checksum: silence',
    in: `4500 0020 1111 4000 4011 0001 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropHeaderChecksum',
  },
  {
    name: '[5] a header of 16 bytes: silence',
    in: `4400 0020 1111 4000 4011 eeb6 cb00 7105 c000 0221 9c40 0035 000c c79b dead beef`,
    verdict: 'DropMalformed',
  },
  {
    name: '[5] Total Length below the header: silence',
    in: `4500 0013 1111 4000 4011 2ba2 cb007105 c0000221  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropMalformed',
  },
  {
    name: '[5] Total Length above what came: silence',
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c c79b  dead be`,
    verdict: 'DropMalformed',
  },
]);

siitVectors('RFC 7915 §4.1: IPv4 options', [
  {
    name: '[4] stream identifier',
    in: `4600 0024 1111 4000 4011 a28b cb007105 c0000221 8804 0001  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] security, expired LSRR, expired SSRR, stream identifier, no-operation, end',
    in: `4b00 0038 1111 4000 4011 12de cb007105 c0000221 820b 00*9 830b 0cc0 0002 01c0 0002 0201 00
      9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] expired strict source route, unaligned behind no-operations',
    in: `4a00 0034 1111 4000 4011 0ce1 cb007105 c0000221 0101 0189 0b0c c000 0201 c000 0202 8804 0001 0000
      9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] record route and timestamp, both full',
    in: `4d00 0040 1111 4000 4011 f79c cb007105 c0000221 070b 0cc0 0002 01c0 0002 0244 1405 00*18
      9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] 40 bytes of options, all no-operation',
    in: `4f00 0054 1111 4000 4006 0d58 cb007105 c0000221 01*40
      9c40 0050 0102 0304 0506 0708 5010 2000 4767 0000  dead beef`,
    out: `60000000 0018 063f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0050 0102 0304 0506 0708 5010 2000 e7b8 0000  dead beef`,
  },
  {
    name: '[4] an option of length 0 ends the walk',
    in: `4600 0024 1111 4000 4011 a890 cb007105 c0000221 8200 0000  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] an option of length 1 ends the walk',
    in: `4600 0024 1111 4000 4011 268e cb007105 c0000221 8201 8201  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] behind the end of the list stands no source route',
    in: `4700 0028 1111 4000 4011 6004 cb007105 c0000221 0083 0704 c000 0201  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
  },
  {
    name: '[4] [10] a ping with options',
    in: `4600 0024 1111 4000 4001 a29b cb007105 c0000221 8804 0001  0800 5a0c 0055 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      8000 83ef 0055 0001  dead beef`,
  },
  {
    name: '[4] loose source route, next hop the first',
    in: `4800 002c 1111 4000 4011 9cf9 cb007105 c0000221 830b 04c0 0002 01c0 0002 0200
      9c40 0035 000c c79b  dead beef`,
    out: `4500 0048 0000 0000 4001 137e c63364fe cb007105  0305 fb3f 0000 0000
      4800 002c 1111 4000 4011 9cf9 cb007105 c0000221 830b 04c0 0002 01c0 0002 0200
      9c40 0035 000c c79b  dead beef`,
    verdict: 'DropSourceRoute',
  },
  {
    name: '[4] strict source route, next hop the last',
    in: `4800 002c 1111 4000 4011 92f9 cb007105 c0000221 890b 08c0 0002 01c0 0002 0200
      9c40 0035 000c c79b  dead beef`,
    out: `4500 0048 0000 0000 4001 137e c63364fe cb007105  0305 fb3f 0000 0000
      4800 002c 1111 4000 4011 92f9 cb007105 c0000221 890b 08c0 0002 01c0 0002 0200
      9c40 0035 000c c79b  dead beef`,
    verdict: 'DropSourceRoute',
  },
  {
    name: '[4] loose source route behind other options',
    in: `4800 002c 1111 4000 4011 d5fa cb007105 c0000221 8804 0001 0183 0704 c000 0201
      9c40 0035 000c c79b  dead beef`,
    out: `4500 0048 0000 0000 4001 137e c63364fe cb007105  0305 fb3f 0000 0000
      4800 002c 1111 4000 4011 d5fa cb007105 c0000221 8804 0001 0183 0704 c000 0201
      9c40 0035 000c c79b  dead beef`,
    verdict: 'DropSourceRoute',
  },
  {
    name: '[4] [17] an unexpired source route in an ICMP error: silence',
    in: `4700 0044 1111 4000 4001 a0b7 cb007105 c0000221 8307 04c0 0002 0100  0303 fb41 0000 0000
      4500 0020 1111 4000 4011 2b95 c0000221 cb007105  9c40 0035 000c c79b  dead beef`,
    verdict: 'DropSourceRoute',
  },
]);
