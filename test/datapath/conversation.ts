/**
 * Packets of one conversation in the world of the tests: the inside host at the port of its BIB entry, and a server that
 * it knows by a synthetic address. Nothing is sent yet; `say` sends one and tells its verdict.
 */
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import type { VerdictName } from '../helpers/slot.ts';
import {
  CLIENT,
  INSIDE_ID,
  INSIDE_PORT,
  OUTSIDE_ID,
  OUTSIDE_PORT,
  REAL,
  REAL_2,
  SNAT,
  SYNTHETIC,
  SYNTHETIC_2,
  World,
  type WorldOptions,
} from '../helpers/world.ts';

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const DATA = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);

/** Letters as tcpdump prints them, but A for ACK. */
const FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

/**
 * One packet: side, then TCP flags, or `udp`, or `echo`. A `2` behind the side is the second server's, `@99` another
 * port of the server: `in S`, `out SA`, `out2 udp`, `out@99 S`, `in echo`.
 */
export type Said = string;

export class Conversation {
  readonly world: World;

  constructor(options: WorldOptions = {}) {
    this.world = new World(options);
  }

  /** Send packets one behind another. @returns the verdict of the last */
  say(...packets: readonly Said[]): VerdictName {
    let verdict: VerdictName = 'Forward46';
    for (const packet of packets) verdict = this.world.translate(packetOf(packet)).verdict;
    return verdict;
  }

  wait(ms: number): void {
    this.world.now = (this.world.now + ms) | 0;
  }
}

/** The bytes of a packet as it comes from its side. */
export function packetOf(said: Said): Uint8Array {
  const match = /^(in|out)(2?)(?:@(\d+))? (\w+)$/.exec(said);
  if (!match) throw new RangeError(`not a packet: ${said}`);
  const [, side, second, port, what = ''] = match;
  const isInside = side === 'in';
  const server = second === '2';
  const near = bytes(isInside ? CLIENT : SNAT);
  const far = bytes(isInside ? (server ? SYNTHETIC_2 : SYNTHETIC) : server ? REAL_2 : REAL);
  const pair = isInside ? { source: near, destination: far } : { source: far, destination: near };
  const nearPort = isInside ? INSIDE_PORT : OUTSIDE_PORT;
  const ports: [number, number] = isInside ? [nearPort, Number(port ?? 80)] : [Number(port ?? 80), nearPort];
  const { protocol, upper } = upperOf(what, pair, ports, isInside);
  if (isInside) return build.v4({ ...pair, protocol, df: true }, upper);
  return build.v6({ ...pair, next: protocol === ICMP ? ICMPV6 : protocol }, upper);
}

function upperOf(
  what: string,
  pair: build.Pair,
  ports: [number, number],
  isInside: boolean,
): { protocol: number; upper: Uint8Array } {
  if (what === 'udp') return { protocol: UDP, upper: build.udp(pair, ports, DATA) };
  if (what === 'echo') {
    const rest = build.u16(isInside ? INSIDE_ID : OUTSIDE_ID, 1);
    return { protocol: ICMP, upper: build.icmp(pair, isInside ? 0x0800 : 0x8100, rest, DATA) };
  }
  const flags = [...what].reduce((sum, letter) => sum | (FLAGS[letter] ?? 0), 0);
  return { protocol: TCP, upper: build.tcp(pair, ports, new Uint8Array(0), { flags }) };
}
