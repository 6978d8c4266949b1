/**
 * A gateway's tables under random operations: few hosts, few ports, small tables, so that everything collides and
 * everything gets full.
 */
import fc from 'fast-check';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import type { Geometry } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';
import { Flows, ICMP, TCP, UDP } from './flows.ts';
import { bytes, MEMBERS } from './fresh-state.ts';
import { validRows } from './invariants.ts';

export const TIGHT: Partial<Geometry> = { sessions: 6, clients: 3, mappings: 4, members: 2 };

const CLIENTS = [0x0a000001, 0x0a000002, 0x0a000003, 0xc0a80001];
const SYNTHETIC = [0x0a020205, 0x0a020206, 0x0a020207];
const REAL = ['2001:db8::80', '2001:db8::81', '2001:db8::80'];
const PORTS = [80, 5000];
const LIFE_MS = 100;

export const operation = fc.record({
  do: fc.constantFrom('open', 'open', 'open', 'outside', 'wait', 'map', 'unmap', 'sweep', 'rotate'),
  client: fc.nat(CLIENTS.length - 1),
  server: fc.nat(SYNTHETIC.length - 1),
  port: fc.constantFrom(...PORTS),
  farPort: fc.constantFrom(53, 443),
  protocol: fc.constantFrom(TCP, UDP, ICMP),
});
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

export class Machine {
  readonly state: NatState;
  readonly flows: Flows;
  now = 2 ** 31 - 1 - 5 * LIFE_MS; // the clock wraps on the way

  constructor(state: NatState) {
    this.state = state;
    this.flows = new Flows(state, { maxClientSessions: 4, maxClientPorts: 3 });
  }

  /** @returns what the resolver said, where it was asked */
  step(op: Operation): number {
    switch (op.do) {
      case 'open':
        return this.#open(op);
      case 'outside':
        return this.#openOutside(op);
      case 'wait':
        this.now = (this.now + LIFE_MS / 2) | 0;
        return 0;
      case 'map':
        return this.#map(op.server);
      case 'unmap':
        return this.#unmap(op.server);
      case 'sweep':
        return this.state.sweepSessions(this.now, 0, this.state.sessions.rows.capacity, () => {});
      default:
        for (let member = 0; member < this.state.pool.size(); member++) this.state.pool.rotate(member);
        return 0;
    }
  }

  #open({ client, server, port, farPort, protocol }: Operation): number {
    const flow = {
      protocol,
      near: CLIENTS[client] ?? 0,
      nearPort: port,
      far: SYNTHETIC[server] ?? 0,
      farPort: protocol === ICMP ? 0 : farPort,
    };
    return this.flows.open(flow, this.now, (this.now + LIFE_MS) | 0);
  }

  /** To the SNAT address and port of some BIB entry. */
  #openOutside({ client, server, farPort }: Operation): number {
    const { bibs } = this.state;
    const row = validRows(bibs.rows)[client];
    if (row === undefined) return 0;
    const near = MEMBERS[bibs.member(row)] ?? '::';
    const protocol = bibs.protocol(row);
    const real = REAL[server] ?? '::';
    const port = protocol === ICMP ? 0 : farPort;
    return this.flows.openOutside(protocol, near, bibs.outsidePort(row), real, port, this.now);
  }

  #map(server: number): number {
    const { mappings } = this.state;
    const v4 = SYNTHETIC[server] ?? 0;
    if (mappings.lookup4(v4) >= 0) return 0;
    return mappings.insert(v4, bytes(REAL[server] ?? '::'), MappingKind.Dynamic, 0, 0);
  }

  /** As the directory of mappings does it: no session can begin while the others are ended. */
  #unmap(server: number): number {
    const { mappings } = this.state;
    const row = mappings.lookup4(SYNTHETIC[server] ?? 0);
    if (row < 0) return 0;
    this.state.locked(() => mappings.quarantine(row, 0));
    const ended = this.state.endSessionsOf(row);
    this.state.locked(() => mappings.remove(row));
    return ended;
  }
}

/** What every session is on both sides, whatever its row. */
export function describeSessions({ sessions }: NatState): string[] {
  const view = new DataView(new ArrayBuffer(32));
  return validRows(sessions.rows)
    .map((row) => {
      const id = row as SessionId;
      sessions.writeOutside(id, view, 0);
      const outside = Array.from({ length: 8 }, (_, i) => view.getUint32(i * 4).toString(16)).join(':');
      const ends = [sessions.insideNear(id), sessions.insideFar(id), sessions.insidePorts(id)];
      return [sessions.protocol(id), ...ends, outside, sessions.outsidePorts(id)].join(' ');
    })
    .sort();
}
