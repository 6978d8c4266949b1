/**
 * UDP datagrams without checksum, in each of the modes (RFC 7915 §4.5, RFC 8200 §8.1).
 */
import { ZeroChecksum } from '../../src/datapath/settings.ts';
import { siitVectors } from '../helpers/vector.ts';

siitVectors('RFC 7915 §4.5: UDP without checksum, to IPv6', [
  {
    name: '[19] drop: prohibited',
    world: { zeroChecksum46: ZeroChecksum.Drop },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221
      9c40 0035 000c 0000 dead beef`,
    out: `4500 003c 0000 0000 4001 138a c63364fe cb007105
      030d c2d3 0000 0000 4500 0020 1111 4000 4011 2b95 cb00 7105 c000 0221 9c40 0035 000c
      0000 dead beef`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] compute',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221
      9c40 0035 000c 0000 dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 67ed dead beef`,
  },
  {
    name: '[19] compute: odd length',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 001f 1111 4000 4011 2b96 cb007105 c0000221
      9c40 0035 000b 0000 0102 03`,
    out: `60000000 000b 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000b 018b 0102 03`,
  },
  {
    name: '[19] compute: empty',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 001c 1111 4000 4011 2b99 cb007105 c0000221
      9c40 0035 0008 0000`,
    out: `60000000 0008 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 0008 0593`,
  },
  {
    name: '[18] [19] compute: a sum of 0 is sent as ffff',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 001e 1111 4000 4011 2b97 cb007105 c0000221
      9c40 0035 000a 0000 058f`,
    out: `60000000 000a 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000a ffff 058f`,
  },
  {
    name: '[19] compute: UDP length beyond the packet',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221
      9c40 0035 000d 0000 dead beef`,
    verdict: 'DropMalformed',
  },
  {
    name: '[19] forward: still none',
    world: { zeroChecksum46: ZeroChecksum.Forward },
    in: `4500 0020 1111 4000 4011 2b95 cb007105 c0000221
      9c40 0035 000c 0000 dead beef`,
    out: `60000000 000c 113f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      9c40 0035 000c 0000 dead beef`,
  },
  {
    name: '[19] drop: a first fragment cannot be summed: prohibited',
    world: { zeroChecksum46: ZeroChecksum.Drop },
    in: `4500 002c 2222 2000 4011 3a78 cb007105 c0000221
      9c40 0035 0030 0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
    out: `4500 0048 0000 0000 4001 137e c63364fe cb007105
      030d 280d 0000 0000 4500 002c 2222 2000 4011 3a78 cb00 7105 c000 0221 9c40 0035 0030
      0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] compute: a first fragment cannot be summed: prohibited',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 002c 2222 2000 4011 3a78 cb007105 c0000221
      9c40 0035 0030 0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
    out: `4500 0048 0000 0000 4001 137e c63364fe cb007105
      030d 280d 0000 0000 4500 002c 2222 2000 4011 3a78 cb00 7105 c000 0221 9c40 0035 0030
      0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] forward: a first fragment',
    world: { zeroChecksum46: ZeroChecksum.Forward },
    in: `4500 002c 2222 2000 4011 3a78 cb007105 c0000221
      9c40 0035 0030 0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
    out: `60000000 0020 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      1100 0001 0000 2222 9c40 0035 0030 0000 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f`,
  },
  {
    name: '[19] drop: a later fragment shows no checksum, and passes',
    world: { zeroChecksum46: ZeroChecksum.Drop },
    in: `4500 002c 2222 0003 4011 5a75 cb007105 c0000221
      1011 1213 1415 1617 1819 1a1b 1c1d 1e1f 2021 2223 2425 2627`,
    out: `60000000 0020 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
      1100 0018 0000 2222 1011 1213 1415 1617 1819 1a1b 1c1d 1e1f 2021 2223 2425 2627`,
  },
  {
    name: '[7] [19] compute, then in pieces',
    world: { zeroChecksum46: ZeroChecksum.Compute },
    in: `4500 05dc 2222 0000 4011 54c8 cb007105 c0000221
      9c40 0035 05c8 0000 a5*1472`,
    out: [
      `60000000 04d8 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 0001 0000 2222 9c40 0035 05c8 bdd6 a5*1224`,
      `60000000 0100 2c3f 20010db801cb00710005000000000000 20010db8000200000000000000000021
        1100 04d0 0000 2222 a5*248`,
    ],
  },
]);

siitVectors('RFC 8200 §8.1: UDP without checksum, to IPv4', [
  {
    name: '[30] drop: silence',
    world: { zeroChecksum64: ZeroChecksum.Drop },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 0000 dead beef`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[30] dropped by default',
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 0000 dead beef`,
    verdict: 'DropUdpNoChecksum',
  },
  {
    name: '[19] compute, for a tunnel that sends none (RFC 6935)',
    world: { zeroChecksum64: ZeroChecksum.Compute },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 0000 dead beef`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105
      0035 9c40 000c c79b dead beef`,
  },
  {
    name: '[19] forward: IPv4 allows none',
    world: { zeroChecksum64: ZeroChecksum.Forward },
    in: `60000000 000c 1140 20010db8000200000000000000000021 20010db801cb00710005000000000000
      0035 9c40 000c 0000 dead beef`,
    out: `4500 0020 0000 0000 3f11 7da6 c0000221 cb007105
      0035 9c40 000c 0000 dead beef`,
  },
]);
