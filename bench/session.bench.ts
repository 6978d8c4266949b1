/**
 * What does a session cost: to find, to make and end (also with what is off by default), to sweep past, to recover after
 * a kill?
 *
 * Hosts, ports and servers are spread as on a real gateway; lookups come in random order, so that rows come from memory
 * and not from the cache. `npm run bench -- session`; BENCH_SESSIONS=1000,10000 chooses the sizes.
 */
import { BindingLogMode } from '../src/nat/binding-ring.ts';
import { Filtering } from '../src/nat/filtering.ts';
import { MappingKind } from '../src/nat/mapping.ts';
import { NatState } from '../src/nat/nat-state.ts';
import { Nat46Resolver } from '../src/nat/nat46-resolver.ts';
import { recover } from '../src/nat/recovery.ts';
import { byteLength, type Geometry, Segment } from '../src/nat/segment.ts';
import { portPair, type SessionId } from '../src/nat/session.ts';
import { measure, once } from './measure.ts';

const SIZES = (process.env.BENCH_SESSIONS ?? '1000,10000,100000,1000000').split(',').map(Number);
/** Lookups a call: keys lie one behind another, as in a batch, the sessions they find do not. */
const LOOKUPS = 1 << 16;
const LIVES = 1 << 12;
const SERVERS = 1024;
const PORTS_A_HOST = 16;
const UDP = 17;
const NEVER = 2 ** 30;
const NEAR = 0;
const FAR = 16;

class Bench {
  readonly size: number;
  readonly state: NatState;
  readonly members: Int32Array[];
  readonly #view = new DataView(new ArrayBuffer(32));
  readonly #resolver: Nat46Resolver;
  /** Inside near, far, ports, and outside ports of the sessions to look up. */
  readonly #tuples = new Int32Array(LOOKUPS * 4);
  /** Their outside addresses as a packet has them: near, far. */
  readonly #packets = new DataView(new ArrayBuffer(LOOKUPS * 32));

  constructor(size: number) {
    this.size = size;
    this.members = Array.from({ length: Math.ceil(size / 30_000) }, (_, i) =>
      Int32Array.of(0x20010db8, 5, 0, i + 1),
    );
    const geometry: Geometry = {
      sessions: size + 1,
      mappings: SERVERS,
      clients: Math.ceil(size / PORTS_A_HOST) + 1,
      fragments: 16,
      members: this.members.length,
      workers: 1,
    };
    const segment = new Segment(new ArrayBuffer(byteLength(geometry)), geometry);
    segment.format(Int32Array.of(11, 22, 33, 44));
    this.state = new NatState(segment, () => {});
    recover(this.state, this.members);
    for (let i = 0; i < SERVERS; i++)
      this.state.mappings.insert(server(i), real(i), MappingKind.Static, 0, 0);
    const quotas = { maxClientSessions: size, maxClientPorts: size };
    this.#resolver = new Nat46Resolver(this.state, this.#view, { inside: [], ...quotas });
    for (let i = 0; i < size; i++) this.#open(i);
    for (let i = 0; i < LOOKUPS; i++) this.#sample(i, Math.floor(Math.random() * size) as SessionId);
  }

  /** @returns how many were found, so that nothing is optimised away */
  lookupInside(ports: number): number {
    let found = 0;
    const { sessions } = this.state;
    for (let i = 0; i < LOOKUPS; i++) {
      const near = this.#tuples[i * 4]!;
      const far = this.#tuples[i * 4 + 1]!;
      const pair = this.#tuples[i * 4 + 2]! ^ ports;
      if (sessions.lookupInside(near, far, pair, UDP) >= 0) found++;
    }
    return found;
  }

  lookupOutside(ports: number): number {
    let found = 0;
    const { sessions } = this.state;
    for (let i = 0; i < LOOKUPS; i++) {
      const pair = this.#tuples[i * 4 + 3]! ^ ports;
      if (sessions.lookupOutside(this.#packets, i * 32 + NEAR, i * 32 + FAR, pair, UDP) >= 0) found++;
    }
    return found;
  }

  /** A whole life, with BIB entry, port and client: TCP, whose ports need no rest. */
  makeAndEnd(): number {
    let id = -1;
    for (let i = 0; i < LIVES; i++) {
      this.#resolver.begin(1, NEVER);
      id = this.#resolver.fromInside(0x0b000000 + i, server(i), portPair(1024 + (i & 0x7fff), 443), 6, 0);
      this.state.lock.acquire();
      this.state.endSession(id as SessionId);
      this.state.lock.release();
    }
    return id;
  }

  /** Every row is looked at, none is past its deadline. */
  sweep(): number {
    let at = 0;
    let steps = 0;
    do {
      at = this.state.sweepSessions(0, at, 8192, () => {});
      steps++;
    } while (at > 0);
    return steps;
  }

  recover(
    filtering: Filtering = Filtering.EndpointIndependent,
    log: BindingLogMode = BindingLogMode.Off,
  ): number {
    return recover(this.state, this.members, filtering, log);
  }

  /** As the main thread does, without the file. */
  drain(): number {
    const lost = this.state.bindings.read(Number.POSITIVE_INFINITY, () => {});
    this.state.bindings.release();
    return lost;
  }

  #open(i: number): void {
    const host = 0x0a000000 + Math.floor(i / PORTS_A_HOST);
    const far = server(i * 7);
    const ports = portPair(1024 + ((i * 131) & 0x7fff) + (i % PORTS_A_HOST), 443);
    this.#resolver.begin(0, NEVER);
    const id = this.#resolver.fromInside(host, far, ports, UDP, 0) as SessionId;
    if (id < 0) throw new Error(`session ${i} refused: ${id}`);
  }

  #sample(i: number, id: SessionId): void {
    const { sessions } = this.state;
    const inside = [sessions.insideNear(id), sessions.insideFar(id), sessions.insidePorts(id)];
    this.#tuples.set([...inside, sessions.outsidePorts(id)], i * 4);
    sessions.writeOutside(id, this.#packets, i * 32);
  }
}

function server(i: number): number {
  return (0x0a800000 + (i % SERVERS)) | 0;
}

function real(i: number): Uint8Array {
  const v6 = new Uint8Array(16);
  v6.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0x64]);
  new DataView(v6.buffer).setUint32(12, Math.imul(i + 1, 0x9e3779b1));
  return v6;
}

/** Flips a bit of the server's port: nobody has that. */
const MISS = 0x4000;

for (const size of SIZES) {
  const bench = new Bench(size);
  const among = `among ${size} sessions`;
  measure(`lookup inside, hit, ${among}`, LOOKUPS, () => bench.lookupInside(0));
  measure(`lookup inside, miss, ${among}`, LOOKUPS, () => bench.lookupInside(MISS));
  measure(`lookup outside, hit, ${among}`, LOOKUPS, () => bench.lookupOutside(0));
  measure(`lookup outside, miss, ${among}`, LOOKUPS, () => bench.lookupOutside(MISS));
  measure(`make and end a session, ${among}`, LIVES, () => bench.makeAndEnd());
  measure(`sweep past a row, ${among}`, size, () => bench.sweep());
  once(`recover ${size} sessions`, () => bench.recover());
  bench.recover(Filtering.AddressDependent);
  measure(`make and end a session, address-dependent, ${among}`, LIVES, () => bench.makeAndEnd());
  bench.recover(Filtering.EndpointIndependent, BindingLogMode.BibsAndSessions);
  measure(`make and end a session, logged, ${among}`, LIVES, () => bench.makeAndEnd() + bench.drain());
}
