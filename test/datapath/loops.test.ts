/**
 * Nothing goes in circles (RFC 6146 §3.8): what was translated is not translated again when it comes back, and a
 * synthetic address that stands for ourselves leads nowhere.
 */
import { vectors } from '../helpers/vector.ts';

vectors('RFC 6146 §3.8: no loops', [
  {
    name: '[48] our own IPv6 packet, read again',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
    ],
    in: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      c350 0035 000c 4216 dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[48] our own TCP SYN, read again',
    before: [
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
    ],
    in: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000080
      c350 0050 0102 0304 0506 0708 5002 2000 5f91 0000`,
    verdict: 'DropNoSession',
  },
  {
    name: '[48] our own echo request, read again',
    before: [
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407
      0800 482d 1234 0001 dead beef`,
    ],
    in: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
      8000 d9af abcd 0001 dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[48] SYN to a synthetic address of our own SNAT address: host unreachable',
    in: `4500 0028 1111 4000 4006 3d60 c0000221 c633640a
      9c40 0050 0102 0304 0506 0708 5002 2000 f6de 0000`,
    out: `4500 0044 0000 0000 4001 8e63 c6336401 c0000221
      0301 e978 0000 0000 4500 0028 1111 4000 4006 3d60 c000 0221 c633 640a 9c40 0050 0102
      0304 0506 0708 5002 2000 f6de 0000`,
    verdict: 'DropHairpin',
  },
  {
    name: '[48] ping of it: host unreachable',
    in: `4500 0020 1111 4000 4001 3d6d c0000221 c633640a
      0800 482d 1234 0001 dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221
      0301 fcfe 0000 0000 4500 0020 1111 4000 4001 3d6d c000 0221 c633 640a 0800 482d 1234
      0001 dead beef`,
    verdict: 'DropHairpin',
  },
  {
    name: '[48] another host to a port that is mapped there: host unreachable',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d5c c0000222 c633640a
      1388 9c40 000c c60f dead beef`,
    out: `4500 003c 0000 0000 4001 8e6a c6336401 c0000222
      0301 e97c 0000 0000 4500 0020 1111 4000 4011 3d5c c000 0222 c633 640a 1388 9c40 000c
      c60f dead beef`,
    verdict: 'DropHairpin',
  },
  {
    name: '[48] a synthetic address as the source: dropped in silence',
    in: '45000020111140004011d545c6336408c63364079c400035000c714cdeadbeef',
    verdict: 'DropOwnSource',
  },
  {
    name: '[48] a SNAT address as the source, to a port that is in use: dropped in silence',
    before: ['450000201111400040113d60c0000221c63364079c400035000cd966deadbeef'],
    in: '60000000000c114020010db800460000000000000000000120010db80046000000000000000000010035c350000c42b3deadbeef',
    verdict: 'DropOwnSource',
  },
]);
