/**
 * What does a new name cost as the pool fills? A /16 at 10 %, 90 % and 99.9 %: the address of a new real v6, in the table of
 * the segment and in the store, and its removal, so that the pool stays as full as it was. `npm run bench -- allocation`.
 */
import { MappingTable } from '../src/nat/mapping.ts';
import { byteLength, type Geometry, Segment } from '../src/nat/segment.ts';
import { MappingDirectory } from '../src/store/directory.ts';
import { MemoryStore } from '../src/store/memory.ts';

const BASE = 0x0af40000; // 10.244.0.0/16
const HOSTS = 2 ** 16 - 3;
const ROUNDS = 5;
const NAMES = 2_000;

const silent = { info() {}, warn() {}, error() {} };
const clock = { nowSec: () => 1_700_000_000, nowMs: () => 0 };

function directory(): MappingDirectory {
  const geometry: Geometry = {
    sessions: 16,
    mappings: 2 ** 16 + 4096,
    clients: 16,
    fragments: 16,
    members: 1,
    workers: 1,
  };
  const segment = new Segment(new ArrayBuffer(byteLength(geometry)), geometry);
  segment.format(Int32Array.of(1, 2, 3, 4));
  const table = new MappingTable(segment);
  table.rebuild();
  return new MappingDirectory({
    subnet: { base: BASE, length: 16 },
    reservedStatic: 0,
    reserved: [BASE + 1],
    maps: [],
    store: new MemoryStore(),
    table,
    clock,
    locked: (job) => job(),
    endSessions: () => 0,
    count: () => {},
    log: silent,
  });
}

/** A real v6 for every number. */
function real(n: number): Uint8Array {
  const v6 = new Uint8Array(16);
  v6.set([0x20, 1, 0x0d, 0xb8]);
  new DataView(v6.buffer).setUint32(12, n);
  return v6;
}

let next = 0;
const mappings = directory();

/** @returns microseconds a name */
async function round(): Promise<number> {
  const given: number[] = [];
  const begin = process.hrtime.bigint();
  for (let i = 0; i < NAMES; i++) {
    const allocation = await mappings.allocate(real(next++));
    if ('v4' in allocation) given.push(allocation.v4);
    if (mappings.free === 0 || given.length >= 32) await remove(given);
  }
  const us = Number(process.hrtime.bigint() - begin) / 1e3;
  await remove(given);
  return us / NAMES;
}

async function remove(given: number[]): Promise<void> {
  for (const v4 of given.splice(0)) await mappings.del(v4);
}

for (const share of [0.1, 0.9, 0.999]) {
  while (HOSTS - mappings.free < HOSTS * share) await mappings.allocate(real(next++));
  const us: number[] = [];
  for (let i = 0; i <= ROUNDS; i++) us.push(await round());
  const [least = 0, ...others] = us.slice(1).toSorted((one, other) => one - other); // the first warms up
  const most = others.at(-1) ?? least;
  console.log(
    `new name and its removal, /16 ${`${share * 100} %`.padStart(6)} full ${least.toFixed(1).padStart(8)} µs … ${most.toFixed(1)} µs (${mappings.free} free)`,
  );
}
