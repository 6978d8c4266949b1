/** A directory over the real mapping table in a plain buffer, with a clock and a store that the test holds. */
import { parseCidr4, parseV4, parseV6 } from '../../src/address.ts';
import { MappingTable } from '../../src/nat/mapping.ts';
import { byteLength, type Geometry, Segment } from '../../src/nat/segment.ts';
import { type DirectoryCounter, MappingDirectory } from '../../src/store/directory.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

export const START_SEC = 1_700_000_000;

export function v4(text: string): number {
  const address = parseV4(text);
  if (address === null) throw new RangeError(text);
  return address;
}

export function v6(text: string): Uint8Array {
  const address = parseV6(text);
  if (address === null) throw new RangeError(text);
  return address;
}

export interface RigOptions {
  readonly subnet?: string;
  readonly reservedStatic?: number;
  readonly reserved?: readonly string[];
  readonly maps?: Readonly<Record<string, string>>;
  readonly store?: Store;
  /** Rows of the mapping table. */
  readonly rows?: number;
  /** Of an earlier rig: its rows are still there. */
  readonly table?: MappingTable;
}

function newTable(rows: number): MappingTable {
  const geometry: Geometry = {
    sessions: 16,
    mappings: rows,
    clients: 16,
    fragments: 16,
    members: 1,
    workers: 1,
  };
  const segment = new Segment(new ArrayBuffer(byteLength(geometry)), geometry);
  segment.format(Int32Array.of(1, 2, 3, 4));
  const table = new MappingTable(segment);
  table.rebuild();
  return table;
}

export class Rig {
  readonly table: MappingTable;
  readonly store: Store;
  readonly directory: MappingDirectory;
  readonly clock = {
    sec: START_SEC,
    ms: 5_000,
    nowSec: () => this.clock.sec,
    nowMs: () => this.clock.ms,
  };
  readonly counts: Record<DirectoryCounter, number> = {
    allocated: 0,
    expired: 0,
    exhausted: 0,
    malformed: 0,
    outside: 0,
    lost: 0,
    resumed: 0,
    rewritten: 0,
    followed: 0,
    asked: 0,
  };
  readonly logged: { fields: Record<string, unknown>; message: string }[] = [];
  /** Synthetic addresses whose sessions were ended, in order. */
  readonly ended: number[] = [];
  /** Whether the lock is held: everything that needs it must say so. */
  #held = false;

  constructor(options: RigOptions = {}) {
    const subnet = parseCidr4(options.subnet ?? '10.2.2.0/24');
    if (!subnet) throw new RangeError(options.subnet);
    this.table = options.table ?? newTable(options.rows ?? 4096);
    this.store = options.store ?? new MemoryStore();
    const write = (fields: object, message: string): void => {
      this.logged.push({ fields: fields as Record<string, unknown>, message });
    };
    this.directory = new MappingDirectory({
      subnet,
      reservedStatic: options.reservedStatic ?? 0,
      reserved: (options.reserved ?? ['10.2.2.1']).map(v4),
      maps: Object.entries(options.maps ?? {}).map(([left, right]) => ({ v4: v4(left), v6: v6(right) })),
      store: this.store,
      table: this.table,
      clock: this.clock,
      locked: (job) => this.#locked(job),
      endSessions: (row) => this.#endSessions(row),
      count: (counter, n) => {
        this.counts[counter] += n;
      },
      log: { info: write, warn: write, error: write },
    });
  }

  /** As a worker would. */
  addSessions(address: string, change: number): void {
    this.table.addSessions(this.table.lookup4(v4(address)), change, this.clock.sec);
  }

  /** What the table says of an address: the real v6, `resting`, `miss` or null. */
  mapped(address: number | string): string | null {
    const number = typeof address === 'string' ? v4(address) : address;
    const row = this.table.lookup4(number);
    if (row < 0) return null;
    const line = [...this.directory.lines()].find((candidate) => v4(candidate.v4) === number);
    return line ? (line.v6 ?? 'resting') : 'miss';
  }

  #locked<T>(job: () => T): T {
    if (this.#held) throw new Error('the lock is not reentrant');
    this.#held = true;
    try {
      return job();
    } finally {
      this.#held = false;
    }
  }

  #endSessions(row: number): number {
    if (this.#held) throw new Error('ending sessions takes the lock itself');
    const sessions = this.table.sessions(row);
    this.ended.push(this.table.v4(row));
    this.table.addSessions(row, -sessions, this.clock.sec);
    return sessions;
  }
}
