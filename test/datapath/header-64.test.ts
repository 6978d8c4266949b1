/**
 * RFC 7915 §5.1: every field of an IPv6 header, and headers that are broken.
 */
import { vectors } from '../helpers/vector.ts';

/** Open a session of each protocol that the rows need. */
const SESSIONS = [
  `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
];

vectors('RFC 7915 §5.1: IPv6 header to IPv4 header', [
  {
    name: '[24] UDP',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[24] TCP',
    before: SESSIONS,
    in: `60000000 0014 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
          0050 c350 0102 0304 0506 0708 5010 2000 5f83 0000`,
    out: `4500 0028 0000 0000 3f06 8f74 c6336407 c0000221  0050 9c40 0102 0304 0506 0708 5010 2000 f6d3 0000`,
  },
  {
    name: '[24] Traffic Class b8 becomes TOS b8',
    before: SESSIONS,
    in: `6b800000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `45b8 0020 0000 0000 3f11 8eb9 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[87] CE',
    before: SESSIONS,
    in: `60300000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4503 0020 0000 0000 3f11 8f6e c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[24] all bits of Traffic Class',
    before: SESSIONS,
    in: `6ff00000 0014 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
          0050 c350 0102 0304 0506 0708 5010 2000 5f83 0000`,
    out: `45ff 0028 0000 0000 3f06 8e75 c6336407 c0000221  0050 9c40 0102 0304 0506 0708 5010 2000 f6d3 0000`,
  },
  {
    name: 'Flow Label is not looked at',
    before: SESSIONS,
    in: `600abcde 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[24] Hop Limit 255',
    before: SESSIONS,
    in: `60000000 000c 11ff 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4500 0020 0000 0000 fe11 d070 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[24] Hop Limit 2',
    before: SESSIONS,
    in: `60000000 000c 1102 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4500 0020 0000 0000 0111 cd71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: '[24] Hop Limit 1: time exceeded',
    before: SESSIONS,
    in: `60000000 000c 1101 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `60000000 003c 3a40 20010db8004600000000000000000001 20010db8006400000000000000000080
           0300 2efc 0000 0000
           60000000 000c 1101 20010db8006400000000000000000080 20010db8004600000000000000000001
           0035 c350 000c 4216  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[24] Hop Limit 0: time exceeded',
    before: SESSIONS,
    in: `60000000 000c 1100 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `60000000 003c 3a40 20010db8004600000000000000000001 20010db8006400000000000000000080
           0300 2efd 0000 0000
           60000000 000c 1100 20010db8006400000000000000000080 20010db8004600000000000000000001
           0035 c350 000c 4216  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: 'bytes after Payload Length are not forwarded',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef  eeee`,
    out: `4500 0020 0000 0000 3f11 8f71 c6336407 c0000221  0035 9c40 000c d966  dead beef`,
  },
  {
    name: 'odd payload',
    before: SESSIONS,
    in: `60000000 000b 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000b 4307  dead be`,
    out: `4500 001f 0000 0000 3f11 8f72 c6336407 c0000221  0035 9c40 000b da57  dead be`,
  },
  {
    name: '[47] source is the address that was dialled',
    before: [`4500 0020 1111 4000 4011 3d5e c0000221 c6336409  9c40 0035 000c d964  dead beef`],
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f6f c6336409 c0000221  0035 9c40 000c d964  dead beef`,
  },
]);

vectors('RFC 7915 §5.1: not well-formed IPv6', [
  {
    name: '39 bytes',
    before: SESSIONS,
    in: `6000 0000 000c 1140 2001 0db8 0064 0000 0000 0000 0000 0080 2001 0db8 0046 0000 0000 0000 0000 00`,
    verdict: 'DropMalformed',
  },
  {
    name: 'Payload Length beyond what came',
    before: SESSIONS,
    in: `60000000 000d 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 000c 4216  dead beef`,
    verdict: 'DropMalformed',
  },
  {
    name: 'Payload Length 0, hop-by-hop: no jumbogram',
    before: SESSIONS,
    in: `60000000 0000 0040 20010db8006400000000000000000080 20010db8004600000000000000000001
          1100 c204 0001 0000`,
    verdict: 'DropMalformed',
  },
  {
    name: 'version 7',
    before: SESSIONS,
    in: `7000 0000 000c 1140 2001 0db8 0064 0000 0000 0000 0000 0080 2001 0db8 0046 0000 0000 0000 0000
          0001  0035 c350 000c 4216  dead beef`,
    verdict: 'DropMalformed',
  },
  {
    name: 'header only, UDP',
    before: SESSIONS,
    in: `60000000 0000 1140 20010db8006400000000000000000080 20010db8004600000000000000000001`,
    verdict: 'DropMalformed',
  },
  {
    name: '7 bytes of UDP',
    before: SESSIONS,
    in: `60000000 0007 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 c350 0007 00`,
    verdict: 'DropMalformed',
  },
  {
    name: '19 bytes of TCP',
    before: SESSIONS,
    in: `60000000 0013 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
          0050 c350 0102 0304 0506 0708 5010 2000 5f83 00`,
    verdict: 'DropMalformed',
  },
  {
    name: 'TCP data offset beyond the packet',
    before: SESSIONS,
    in: `60000000 0014 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
          0050 c350 0102 0304 0506 0708 6010 2000 4f83 0000`,
    verdict: 'DropMalformed',
  },
  {
    name: '7 bytes of ICMPv6',
    before: SESSIONS,
    in: `60000000 0007 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8000 0000 0000 00`,
    verdict: 'DropMalformed',
  },
]);

vectors('RFC 7915 §5.1: addresses that are never translated', [
  {
    name: '[38] source unspecified',
    before: SESSIONS,
    in: `60000000 000c 1140 00000000000000000000000000000000 20010db8004600000000000000000001
          0035 c350 000c 70b3  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination unspecified',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 00000000000000000000000000000000
          0035 c350 000c 7016  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] source loopback',
    before: SESSIONS,
    in: `60000000 000c 1140 00000000000000000000000000000001 20010db8004600000000000000000001
          0035 c350 000c 70b2  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination loopback',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 00000000000000000000000000000001
          0035 c350 000c 7015  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] source multicast',
    before: SESSIONS,
    in: `60000000 000c 1140 ff020000000000000000000000000001 20010db8004600000000000000000001
          0035 c350 000c 71af  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination multicast',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 ff020000000000000000000000000001
          0035 c350 000c 7112  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] source link-local',
    before: SESSIONS,
    in: `60000000 000c 1140 fe800000000000000000000000000001 20010db8004600000000000000000001
          0035 c350 000c 7231  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination link-local',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 fe800000000000000000000000000001
          0035 c350 000c 7194  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] source end of fe80::/10',
    before: SESSIONS,
    in: `60000000 000c 1140 febfffffffffffffffffffffffffffff 20010db8004600000000000000000001
          0035 c350 000c 71f3  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination end of fe80::/10',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 febfffffffffffffffffffffffffffff
          0035 c350 000c 7156  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] source IPv4-mapped',
    before: SESSIONS,
    in: `60000000 000c 1140 00000000000000000000ffffc0000201 20010db8004600000000000000000001
          0035 c350 000c aeb1  dead beef`,
    verdict: 'DropAddress',
  },
  {
    name: '[38] destination IPv4-mapped',
    before: SESSIONS,
    in: `60000000 000c 1140 20010db8006400000000000000000080 00000000000000000000ffffc0000201
          0035 c350 000c ae14  dead beef`,
    verdict: 'DropAddress',
  },
]);
