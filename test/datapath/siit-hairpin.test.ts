/**
 * The stateless translator between two hosts that both have explicit mappings, through IPv4: RFC 7757 §4.1, §4.2.1.
 */
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 7757 §4.1 [36]: no hairpinning', [
  {
    name: 'off: from a mapped host to a mapped host by the prefix',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801c633640009000000000000
      9c40 0035 000c 34fb  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f6f c0000221 c6336409  9c40 0035 000c d964  dead beef`,
  },
  {
    name: 'off: and back from IPv4: both by their mappings',
    in: `4500 0020 1111 4000 4011 3d5e c0000221 c6336409  9c40 0035 000c d964  dead beef`,
    out: `60000000 000c 113f 20010db8000200000000000000000021 20010db8000300000000000000000009
      9c40 0035 000c 6a22  dead beef`,
  },
]);

siitVectors('RFC 7757 §4.2.1 [36]: simple hairpinning', [
  {
    name: 'to IPv4 as usual: the packet leaves the translator',
    world: { hairpin: 'simple' },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801c633640009000000000000
      9c40 0035 000c 34fb  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f6f c0000221 c6336409  9c40 0035 000c d964  dead beef`,
  },
  {
    name: 'comes back: the source by the prefix, the destination by its mapping',
    world: { hairpin: 'simple' },
    in: `4500 002c 1111 4000 4006 3d5d c0000221 c6336409
      9c40 0050 0102 0304 0506 0708 5010 2000 5930 0000  dead beef`,
    out: `60000000 0018 063f 20010db801c000020021000000000000 20010db8000300000000000000000009
      9c40 0050 0102 0304 0506 0708 5010 2000 e82d 0000  dead beef`,
  },
  {
    name: 'a ping',
    world: { hairpin: 'simple' },
    in: `4500 0020 1111 4000 4001 3d6e c0000221 c6336409  0800 5a5c 0005 0001  dead beef`,
    out: `60000000 000c 3a3f 20010db801c000020021000000000000 20010db8000300000000000000000009
      8000 84b4 0005 0001  dead beef`,
  },
  {
    name: 'GRE',
    world: { hairpin: 'simple' },
    in: `4500 001c 1111 4000 402f 3d44 c0000221 c6336409  a5*8`,
    out: `60000000 0008 2f3f 20010db801c000020021000000000000 20010db8000300000000000000000009
      a5*8`,
  },
  {
    name: 'a fragment',
    world: { hairpin: 'simple' },
    in: `4500 0024 0007 2002 4011 6e62 c0000221 c6336409  a5*16`,
    out: `60000000 0018 2c3f 20010db801c000020021000000000000 20010db8000300000000000000000009
      1100 0011 0000 0007  a5*16`,
  },
  {
    name: 'from the IPv4 Internet: by the prefix in any case',
    world: { hairpin: 'simple' },
    in: `4500 0020 1111 4000 4011 c379 cb007105 c6336409  9c40 0035 000c 5f80  dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000300000000000000000009
      9c40 0035 000c 6804  dead beef`,
  },
  {
    name: 'to the IPv4 Internet: the source has a mapping, and is not used',
    world: { hairpin: 'simple' },
    in: `4500 0020 1111 4000 4011 2b95 c0000221 cb007105  9c40 0035 000c c79b  dead beef`,
    out: `60000000 000c 113f 20010db801c000020021000000000000 20010db801cb00710005000000000000
      9c40 0035 000c 662d  dead beef`,
  },
  {
    name: 'an error from the host that the quoted packet was for: quoted destination and source by the prefix',
    world: { hairpin: 'simple' },
    in: `4500 003c 0009 4000 4001 4e5a c0000221 c6336409  0303 e978 0000 0000
      4500 0020 1111 4000 4011 3d5e c6336409 c0000221  9c40 0035 000c d964  dead beef`,
    out: `60000000 003c 3a3f 20010db801c000020021000000000000 20010db8000300000000000000000009
      0104 2ff5 0000 0000
      60000000 000c 1140 20010db8000300000000000000000009 20010db801c000020021000000000000
      9c40 0035 000c 6862  dead beef`,
  },
  {
    name: 'an error from a router with a mapping: the quoted destination by the prefix, the router by its mapping',
    world: { hairpin: 'simple' },
    in: `4500 003c 0009 4000 4001 4e49 c0000232 c6336409  0b00 e17b 0000 0000
      4500 0020 1111 4000 4011 3d5e c6336409 c0000221  9c40 0035 000c d964  dead beef`,
    out: `60000000 003c 3a3f 20010db8000200000000000000000032 20010db8000300000000000000000009
      0300 2fa8 0000 0000
      60000000 000c 1140 20010db8000300000000000000000009 20010db801c000020021000000000000
      9c40 0035 000c 6862  dead beef`,
  },
  {
    name: 'an error from a router of the IPv4 Internet',
    world: { hairpin: 'simple' },
    in: `4500 003c 0009 4000 4001 d42d cb00714d c6336409  0b00 e17b 0000 0000
      4500 0020 1111 4000 4011 3d5e c6336409 c0000221  9c40 0035 000c d964  dead beef`,
    out: `60000000 003c 3a3f 20010db801cb0071004d000000000000 20010db8000300000000000000000009
      0300 2d53 0000 0000
      60000000 000c 1140 20010db8000300000000000000000009 20010db801c000020021000000000000
      9c40 0035 000c 6862  dead beef`,
  },
]);
