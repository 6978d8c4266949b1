/**
 * ICMP errors, true or spoofed, never make, prolong or end anything (RFC 4787 REQ-12, RFC 5382 REQ-10, RFC 5508 REQ-3 to
 * REQ-6): every type and code that there is, about every kind of session, from both sides.
 */
import * as assert from 'uvu/assert';
import { ICMP_QUERY_MS, TCP_ESTABLISHED_MS, UDP_MS } from '../../src/nat/lifetimes.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { table } from '../helpers/table.ts';
import { CLIENT, REAL, SNAT, SYNTHETIC } from '../helpers/world.ts';
import { Conversation, packetOf, type Said } from './conversation.ts';

const ROUTER6 = '20010db8ffff000000000000000000fe';
const ROUTER4 = '0a000001';

interface Row {
  name: string;
  open: readonly Said[];
  /** Packet of the session that errors from outside and from inside quote, as those hosts received it. */
  quotedOutside: Said;
  quotedInside: Said;
  lifetime: number;
  probe: Said;
}

const ROWS: readonly Row[] = [
  {
    name: 'UDP',
    open: ['in udp'],
    quotedOutside: 'in udp',
    quotedInside: 'out udp',
    lifetime: UDP_MS,
    probe: 'out udp',
  },
  {
    name: 'TCP, established',
    open: ['in S', 'out SA', 'in A'],
    quotedOutside: 'in A',
    quotedInside: 'out A',
    lifetime: TCP_ESTABLISHED_MS,
    probe: 'out A',
  },
  {
    name: 'ping',
    open: ['in echo'],
    quotedOutside: 'in echo',
    quotedInside: 'out echo',
    lifetime: ICMP_QUERY_MS,
    probe: 'out echo',
  },
];

/** Every type of error with codes that exist and some that do not. */
const ERRORS6 = [1, 2, 3, 4].flatMap((type) => Array.from({ length: 9 }, (_, code) => (type << 8) | code));
const ERRORS4 = [3, 4, 5, 11, 12].flatMap((type) =>
  Array.from({ length: 17 }, (_, code) => (type << 8) | code),
);

/** @param source of the error, as hex */
function error6(typeCode: number, quote: Uint8Array, source: string): Uint8Array {
  const pair = { source: bytes(source), destination: bytes(SNAT) };
  return build.v6({ ...pair, next: 58 }, build.icmp(pair, typeCode, build.u32(1280), quote));
}

function error4(typeCode: number, quote: Uint8Array, source: string): Uint8Array {
  const pair = { source: bytes(source), destination: bytes(SYNTHETIC) };
  return build.v4({ ...pair, protocol: 1 }, build.icmp(pair, typeCode, build.u32(576), quote));
}

/** What the far end received when this packet was translated. */
function translated(talk: Conversation, said: Said): Uint8Array {
  const [output] = talk.world.translate(packetOf(said)).outputs;
  assert.ok(output);
  return output.packet;
}

/** Everything that NAT knows. */
function knowledge(talk: Conversation): Int32Array {
  return talk.world.state.segment.words.slice();
}

function assertSame(talk: Conversation, before: Int32Array): void {
  const { words } = talk.world.state.segment;
  assert.is(
    words.findIndex((word, at) => word !== before[at]),
    -1,
    'not a bit of the segment has changed',
  );
}

/** A Packet Too Big is there to be remembered [86]: that is no knowledge of NAT. */
function forgetPathMtus({ world }: Conversation): void {
  const { sessions, mappings } = world.state;
  for (let row = 0; row < sessions.rows.capacity; row++) sessions.setPathMtu(row as SessionId, 0);
  for (let row = 0; row < mappings.capacity; row++) mappings.setPathMtu(row, 0);
}

table(
  'an ICMP error about a live session changes nothing that NAT knows',
  ROWS.map((row) => ({ ...row, name: `[43] [56] ${row.name}` })),
  ({ open, quotedOutside, quotedInside }) => {
    const talk = new Conversation({ icmpRate: 0 });
    talk.say(...open);
    const seenOutside = translated(talk, quotedOutside);
    const seenInside = translated(talk, quotedInside);
    talk.wait(1000);
    const before = knowledge(talk);
    let passed = 0;
    const send = (error: Uint8Array): void => {
      if (/^Forward/.test(talk.world.translate(error).verdict)) passed++;
    };
    for (const typeCode of ERRORS6)
      for (const from of [ROUTER6, REAL]) send(error6(typeCode, seenOutside, from));
    for (const typeCode of ERRORS4)
      for (const from of [ROUTER4, CLIENT]) send(error4(typeCode, seenInside, from));
    assert.ok(passed > 20, 'many of them reach their host');
    forgetPathMtus(talk);
    assertSame(talk, before);
  },
);

table(
  'and the session lives as long as without it',
  ROWS.flatMap((row) =>
    [-1, 0, 1].map((off) => ({ ...row, off, name: `[43] [56] ${row.name}: ${row.lifetime} ms, ${off}` })),
  ),
  ({ open, quotedOutside, quotedInside, lifetime, probe, off }) => {
    const talk = new Conversation();
    talk.say(...open);
    const seenOutside = translated(talk, quotedOutside);
    const seenInside = translated(talk, quotedInside);
    talk.wait(lifetime / 2);
    talk.world.translate(error6(0x0100, seenOutside, ROUTER6));
    talk.world.translate(error4(0x0301, seenInside, ROUTER4));
    talk.wait(lifetime / 2 + off);
    assert.is(talk.say(probe) === 'Forward64', off < 0);
  },
);

table(
  'an ICMP error about no session makes none',
  ROWS.map((row) => ({ ...row, name: `[43] [57] ${row.name}` })),
  ({ open, quotedOutside, quotedInside }) => {
    const other = new Conversation();
    other.say(...open);
    const seenOutside = translated(other, quotedOutside);
    const seenInside = translated(other, quotedInside);
    const talk = new Conversation();
    const before = knowledge(talk);
    assert.is(talk.world.translate(error6(0x0104, seenOutside, REAL)).verdict, 'DropIcmpQuote');
    assert.is(talk.world.translate(error4(0x0303, seenInside, CLIENT)).verdict, 'DropIcmpQuote');
    assertSame(talk, before);
  },
);

table(
  'an ICMP error whose checksum is wrong goes no further',
  ROWS.map((row) => ({ ...row, name: `[57] ${row.name}` })),
  ({ open, quotedOutside, quotedInside }) => {
    const talk = new Conversation();
    talk.say(...open);
    const spoilt6 = error6(0x0104, translated(talk, quotedOutside), REAL);
    const spoilt4 = error4(0x0303, translated(talk, quotedInside), CLIENT);
    spoilt6[42]! ^= 1;
    spoilt4[22]! ^= 1;
    const before = knowledge(talk);
    assert.is(talk.world.translate(spoilt6).verdict, 'DropIcmpChecksum');
    assert.is(talk.world.translate(spoilt4).verdict, 'DropIcmpChecksum');
    assertSame(talk, before);
  },
);
