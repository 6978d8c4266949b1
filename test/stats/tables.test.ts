/**
 * Tables of statistics, from a segment whose counters are known.
 */
import * as assert from 'uvu/assert';
import { FIRST_DROP, VERDICTS, Verdict } from '../../src/datapath/verdict.ts';
import { DNS_COUNTERS, type DnsCounter } from '../../src/dns46/counters.ts';
import { BYTES, CONTROL, CREATED, PACKETS } from '../../src/nat/counters.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { COUNTER_SLOTS, WORKERS_USED_AT } from '../../src/nat/segment.ts';
import {
  CONTROL_SLOTS,
  ControlCounters,
  DNS_EVENTS,
  type DnsEvent,
  type MAPPING_EVENTS,
} from '../../src/stats/control-counters.ts';
import { describe } from '../../src/stats/description.ts';
import type { Row } from '../../src/stats/stat-table.ts';
import { findTable, TABLES } from '../../src/stats/tables.ts';
import type { DirectoryCounter } from '../../src/store/directory.ts';
import { tests } from '../helpers/table.ts';
import { bytes, freshState, MEMBERS } from '../nat/fresh-state.ts';

const SUBNET = { base: 0x0a020200, length: 24 };

function rowsOf(state: NatState, table: string): Row[] {
  return findTable(table)?.rows(state) ?? [];
}

function count(state: NatState, worker: number, slot: number, n: number): void {
  state.segment.floats[state.segment.counters(worker) + slot]! += n;
}

function described(dnsListen: { address: string; port: number }[]): NatState {
  const state = freshState();
  describe(state.segment, {
    subnet: SUBNET,
    reservedStatic: 4,
    reserved: [0x0a020201, 0x0a0202fe, 0x0a0202ff],
    dnsListen,
  });
  return state;
}

tests('virtual_server_stat', {
  'a packet is counted on both sides, 20 bytes longer on the outside': () => {
    const state = described([{ address: '10.2.2.1', port: 53 }]);
    for (const worker of [0, 1]) {
      count(state, worker, PACKETS + Verdict.Forward46, 2);
      count(state, worker, BYTES + Verdict.Forward46, 100);
      count(state, worker, PACKETS + Verdict.Forward64, 3);
      count(state, worker, BYTES + Verdict.Forward64, 180);
      count(state, worker, CREATED, 1);
    }
    new ControlCounters(state.segment).add('sessionsExpired', 1);
    assert.equal(rowsOf(state, 'virtual_server_stat')[0], {
      name: 'egress-ipv4-nat46',
      destination: '10.2.2.0/24',
      'clientside.pkts_in': 4,
      'clientside.bytes_in': 200,
      'clientside.pkts_out': 6,
      'clientside.bytes_out': 240,
      'clientside.max_conns': 0,
      'clientside.tot_conns': 2,
      'clientside.cur_conns': 0,
      'clientside.expired_conns': 1,
      'serverside.pkts_in': 6,
      'serverside.bytes_in': 360,
      'serverside.pkts_out': 4,
      'serverside.bytes_out': 280,
      'serverside.max_conns': 0,
      'serverside.tot_conns': 2,
      'serverside.cur_conns': 0,
      'serverside.expired_conns': 1,
    });
  },

  'a DNS query counts once on each side that it passes': () => {
    const state = described([{ address: '10.2.2.1', port: 53 }]);
    const counters = new ControlCounters(state.segment);
    counters.add('dns4Queries', 5);
    counters.add('dns4QueryBytes', 250);
    counters.add('dns4Replies', 4);
    counters.add('dns4ReplyBytes', 400);
    counters.add('upstreamQueries', 3);
    counters.add('upstreamQueryBytes', 150);
    counters.add('upstreamReplies', 2);
    counters.add('upstreamReplyBytes', 180);
    const rows = rowsOf(state, 'virtual_server_stat');
    assert.is(rows.length, 2);
    const dns = rows[1] ?? {};
    assert.equal([dns.name, dns.destination], ['egress-dns-ipv4', '10.2.2.1:53']);
    assert.equal(
      [dns['clientside.tot_conns'], dns['clientside.pkts_in'], dns['clientside.bytes_in']],
      [5, 5, 250],
    );
    assert.equal([dns['clientside.pkts_out'], dns['clientside.bytes_out']], [4, 400]);
    assert.equal(
      [dns['serverside.tot_conns'], dns['serverside.pkts_out'], dns['serverside.bytes_out']],
      [3, 3, 150],
    );
    assert.equal([dns['serverside.pkts_in'], dns['serverside.bytes_in']], [2, 180]);
  },

  'an IPv6 listener has a row of its own; upstream queries stand in the first row that listens': () => {
    const both = described([
      { address: '2001:db8::53', port: 5353 },
      { address: '1.2.3.4', port: 53 },
    ]);
    const only6 = described([{ address: '2001:db8::53', port: 53 }]);
    for (const state of [both, only6]) {
      new ControlCounters(state.segment).add('dns6Queries', 2);
      new ControlCounters(state.segment).add('upstreamQueries', 1);
    }
    const shown = (state: NatState) =>
      rowsOf(state, 'virtual_server_stat')
        .slice(1)
        .map((row) => [row.name, row.destination, row['clientside.tot_conns'], row['serverside.tot_conns']]);
    assert.equal(shown(both), [
      ['egress-dns-ipv4', '1.2.3.4:53', 0, 1],
      ['egress-dns-ipv6', '[2001:db8::53]:5353', 2, 0],
    ]);
    assert.equal(shown(only6), [
      ['egress-dns-ipv4', '-', 0, 0],
      ['egress-dns-ipv6', '[2001:db8::53]:53', 2, 1],
    ]);
  },
});

tests('nat46_drop_stat', {
  'every drop reason has a row and nothing else has': () => {
    const state = freshState();
    VERDICTS.forEach((_, verdict) => {
      count(state, 0, PACKETS + verdict, verdict);
      count(state, 1, BYTES + verdict, 10 * verdict);
    });
    assert.equal(
      rowsOf(state, 'nat46_drop_stat'),
      VERDICTS.slice(FIRST_DROP).map(({ name }, i) => ({
        reason: name,
        packets: FIRST_DROP + i,
        bytes: 10 * (FIRST_DROP + i),
      })),
    );
  },
  'verdicts fit their part of a block': () => assert.ok(VERDICTS.length <= BYTES - PACKETS),
});

tests('nat46_snat_stat', {
  'in use, free and failed, by member and protocol': () => {
    const state = freshState();
    const { pool } = state;
    assert.is(pool.take(0, 0, 1024, 1), 1024);
    assert.is(pool.take(1, 2, 7, 1), 7);
    pool.give(1, 2, 7); // rests now: neither in use nor free
    assert.equal(rowsOf(state, 'nat46_snat_stat'), [
      { address: MEMBERS[0], protocol: 'tcp', in_use: 1, free: 65_534, alloc_fail: 0 },
      { address: MEMBERS[0], protocol: 'udp', in_use: 0, free: 65_535, alloc_fail: 0 },
      { address: MEMBERS[0], protocol: 'icmp', in_use: 0, free: 65_536, alloc_fail: 0 },
      { address: MEMBERS[1], protocol: 'tcp', in_use: 0, free: 65_535, alloc_fail: 0 },
      { address: MEMBERS[1], protocol: 'udp', in_use: 0, free: 65_535, alloc_fail: 0 },
      { address: MEMBERS[1], protocol: 'icmp', in_use: 0, free: 65_535, alloc_fail: 0 },
    ]);
  },
  'a full range counts its failures': () => {
    const state = freshState();
    for (let port = 1; port < 1024; port++) state.pool.take(0, 0, port, 0);
    for (let i = 0; i < 3; i++) assert.is(state.pool.take(0, 0, 80, i), -1);
    assert.equal(rowsOf(state, 'nat46_snat_stat')[0], {
      address: MEMBERS[0],
      protocol: 'tcp',
      in_use: 1023,
      free: 65_535 - 1023,
      alloc_fail: 3,
    });
  },
});

tests('nat46_store_stat', {
  'each event in its column': () => {
    const state = freshState();
    const counters = new ControlCounters(state.segment);
    const events = ['lost', 'resumed', 'asked', 'followed', 'rewritten', 'malformed', 'outside'] as const;
    for (const [i, event] of events.entries()) counters.add(`mapping.${event}`, i + 1);
    assert.equal(rowsOf(state, 'nat46_store_stat'), [
      { lost: 1, resumed: 2, asked: 3, followed: 4, rewritten: 5, malformed: 6, outside: 7 },
    ]);
  },
});

tests('nat46_mapping_stat', {
  'free: what DNS46 may give out, less what is mapped or rests': () => {
    const state = described([]);
    const { mappings } = state;
    const map = (v4: number, kind: MappingKind) =>
      mappings.insert(v4, bytes(`2001:db8::${v4.toString(16).slice(-4)}`), kind, 0, 0);
    map(0x0a020202, MappingKind.Dynamic); // in the reserved head
    map(0x0a020210, MappingKind.Dynamic);
    map(0x0a020211, MappingKind.Static);
    map(0xc0000201, MappingKind.Static); // outside the subnet
    mappings.quarantine(map(0x0a0202ff, MappingKind.Dynamic), 0); // nobody could have had it
    mappings.quarantine(map(0x0a020212, MappingKind.Dynamic), 0);
    mappings.insertNegative(0x0a020213, 0);
    const counters = new ControlCounters(state.segment);
    counters.add('mapping.allocated', 4);
    counters.add('mapping.expired', 1);
    counters.add('dns.sorry', 2);
    // 254 hosts, less 4 in the head and .254; .1 is in the head anyway
    assert.equal(rowsOf(state, 'nat46_mapping_stat'), [
      { total: 4, dynamic: 2, static: 2, free: 249 - 3, allocated: 4, expired: 1, sorry: 2 },
    ]);
  },
  'nothing is free before a gateway has started, or in a subnet without hosts': () => {
    const state = freshState();
    assert.is(rowsOf(state, 'nat46_mapping_stat')[0]?.free, 0);
    describe(state.segment, {
      subnet: { base: 0xffffffff, length: 32 },
      reservedStatic: 9,
      reserved: [],
      dnsListen: [],
    });
    assert.is(rowsOf(state, 'nat46_mapping_stat')[0]?.free, 0);
  },
  'the highest subnet is counted like any other': () => {
    const state = freshState();
    const subnet = { base: 0xffffff00, length: 24 };
    describe(state.segment, { subnet, reservedStatic: 0, reserved: [], dnsListen: [] });
    state.mappings.insert(0xffffff05, bytes('2001:db8::5'), MappingKind.Dynamic, 0, 0);
    assert.is(rowsOf(state, 'nat46_mapping_stat')[0]?.free, 253);
    assert.is(rowsOf(state, 'virtual_server_stat')[0]?.destination, '255.255.255.0/24');
  },
});

tests('dns46_stat', {
  'a column for each event of DNS46': () => {
    const state = freshState();
    const counters = new ControlCounters(state.segment);
    Object.keys(DNS_EVENTS).forEach((name, i) => {
      counters.add(`dns.${name as DnsEvent}`, i + 1);
    });
    counters.add('dns4Queries', 1);
    counters.add('dns6Queries', 2);
    const row = rowsOf(state, 'dns46_stat')[0] ?? {};
    assert.is(row.queries, 3);
    assert.is(row.upstream_timeout, Object.keys(DNS_EVENTS).indexOf('upstreamTimeout') + 1);
    assert.is(Object.keys(row).length, Object.keys(DNS_EVENTS).length + 4);
  },
  'events are those that DNS46 counts, name by name and word by word': () => {
    const same: DnsCounter extends DnsEvent ? (DnsEvent extends DnsCounter ? true : never) : never = true;
    assert.ok(same);
    assert.equal(Object.keys(DNS_EVENTS), [...DNS_COUNTERS]);
  },
});

tests('tmm_stat and nat46_table_stat', {
  'a row for each worker in use': () => {
    const state = freshState();
    assert.equal(rowsOf(state, 'tmm_stat'), []);
    state.segment.words[WORKERS_USED_AT] = 2;
    count(state, 1, PACKETS + Verdict.DropTtl, 3);
    count(state, 1, PACKETS + Verdict.DropMalformed, 4);
    count(state, 1, BYTES + Verdict.DropMalformed, 40);
    const rows = rowsOf(state, 'tmm_stat');
    assert.equal(
      rows.map((row) => [row.worker, row.dropped, row.dropped_bytes]),
      [
        [0, 0, 0],
        [1, 7, 40],
      ],
    );
  },
  'capacity and use of the tables': () => {
    const state = freshState();
    state.mappings.remove(state.mappings.insertNegative(1, 0));
    assert.equal(rowsOf(state, 'nat46_table_stat')[0], {
      table: 'mapping',
      capacity: 32,
      in_use: 0,
      max_in_use: 1,
    });
  },
});

tests('control counters', {
  'every name has a slot of its own in the half of the main thread': () => {
    const used = [...CONTROL_SLOTS.values()];
    assert.is(new Set(used).size, used.length);
    assert.ok(used.every((slot) => slot >= CONTROL && slot < COUNTER_SLOTS));
  },
  'mapping events are those that the directory counts': () => {
    type Mine = (typeof MAPPING_EVENTS)[number];
    const same: DirectoryCounter extends Mine ? (Mine extends DirectoryCounter ? true : never) : never = true;
    assert.ok(same);
  },
});

tests('tables', {
  'every column says what it means, on which side': () => {
    for (const { columns } of TABLES) for (const { meaning } of columns) assert.ok(meaning.length > 3);
    for (const { name, meaning } of findTable('virtual_server_stat')?.columns ?? []) {
      if (name.startsWith('clientside')) assert.match(meaning, /^inside: /);
      if (name.startsWith('serverside')) assert.match(meaning, /^outside: /);
    }
  },

  'rows have exactly the columns that are declared, of the declared type': () => {
    const state = described([
      { address: '10.2.2.1', port: 53 },
      { address: '2001:db8::1', port: 53 },
    ]);
    state.segment.words[WORKERS_USED_AT] = 2;
    for (const table of TABLES) {
      const rows = table.rows(state);
      assert.ok(rows.length > 0, table.name);
      for (const row of rows) {
        assert.equal(Object.keys(row).sort(), table.columns.map(({ name }) => name).sort(), table.name);
        for (const { name, isNumber } of table.columns) {
          assert.is(typeof row[name], isNumber ? 'number' : 'string', `${table.name} ${name}`);
        }
      }
    }
  },
});
