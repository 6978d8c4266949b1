/**
 * ICMP query messages, both ways: RFC 7915 §4.2, §5.2; RFC 5508 §3.
 */
import { vectors } from '../helpers/vector.ts';

/** Opens the session of an echo. */
const PINGED = [`4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`];

vectors('RFC 7915 §4.2: ICMP echo to IPv6', [
  {
    name: '[10] request 8 becomes 128, identifier of the session',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 d9af abcd 0001  dead beef`,
  },
  {
    name: '[10] request without payload',
    in: `4500 001c 1111 4000 4001 3d74 c0000221 c6336407  0800 e5ca 1234 0001`,
    out: `60000000 0008 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 7751 abcd 0001`,
  },
  {
    name: '[10] request of odd length',
    in: `4500 001f 1111 4000 4001 3d71 c0000221 c6336407  0800 4afc 1234 0001  abcd ef`,
    out: `60000000 000b 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 dc7f abcd 0001  abcd ef`,
  },
  {
    name: '[10] code 3 is sent as 0',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0803 482a 1234 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 d9af abcd 0001  dead beef`,
  },
  {
    name: '[10] wrong checksum stays as wrong',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482e 1234 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 d9b0 abcd 0001  dead beef`,
  },
  {
    name: '[2] TOS and TTL',
    in: `452e 0020 1111 4000 0901 7442 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    out: `62e00000 000c 3a08 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 d9af abcd 0001  dead beef`,
  },
  {
    name: '[4] options',
    in: `4f00 0048 1111 4000 4001 1f34 c0000221 c6336407 01*40  0800 482d 1234 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8000 d9af abcd 0001  dead beef`,
  },
  {
    name: '[10] reply 0 becomes 129: the server asked in the same session',
    before: PINGED,
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0000 502d 1234 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
           8100 d8af abcd 0001  dead beef`,
  },
  {
    name: '[43] reply without session',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0000 502d 1234 0001  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[1] TTL 1: time exceeded',
    in: `4500 0020 1111 4000 0101 7c70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  0b00 f4ff 0000 0000
           4500 0020 1111 4000 0101 7c70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[85] TTL 1, a reply: no answer',
    in: `4500 0020 1111 4000 0101 7c70 c0000221 c6336407  0000 502d 1234 0001  dead beef`,
    verdict: 'DropTtl',
  },
  {
    name: '[8] DF=1, 1500 bytes: fragmentation needed',
    in: `4500 05dc 1111 4000 4001 37b4 c0000221 c6336407  0800 a98e 1234 0001  a5*1472`,
    out: `4500 0240 0000 0000 4001 8c67 c6336401 c0000221  0304 f733 0000 05c8
           4500 05dc 1111 4000 4001 37b4 c0000221 c6336407  0800 a98e 1234 0001  a5*520`,
    verdict: 'DropTooBig',
  },
  {
    name: '[7] DF=0, 1328 bytes: in pieces',
    in: `4500 0530 1111 0000 4001 7860 c0000221 c6336407  0800 4f34 1234 0001  a5*1300`,
    out: [
      `60000000 04d8 2c3f 20010db8004600000000000000000001 20010db8006400000000000000000080
        3a00 0001 0000 1111  8000 dba6 abcd 0001  a5*1224`,
      `60000000 0054 2c3f 20010db8004600000000000000000001 20010db8006400000000000000000080
        3a00 04d0 0000 1111  a5*76`,
    ],
  },
]);

vectors('RFC 7915 §5.2: ICMPv6 echo to IPv4', [
  {
    name: '[10] reply 129 becomes 0',
    before: PINGED,
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 d8af abcd 0001  dead beef`,
    out: `4500 0020 0000 0000 3f01 8f81 c6336407 c0000221  0000 502d 1234 0001  dead beef`,
  },
  {
    name: '[10] reply of odd length',
    before: PINGED,
    in: `60000000 000b 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 db7f abcd 0001  abcd ef`,
    out: `4500 001f 0000 0000 3f01 8f82 c6336407 c0000221  0000 52fc 1234 0001  abcd ef`,
  },
  {
    name: '[10] wrong checksum stays as wrong',
    before: PINGED,
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 d9af abcd 0001  dead beef`,
    out: `4500 0020 0000 0000 3f01 8f81 c6336407 c0000221  0000 512d 1234 0001  dead beef`,
  },
  {
    name: '[24] Traffic Class and Hop Limit',
    before: PINGED,
    in: `6fd00000 000c 3a03 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 d8af abcd 0001  dead beef`,
    out: `45fd 0020 0000 0000 0201 cb84 c6336407 c0000221  0000 502d 1234 0001  dead beef`,
  },
  {
    name: '[25] extension header before',
    before: PINGED,
    in: `60000000 0014 3c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          3a00 0104 0000 0000  8100 d8af abcd 0001  dead beef`,
    out: `4500 0020 0000 0000 3f01 8f81 c6336407 c0000221  0000 502d 1234 0001  dead beef`,
  },
  {
    name: '[10] request 128 becomes 8 in a session that is there',
    before: PINGED,
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8000 d9af abcd 0001  dead beef`,
    out: `4500 0020 0000 0000 3f01 8f81 c6336407 c0000221  0800 482d 1234 0001  dead beef`,
  },
  {
    name: '[23] 1400 bytes: DF=1',
    before: PINGED,
    in: `60000000 0564 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 8f13 abcd 0001  a5*1372`,
    out: `4500 0578 0000 4000 3f01 4a29 c6336407 c0000221  0000 0be9 1234 0001  a5*1372`,
  },
  {
    name: '[85] 1501 bytes, a reply: no answer',
    before: PINGED,
    in: `60000000 05c9 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 8f53 abcd 0001  a5*1473`,
    verdict: 'DropTooBig',
  },
  {
    name: '[29] 1501 bytes, a request: too big',
    before: PINGED,
    in: `60000000 05c9 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8000 9053 abcd 0001  a5*1473`,
    out: `60000000 04d8 3a40 20010db8004600000000000000000001 20010db8006400000000000000000080
           0200 ce87 0000 05f0
           60000000 05c9 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
           8000 9053 abcd 0001  a5*1184`,
    verdict: 'DropTooBig',
  },
  {
    name: '[43] reply to another identifier',
    before: PINGED,
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8100 8406 0077 0001  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[58] reply of another host',
    before: PINGED,
    in: `60000000 000c 3a40 20010db8006400000000000000000081 20010db8004600000000000000000001
          8100 d8ae abcd 0001  dead beef`,
    verdict: 'DropNoSession',
  },
]);

vectors('RFC 7915 §4.2: other ICMPv4 messages', [
  {
    name: '[14] type 1',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0100 4f2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 2',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0200 4e2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 6',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0600 4a2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 7',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0700 492d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 9',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0900 472d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 10',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0a00 462d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 13',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0d00 432d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 14',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0e00 422d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 15',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0f00 412d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 16',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  1000 402d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 17',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  1100 3f2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 18',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  1200 3e2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 19',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  1300 3d2d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 30',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  1e00 322d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 40',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  2800 282d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 42',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  2a00 262d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 43',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  2b00 252d 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 128',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  8000 d02c 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[14] type 255',
    in: `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  ff00 512c 1234 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
]);

vectors('RFC 7915 §5.2: other ICMPv6 messages', [
  {
    name: '[27] type 130, MLD query',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8200 d7af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 131, MLD report',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8300 d6af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 132, MLD done',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8400 d5af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 133, router solicitation',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8500 d4af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 134, router advertisement',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8600 d3af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 135, neighbor solicitation',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8700 d2af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 136, neighbor advertisement',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8800 d1af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 137, redirect',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8900 d0af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 139, node information',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8b00 ceaf abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 143, MLDv2 report',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          8f00 caaf abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 200, private',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          c800 91af abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
  {
    name: '[27] type 255, reserved',
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
          ff00 5aaf abcd 0001  dead beef`,
    verdict: 'DropIcmpType',
  },
]);
