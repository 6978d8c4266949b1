/**
 * A vector: one packet in, what comes out. Everything is hex; expected bytes were put together from the texts of the
 * RFCs, with checksums summed from scratch, and never taken from a run of the code.
 */
import * as assert from 'uvu/assert';
import { bytes, dump, hex } from './hex.ts';
import { type SiitOptions, SiitWorld } from './siit-world.ts';
import type { Output, Slot, VerdictName } from './slot.ts';
import { table } from './table.ts';
import { World, type WorldOptions } from './world.ts';

interface Row {
  /** Section of the RFC, [number of the checklist], what differs from the row before. */
  name: string;
  /** Packets that come first; what becomes of them is not looked at. */
  before?: readonly string[];
  /** Milliseconds between them and `in`. */
  wait?: number;
  in: string;
  /** Virtio header of `in`; an ordinary packet by default. */
  virtio?: string;
  /** In order. An IPv4 identification of 0 without DF stands for any but 0. None by default. */
  out?: string | readonly string[];
  /** Virtio header of the only output; an ordinary packet by default. */
  virtioOut?: string;
  /** Forward46 or Forward64 by default. */
  verdict?: VerdictName;
}

export interface Vector extends Row {
  world?: WorldOptions;
  /** Done to the world before anything else. */
  prepare?: (world: World) => void;
}

/** The same for the stateless translator. */
export interface SiitVector extends Row {
  world?: SiitOptions;
}

const PLAIN = '00*10';

/** One test a row, in a world of its own. */
export function vectors(title: string, rows: readonly Vector[]): void {
  table(
    title,
    rows,
    (row) => {
      const world = new World(row.world);
      row.prepare?.(world);
      check(row, world);
    },
    identity,
  );
}

export function siitVectors(title: string, rows: readonly SiitVector[]): void {
  table(title, rows, (row) => check(row, new SiitWorld(row.world)), identity);
}

/** Direction, then what goes in and comes out: rows that differ in name and comments only are one vector. */
function identity({ name: _, ...row }: Row): string {
  const version = bytes(row.in)[0]! >>> 4;
  const direction = version === 4 ? '46' : version === 6 ? '64' : 'none';
  const packets = { in: hex(bytes(row.in)), out: [row.out ?? []].flat().map((text) => hex(bytes(text))) };
  const plain = (_key: string, value: unknown) => (typeof value === 'function' ? String(value) : value);
  return `${direction} ${JSON.stringify({ ...row, ...packets }, plain)}`;
}

function check(row: Row, world: Slot): void {
  for (const packet of row.before ?? []) world.translate(bytes(packet));
  world.now = (world.now + (row.wait ?? 0)) | 0;
  const packet = bytes(row.in);
  const { verdict, outputs } = world.translate(packet, bytes(row.virtio ?? PLAIN));
  assert.is(verdict, row.verdict ?? (packet[0]! >>> 4 === 4 ? 'Forward46' : 'Forward64'));
  const expected = typeof row.out === 'string' ? [row.out] : (row.out ?? []);
  assert.is(outputs.length, expected.length, `outputs:\n${outputs.map(start).join('\n\n')}`);
  for (const [i, text] of expected.entries()) {
    const want = bytes(text);
    same(settle(outputs[i]!.packet, want), want, `output ${i}`);
    assert.is(hex(outputs[i]!.virtio), hex(bytes(row.virtioOut ?? PLAIN)), `virtio header of output ${i}`);
  }
}

/** Equal bytes; told as dumps when they are not. */
export function same(packet: Uint8Array, want: Uint8Array, about: string): void {
  if (Buffer.compare(packet, want) !== 0) assert.is(dump(packet), dump(want), about);
}

/** The identification of a packet that may be fragmented is random: set to 0 where 0 stands for any other. */
export function settle(packet: Uint8Array, want: Uint8Array): Uint8Array {
  const mayFragment = want[0]! >>> 4 === 4 && word(want, 4) === 0 && word(want, 6) === 0;
  if (!mayFragment || packet.length < 20) return packet;
  const id = word(packet, 4);
  assert.is.not(id, 0, 'identification of a packet that may be fragmented');
  const settled = packet.slice();
  // Ones' complement: what the field loses the checksum gains.
  const sum = word(packet, 10) + id;
  const checksum = (sum & 0xffff) + (sum >>> 16);
  settled.set([0, 0], 4);
  settled.set([checksum >>> 8, checksum & 0xff], 10);
  return settled;
}

function word(packet: Uint8Array, at: number): number {
  return (packet[at]! << 8) | packet[at + 1]!;
}

/** The first lines of an output that nobody expected. */
function start(output: Output): string {
  return dump(output.packet.subarray(0, 96));
}
