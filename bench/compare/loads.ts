/**
 * The loads of bench/compare: each drives one contender for a while and returns the figures of one round.
 */
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Lab } from '../../test/helpers/lab.ts';
import { cpuNs, REFERENCE, type Running, ready } from '../contenders.ts';
import { transfer } from '../iperf.ts';

export const UDP_PORT = 9100;
const ECHO_PORT = 9101;
const DIAL_PORT = 9102;
/** Handshakes under way at once. */
const DIALS_AT_ONCE = 64;
const FIXED_PPS = 50_000;
/** Offered 0 means: as fast as the sender goes. */
const OVERLOAD = 0;
const LOSS_LIMIT = 0.005;
const SEARCH_STEPS = 7;
/** Within that of the true rate the search stops. */
const SEARCH_RESOLUTION = 0.03;
const MS = 1000;
const CLIENT_DEVICE = 'eth0';
/** That long a measurement, in place of one: of what scatters most. */
const LONG_TIMES = 3;

/** Sources of UDP datagrams: hosts × sockets flows, no two datagrams in a row of one. */
export interface Sources {
  readonly first: string;
  readonly hosts: number;
  readonly sockets: number;
}

/** Figures by name of the metric. */
export type Figures = Record<string, number>;

export interface Bed {
  readonly lab: Lab;
  /** Length of one measurement. */
  readonly seconds: number;
}

function program(name: string): string {
  return path.resolve(REFERENCE, name);
}

/** The servers that every load needs besides the lab's iperf3. */
export async function serve(lab: Lab): Promise<void> {
  await ready(lab.spawn('srv', [program('round-trip'), 'echo', String(ECHO_PORT)]));
  await ready(lab.spawn('srv', [program('connections'), 'serve', String(DIAL_PORT)]));
}

export async function tcp(bed: Bed, at: Running, argv: readonly string[]): Promise<number> {
  const time = ['--time', String(bed.seconds), '--omit', '1'];
  return (await transfer(bed.lab, at.target, [...time, ...argv])).bitsPerSecond / 1e9;
}

interface Burst {
  sent: number;
  received: number;
  /** Of sending. */
  seconds: number;
}

/** Each datagram goes through the client's stack alone, or up to 64 as one that its kernel cuts (udp-load.c). */
type Sending =
  | { readonly verb: 'send'; readonly sources?: Sources }
  | { readonly verb: 'send-trains'; readonly sources?: never };

/** Datagrams from the client for a while, counted where they arrive. @param perSecond or OVERLOAD */
async function udpBurst(
  bed: Bed,
  at: Running,
  bytes: number,
  load: { perSecond: number; ms: number; sending?: Sending },
): Promise<Burst> {
  const { lab } = bed;
  const receiver = lab.spawn('srv', [program('udp-load'), 'receive', String(UDP_PORT)]);
  await ready(receiver);
  const { verb, sources }: Sending = load.sending ?? { verb: 'send' };
  const from = sources ? [sources.first, String(sources.hosts), String(sources.sockets)] : [];
  const numbers = [UDP_PORT, bytes, load.perSecond.toFixed(0), load.ms.toFixed(0)].map(String);
  const sender = JSON.parse(
    await lab.ok('cl1', [program('udp-load'), verb, at.target, ...numbers, ...from]),
  ) as { run: number; sent: number; seconds: number };
  await pause(150); // what is still in queues
  const got = JSON.parse(await finished(receiver)) as { run: number; received: number };
  return { sent: sender.sent, seconds: sender.seconds, received: got.run === sender.run ? got.received : 0 };
}

/** @returns kpps at overload; where the two are equal, the sender was the limit and not the path */
export async function udpOverload(
  bed: Bed,
  at: Running,
  bytes: number,
  sending: Sending = { verb: 'send' },
): Promise<{ received: number; offered: number }> {
  const burst = await udpBurst(bed, at, bytes, { perSecond: OVERLOAD, ms: bed.seconds * MS, sending });
  return { received: burst.received / burst.seconds / 1000, offered: burst.sent / burst.seconds / 1000 };
}

/**
 * Where the client's trains are cut: before they leave it, so that every contender gets single datagrams from a sender that is
 * faster than all of them; or as late as the devices on the way allow.
 */
export async function cutTrains({ lab }: Bed, where: 'early' | 'late'): Promise<void> {
  const value = where === 'early' ? 'off' : 'on';
  await lab.ok('cl1', ['ethtool', '-K', CLIENT_DEVICE, 'tx-udp-segmentation', value]);
}

/**
 * The highest rate of trains with less than 0.5 % loss, by binary search. A rate that fails is tried once more: what counts
 * is the translator, not a moment in which the machine did something else.
 * @param most kpps where the search begins @returns kpps received
 */
export async function udpLossless(bed: Bed, at: Running, bytes: number, most: number): Promise<number> {
  let low = 0;
  let high = most;
  for (let step = 0; step < SEARCH_STEPS && high - low > SEARCH_RESOLUTION * high; step++) {
    const offered = (low + high) / 2;
    const passed = (await passes(bed, at, bytes, offered)) ?? (await passes(bed, at, bytes, offered));
    if (passed === null) high = offered;
    else low = Math.max(low, passed);
    if (passed !== null && passed < offered * 0.95) break; // the sender is at its end
  }
  return low;
}

/** @returns kpps received, or null when too many were lost */
async function passes(bed: Bed, at: Running, bytes: number, kpps: number): Promise<number | null> {
  const ms = Math.max(300, (bed.seconds * MS) / 4);
  const load = { perSecond: kpps * 1000, ms, sending: { verb: 'send-trains' } } as const;
  const { sent, received, seconds } = await udpBurst(bed, at, bytes, load);
  return sent > 0 && 1 - received / sent < LOSS_LIMIT ? received / seconds / 1000 : null;
}

/** The bed for a measurement that takes LONG_TIMES as long. */
export function longer(bed: Bed): Bed {
  return { ...bed, seconds: bed.seconds * LONG_TIMES };
}

/** CPU time of the translator per datagram at a fixed offered load, ns. */
export async function cpuPerPacket(bed: Bed, at: Running, pid: number): Promise<number> {
  const before = cpuNs(pid);
  const burst = await udpBurst(bed, at, 64, { perSecond: FIXED_PPS, ms: bed.seconds * MS });
  return (cpuNs(pid) - before) / burst.received;
}

/** CPU time of the translator per byte of one TCP flow at 1 Gbit/s, ns. */
export async function cpuPerByte(bed: Bed, at: Running, pid: number): Promise<number> {
  const before = cpuNs(pid);
  const time = String(longer(bed).seconds);
  const { bytes } = await transfer(bed.lab, at.target, ['--time', time, '--bitrate', '1G']);
  return (cpuNs(pid) - before) / bytes;
}

/** Round-trip times in µs. @param beside runs meanwhile */
export async function roundTrip(
  bed: Bed,
  at: Running,
  beside?: (bed: Bed) => Promise<unknown>,
): Promise<{ p50: number; p99: number; lost: number }> {
  const load = beside?.(bed);
  load?.catch(() => {}); // it may fail before it is awaited; Promise.all reports it
  if (load) await pause(500);
  const argv = [program('round-trip'), 'probe', at.target, String(ECHO_PORT), String(bed.seconds * MS)];
  const [said] = await Promise.all([bed.lab.ok('cl1', argv), load]);
  return JSON.parse(said) as { p50: number; p99: number; lost: number };
}

/** Handshakes a second, thousands. */
export async function connections(bed: Bed, at: Running): Promise<number> {
  const numbers = [DIAL_PORT, bed.seconds * MS, DIALS_AT_ONCE].map(String);
  const said = await bed.lab.ok('cl1', [program('connections'), 'dial', at.target, ...numbers]);
  const { made, seconds } = JSON.parse(said) as { made: number; seconds: number };
  return made / seconds / 1000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** SIGTERM, and what it says at its end. */
function finished(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return new Promise((resolve) => {
    child.once('close', () => resolve(said));
    child.kill('SIGTERM');
  });
}
