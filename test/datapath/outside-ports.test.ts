/**
 * Which address and port an inside host has outside (RFC 4787 §4, RFC 5382 §4.1, RFC 5508 §3, RFC 7857), as packets
 * show it.
 */
import * as assert from 'uvu/assert';
import { recover } from '../../src/nat/recovery.ts';
import { bytes, hex } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { tests } from '../helpers/table.ts';
import { vectors } from '../helpers/vector.ts';
import { CLIENT, CLIENT_2, REAL, SNAT, SYNTHETIC, SYNTHETIC_2, World, words } from '../helpers/world.ts';

vectors('RFC 4787 §4.1, RFC 5382 §4.1: one outside port, whatever the destination', [
  {
    name: '[51] UDP to another host',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d5f c0000221 c6336408
      9c40 0035 000c d965 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000081
      c350 0035 000c 4215 dead beef`,
  },
  {
    name: '[51] UDP to another port of the same host',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 14e9 000c c4b2 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      c350 14e9 000c 2d62 dead beef`,
  },
  {
    name: '[51] UDP to another port of another host',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d5f c0000221 c6336408
      9c40 ffff 000c d99a dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000081
      c350 ffff 000c 424a dead beef`,
  },
  {
    name: '[51] TCP to another host',
    before: [
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
    ],
    in: `4500 0028 1111 4000 4006 3d62 c0000221 c6336408
      9c40 0050 0102 0304 0506 0708 5002 2000 f6e0 0000`,
    out: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000081
      c350 0050 0102 0304 0506 0708 5002 2000 5f90 0000`,
  },
  {
    name: '[51] TCP to another port of the same host',
    before: [
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
    ],
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      9c40 01bb 0102 0304 0506 0708 5002 2000 f576 0000`,
    out: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000080
      c350 01bb 0102 0304 0506 0708 5002 2000 5e26 0000`,
  },
  {
    name: '[51] [58] ping of another host',
    before: [
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407
      0800 482d 1234 0001 dead beef`,
    ],
    in: `4500 0020 1111 4000 4001 3d6f c0000221 c6336408
      0800 482d 1234 0001 dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000081
      8000 d9ae abcd 0001 dead beef`,
  },
  {
    name: '[51] a port of its own for UDP',
    prepare: (world) => world.bind(17, CLIENT, 0x1388, 0x2222),
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      1388 0035 000c 621f dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      2222 0035 000c e344 dead beef`,
  },
  {
    name: '[51] TCP has another: mappings are made for each protocol (RFC 7857)',
    prepare: (world) => world.bind(17, CLIENT, 0x1388, 0x2222),
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407
      1388 0035 0102 0304 0506 0708 5002 2000 7fb5 0000`,
    out: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000080
      1388 0035 0102 0304 0506 0708 5002 2000 0f75 0000`,
  },
  {
    name: '[51] the answer of the other host',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
      `4500 0020 1111 4000 4011 3d5f c0000221 c6336408
      9c40 0035 000c d965 dead beef`,
    ],
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
      0035 c350 000c 4215 dead beef`,
    out: `4500 0020 0000 0000 3f11 8f70 c6336408 c0000221
      0035 9c40 000c d965 dead beef`,
  },
  {
    name: '[51] the answer of the first one is still its own',
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407
      9c40 0035 000c d966 dead beef`,
      `4500 0020 1111 4000 4011 3d5f c0000221 c6336408
      9c40 0035 000c d965 dead beef`,
    ],
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
      0035 c350 000c 4216 dead beef`,
    out: `4500 0020 0000 0000 3f11 8f71 c6336407 c0000221
      0035 9c40 000c d966 dead beef`,
  },
  {
    name: '[58] the pong of the other host',
    before: [
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407
      0800 482d 1234 0001 dead beef`,
      `4500 0020 1111 4000 4001 3d6f c0000221 c6336408
      0800 482d 1234 0001 dead beef`,
    ],
    in: `60000000 000c 3a40 20010db8006400000000000000000081 20010db8004600000000000000000001
      8100 d8ae abcd 0001 dead beef`,
    out: `4500 0020 0000 0000 3f01 8f80 c6336408 c0000221
      0000 502d 1234 0001 dead beef`,
  },
  {
    name: '[58] 59999 ms later the identifier is still the same',
    before: [
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407
      0800 482d 1234 0001 dead beef`,
    ],
    wait: 59999,
    in: `4500 0020 1111 4000 4001 3d6f c0000221 c6336408
      0800 482d 1234 0001 dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000081
      8000 d9ae abcd 0001 dead beef`,
  },
]);

vectors('RFC 4787 §4.2: the outside port is the inside one while it is free', [
  {
    name: '[53] UDP port 40000',
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407
      9c40 0035 000c d965 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      9c40 0035 000c 6926 dead beef`,
  },
  {
    name: '[53] UDP port 1024',
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407
      0400 0035 000c 71a6 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      0400 0035 000c 0167 dead beef`,
  },
  {
    name: '[53] UDP port 65535',
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407
      ffff 0035 000c 75a6 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      ffff 0035 000c 0567 dead beef`,
  },
  {
    name: '[53] UDP port 1023',
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407
      03ff 0035 000c 71a7 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      03ff 0035 000c 0168 dead beef`,
  },
  {
    name: '[53] UDP port 1',
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407
      0001 0035 000c 75a5 dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
      0001 0035 000c 0566 dead beef`,
  },
  {
    name: '[53] TCP port 22',
    in: `4500 0028 1111 4000 4006 3d62 c0000222 c6336407
      0016 0050 0102 0304 0506 0708 5002 2000 930b 0000`,
    out: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000080
      0016 0050 0102 0304 0506 0708 5002 2000 22cc 0000`,
  },
  {
    name: '[53] identifier 0',
    in: `4500 0020 1111 4000 4001 3d6f c0000222 c6336407
      0800 5a61 0000 0001 dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
      8000 857d 0000 0001 dead beef`,
  },
  {
    name: '[53] identifier 65535',
    in: `4500 0020 1111 4000 4001 3d6f c0000222 c6336407
      0800 5a61 ffff 0001 dead beef`,
    out: `60000000 000c 3a3f 20010db8004600000000000000000001 20010db8006400000000000000000080
      8000 857d ffff 0001 dead beef`,
  },
]);

const SNAT_2 = '20010db8004600000000000000000002';

interface Outside {
  address: string;
  port: number;
}

/** Send a datagram or a SYN from inside. @returns how it looks outside */
function send(world: World, protocol: number, client: string, port: number, to = SYNTHETIC): Outside {
  const pair = { source: bytes(client), destination: bytes(to) };
  const upper =
    protocol === 17
      ? build.udp(pair, [port, 53], new Uint8Array(4))
      : build.tcp(pair, [port, 53], new Uint8Array(0), { flags: 2 });
  const { verdict, outputs } = world.translate(build.v4({ ...pair, protocol }, upper));
  assert.is(verdict, 'Forward46');
  const { packet } = outputs[0]!;
  return { address: hex(packet.subarray(8, 24)), port: packet[40]! * 256 + packet[41]! };
}

/** A world with two SNAT addresses and no BIB entry. */
function twoMembers(): World {
  const world = new World({ geometry: { sessions: 512, clients: 64 } });
  recover(world.state, [words(SNAT), words(SNAT_2)]);
  return world;
}

tests('RFC 4787 §4.1: paired pooling', {
  '[52] a host has one SNAT address for all ports, protocols and destinations': () => {
    for (let host = 1; host < 40; host++) {
      const world = twoMembers();
      const client = `c00002${host.toString(16).padStart(2, '0')}`;
      const seen = new Set<string>();
      for (let port = 5000; port < 5008; port++) {
        seen.add(send(world, 17, client, port).address);
        seen.add(send(world, 6, client, port, SYNTHETIC_2).address);
      }
      assert.is(seen.size, 1, client);
    }
  },
  '[52] both SNAT addresses are used, by different hosts': () => {
    const world = twoMembers();
    const hosts = Array.from(
      { length: 40 },
      (_, host) => `c00002${(host + 1).toString(16).padStart(2, '0')}`,
    );
    const seen = new Set(hosts.map((client) => send(world, 17, client, 5000).address));
    assert.equal([...seen].sort(), [SNAT, SNAT_2]);
  },
  '[52] also when its port is taken there: another port, not another address': () => {
    const world = twoMembers();
    const { address } = send(world, 17, CLIENT, 5000);
    const member = address === SNAT ? 0 : 1;
    world.state.pool.claim(member, 1, 5001);
    const second = send(world, 17, CLIENT, 5001);
    assert.is(second.address, address);
    assert.is.not(second.port, 5001);
  },
});

tests('RFC 4787 §4.2: no port for two', {
  '[53] two hosts with one source port: two outside ports': () => {
    const world = new World();
    const first = send(world, 17, CLIENT, 5000);
    const second = send(world, 17, CLIENT_2, 5000);
    assert.is(first.port, 5000);
    assert.is.not(second.port, 5000);
    assert.ok(second.port >= 1024, `${second.port}`);
  },
  '[53] a port below 1024 that is taken becomes another one below 1024': () => {
    const world = new World();
    assert.is(send(world, 6, CLIENT, 22).port, 22);
    const { port } = send(world, 6, CLIENT_2, 22);
    assert.ok(port > 0 && port < 1024 && port !== 22, `${port}`);
  },
  '[53] the answer to each goes to its own host': () => {
    const world = new World();
    for (const client of [CLIENT, CLIENT_2]) {
      const { port } = send(world, 17, client, 5000);
      const pair = { source: bytes(REAL), destination: bytes(SNAT) };
      const answer = build.v6({ ...pair, next: 17 }, build.udp(pair, [53, port], new Uint8Array(4)));
      const { packet } = world.translate(answer).outputs[0]!;
      assert.is(hex(packet.subarray(16, 20)), client);
      assert.is(packet[22]! * 256 + packet[23]!, 5000);
    }
  },
});
