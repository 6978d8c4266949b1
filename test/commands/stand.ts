/** A gateway's control socket without a gateway: real server, real directory, rows and status of the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Surroundings } from '../../src/commands/gateway-options.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import { isHelpShown } from '../../src/config/command-line.ts';
import {
  COUNTER_COLUMNS,
  MAPPING_COLUMNS,
  SESSION_COLUMNS,
  type SessionRow,
  type StatusReply,
} from '../../src/control/api.ts';
import { dssmRoutes } from '../../src/control/dssm-routes.ts';
import { rowsRoute } from '../../src/control/rows.ts';
import { ControlServer } from '../../src/control/server.ts';
import { Nat46Error } from '../../src/error.ts';
import { COUNTER_KINDS, MAPPING_KINDS, SESSION_KINDS } from '../../src/gateway/views.ts';
import { counters } from '../../src/stats/counter-list.ts';
import { freshState } from '../nat/fresh-state.ts';
import { Rig } from '../store/rig.ts';

/** What a command wrote. */
export class Paper implements Terminal {
  out = '';
  notes = '';
  readonly color: boolean;
  readonly columns: number;

  constructor(columns = Number.POSITIVE_INFINITY, color = false) {
    this.columns = columns;
    this.color = color;
  }

  write(text: string): void {
    this.out += text;
  }

  note(text: string): void {
    this.notes += text;
  }
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  /** Notes and the message of the error, as on standard error. */
  readonly notes: string;
}

type Command = (args: readonly string[], surroundings: Surroundings) => Promise<number>;

/** Run a command as main.ts does. */
export async function outcome(
  command: Command,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  paper = new Paper(),
): Promise<Outcome> {
  try {
    const code = await command(args, { terminal: paper, env });
    return { code, out: paper.out, notes: paper.notes };
  } catch (error) {
    if (isHelpShown(error)) return { code: 0, out: paper.out, notes: paper.notes };
    if (!(error instanceof Nat46Error)) throw error;
    return { code: error.exitCode, out: paper.out, notes: `${paper.notes}${error.message}\n` };
  }
}

export const SESSIONS: readonly SessionRow[] = [
  {
    protocol: 'tcp',
    inside: '10.244.10.2:40000',
    synthetic: '10.2.2.9:80',
    snat: '[2001::10:244:100:250]:40000',
    real: '[2001:db8::9]:80',
    state: 'established',
    expires_sec: 7440,
  },
  {
    protocol: 'icmp',
    inside: '10.244.10.3:7',
    synthetic: '10.2.2.9:7',
    snat: '[2001::10:244:100:251]:7',
    real: '[2001:db8::9]:7',
    state: '-',
    expires_sec: 59,
  },
];

export const STATUS: StatusReply = {
  version: '0.1.0',
  pid: 4711,
  uptime_sec: 93784,
  tun: 'nat46',
  role: 'all',
  workers: 2,
  subnet: '10.2.2.0/24',
  snat_pool: ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'],
  store: 'lmdb:/var/lib/nat46',
  state: '/dev/shm/nat46-nat46.state',
  counters_since: '2026-11-26T20:11:02Z',
  dns_listen: ['10.2.2.1:53'],
  dns_upstream: ['192.0.2.53:53', '192.0.2.54:53'],
  upstreams: [
    { zone: null, upstream: '192.0.2.53:53', state: 'up' },
    { zone: null, upstream: '192.0.2.54:53', state: 'down' },
    { zone: 'cluster.east', upstream: '10.0.0.10:53', state: 'down' },
  ],
  snat_leases: null,
  store_problem: null,
  mappings: { dynamic: 3, static: 1, resting: 0, free: 249 },
  sessions: { current: 2, capacity: 262144, total: 19 },
  packets: { forwarded_46: 100, forwarded_64: 99, dropped: 1 },
  dns: { queries: 12, upstream_queries: 24 },
};

export interface Stand {
  readonly rig: Rig;
  readonly socket: string;
  /** Run a command against this stand. */
  readonly ask: (command: Command, ...args: string[]) => Promise<Outcome>;
}

/** A stand for one test, stopped and removed at its end. */
export function onStand(run: (stand: Stand) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nat46-commands-'));
    const socket = `${folder}/nat46.sock`;
    const rig = new Rig({ maps: { '10.2.2.8': '2001:db8::8' } });
    await rig.directory.loadAll();
    const server = new ControlServer({
      path: socket,
      log: { error: () => {} },
      routes: {
        'GET /v1/status': () => STATUS,
        'POST /v1/drain': () => ({ addresses: ['2001:db8::1', '2001:db8::2'], sessions: 3 }),
        'GET /v1/sessions': rowsRoute(SESSION_COLUMNS, () => SESSIONS, SESSION_KINDS),
        'GET /v1/mappings': rowsRoute(MAPPING_COLUMNS, () => rig.directory.lines(), MAPPING_KINDS),
        'GET /v1/stats': rowsRoute(COUNTER_COLUMNS, () => counters(freshState()), COUNTER_KINDS),
        ...dssmRoutes(rig.directory),
      },
    });
    await server.start();
    try {
      await run({ rig, socket, ask: (command, ...args) => outcome(command, [...args, '--control', socket]) });
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true });
    }
  };
}
