/**
 * The stateless translator and checksums that are missing or wrong: RFC 7915 §4.5, §5.5.
 */
import { ZeroChecksum } from '../../src/datapath/settings.ts';
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 7915 §4.5: UDP without checksum, from IPv4', [
  {
    name: '[19] dropped: communication prohibited',
    world: { zeroChecksum46: ZeroChecksum.Drop },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c 0000  a5a5 a5a5`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105  030d 1526 0000 0000
      4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c 0000  a5a5 a5a5`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] computed',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c 0000  a5a5 a5a5`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c ba3f  a5a5 a5a5`,
  },
  {
    name: '[19] computed, an odd number of bytes',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0023 1111 4000 4011 2b92 cb007105 c0000221  9c40 0035 000f 0000  a5*7`,
    out: `60000000 000f 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000f 6f93  a5*7`,
  },
  {
    name: '[19] [18] computed, and 0 is sent as ffff',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 001e 1111 4000 4011 2b97 cb007105 c0000221  9c40 0035 000a 0000  058f`,
    out: `60000000 000a 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000a ffff  058f`,
  },
  {
    name: '[19] forwarded as it is',
    world: { zeroChecksum46: ZeroChecksum.Forward },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c 0000  a5a5 a5a5`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 0000  a5a5 a5a5`,
  },
  {
    name: '[19] RFC 7915 §4.5: computed, then fragmented',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0530 1111 0000 4011 6685 cb007105 c0000221  9c40 0035 051c 0000  a5*1300`,
    out: [
      `60000000 04d8 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 0001 0000 1111  9c40 0035 051c 64d4  a5*1224`,
      `60000000 0054 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 04d0 0000 1111  a5*76`,
    ],
  },
  {
    name: '[19] forwarded, and fragmented',
    world: { zeroChecksum46: ZeroChecksum.Forward },
    in: `4500 0530 1111 0000 4011 6685 cb007105 c0000221  9c40 0035 051c 0000  a5*1300`,
    out: [
      `60000000 04d8 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 0001 0000 1111  9c40 0035 051c 0000  a5*1224`,
      `60000000 0054 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 04d0 0000 1111  a5*76`,
    ],
  },
  {
    name: '[19] first fragment, dropped',
    world: { zeroChecksum46: ZeroChecksum.Drop },
    in: `4500 0054 0007 2000 4011 5c6b cb007105 c0000221  9c40 0035 03f0 0000  a5*56`,
    out: `4500 0070 0000 0000 4001 1356 c63364fe cb007105  030d 3e6f 0000 0000
      4500 0054 0007 2000 4011 5c6b cb007105 c0000221  9c40 0035 03f0 0000  a5*56`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] first fragment: the rest is missing, nothing can be computed',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0054 0007 2000 4011 5c6b cb007105 c0000221  9c40 0035 03f0 0000  a5*56`,
    out: `4500 0070 0000 0000 4001 1356 c63364fe cb007105  030d 3e6f 0000 0000
      4500 0054 0007 2000 4011 5c6b cb007105 c0000221  9c40 0035 03f0 0000  a5*56`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] first fragment, forwarded',
    world: { zeroChecksum46: ZeroChecksum.Forward },
    in: `4500 0054 0007 2000 4011 5c6b cb007105 c0000221  9c40 0035 03f0 0000  a5*56`,
    out: `60000000 0048 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      1100 0001 0000 0007  9c40 0035 03f0 0000  a5*56`,
  },
  {
    name: '[19] a later fragment of zeros has no checksum to miss',
    in: `4500 0024 0007 0010 4011 7c8b cb007105 c0000221  00*16`,
    out: `60000000 0018 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      1100 0080 0000 0007  00*16`,
  },
  {
    name: '[19] computed: a UDP length above what came is malformed',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 0020 0000  dead beef`,
    verdict: 'DropMalformed',
  },
]);

siitVectors('RFC 8200 §8.1: UDP without checksum, from IPv6', [
  {
    name: '[30] dropped in silence',
    world: { zeroChecksum64: ZeroChecksum.Drop },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c 0000  a5a5 a5a5`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[30] computed',
    world: { zeroChecksum64: ZeroChecksum.Compute },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c 0000  a5a5 a5a5`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105  9c40 0035 000c 19ee  a5a5 a5a5`,
  },
  {
    name: '[30] RFC 768: forwarded, 0 stays 0',
    world: { zeroChecksum64: ZeroChecksum.Forward },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c 0000  a5a5 a5a5`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105  9c40 0035 000c 0000  a5a5 a5a5`,
  },
  {
    name: '[30] first fragment, dropped',
    world: { zeroChecksum64: ZeroChecksum.Drop },
    in: `60000000 0048 2c40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      1100 0001 0000 0007  9c40 0035 03f0 0000  a5*56`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[30] first fragment: nothing can be computed',
    world: { zeroChecksum64: ZeroChecksum.Compute },
    in: `60000000 0048 2c40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      1100 0001 0000 0007  9c40 0035 03f0 0000  a5*56`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[30] first fragment, forwarded',
    world: { zeroChecksum64: ZeroChecksum.Forward },
    in: `60000000 0048 2c40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      1100 0001 0000 0007  9c40 0035 03f0 0000  a5*56`,
    out: `4500 0054 0007 2000 3f11 5d6b c0000221 cb007105  9c40 0035 03f0 0000  a5*56`,
  },
  {
    name: '[30] a later fragment of zeros',
    in: `60000000 0018 2c40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      1100 0080 0000 0007  00*16`,
    out: `4500 0024 0007 0010 3f11 7d8b c0000221 cb007105  00*16`,
  },
  {
    name: '[30] an atomic fragment is whole: computed',
    world: { zeroChecksum64: ZeroChecksum.Compute },
    in: `60000000 0014 2c40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      1100 0000 0000 0007  9c40 0035 000c 0000  a5a5 a5a5`,
    out: `4500 0020 0007 0000 3f11 7d9f c0000221 cb007105  9c40 0035 000c 19ee  a5a5 a5a5`,
  },
]);

siitVectors('RFC 1624 §3, RFC 7915 §4.5: a wrong checksum stays equivalently wrong', [
  {
    name: '[18] UDP, checksum off by 1, to IPv6',
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c c79c  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ee  dead beef`,
  },
  {
    name: '[18] UDP, checksum off by 1, to IPv4',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c 67ee  dead beef`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105  9c40 0035 000c c79c  dead beef`,
  },
  {
    name: '[18] UDP, checksum off by 7fff, to IPv6',
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c 479b  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c e7ec  dead beef`,
  },
  {
    name: '[18] UDP, checksum off by 7fff, to IPv4',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c e7ec  dead beef`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105  9c40 0035 000c 479b  dead beef`,
  },
  {
    name: '[18] UDP, checksum off by fffe, to IPv6',
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221  9c40 0035 000c c79a  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ec  dead beef`,
  },
  {
    name: '[18] UDP, checksum off by fffe, to IPv4',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000c 67ec  dead beef`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105  9c40 0035 000c c79a  dead beef`,
  },
  {
    name: '[18] TCP, checksum off by 1234, to IPv6',
    in: `4500 002c 1111 4000 4006 2b94 cb007105 c0000221
      9c40 0050 0102 0304 0506 0708 5010 2000 599b 0000  dead beef`,
    out: `60000000 0018 063f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0050 0102 0304 0506 0708 5010 2000 f9ec 0000  dead beef`,
  },
  {
    name: '[18] TCP, checksum off by 1234, to IPv4',
    in: `60000000 0018 0640 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0050 0102 0304 0506 0708 5010 2000 f9ec 0000  dead beef`,
    out: `4500 002c 0000 0000 3f06 7da5 c0000221 cb007105
      9c40 0050 0102 0304 0506 0708 5010 2000 599b 0000  dead beef`,
  },
  {
    name: '[18] ping, checksum off by 1234, to IPv6',
    in: `4500 0020 1111 4000 4001 2ba5 cb007105 c0000221  0800 6c90 0005 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      8000 9673 0005 0001  dead beef`,
  },
  {
    name: '[18] ping, checksum off by 1234, to IPv4',
    in: `60000000 000c 3a40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      8000 9673 0005 0001  dead beef`,
    out: `4500 0020 0000 0000 3f01 7db6 c0000221 cb007105  0800 6c90 0005 0001  dead beef`,
  },
  {
    name: '[18] RFC 768: a UDP checksum that becomes 0 is sent as ffff, to IPv6',
    in: `4500 001e 1111 4000 4011 2b97 cb007105 c0000221  9c40 0035 000a 5fae  058f`,
    out: `60000000 000a 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000a ffff  058f`,
  },
  {
    name: '[18] RFC 768: a UDP checksum that becomes 0 is sent as ffff, to IPv4',
    in: `60000000 000a 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      9c40 0035 000a a051  653d`,
    out: `4500 001e 0000 0000 3f11 7da8 c0000221 cb007105  9c40 0035 000a ffff  653d`,
  },
  {
    name: '[57] an ICMP error with a wrong checksum would be repaired: dropped, from IPv4',
    in: `4500 003c 1111 4000 4001 2b89 cb007105 c0000221  0303 0001 0000 0000
      4500 0020 1111 4000 4011 2b95 c0000221 cb007105  0035 9c40 000c c79b  dead beef`,
    verdict: 'DropIcmpChecksum',
  },
  {
    name: '[57] an ICMP error with a wrong checksum would be repaired: dropped, from IPv6',
    in: `60000000 003c 3a40 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0104 0001 0000 0000
      60000000 000c 1140 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed  dead beef`,
    verdict: 'DropIcmpChecksum',
  },
]);
