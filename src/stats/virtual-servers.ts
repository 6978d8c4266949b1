/**
 * `virtual_server_stat`: one row for what listens on the inside, with the columns and names that scripts around tmctl
 * know. clientside = inside, serverside = outside; `in` = received by the gateway.
 *
 * A connection is a session and counts once, when it is made. A DNS query counts once on the clientside, and once
 * on the serverside for each query that is sent upstream for it. What DNS46 asks of its own, to see whether an upstream
 * answers, is not in here: no client made it.
 */
import { Verdict } from '../datapath/verdict.ts';
import { CREATED } from '../nat/counters.ts';
import type { NatState } from '../nat/nat-state.ts';
import { ControlCounters } from './control-counters.ts';
import { dnsListener4, dnsListener6, subnet } from './description.ts';
import { type Column, count, type Row, type StatTable, text } from './stat-table.ts';
import { bytes, packets, total } from './worker-counters.ts';

/** An IPv6 header is that much longer than the IPv4 header it stands for. */
const HEADER_GROWTH = 20;

interface Side {
  readonly pkts_in: number;
  readonly bytes_in: number;
  readonly pkts_out: number;
  readonly bytes_out: number;
  readonly max_conns: number;
  readonly tot_conns: number;
  readonly cur_conns: number;
  readonly expired_conns: number;
}

const MEANINGS: Readonly<Record<keyof Side, string>> = {
  pkts_in: 'packets received there and translated; DNS: messages',
  bytes_in: 'bytes of these packets, IP headers included; DNS: of the messages',
  pkts_out: 'packets sent there; DNS: messages',
  bytes_out: 'bytes of these packets, IP headers included; DNS: of the messages',
  max_conns: 'most connections at once',
  tot_conns: 'connections made so far',
  cur_conns: 'connections now',
  expired_conns: 'connections ended because nothing passed for their lifetime',
};

const SERVERSIDE_TOT_CONNS = `${MEANINGS.tot_conns}; DNS: queries sent upstream for clients, without the gateway's own`;

const NO_CONNS = { max_conns: 0, cur_conns: 0, expired_conns: 0 };

function sideColumns(side: 'clientside' | 'serverside'): Column[] {
  const place = side === 'clientside' ? 'inside' : 'outside';
  const meanings = side === 'clientside' ? MEANINGS : { ...MEANINGS, tot_conns: SERVERSIDE_TOT_CONNS };
  return Object.entries(meanings).map(([name, meaning]) => count(`${side}.${name}`, `${place}: ${meaning}`));
}

function row(name: string, destination: string, clientside: Side, serverside: Side): Row {
  const cells = (prefix: string, side: Side): [string, number][] =>
    Object.entries(side).map(([column, value]) => [`${prefix}.${column}`, value]);
  return {
    name,
    destination,
    ...Object.fromEntries([...cells('clientside', clientside), ...cells('serverside', serverside)]),
  };
}

function nat46(state: NatState): Row {
  const { segment } = state;
  const { rows } = state.sessions;
  const up = { packets: packets(segment, Verdict.Forward46), bytes: bytes(segment, Verdict.Forward46) };
  const down = { packets: packets(segment, Verdict.Forward64), bytes: bytes(segment, Verdict.Forward64) };
  const conns = {
    max_conns: rows.mostUsed(),
    tot_conns: total(segment, CREATED),
    cur_conns: rows.used(),
    expired_conns: new ControlCounters(segment).value('sessionsExpired'),
  };
  const clientside = {
    pkts_in: up.packets,
    bytes_in: up.bytes,
    pkts_out: down.packets,
    bytes_out: down.bytes - HEADER_GROWTH * down.packets,
    ...conns,
  };
  const serverside = {
    pkts_in: down.packets,
    bytes_in: down.bytes,
    pkts_out: up.packets,
    bytes_out: up.bytes + HEADER_GROWTH * up.packets,
    ...conns,
  };
  return row('egress-ipv4-nat46', subnet(segment), clientside, serverside);
}

const NO_SIDE: Side = { pkts_in: 0, bytes_in: 0, pkts_out: 0, bytes_out: 0, tot_conns: 0, ...NO_CONNS };

function dnsClientside(counters: ControlCounters, family: 4 | 6): Side {
  const queries = counters.value(`dns${family}Queries`);
  return {
    pkts_in: queries,
    bytes_in: counters.value(`dns${family}QueryBytes`),
    pkts_out: counters.value(`dns${family}Replies`),
    bytes_out: counters.value(`dns${family}ReplyBytes`),
    tot_conns: queries,
    ...NO_CONNS,
  };
}

function dnsServerside(counters: ControlCounters): Side {
  const queries = counters.value('upstreamQueries');
  return {
    pkts_in: counters.value('upstreamReplies'),
    bytes_in: counters.value('upstreamReplyBytes'),
    pkts_out: queries,
    bytes_out: counters.value('upstreamQueryBytes'),
    tot_conns: queries,
    ...NO_CONNS,
  };
}

/** Upstream queries belong to no listener: they stand in the row of the first one. */
function dns(state: NatState): Row[] {
  const counters = new ControlCounters(state.segment);
  const listener4 = dnsListener4(state.segment);
  const listener6 = dnsListener6(state.segment);
  const isOnly6 = listener4 === '-' && listener6 !== null;
  const upstream = dnsServerside(counters);
  const row4 = row('egress-dns-ipv4', listener4, dnsClientside(counters, 4), isOnly6 ? NO_SIDE : upstream);
  if (listener6 === null) return [row4];
  const row6 = row('egress-dns-ipv6', listener6, dnsClientside(counters, 6), isOnly6 ? upstream : NO_SIDE);
  return [row4, row6];
}

export const virtualServerStat: StatTable = {
  name: 'virtual_server_stat',
  meaning: 'connections, packets and bytes of each listener',
  isInternal: false,
  rowNames: ['name'],
  columns: [
    text('name', 'what listens'),
    text('destination', 'address that inside hosts send to'),
    ...sideColumns('clientside'),
    ...sideColumns('serverside'),
  ],
  rows: (state) => [nat46(state), ...dns(state)],
};
