/**
 * What the control socket shows of a running gateway.
 */
import { formatV4, formatV6 } from '../address.ts';
import type { Config } from '../config/config.ts';
import {
  COUNTER_COLUMNS,
  MAPPING_COLUMNS,
  type MappingRow,
  SESSION_COLUMNS,
  type SessionRow,
  type StatusReply,
} from '../control/api.ts';
import { dssmRoutes } from '../control/dssm-routes.ts';
import { rowsRoute } from '../control/rows.ts';
import type { Routes } from '../control/server.ts';
import { FIRST_DROP, VERDICTS, Verdict } from '../datapath/verdict.ts';
import type { Dns46 } from '../dns46/dns46.ts';
import { textOf } from '../dns46/upstream-question.ts';
import { Nat46Error } from '../error.ts';
import { CREATED } from '../nat/counters.ts';
import type { NatState } from '../nat/nat-state.ts';
import { CREATED_SEC_AT } from '../nat/segment.ts';
import type { SessionId } from '../nat/session.ts';
import { TCP_STATE_NAMES } from '../nat/tcp-state.ts';
import { ControlCounters } from '../stats/control-counters.ts';
import { counters } from '../stats/counter-list.ts';
import { TABLES } from '../stats/tables.ts';
import * as worker from '../stats/worker-counters.ts';
import type { MappingDirectory } from '../store/directory.ts';
import type { LeaseView } from '../store/leases.ts';
import type { Handover } from './handover.ts';
import type { Plan } from './plan.ts';
import { sayingWhy } from './store-errors.ts';

export interface ViewSources {
  readonly config: Config;
  readonly plan: Plan;
  readonly state: NatState;
  readonly directory: MappingDirectory;
  /** Null when the store belongs to this gateway alone, or it carries no data. */
  readonly handover: Handover | null;
  /** Null as long as it has not started, and where there is none. */
  readonly dns: () => Dns46 | null;
  readonly version: string;
  /** Threads of the data plane. */
  readonly workers: number;
  /** Clock of the data plane. */
  readonly nowMs: () => number;
}

export function controlRoutes(sources: ViewSources): Routes {
  const { config, directory, handover } = sources;
  return {
    'GET /v1/status': () => status(sources),
    'POST /v1/drain': () => {
      if (handover) return handover.drain();
      const why =
        config.role === 'dns'
          ? 'role dns has no sessions to hand over'
          : `${config.store.label} is not shared with other gateways`;
      throw new Nat46Error('NAT46_RUNTIME', `drain: ${why}; just stop it`);
    },
    'GET /v1/sessions': rowsRoute(SESSION_COLUMNS, () => sessionRows(sources), SESSION_KINDS),
    'GET /v1/mappings': rowsRoute(MAPPING_COLUMNS, () => directory.lines(), MAPPING_KINDS),
    'GET /v1/stats': rowsRoute(COUNTER_COLUMNS, () => counters(sources.state), COUNTER_KINDS),
    ...sayingWhy(dssmRoutes(directory), () => directory.storeProblem),
  };
}

const PROTOCOL_NAMES: Readonly<Record<number, SessionRow['protocol']>> = { 1: 'icmp', 6: 'tcp', 17: 'udp' };
/** Of a session that is none of TCP. */
const NO_STATE = '-';

export const SESSION_KINDS = {
  addresses: ['inside', 'synthetic', 'snat', 'real'],
  words: { protocol: Object.values(PROTOCOL_NAMES), state: [...TCP_STATE_NAMES, NO_STATE] },
} as const;
export const MAPPING_KINDS = {
  addresses: ['v4', 'v6'],
  words: { kind: ['dynamic', 'static', 'resting'] satisfies MappingRow['kind'][] },
} as const;
export const COUNTER_KINDS = { words: { table: TABLES.map(({ name }) => name) } };

function* sessionRows({ state, nowMs }: ViewSources): Generator<SessionRow> {
  const { sessions } = state;
  const now = nowMs();
  const outside = new DataView(new ArrayBuffer(32));
  for (const row of sessions.rows.inUse()) {
    const id = row as SessionId;
    const left = (sessions.deadline(id) - now) | 0;
    if (left <= 0) continue;
    sessions.writeOutside(id, outside, 0);
    yield sessionRow(state, id, new Uint8Array(outside.buffer), Math.ceil(left / 1000));
  }
}

/** @param outside SNAT address and real v6, 16 bytes each */
function sessionRow(
  { sessions }: NatState,
  id: SessionId,
  outside: Uint8Array,
  expiresSec: number,
): SessionRow {
  const protocol = PROTOCOL_NAMES[sessions.protocol(id)] ?? 'udp';
  const near = (ports: number): number => ports >>> 16;
  // A ping has one number, its identifier, at the client's end
  const far = (ports: number): number => (protocol === 'icmp' ? near(ports) : ports & 0xffff);
  const insidePorts = sessions.insidePorts(id);
  const outsidePorts = sessions.outsidePorts(id);
  return {
    protocol,
    inside: `${formatV4(sessions.insideNear(id) >>> 0)}:${near(insidePorts)}`,
    synthetic: `${formatV4(sessions.insideFar(id) >>> 0)}:${far(insidePorts)}`,
    snat: `[${formatV6(outside)}]:${near(outsidePorts)}`,
    real: `[${formatV6(outside, 16)}]:${far(outsidePorts)}`,
    state: protocol === 'tcp' ? (TCP_STATE_NAMES[sessions.state(id)] ?? NO_STATE) : NO_STATE,
    expires_sec: expiresSec,
  };
}

/** `nat46 status`, and the answer to SIGUSR2. */
export function status({
  config,
  plan,
  state,
  directory,
  handover,
  dns,
  version,
  workers,
}: ViewSources): StatusReply {
  const { segment, sessions } = state;
  const control = new ControlCounters(segment);
  return {
    version,
    pid: process.pid,
    uptime_sec: Math.floor(process.uptime()),
    tun: config.role === 'dns' ? null : config.tun,
    role: config.role,
    workers,
    subnet: `${formatV4(config.subnet.base)}/${config.subnet.length}`,
    snat_pool: config.role === 'dns' ? [] : plan.members.map((member) => formatV6(member)),
    snat_leases: handover ? leases(handover) : null,
    store: config.store.label,
    store_problem: directory.storeProblem,
    state: config.statePath,
    counters_since: countersSince(segment.words[CREATED_SEC_AT] ?? 0),
    dns_listen: config.role === 'data' ? [] : config.dnsListen.map(textOf),
    dns_upstream: config.role === 'data' ? [] : config.dnsUpstream.map(textOf),
    upstreams: (dns()?.upstreams ?? []).map(({ zone, endpoint, isDown }) => ({
      zone,
      upstream: textOf(endpoint),
      state: isDown ? 'down' : 'up',
    })),
    mappings: { ...state.mappings.counts(), free: directory.free },
    sessions: {
      current: sessions.rows.used(),
      capacity: sessions.rows.capacity,
      total: worker.total(segment, CREATED),
    },
    packets: {
      forwarded_46: worker.packets(segment, Verdict.Forward46),
      forwarded_64: worker.packets(segment, Verdict.Forward64),
      dropped: VERDICTS.slice(FIRST_DROP).reduce(
        (sum, _, i) => sum + worker.packets(segment, FIRST_DROP + i),
        0,
      ),
    },
    dns: {
      queries: control.value('dns4Queries') + control.value('dns6Queries'),
      upstream_queries: control.value('upstreamQueries'),
    },
  };
}

function countersSince(sec: number): string | null {
  return sec === 0 ? null : new Date((sec >>> 0) * 1000).toISOString().replace('.000', '');
}

function leases(handover: Handover): StatusReply['snat_leases'] {
  const views = handover.leases();
  const of = (wanted: (view: LeaseView) => boolean): string[] =>
    views.filter(wanted).map(({ address }) => address);
  return {
    held: of(({ isHome, isHeld }) => isHome && isHeld),
    missing: of(({ isHome, isHeld, isElsewhere }) => isHome && !isHeld && isElsewhere),
    free: of(({ isHome, isHeld, isElsewhere }) => isHome && !isHeld && !isElsewhere),
    inherited: of(({ isHome, isHeld }) => !isHome && isHeld),
    drained: handover.isDrained,
  };
}
