/**
 * What does a new name cost as the pool fills? A /16 at 10 %, 90 % and 99.9 %: the address of a new real v6, in the table of
 * the segment and in the store, and its removal, so that the pool stays as full as it was. `npm run bench -- allocation`.
 */
import { MAPPING_REST_SEC } from '../src/nat/lifetimes.ts';
import { MappingTable } from '../src/nat/mapping.ts';
import { byteLength, type Geometry, Segment } from '../src/nat/segment.ts';
import { MappingDirectory } from '../src/store/directory.ts';
import { MemoryStore } from '../src/store/memory.ts';

const BASE = 0x0af40000; // 10.244.0.0/16
const HOSTS = 2 ** 16 - 3;
const ROUNDS = 5;
const NAMES = 2_000;
const REMOVED_AT_ONCE = 32;

const silent = { info() {}, warn() {}, error() {} };
let nowSec = 1_700_000_000;
const clock = { nowSec: () => nowSec, nowMs: () => 0 };

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
  let ns = 0n;
  for (let left = NAMES; left > 0; ) {
    const { free } = mappings;
    const names = Math.min(left, free, REMOVED_AT_ONCE);
    const begin = process.hrtime.bigint();
    for (let i = 0; i < names; i++) {
      const allocation = await mappings.allocate(real(next++));
      if ('v4' in allocation) await mappings.del(allocation.v4);
    }
    ns += process.hrtime.bigint() - begin;
    left -= names;
    await endRests(free);
  }
  return Number(ns) / 1e3 / NAMES;
}

/** The rest of the removed ones passes in no time for those that stay: what is measured is the pool as full as it is. */
async function endRests(free: number): Promise<void> {
  nowSec += MAPPING_REST_SEC;
  while (mappings.free < free) await mappings.expire();
  nowSec -= MAPPING_REST_SEC;
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
