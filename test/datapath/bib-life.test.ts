/**
 * A BIB entry lives as long as a session of it does (RFC 6146 §3.1, §3.2), and is one of its protocol.
 */
import { bytes } from '../helpers/hex.ts';
import { vectors } from '../helpers/vector.ts';
import type { World } from '../helpers/world.ts';

/** Packets from inside, each with the milliseconds that pass after it; then what ended is swept. */
function sent(...packets: readonly (readonly [packet: string, wait: number])[]): (world: World) => void {
  return (world) => {
    for (const [packet, wait] of packets) {
      world.translate(bytes(packet));
      world.now += wait;
    }
    world.state.sweepSessions(world.now, 0, 1000, () => {});
  };
}

const UDP = `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      1388 0035 000c 621f dead beef`;
const UDP_TO_THE_OTHER = `4500 0020 1111 4000 4011 3d5f c0000221 c6336408
      1388 0035 000c 621e dead beef`;
const SYN = `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      1388 0050 0102 0304 0506 0708 5002 2000 7f9a 0000`;
const PING = `4500 0020 1111 4000 4001 3d70 c0000221 c6336407
      0800 46d9 1388 0001 dead beef`;

vectors('RFC 6146 §3.1, §3.2: BIB entries and their sessions', [
  {
    name: '[39] UDP: the other host reaches an entry that has a session',
    prepare: sent([UDP, 299_999]),
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
      0035 1388 000c f1dd dead beef`,
    out: `4500 0020 0000 0000 3f11 8f70 c6336408 c0000221
      0035 1388 000c 621e dead beef`,
  },
  {
    name: '[39] UDP: with its last session the entry is gone',
    prepare: sent([UDP, 300_000]),
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
      0035 1388 000c f1dd dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] UDP: and so it is for the host of that session',
    prepare: sent([UDP, 300_000]),
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 000c f1de dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] UDP: a younger session keeps it',
    prepare: sent([UDP, 1], [UDP_TO_THE_OTHER, 299_999]),
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 000c f1de dead beef`,
    out: `4500 0020 0000 0000 3f11 8f71 c6336407 c0000221
      0035 1388 000c 621f dead beef`,
  },
  {
    name: '[39] UDP: both sessions over, the entry is gone',
    prepare: sent([UDP, 1], [UDP_TO_THE_OTHER, 300_000]),
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 000c f1de dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] an entry of UDP is none of TCP',
    prepare: sent([UDP, 0]),
    in: `60000000 0014 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 0102 0304 0506 0708 5002 2000 0f75 0000`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] an entry of TCP is none of UDP',
    prepare: sent([SYN, 0]),
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 000c f1de dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] an entry of ICMP is none of UDP',
    prepare: sent([PING, 0]),
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 1388 000c f1de dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] TCP: gone after the transitory lifetime',
    prepare: sent([SYN, 240_000]),
    in: `60000000 0014 0640 20010db8006400000000000000000080 20010db8004600000000000000000001
      0050 1388 0102 0304 0506 0708 5012 2000 0f4a 0000`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] ICMP: gone after a minute',
    prepare: sent([PING, 60_000]),
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
      8100 70f5 1388 0001 dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] ICMP: there until then',
    prepare: sent([PING, 59_999]),
    in: `60000000 000c 3a40 20010db8006400000000000000000080 20010db8004600000000000000000001
      8100 70f5 1388 0001 dead beef`,
    out: `4500 0020 0000 0000 3f01 8f81 c6336407 c0000221
      0000 4ed9 1388 0001 dead beef`,
  },
]);
