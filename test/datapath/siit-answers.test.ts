/**
 * What the stateless translator says itself: echo replies, ICMP errors, and when it says nothing.
 */
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 1122 §3.2.2, RFC 4443 §4.2: our own addresses, stateless', [
  {
    name: '[88] ping of the own IPv4 address',
    in: `4500 0020 1111 4000 4001 c294 cb007105 c63364fe
      0800 482d 1234 0001 dead beef`,
    out: `4500 0020 0000 0000 4001 13a6 c63364fe cb007105
      0000 502d 1234 0001 dead beef`,
    verdict: 'Reply',
  },
  {
    name: '[88] TTL 1 is enough',
    in: `4500 0020 1111 4000 0101 0195 cb007105 c63364fe
      0800 482d 1234 0001 dead beef`,
    out: `4500 0020 0000 0000 4001 13a6 c63364fe cb007105
      0000 502d 1234 0001 dead beef`,
    verdict: 'Reply',
  },
  {
    name: '[88] ping of the own IPv6 address',
    in: `60000000 000c 3a40 20010db8000200000000000000000021 20010db80046000000000000000000fe
      8000 730d 1234 0001 dead beef`,
    out: `60000000 000c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      8100 720d 1234 0001 dead beef`,
    verdict: 'Reply',
  },
  {
    name: '[88] UDP to the own IPv4 address: port unreachable',
    in: `4500 0020 1111 4000 4011 c284 cb007105 c63364fe
      03e8 829a 000c 747e dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105
      0303 6452 0000 0000 4500 0020 1111 4000 4011 c284 cb00 7105 c633 64fe 03e8 829a 000c
      747e dead beef`,
    verdict: 'DropOwnAddress',
  },
  {
    name: '[88] TCP to it: port unreachable',
    in: `4500 0028 1111 4000 4006 c287 cb007105 c63364fe
      03e8 0050 0102 0304 0506 0708 5002 2000 145f 0000`,
    out: `4500 0044 0000 0000 4001 1382 c63364fe cb007105
      0303 644f 0000 0000 4500 0028 1111 4000 4006 c287 cb00 7105 c633 64fe 03e8 0050 0102
      0304 0506 0708 5002 2000 145f 0000`,
    verdict: 'DropOwnAddress',
  },
  {
    name: '[88] GRE to it: protocol unreachable',
    in: `4500 0018 1111 4000 402f c26e cb007105 c63364fe
      dead beef`,
    out: `4500 0034 0000 0000 4001 1392 c63364fe cb007105
      0302 5f60 0000 0000 4500 0018 1111 4000 402f c26e cb00 7105 c633 64fe dead beef`,
    verdict: 'DropOwnProtocol',
  },
  {
    name: '[88] UDP to the own IPv6 address: port unreachable',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db80046000000000000000000fe
      03e8 829a 000c 7edd dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0104 307d 0000 0000 6000 0000 000c 1140 2001 0db8 0002 0000 0000 0000 0000 0021 2001
      0db8 0046 0000 0000 0000 0000 00fe 03e8 829a 000c 7edd dead beef`,
    verdict: 'DropOwnAddress',
  },
  {
    name: '[88] GRE to it: unknown next header, pointer 6',
    in: `60000000 0004 2f40 20010db8000200000000000000000021 20010db80046000000000000000000fe
      dead beef`,
    out: `60000000 0034 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0401 14f6 0000 0006 6000 0000 0004 2f40 2001 0db8 0002 0000 0000 0000 0000 0021 2001
      0db8 0046 0000 0000 0000 0000 00fe dead beef`,
    verdict: 'DropOwnProtocol',
  },
  {
    name: '[85] an echo reply to us: no answer',
    in: `4500 0020 1111 4000 4001 c294 cb007105 c63364fe
      0000 502d 1234 0001 dead beef`,
    verdict: 'DropOwnAddress',
  },
  {
    name: '[85] an ICMPv6 error to us: no answer',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db80046000000000000000000fe
      0104 307d 0000 0000 6000 0000 000c 1140 2001 0db8 0046 0000 0000 0000 0000 00fe 2001
      0db8 0002 0000 0000 0000 0000 0021 0001 0002 000c 055d dead beef`,
    verdict: 'DropOwnAddress',
  },
]);

siitVectors('RFC 1812 §4.3.2.8, RFC 4443 §2.4(f): errors that we originate, stateless', [
  {
    name: '[85] rate 1: the first is sent',
    world: { icmpRate: 1 },
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105
      0b00 f344 0000 0000 4500 0020 1111 4000 0111 6a95 cb00 7105 c000 0221 9c40 0035 000c
      c79b dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[85] rate 1: the second at once is not',
    world: { icmpRate: 1 },
    before: [
      `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    ],
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[85] rate 1: 999 ms later it is not',
    world: { icmpRate: 1 },
    before: [
      `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    ],
    wait: 999,
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[85] rate 1: 1000 ms later it is',
    world: { icmpRate: 1 },
    before: [
      `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    ],
    wait: 1000,
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105
      0b00 f344 0000 0000 4500 0020 1111 4000 0111 6a95 cb00 7105 c000 0221 9c40 0035 000c
      c79b dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[85] rate 1: IPv6 has its own',
    world: { icmpRate: 1 },
    before: [
      `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    ],
    in: `60000000 000c 1101 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 67ed dead beef`,
    out: `60000000 003c 3a40 20010db80046000000000000000000fe 20010db8000200000000000000000021
      0300 2ec0 0000 0000 6000 0000 000c 1101 2001 0db8 0002 0000 0000 0000 0000 0021 2001
      0db8 01cb 0071 0005 0000 0000 0000 0035 9c40 000c 67ed dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[17] [85] rate 0: none to IPv4',
    world: { icmpRate: 0 },
    in: `4500 0020 1111 4000 0111 6a95 cb007105 c0000221
      9c40 0035 000c c79b dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[29] [85] rate 0: none to IPv6',
    world: { icmpRate: 0 },
    in: `60000000 000c 1101 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 67ed dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[38] [85] source this network: no answer',
    in: `4500 0020 1111 4000 0111 a69b 00000000 c0000221
      0001 0002 000c a014 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] source loopback: no answer',
    in: `4500 0020 1111 4000 0111 279a 7f000001 c0000221
      0001 0002 000c 2113 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] source multicast: no answer',
    in: `4500 0020 1111 4000 0111 c699 e0000001 c0000221
      0001 0002 000c c012 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] source broadcast: no answer',
    in: `4500 0020 1111 4000 0111 a69b ffffffff c0000221
      0001 0002 000c a014 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] IPv6 source unspecified: no answer',
    in: `60000000 000c 1101 00000000000000000000000000000000 20010db801cb00710005000000000000
      0001 0002 000c 323c dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] IPv6 source loopback: no answer',
    in: `60000000 000c 1101 00000000000000000000000000000001 20010db801cb00710005000000000000
      0001 0002 000c 323b dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] IPv6 source multicast: no answer',
    in: `60000000 000c 1101 ff020000000000000000000000000001 20010db801cb00710005000000000000
      0001 0002 000c 3338 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] [85] IPv6 source link-local: no answer',
    in: `60000000 000c 1101 fe800000000000000000000000000001 20010db801cb00710005000000000000
      0001 0002 000c 33ba dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] from IPv6 to an address of the prefix that is none of IPv4: loopback',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db8017f00000001000000000000
      0001 0002 000c 0521 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] and link-local',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801a9fe000001000000000000
      0001 0002 000c 06f6 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] nor from one: loopback',
    in: `60000000 000c 1140 20010db8017f00000001000000000000 20010db8000300000000000000000009
      0001 0002 000c 0538 dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] nor from one: multicast',
    in: `60000000 000c 1140 20010db801e000000001000000000000 20010db8000300000000000000000009
      0001 0002 000c 04d7 dead beef`,
    verdict: 'DropAddress',
  },
]);
