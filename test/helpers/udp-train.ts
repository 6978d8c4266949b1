/**
 * Trains of UDP datagrams between two namespaces, by test/helpers/udp-train.c: what comes back must be what was sent. And
 * how many super-packets cross a TUN device meanwhile.
 */
import { type ChildProcess, execFileSync, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hashOf, writePayload } from './payload.ts';

interface Place {
  spawn(ns: 'cl1' | 'gw' | 'srv', argv: readonly string[], options?: SpawnOptions): ChildProcess;
}

export interface Exchange {
  /** IPv4 address that the client sends to. */
  address: string;
  port: number;
  /** Bytes of a datagram, there and back. */
  there: number;
  back: number;
  /** Of the datagrams from the client. */
  df: boolean;
}

/** Bytes each way; in trains of at most 64 datagrams and 65 000 bytes. */
export const TRAIN_BYTES = 2_000_000;

/** Trains that so many bytes make. @param segment bytes of a datagram */
export function trainsOf(segment: number): number {
  return Math.ceil(TRAIN_BYTES / (Math.min(64, Math.floor(65_000 / segment)) * segment));
}

/** @param folder where the program and the payload are kept */
export class UdpTrains {
  readonly #place: Place;
  readonly #folder: string;
  readonly #program: string;

  constructor(place: Place, folder: string) {
    this.#place = place;
    this.#folder = folder;
    this.#program = path.join(folder, 'udp-train');
    execFileSync('cc', ['-O1', '-o', this.#program, 'test/helpers/udp-train.c']);
  }

  /** @returns what the server saw, `datagrams largest`. @throws when a byte is lost, changed or out of order */
  async exchange({ address, port, there, back, df }: Exchange): Promise<string> {
    const file = path.join(this.#folder, `train${port}`);
    const hash = writePayload(file, TRAIN_BYTES, (port % 200) + 1);
    const numbers = [port, TRAIN_BYTES, back].map(String);
    const server = this.#place.spawn('srv', [this.#program, 'echo', ...numbers]);
    if (server.stdout === null) throw new Error('no output');
    await once(server.stdout, 'data'); // ready
    const said = text(server.stdout);
    const argv = ['send', address, String(port), String(there), df ? 'df' : 'nodf', String(TRAIN_BYTES)];
    const client = this.#place.spawn('cl1', [this.#program, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (client.stdin === null || client.stdout === null) throw new Error('no pipes');
    createReadStream(file).pipe(client.stdin);
    const got = await hashOf(client.stdout);
    if (got !== hash) throw new Error(`sent ${hash}, got back ${got}`);
    return (await said).trim();
  }

  /** One datagram after another is refused by the path: what is sent is lost. */
  async send(address: string, port: number, segment: number, bytes: number): Promise<void> {
    const argv = ['send', address, String(port), String(segment), 'df', String(bytes)];
    const client = this.#place.spawn('cl1', [this.#program, ...argv], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    client.stdin?.end(Buffer.alloc(bytes));
    await pause(500);
    client.kill('SIGKILL');
  }
}

/** Super-packets that a TUN device hands to its reader while something happens, by family. */
export async function supersRead(
  place: Place,
  device: string,
  meanwhile: () => Promise<unknown>,
): Promise<{ ip: number; ip6: number }> {
  const filter = 'udp and greater 3000'; // no fragments: those are not UDP to a filter of IPv6, and shorter in IPv4
  const argv = [
    'tcpdump',
    '-nqli',
    device,
    '-Q',
    'out',
    '-s',
    '96',
    '-B',
    '65536',
    '--immediate-mode',
    filter,
  ];
  const tcpdump = place.spawn('gw', argv);
  if (tcpdump.stdout === null || tcpdump.stderr === null) throw new Error('no output');
  const lines = text(tcpdump.stdout);
  await once(tcpdump.stderr, 'data'); // listening on …
  await meanwhile();
  await pause(300);
  tcpdump.kill('SIGINT');
  const seen = (await lines).split('\n');
  const count = (family: string): number => seen.filter((line) => line.includes(` ${family} `)).length;
  return { ip: count('IP'), ip6: count('IP6') };
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}
