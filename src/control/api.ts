/**
 * The control socket's API: HTTP over a Unix socket, JSON both ways. Keys are stable: scripts read them through
 * `-o json`. A number that ends in `_sec` is seconds, addresses are canonical text, `null` is "none" or "never".
 *
 *     GET    /v1/status           StatusReply
 *     POST   /v1/drain            DrainReply
 *     GET    /v1/sessions         RowsReply of SessionRow     ?column=value… &limit=N
 *     GET    /v1/mappings         RowsReply of MappingRow     ?column=value… &limit=N
 *     GET    /v1/stats            RowsReply of CounterRow     ?column=value… &limit=N
 *     GET    /v1/dssm             { records: DssmRecord[] }
 *     POST   /v1/dssm             DssmRestore → DssmRestored
 *     GET    /v1/dssm/:v4         DssmRecord
 *     PUT    /v1/dssm/:v4         DssmSet → DssmRecord
 *     DELETE /v1/dssm/:v4         DssmDeleted
 *
 * An error is `{ code, message }` with the code of a Nat46Error.
 */

/** What `nat46 status` shows on one screen. */
export interface StatusReply {
  readonly version: string;
  readonly pid: number;
  readonly uptime_sec: number;
  /** Name of the TUN device; null for role `dns`, which has no data path: no device, no workers, no SNAT addresses. */
  readonly tun: string | null;
  readonly role: 'all' | 'dns' | 'data';
  readonly workers: number;
  readonly subnet: string;
  readonly snat_pool: readonly string[];
  /** SNAT addresses and who has them; null when the store belongs to this gateway alone. */
  readonly snat_leases: {
    readonly held: readonly string[];
    /** Configured here, and another gateway's now: no new sessions. */
    readonly missing: readonly string[];
    /** Configured here, not leased here, and, as far as is known, by no other gateway: given up by a drain, or not asked for yet. */
    readonly free: readonly string[];
    /** Of a gateway that died or was drained, and its established connections are known here. */
    readonly inherited: readonly string[];
    /** `nat46 drain` gave everything up; a restart takes it again. */
    readonly drained: boolean;
  } | null;
  /** URI without secrets. */
  readonly store: string;
  /** Why it cannot be reached, or null. */
  readonly store_problem: string | null;
  readonly state: string;
  /** When the counters began, which go on over restarts, ISO 8601; null when an earlier build made the state file. */
  readonly counters_since: string | null;
  readonly dns_listen: readonly string[];
  readonly dns_upstream: readonly string[];
  /** Those, and the servers of zones behind them: whether they answer. */
  readonly upstreams: readonly {
    /** Null: for every name that is in no zone. */
    readonly zone: string | null;
    readonly upstream: string;
    readonly state: 'up' | 'down';
  }[];
  readonly mappings: {
    readonly dynamic: number;
    readonly static: number;
    readonly resting: number;
    /** Synthetic addresses that can still be given out. */
    readonly free: number;
  };
  readonly sessions: {
    readonly current: number;
    readonly capacity: number;
    /** Created since the counters began. */
    readonly total: number;
  };
  readonly packets: {
    /** Translated, inside to outside and back. */
    readonly forwarded_46: number;
    readonly forwarded_64: number;
    readonly dropped: number;
  };
  readonly dns: {
    readonly queries: number;
    readonly upstream_queries: number;
  };
}

/** What was given up for the other gateways to take. */
export interface DrainReply {
  readonly addresses: readonly string[];
  /** Established ones; they go on here until their packets arrive elsewhere. */
  readonly sessions: number;
}

/** Rows that matched, at most `limit` of them. */
export interface RowsReply<Row> {
  readonly rows: readonly Row[];
  /** How many matched; more than `rows.length` when the limit cut. */
  readonly matched: number;
}

/** A session: two transport addresses on each side; ICMP queries have their identifier in place of the port. */
export type SessionRow = Readonly<{
  protocol: 'tcp' | 'udp' | 'icmp';
  /** The inside host and the synthetic address it dialled. */
  inside: string;
  synthetic: string;
  /** The SNAT address and the real host. */
  snat: string;
  real: string;
  state: string;
  /** Until it ends, if no packet comes. */
  expires_sec: number;
}>;

export const SESSION_COLUMNS = [
  'protocol',
  'inside',
  'synthetic',
  'snat',
  'real',
  'state',
  'expires_sec',
] as const satisfies readonly (keyof SessionRow)[];

export type MappingRow = Readonly<{
  v4: string;
  /** Null while the address rests. */
  v6: string | null;
  kind: 'dynamic' | 'static' | 'resting';
  sessions: number;
  idle_sec: number;
  /** Of inactivity; 0 = never. */
  timeout_sec: number;
  /** Earliest end; null = never, or not while sessions use it. */
  expires_sec: number | null;
}>;

export const MAPPING_COLUMNS = [
  'v4',
  'v6',
  'kind',
  'sessions',
  'idle_sec',
  'timeout_sec',
  'expires_sec',
] as const satisfies readonly (keyof MappingRow)[];

/** A counter of a table of statistics; `row` is null where the table has one row. */
export type CounterRow = Readonly<{
  table: string;
  row: string | null;
  counter: string;
  value: number;
  meaning: string;
}>;

export const COUNTER_COLUMNS = [
  'table',
  'row',
  'counter',
  'value',
  'meaning',
] as const satisfies readonly (keyof CounterRow)[];

/** A record of the store, byte-exact, and what it means. */
export interface DssmRecord {
  readonly key: string;
  readonly value: string;
  readonly v4: string | null;
  readonly v6: string | null;
  /** Of inactivity; 0 = never; null when malformed. */
  readonly timeout_sec: number | null;
  /** Why it is not translated, or null. */
  readonly problem: string | null;
}

/** Body of PUT. */
export interface DssmSet {
  readonly v6: string;
  /** Of inactivity; 0 = never. */
  readonly timeout_sec: number;
}

/** Body of POST: records to create byte for byte. */
export interface DssmRestore {
  readonly records: readonly { readonly key: string; readonly value: string }[];
}

export interface DssmRestored {
  readonly created: number;
  /** Keys that had a record already, which stays. */
  readonly existing: readonly string[];
}

export interface DssmDeleted {
  readonly v4: string;
  /** Sessions that ended with it. */
  readonly sessions: number;
}
