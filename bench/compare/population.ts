/**
 * A gateway with a million sessions: 1000 inside hosts with 1000 ports each, all of them UDP to one server. They are
 * written into its state file while it is down: it finds them when it starts, as after a crash.
 */
import { closeSync, openSync } from 'node:fs';
import { parseV4 } from '../../src/address.ts';
import { openSegmentReadOnly } from '../../src/gateway/segment-file.ts';
import { NatState } from '../../src/nat/nat-state.ts';
import { Nat46Resolver } from '../../src/nat/nat46-resolver.ts';
import { byteLength, Segment } from '../../src/nat/segment.ts';
import { portPair } from '../../src/nat/session.ts';
import { shim } from '../../src/tun/shim.ts';
import type { Lab } from '../../test/helpers/lab.ts';
import { type Contender, startNat46 } from '../contenders.ts';
import { type Sources, UDP_PORT } from './loads.ts';

export const MANY: Sources = { first: '10.77.0.1', hosts: 1000, sockets: 1000 };
export const FEW: Sources = { ...MANY, hosts: 10, sockets: 1 };

const NETWORK = '10.77.0.0/16';
/** Of the first socket, as in bench/reference/udp-load.c. */
const FIRST_PORT = 20_000;
const UDP = 17;
/** Sessions that no datagram touches stay for the whole run. */
const LIFETIME_MS = 24 * 3600 * 1000;
/** Room for it. Sixteen SNAT addresses would do if hosts were spread evenly over them; a host keeps to one. */
const FLAGS = { 'max-sessions': '1100000', 'snat-pool': '2001::10:244:100:1000-2001::10:244:100:103f' };

/** Lets the client send as any of the inside hosts. */
export async function routeHosts(lab: Lab): Promise<void> {
  await lab.ok('cl1', ['ip', 'route', 'add', 'local', NETWORK, 'dev', 'lo']);
  await lab.ok('gw', ['ip', 'route', 'add', NETWORK, 'via', lab.name('CL1')]);
}

/** @param number tells gateways apart */
export function populated(name: string, number: number): Contender {
  return {
    name,
    what: 'this tree, one worker, a million sessions in the table',
    async start(lab) {
      const flags = { workers: '1', ...FLAGS };
      const first = await startNat46(lab, number, flags);
      await first.gateway.kill('SIGTERM');
      fill(first.state, first.target);
      const { gateway, target } = await startNat46(lab, number, flags);
      return { target, pid: gateway.pid };
    },
  };
}

function fill(path: string, target: string): void {
  const state = new NatState(writable(path), () => {});
  const options = { inside: [], maxClientSessions: MANY.sockets, maxClientPorts: MANY.sockets };
  const resolver = new Nat46Resolver(state, new DataView(new ArrayBuffer(0)), options);
  const now = shim().nowMs();
  const [host, far] = [MANY.first, target].map((text) => (parseV4(text) ?? 0) | 0) as [number, number];
  for (let port = FIRST_PORT; port < FIRST_PORT + MANY.sockets; port++) {
    for (let i = 0; i < MANY.hosts; i++) {
      resolver.begin(0, (now + LIFETIME_MS) | 0);
      const made = resolver.fromInside((host + i) | 0, far, portPair(port, UDP_PORT), UDP, now);
      if (made < 0) throw new Error(`no session for port ${port} of host ${i}: refusal ${made}`);
    }
  }
}

/** Without the gateway's lock: that would last as long as the memory is mapped. */
function writable(path: string): Segment {
  const { geometry } = openSegmentReadOnly(path);
  const fd = openSync(path, 'r+');
  const buffer = shim().mapFd(fd, byteLength(geometry), true);
  closeSync(fd);
  if (typeof buffer === 'number') throw new Error(`${path} cannot be mapped: errno ${-buffer}`);
  return new Segment(buffer, geometry);
}
