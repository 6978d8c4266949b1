/**
 * How long a session lives after its last packet, to the millisecond (RFC 6146 §3.5, §4; RFC 4787 REQ-5 and REQ-6,
 * RFC 5382 REQ-5, RFC 5508 REQ-2).
 */
import * as assert from 'uvu/assert';
import { ICMP_QUERY_MS, TCP_ESTABLISHED_MS, TCP_TRANSITORY_MS, UDP_MS } from '../../src/nat/lifetimes.ts';
import type { VerdictName } from '../helpers/slot.ts';
import { table } from '../helpers/table.ts';
import { Conversation, type Said } from './conversation.ts';

interface Row {
  name: string;
  /** Packets that lead to the state; all of them pass. */
  said: readonly Said[];
  /** Said half a life later: what does not prolong a life must not. */
  straggler?: Said;
  lifetime: number;
  /** From outside: passes while the session lives, opens none afterwards. */
  probe: Said;
  over: VerdictName;
}

const OPEN = ['in S', 'out SA', 'in A'];

function tcp(name: string, said: readonly Said[], lifetime: number, straggler?: Said): Row {
  const row: Row = { name, said, lifetime, probe: 'out A', over: 'DropTcpNoSession' };
  return straggler === undefined ? row : { ...row, straggler };
}

function udp(name: string, said: readonly Said[]): Row {
  return { name, said, lifetime: UDP_MS, probe: 'out udp', over: 'DropNoSession' };
}

function echo(name: string, said: readonly Said[], straggler?: Said): Row {
  const row: Row = { name, said, lifetime: ICMP_QUERY_MS, probe: 'out echo', over: 'DropNoSession' };
  return straggler === undefined ? row : { ...row, straggler };
}

const ROWS: readonly Row[] = [
  udp('[40] UDP from inside', ['in udp']),
  udp('[40] UDP, prolonged from inside', ['in udp', 'out udp', 'in udp']),
  udp('[40] UDP, prolonged from outside', ['in udp', 'out udp']),
  { ...udp('[40] UDP that another host began', ['out2 udp']), probe: 'out2 udp' },
  echo('[43] [58] ping', ['in echo']),
  echo('[43] [58] ping, prolonged by its reply', ['in echo', 'out echo']),
  tcp('[41] init-inside', ['in S'], TCP_TRANSITORY_MS),
  tcp('[41] init-inside, the SYN repeated', ['in S', 'in S'], TCP_TRANSITORY_MS),
  tcp('[41] init-inside, data before the SYN is answered', ['in S'], TCP_TRANSITORY_MS, 'in A'),
  tcp('[41] init-inside, refused by the server', ['in S'], TCP_TRANSITORY_MS, 'out RA'),
  { ...tcp('[41] [46] init-outside', ['out2 S'], TCP_TRANSITORY_MS), probe: 'out2 A' },
  {
    ...tcp('[41] [46] init-outside, data only', ['out2 S'], TCP_TRANSITORY_MS, 'in2 A'),
    probe: 'out2 A',
  },
  tcp('[41] established', OPEN, TCP_ESTABLISHED_MS),
  tcp('[41] established, data from outside', [...OPEN, 'out PA'], TCP_ESTABLISHED_MS),
  tcp('[41] [46] established by a simultaneous open', ['in S', 'out S'], TCP_ESTABLISHED_MS),
  tcp('[41] fin-inside', [...OPEN, 'in FA'], TCP_ESTABLISHED_MS),
  tcp('[41] fin-outside', [...OPEN, 'out FA'], TCP_ESTABLISHED_MS),
  tcp('[41] fin-inside, more data from outside', [...OPEN, 'in FA', 'out PA'], TCP_ESTABLISHED_MS),
  tcp('[42] fin-outside, then a reset', [...OPEN, 'out FA', 'in R'], TCP_TRANSITORY_MS, 'in R'),
  tcp('[42] fin-outside and resets, unread data', [...OPEN, 'out FA', 'out R'], TCP_TRANSITORY_MS, 'out R'),
  tcp('[42] fin-inside, then a reset', [...OPEN, 'in FA', 'out R'], TCP_TRANSITORY_MS, 'out R'),
  tcp('[42] fin-inside, a reset, then data', [...OPEN, 'in FA', 'out R', 'out A'], TCP_ESTABLISHED_MS),
  tcp(
    '[42] fin-outside, a reset, the other FIN',
    [...OPEN, 'out FA', 'out R', 'in FA'],
    TCP_TRANSITORY_MS,
    'out R',
  ),
  tcp(
    '[42] fin-inside, a forged reset, data, the other FIN',
    [...OPEN, 'in FA', 'out R', 'out A', 'out FA'],
    TCP_TRANSITORY_MS,
    'in A',
  ),
  tcp('[41] fin-both', [...OPEN, 'in FA', 'out FA'], TCP_TRANSITORY_MS, 'in A'),
  tcp('[41] fin-both, the other end first', [...OPEN, 'out FA', 'in FA'], TCP_TRANSITORY_MS, 'out A'),
  tcp('[41] [42] transitory, reset from inside', [...OPEN, 'in R'], TCP_TRANSITORY_MS, 'in R'),
  tcp('[41] [42] transitory, reset from outside', [...OPEN, 'out R'], TCP_TRANSITORY_MS, 'out R'),
  tcp('[42] reset, then data from outside', [...OPEN, 'out R', 'out A'], TCP_ESTABLISHED_MS),
  tcp('[42] reset, then data from inside', [...OPEN, 'in R', 'in A'], TCP_ESTABLISHED_MS),
];

const MOMENTS = [-1, 0, 1].flatMap((off) =>
  ROWS.map((row) => ({
    ...row,
    off,
    name: `${row.name}: ${row.lifetime} ms ${['- 1', '', '+ 1'][off + 1]}`,
  })),
);

table(
  'RFC 6146 §4: a session lives to its deadline',
  MOMENTS,
  ({ said, straggler, lifetime, off, probe, over }) => {
    const talk = new Conversation();
    for (const packet of said) assert.match(talk.say(packet), /^Forward/, packet);
    if (straggler !== undefined) {
      talk.wait(lifetime / 2);
      assert.match(talk.say(straggler), /^Forward/, straggler);
    }
    talk.wait(straggler === undefined ? lifetime + off : lifetime / 2 + off);
    assert.is(talk.say(probe), off < 0 ? 'Forward64' : over);
  },
);

table(
  'RFC 6146 §3.1: a BIB entry lives as long as its last session',
  [-1, 0, 1].map((off) => ({ off, name: `[39] of two sessions, the longer one's deadline ${off}` })),
  ({ off }) => {
    const talk = new Conversation();
    talk.say('in udp');
    talk.wait(1000);
    talk.say('in2 udp');
    talk.wait(UDP_MS + off);
    const { world } = talk;
    world.state.sweepSessions(world.now, 0, world.state.sessions.rows.capacity, () => {});
    assert.is(world.state.sessions.rows.used(), off < 0 ? 1 : 0);
    // Another host may use the port while the BIB entry lives
    assert.is(talk.say('out@99 udp'), off < 0 ? 'Forward64' : 'DropNoSession');
  },
);
