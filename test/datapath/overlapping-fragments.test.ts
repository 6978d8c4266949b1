/**
 * Fragments that overlap. RFC 5722 §4 wants the host that puts a datagram together to discard it; a translator that puts
 * nothing together passes each on with the offset it came with, so that this host sees the overlap. What matters here: only
 * a fragment with offset 0 has ports, and it has the whole header of TCP or none is made of it.
 */
import { vectors } from '../helpers/vector.ts';

/** A session with port 0035 of the server, and a first fragment of 32 bytes that belongs to it. */
const FIRST = [
  `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
  `60000000 0028 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
      1100 0001 9999 2222
      0035 c350 0660 a8d5 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415 1617`,
];

vectors('RFC 5722: overlapping IPv6 fragments', [
  {
    name: '[45] over the end of the first one: passed on, offset and bytes as they are',
    before: FIRST,
    in: `60000000 0028 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          1100 0019 9999 2222  b6*32`,
    out: `4500 0034 2222 2003 3f11 4d38 c6336407 c0000221  b6*32`,
  },
  {
    name: '[45] over the header of UDP but not its ports: there is no smaller offset than 8',
    before: FIRST,
    in: `60000000 0018 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          1100 0008 9999 2222  0016 0016 0016 0016 0016 0016 0016 0016`,
    out: `4500 0024 2222 0001 3f11 6d4a c6336407 c0000221  0016 0016 0016 0016 0016 0016 0016 0016`,
  },
  {
    name: '[45] a second first one with another port: judged by its own port',
    world: { filtering: 2 },
    before: FIRST,
    in: `60000000 0028 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          1100 0001 9999 2222
          0063 c350 0660 a8a7 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415 1617`,
    verdict: 'DropFiltered',
  },
  {
    name: '[45] and what follows goes on with the session of the one that was let in',
    world: { filtering: 2 },
    before: [
      ...FIRST,
      `60000000 0028 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
        1100 0001 9999 2222
        0063 c350 0660 a8a7 0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415 1617`,
    ],
    in: `60000000 0028 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          1100 0021 9999 2222  a5*32`,
    out: `4500 0034 2222 2004 3f11 4d37 c6336407 c0000221  a5*32`,
  },
  {
    name: '[45] a first one too small for the header of TCP: nothing can overlap its flags',
    before: [
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
    ],
    in: `60000000 0010 2c40 20010db8006400000000000000000080 20010db8004600000000000000000001
          0600 0001 9999 2222  0050 c350 0102 0304`,
    verdict: 'DropMalformed',
  },
]);
