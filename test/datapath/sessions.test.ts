/**
 * From a packet to its session: made or refused (RFC 6146 §3.5, mirrored).
 */
import { vectors } from '../helpers/vector.ts';

/** A datagram from inside: the client has a UDP session. */
const UDP_OPEN = [`4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`];

/** A SYN from inside: a session that waits for its answer. */
const TCP_SYN = [
  `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
];

vectors('RFC 6146 §3.5 mirrored: who may open a session, from inside', [
  {
    name: '[22] unknown synthetic address: punt, nothing is said yet',
    in: `4500 0020 1111 4000 4011 3d04 c0000221 c6336463  9c40 0035 000c d90a  dead beef`,
    verdict: 'Punt',
  },
  {
    name: '[22] unknown synthetic address: TCP SYN',
    in: `4500 0028 1111 4000 4006 3d07 c0000221 c6336463  9c40 0050 0102 0304 0506 0708 5002 2000 f685 0000`,
    verdict: 'Punt',
  },
  {
    name: '[22] unknown synthetic address: ping',
    in: `4500 0020 1111 4000 4001 3d14 c0000221 c6336463  0800 482d 1234 0001  dead beef`,
    verdict: 'Punt',
  },
  {
    name: '[21] the store has none: host unreachable',
    in: `4500 0020 1111 4000 4011 3d5b c0000221 c633640c  9c40 0035 000c d961  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  0301 e97d 0000 0000
           4500 0020 1111 4000 4011 3d5b c0000221 c633640c  9c40 0035 000c d961  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: 'the store had none, 999 ms ago',
    wait: 999,
    in: `4500 0020 1111 4000 4011 3d5b c0000221 c633640c  9c40 0035 000c d961  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  0301 e97d 0000 0000
           4500 0020 1111 4000 4011 3d5b c0000221 c633640c  9c40 0035 000c d961  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: 'the store had none, 1000 ms ago: asked again',
    wait: 1000,
    in: `4500 0020 1111 4000 4011 3d5b c0000221 c633640c  9c40 0035 000c d961  dead beef`,
    verdict: 'Punt',
  },
  {
    name: '[82] resting synthetic address: host unreachable',
    in: `4500 0020 1111 4000 4011 3d5c c0000221 c633640b  9c40 0035 000c d962  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  0301 e97c 0000 0000
           4500 0020 1111 4000 4011 3d5c c0000221 c633640b  9c40 0035 000c d962  dead beef`,
    verdict: 'DropUnmapped',
  },
  {
    name: '[48] [55] synthetic address of our own SNAT address: host unreachable',
    in: `4500 0020 1111 4000 4011 3d5d c0000221 c633640a  9c40 0035 000c d963  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  0301 e97b 0000 0000
           4500 0020 1111 4000 4011 3d5d c0000221 c633640a  9c40 0035 000c d963  dead beef`,
    verdict: 'DropHairpin',
  },
  {
    name: '[50] source outside the inside prefixes: prohibited',
    world: {
      inside: [
        { network: 0x0a000000, mask: ~0xffffff },
        { network: 0x0b000000, mask: ~0xffffff },
      ],
    },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    verdict: 'DropNotInside',
  },
  {
    name: '[50] source in the second of the inside prefixes',
    world: {
      inside: [
        { network: 0x0a000000, mask: ~0xffffff },
        { network: 0x0b000000, mask: ~0xffffff },
      ],
    },
    in: `4500 0020 1111 4000 4011 f47c 0b000005 c6336407  9c40 0035 000c 9083  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           9c40 0035 000c 6926  dead beef`,
  },
  {
    name: '[60] [62] as many sessions as one host may have: prohibited',
    world: { maxClientSessions: 1 },
    before: UDP_OPEN,
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    verdict: 'DropClientQuota',
  },
  {
    name: '[62] the session that is there goes on',
    world: { maxClientSessions: 1 },
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           c350 0035 000c 4216  dead beef`,
  },
  {
    name: '[60] another host is not concerned',
    world: { maxClientSessions: 1 },
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407  9c40 0035 000c d965  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           9c40 0035 000c 6926  dead beef`,
  },
  {
    name: '[60] [62] as many ports as one host may have: prohibited',
    world: { maxClientPorts: 3 },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    verdict: 'DropClientQuota',
  },
  {
    name: '[60] [62] as many ports as one host may have: the ports that it has go on',
    world: { maxClientPorts: 3 },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           c350 0035 000c 4216  dead beef`,
  },
  {
    name: '[62] no free port: prohibited',
    prepare: (world) => {
      for (let port = 1024; port < 65536; port++) world.state.pool.claim(0, 1, port);
    },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    verdict: 'DropPoolExhausted',
  },
  {
    name: '[62] no free port, a port that is bound',
    prepare: (world) => {
      for (let port = 1024; port < 65536; port++) world.state.pool.claim(0, 1, port);
    },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           c350 0035 000c 4216  dead beef`,
  },
  {
    name: '[62] no free port of UDP: TCP has its own',
    prepare: (world) => {
      for (let port = 1024; port < 65536; port++) world.state.pool.claim(0, 1, port);
    },
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  1388 0050 0102 0304 0506 0708 5002 2000 7f9a 0000`,
    out: `60000000 0014 063f 20010db8004600000000000000000001 20010db8006400000000000000000080
           1388 0050 0102 0304 0506 0708 5002 2000 0f5a 0000`,
  },
  {
    name: '[17] [49] [62] session table full: prohibited',
    world: { geometry: { sessions: 3 } },
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    verdict: 'DropTableFull',
  },
  {
    name: '[17] [62] BIB full: prohibited',
    world: { geometry: { sessions: 3 } },
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6b c6336401 c0000221  030d e96c 0000 0000
           4500 0020 1111 4000 4011 3d60 c0000221 c6336407  1388 0035 000c 621f  dead beef`,
    verdict: 'DropTableFull',
  },
  {
    name: '[17] [62] client table full: prohibited',
    world: { geometry: { clients: 1 } },
    in: `4500 0020 1111 4000 4011 3d5f c0000222 c6336407  9c40 0035 000c d965  dead beef`,
    out: `4500 003c 0000 0000 4001 8e6a c6336401 c0000222  030d e96d 0000 0000
           4500 0020 1111 4000 4011 3d5f c0000222 c6336407  9c40 0035 000c d965  dead beef`,
    verdict: 'DropTableFull',
  },
  {
    name: '[62] table full, a session that is there',
    world: { geometry: { sessions: 3 } },
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0036 000c d965  dead beef`,
    ],
    in: `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
    out: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
           c350 0035 000c 4216  dead beef`,
  },
  {
    name: '[41] TCP ACK without session',
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5010 2000 f6d3 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: '[41] TCP FIN ACK without session',
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5011 2000 f6d2 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: '[41] TCP RST without session',
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5004 2000 f6df 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: '[41] TCP nothing without session',
    in: `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5000 2000 f6e3 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: '[41] TCP ACK without session to an unknown synthetic address',
    in: `4500 0028 1111 4000 4006 3d07 c0000221 c6336463  9c40 0050 0102 0304 0506 0708 5010 2000 f677 0000`,
    verdict: 'DropTcpNoSession',
  },
]);

vectors('RFC 6146 §3.5 mirrored: who may open a session, from outside', [
  {
    name: '[54] another mapped host may answer: endpoint-independent filtering',
    before: UDP_OPEN,
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
          0063 c350 000c 41e7  dead beef`,
    out: `4500 0020 0000 0000 3f11 8f70 c6336408 c0000221  0063 9c40 000c d937  dead beef`,
  },
  {
    name: '[54] TCP SYN of another mapped host',
    before: TCP_SYN,
    in: `60000000 0014 0640 20010db8006400000000000000000081 20010db8004600000000000000000001
          0063 c350 0102 0304 0506 0708 5002 2000 5f7d 0000`,
    out: `4500 0028 0000 0000 3f06 8f73 c6336408 c0000221  0063 9c40 0102 0304 0506 0708 5002 2000 f6cd 0000`,
  },
  {
    name: '[54] TCP ACK of another mapped host',
    before: TCP_SYN,
    in: `60000000 0014 0640 20010db8006400000000000000000081 20010db8004600000000000000000001
          0063 c350 0102 0304 0506 0708 5010 2000 5f6f 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: '[46] TCP RST of another mapped host',
    before: TCP_SYN,
    in: `60000000 0014 0640 20010db8006400000000000000000081 20010db8004600000000000000000001
          0063 c350 0102 0304 0506 0708 5004 2000 5f7b 0000`,
    verdict: 'DropTcpNoSession',
  },
  {
    name: 'a host without synthetic address',
    before: UDP_OPEN,
    in: `60000000 000c 1140 20010db8000500000000000000000005 20010db8004600000000000000000001
          0035 c350 000c 42f0  dead beef`,
    verdict: 'DropSenderUnmapped',
  },
  {
    name: '[48] our own output that came back',
    before: UDP_OPEN,
    in: `60000000 000c 113f 20010db8004600000000000000000001 20010db8006400000000000000000080
          c350 0035 000c 4216  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] a port that nobody uses',
    before: UDP_OPEN,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 0005 000c 0562  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[39] a port that only the other protocol uses',
    before: [
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  1234 0050 0102 0304 0506 0708 5002 2000 80ee 0000`,
    ],
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8004600000000000000000001
          0035 1234 000c f332  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[21] an address that is not ours',
    before: UDP_OPEN,
    in: `60000000 000c 1140 20010db8006400000000000000000080 20010db8ffff000000000000000000fe
          0035 c350 000c 415f  dead beef`,
    verdict: 'DropNoSession',
  },
  {
    name: '[60] quota counts sessions from outside',
    world: { maxClientSessions: 1 },
    before: UDP_OPEN,
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
          0035 c350 000c 4215  dead beef`,
    verdict: 'DropClientQuota',
  },
  {
    name: 'session table full',
    world: { geometry: { sessions: 3 } },
    before: [
      `4500 0020 1111 4000 4011 3d60 c0000221 c6336407  9c40 0035 000c d966  dead beef`,
      `4500 0028 1111 4000 4006 3d63 c0000221 c6336407  9c40 0050 0102 0304 0506 0708 5002 2000 f6e1 0000`,
      `4500 0020 1111 4000 4001 3d70 c0000221 c6336407  0800 482d 1234 0001  dead beef`,
    ],
    in: `60000000 000c 1140 20010db8006400000000000000000081 20010db8004600000000000000000001
          0035 c350 000c 4215  dead beef`,
    verdict: 'DropTableFull',
  },
]);
