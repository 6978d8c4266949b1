/**
 * TCP states, RFC 6146 §3.5.2.2, every state with every event. The RFC's "V6" side is the one that opens connections
 * there; here that is the inside, so V6 reads inside and V4 outside.
 */
import * as assert from 'uvu/assert';
import { TCP_ESTABLISHED_MS, TCP_TRANSITORY_MS } from '../../src/nat/lifetimes.ts';
import {
  event,
  FROM_OUTSIDE,
  lifetimeMs,
  next,
  refreshes,
  TCP_STATE_NAMES,
  TcpState,
} from '../../src/nat/tcp-state.ts';
import * as tcp from '../../src/wire/tcp.ts';
import { table, tests } from '../helpers/table.ts';

const S = TcpState;
const SIDES = { in: 0, out: FROM_OUTSIDE };
const FLAGS = { data: tcp.ACK, syn: tcp.SYN, fin: tcp.FIN | tcp.ACK, rst: tcp.RST };
type EventName = `${keyof typeof SIDES} ${keyof typeof FLAGS}`;
const EVENTS = Object.keys(SIDES).flatMap((side) =>
  Object.keys(FLAGS).map((kind) => `${side} ${kind}`),
) as EventName[];

function eventOf(name: EventName): number {
  const [side, kind] = name.split(' ') as [keyof typeof SIDES, keyof typeof FLAGS];
  return event(FLAGS[kind], SIDES[side]);
}

interface Row {
  name: string;
  state: TcpState;
  /** Where events lead; those that are not here leave the state as it is. */
  to: Partial<Record<EventName, TcpState>>;
  /** Events that start the lifetime again although the state stays. */
  prolonged: readonly EventName[];
  lifetime: number;
}

/** From the text of the RFC, state by state, and our three rules. */
table<Row>(
  'RFC 6146 §3.5.2.2',
  [
    {
      name: '[41] CLOSED: a SYN opens, from either side',
      state: S.Closed,
      to: { 'in syn': S.InitInside, 'out syn': S.InitOutside },
      prolonged: [],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[41] V6 INIT (inside SYN seen): a SYN from outside establishes, a repeated SYN prolongs',
      state: S.InitInside,
      to: { 'out syn': S.Established },
      prolonged: ['in syn'],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[41] [46] V4 INIT (outside SYN seen): a SYN from inside establishes',
      state: S.InitOutside,
      to: { 'in syn': S.Established },
      prolonged: ['out syn'],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[41] [42] ESTABLISHED: FIN and RST lead on, everything else prolongs',
      state: S.Established,
      to: { 'in fin': S.FinInside, 'out fin': S.FinOutside, 'in rst': S.Transitory, 'out rst': S.Transitory },
      prolonged: ['in data', 'in syn', 'out data', 'out syn'],
      lifetime: TCP_ESTABLISHED_MS,
    },
    {
      name: '[41] [42] V6 FIN RCV: the other FIN ends it, everything else prolongs; our rule: a RST shortens it',
      state: S.FinInside,
      to: { 'out fin': S.FinBoth, 'in rst': S.FinInsideReset, 'out rst': S.FinInsideReset },
      prolonged: EVENTS.filter((name) => name !== 'out fin' && !name.endsWith('rst')),
      lifetime: TCP_ESTABLISHED_MS,
    },
    {
      name: '[41] [42] V4 FIN RCV: the other FIN ends it, everything else prolongs; our rule: a RST shortens it',
      state: S.FinOutside,
      to: { 'in fin': S.FinBoth, 'in rst': S.FinOutsideReset, 'out rst': S.FinOutsideReset },
      prolonged: EVENTS.filter((name) => name !== 'in fin' && !name.endsWith('rst')),
      lifetime: TCP_ESTABLISHED_MS,
    },
    {
      name: '[41] V6 FIN + V4 FIN RCV: nothing prolongs; our rule: a SYN from inside opens again',
      state: S.FinBoth,
      to: { 'in syn': S.InitInside },
      prolonged: [],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[41] [42] TRANS: anything but RST establishes again; our rule: a SYN from inside opens anew',
      state: S.Transitory,
      to: {
        'in data': S.Established,
        'in fin': S.Established,
        'out data': S.Established,
        'out syn': S.Established,
        'out fin': S.Established,
        'in syn': S.InitInside,
      },
      prolonged: [],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[42] our rule: V6 FIN RCV and a RST is TRANS that knows of the FIN',
      state: S.FinInsideReset,
      to: {
        ...{ 'in data': S.FinInside, 'in fin': S.FinInside, 'out data': S.FinInside, 'out syn': S.FinInside },
        'in syn': S.InitInside,
        'out fin': S.FinBoth,
      },
      prolonged: [],
      lifetime: TCP_TRANSITORY_MS,
    },
    {
      name: '[42] our rule: V4 FIN RCV and a RST is TRANS that knows of the FIN',
      state: S.FinOutsideReset,
      to: {
        ...{
          'in data': S.FinOutside,
          'out fin': S.FinOutside,
          'out data': S.FinOutside,
          'out syn': S.FinOutside,
        },
        'in syn': S.InitInside,
        'in fin': S.FinBoth,
      },
      prolonged: [],
      lifetime: TCP_TRANSITORY_MS,
    },
  ],
  ({ state, to, prolonged, lifetime }) => {
    for (const name of EVENTS) {
      assert.is(next(state, eventOf(name)), to[name] ?? state, `${TCP_STATE_NAMES[state]}, ${name}`);
      if (to[name] === undefined) {
        assert.is(
          refreshes(state, eventOf(name)),
          prolonged.includes(name),
          `${TCP_STATE_NAMES[state]}, ${name}`,
        );
      }
    }
    assert.is(lifetimeMs(state), lifetime);
  },
);

tests('TCP events', {
  'RST is stronger than SYN, SYN than FIN; the rest says nothing': () => {
    for (const side of Object.values(SIDES)) {
      const of = (flags: number) => event(flags, side);
      assert.is(of(tcp.RST | tcp.SYN | tcp.FIN), of(tcp.RST));
      assert.is(of(tcp.SYN | tcp.ACK), of(tcp.SYN));
      assert.is(of(tcp.SYN | tcp.FIN), of(tcp.SYN));
      assert.is(of(0xff & ~(tcp.RST | tcp.SYN | tcp.FIN)), of(0));
    }
    assert.is(new Set(EVENTS.map(eventOf)).size, 8);
  },
  'every state has a name': () => assert.is(TCP_STATE_NAMES.length, Object.keys(TcpState).length),
  '[41] established lives 2 h 4 min at least, transitory 4 min (RFC 6146 §4)': () => {
    assert.ok(TCP_ESTABLISHED_MS >= (2 * 60 + 4) * 60_000);
    assert.is(TCP_TRANSITORY_MS, 4 * 60_000);
  },
});
