/**
 * The segment: one file on tmpfs, mapped by every worker, by the main thread and, read-only, by `tmctl`.
 *
 *   | header | mapping | BIB | session | client | fragment | pool members | punt rings | binding ring | counters |
 *
 * Every table is at a fixed offset that follows from the geometry, so a process that was killed and started again
 * finds each row where it was. All numbers are 32-bit words of the host, counters are 64-bit floats (exact below
 * 2^53). A segment of another version or geometry is never read: the caller sets it aside.
 */
import { bucketCount } from './hash-index.ts';
import { HEAD_WORDS, markWords } from './rows.ts';

/** Capacities, chosen at start and written into the header. */
export interface Geometry {
  /** Sessions; BIB entries have the same capacity. */
  readonly sessions: number;
  readonly mappings: number;
  /** Inside hosts that have state at once. */
  readonly clients: number;
  /** Fragmented datagrams whose first fragment is remembered. */
  readonly fragments: number;
  /** SNAT pool addresses. */
  readonly members: number;
  readonly workers: number;
}

const GEOMETRY_FIELDS = ['sessions', 'mappings', 'clients', 'fragments', 'members', 'workers'] as const;

/** "N46S" */
const MAGIC = 0x4e343653;
/** Counts up with every change of the layout. */
export const VERSION = 3;

/** Words of the header. */
const HEADER_WORDS = 64;
const MAGIC_AT = 0;
const VERSION_AT = 1;
const GEOMETRY_AT = 2;
const SEED_AT = 8;
export const LOCK_AT = 16; // a cache line of its own: waiters hammer on it
export const NOW_SEC_AT = 32;
export const STARTED_SEC_AT = 33;
export const SUBNET_BASE_AT = 34;
export const SUBNET_LENGTH_AT = 35;
export const STOP_AT = 36;
export const STAMP_AT = 37;
export const DNS_LISTEN_AT = 38;
export const MEMBERS_USED_AT = 39;
export const WORKERS_USED_AT = 40;
export const DNS_PORT_AT = 41;
export const DNS_LISTEN6_AT = 42; // four words
export const DNS_PORT6_AT = 46;
/** What DNS46 may give out: first address, end (not included), and how many between them it may not. */
export const ASSIGNABLE_FIRST_AT = 47;
export const ASSIGNABLE_END_AT = 48;
export const ASSIGNABLE_RESERVED_AT = 49;
export const FRAGMENT_HAND_AT = 50;
/** `Filtering` of this run: whether sessions are indexed by their real address as well. */
export const FILTERING_AT = 51;
/** `BindingLogMode` of this run. */
export const BINDING_LOG_AT = 52;
/** Counts up when workers are sent other mappings. */
export const MAP_EDITION_AT = 53;
/** When the file was made and the counters began, Unix epoch; 0 in a file of an earlier build. */
export const CREATED_SEC_AT = 54;

/** Words a row of each table; see the files of the tables. */
export const MAPPING_STRIDE = 16;
export const BIB_STRIDE = 16;
export const SESSION_STRIDE = 32;
export const CLIENT_STRIDE = 16;
export const FRAGMENT_STRIDE = 16;
/** 16 words of address and counts, then three protocols × (used, resting, resting longer) × 65536 bits. */
export const MEMBER_STRIDE = 16 + 9 * 2048;
export const PUNT_RING_ENTRIES = 1024;
const PUNT_RING_WORDS = 32 + PUNT_RING_ENTRIES;
/** Of the ring of the binding log. */
export const BINDING_RING_HEAD = 32;
export const BINDING_RECORD_WORDS = 16;
/** Read ten times a second. */
const MAX_BINDING_RECORDS = 32_768;
/** 64-bit counters a worker; the last block is the main thread's. */
export const COUNTER_SLOTS = 320;

const LINE_WORDS = 32; // two cache lines: rows never share one, and the prefetcher works in pairs

/** Word offsets of everything. */
export interface Layout {
  readonly mapping: TableLayout;
  readonly bib: TableLayout;
  readonly session: TableLayout;
  readonly client: TableLayout;
  readonly fragment: TableLayout;
  readonly members: number;
  readonly puntRings: number;
  readonly bindingRing: number;
  readonly counters: number;
  readonly words: number;
}

export interface TableLayout {
  readonly head: number;
  /** A bit a row. */
  readonly marks: number;
  /** One run of buckets an index. */
  readonly buckets: readonly number[];
  readonly rows: number;
  readonly capacity: number;
}

/** Where everything lies in a segment of this geometry. */
export function layout(geometry: Geometry): Layout {
  let at = HEADER_WORDS;
  const take = (words: number): number => {
    const start = at;
    at += Math.ceil(words / LINE_WORDS) * LINE_WORDS;
    return start;
  };
  const table = (capacity: number, stride: number, indexes: number): TableLayout => ({
    head: take(HEAD_WORDS),
    marks: take(markWords(capacity)),
    buckets: Array.from({ length: indexes }, () => take(bucketCount(capacity))),
    rows: take(capacity * stride),
    capacity,
  });
  return {
    mapping: table(geometry.mappings, MAPPING_STRIDE, 2),
    bib: table(geometry.sessions, BIB_STRIDE, 2),
    session: table(geometry.sessions, SESSION_STRIDE, 3),
    client: table(geometry.clients, CLIENT_STRIDE, 1),
    fragment: table(geometry.fragments, FRAGMENT_STRIDE, 1),
    members: take(geometry.members * MEMBER_STRIDE),
    puntRings: take(geometry.workers * PUNT_RING_WORDS),
    bindingRing: take(BINDING_RING_HEAD + bindingRecords(geometry.sessions) * BINDING_RECORD_WORDS),
    counters: take((geometry.workers + 1) * COUNTER_SLOTS * 2),
    words: at,
  };
}

/** Records of the binding ring: a power of two. @param sessions of the geometry */
export function bindingRecords(sessions: number): number {
  return bucketCount(Math.min(sessions, MAX_BINDING_RECORDS / 2));
}

/** Bytes of the file for a geometry. */
export function byteLength(geometry: Geometry): number {
  return layout(geometry).words * 4;
}

/** Why an existing file cannot be used; `empty` means that it is new. */
export type Mismatch = 'empty' | 'magic' | 'version' | 'size' | `geometry: ${string}`;

export class Segment {
  readonly geometry: Geometry;
  readonly layout: Layout;
  readonly words: Int32Array;
  readonly floats: Float64Array;

  constructor(buffer: ArrayBuffer, geometry: Geometry) {
    this.geometry = geometry;
    this.layout = layout(geometry);
    this.words = new Int32Array(buffer, 0, this.layout.words);
    this.floats = new Float64Array(buffer, 0, this.layout.words / 2);
  }

  /** Write the header of a zeroed file. @param seeds four secret random words */
  format(seeds: Int32Array): void {
    this.words.set(seeds.subarray(0, 4), SEED_AT);
    for (const [i, field] of GEOMETRY_FIELDS.entries()) this.words[GEOMETRY_AT + i] = this.geometry[field];
    this.words[VERSION_AT] = VERSION;
    this.words[MAGIC_AT] = MAGIC;
  }

  /** Secret of this segment. @param which 0 … 3 */
  seed(which: number): number {
    return this.words[SEED_AT + which]!;
  }

  /** Seconds since the Unix epoch, as the main thread last wrote them: the data plane reads no clock for them. */
  nowSec(): number {
    return this.words[NOW_SEC_AT]! >>> 0;
  }

  /** Word offset of a worker's punt ring. */
  puntRing(worker: number): number {
    return this.layout.puntRings + worker * PUNT_RING_WORDS;
  }

  /** Index into `floats` of a block of counters. @param worker its number, or `geometry.workers` for the main thread */
  counters(worker: number): number {
    return this.layout.counters / 2 + worker * COUNTER_SLOTS;
  }
}

/**
 * The geometry that a file was made with, or why it is none of ours.
 * @param header the first bytes of the file, at least those of the header @param size of the whole file
 */
export function readGeometry(header: ArrayBuffer, size: number): Geometry | Mismatch {
  if (size === 0) return 'empty';
  if (size < HEADER_WORDS * 4) return 'size';
  const words = new Int32Array(header, 0, HEADER_WORDS);
  if (words[MAGIC_AT] === 0 && words[VERSION_AT] === 0) return 'empty';
  if (words[MAGIC_AT] !== MAGIC) return 'magic';
  if (words[VERSION_AT] !== VERSION) return 'version';
  const field = (i: number): number => words[GEOMETRY_AT + i]!;
  const geometry: Geometry = {
    sessions: field(0),
    mappings: field(1),
    clients: field(2),
    fragments: field(3),
    members: field(4),
    workers: field(5),
  };
  return byteLength(geometry) === size ? geometry : 'size';
}

/** @returns null when a file of geometry `found` can be used by a gateway that wants `wanted` */
export function mismatch(found: Geometry, wanted: Geometry): Mismatch | null {
  const field = GEOMETRY_FIELDS.find((name) => found[name] !== wanted[name]);
  return field === undefined ? null : `geometry: ${field} ${found[field]}, now ${wanted[field]}`;
}
