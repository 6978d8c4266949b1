/**
 * Flows for tests: the resolver asked with numbers and texts instead of packets.
 */

import type { NatState } from '../../src/nat/nat-state.ts';
import { Nat46Resolver, type ResolverOptions } from '../../src/nat/nat46-resolver.ts';
import { portPair, type SessionId } from '../../src/nat/session.ts';
import { words } from './fresh-state.ts';

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;

/** One flow as the inside sees it; addresses are unsigned. */
export interface Flow {
  readonly protocol: number;
  readonly near: number;
  readonly nearPort: number;
  readonly far: number;
  readonly farPort: number;
}

const ANY_INSIDE: ResolverOptions = { inside: [], maxClientSessions: 65_536, maxClientPorts: 65_536 };

const NEAR = 0;
const FAR = 16;

export class Flows {
  readonly resolver: Nat46Resolver;
  readonly #view = new DataView(new ArrayBuffer(32));
  readonly #state: NatState;

  constructor(state: NatState, options: Partial<ResolverOptions> = {}) {
    this.#state = state;
    this.resolver = new Nat46Resolver(state, this.#view, { ...ANY_INSIDE, ...options });
  }

  /** @returns a session or a Refusal */
  open(flow: Flow, now = 0, deadline = now + 1000): SessionId {
    this.resolver.begin(0, deadline | 0);
    const ports = portPair(flow.nearPort, flow.farPort);
    return this.resolver.fromInside(flow.near | 0, flow.far | 0, ports, flow.protocol, now) as SessionId;
  }

  /** The same from an outside host. @param near SNAT address @param far real v6; texts or four words */
  openOutside(
    protocol: number,
    near: string | Int32Array,
    nearPort: number,
    far: string | Int32Array,
    farPort: number,
    now = 0,
  ): SessionId {
    this.#write(near, far);
    this.resolver.begin(0, (now + 1000) | 0);
    return this.resolver.fromOutside(NEAR, FAR, portPair(nearPort, farPort), protocol, now) as SessionId;
  }

  find(flow: Flow): SessionId {
    const ports = portPair(flow.nearPort, flow.farPort);
    return this.#state.sessions.lookupInside(flow.near | 0, flow.far | 0, ports, flow.protocol);
  }

  findOutside(
    protocol: number,
    near: string | Int32Array,
    nearPort: number,
    far: string | Int32Array,
    farPort: number,
  ): SessionId {
    this.#write(near, far);
    const ports = portPair(nearPort, farPort);
    return this.#state.sessions.lookupOutside(this.#view, NEAR, FAR, ports, protocol);
  }

  #write(near: string | Int32Array, far: string | Int32Array): void {
    const put = (address: string | Int32Array, at: number) =>
      (typeof address === 'string' ? words(address) : address).forEach((word, i) => {
        this.#view.setInt32(at + i * 4, word);
      });
    put(near, NEAR);
    put(far, FAR);
  }
}
