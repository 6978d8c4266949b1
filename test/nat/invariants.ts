/**
 * What must hold in a segment whenever nobody is in the middle of a change, checked the slow way: by walking every row.
 */
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { bucketCount } from '../../src/nat/hash-index.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import type { NatState } from '../../src/nat/nat-state.ts';
import { MemberUse, protocolColumn } from '../../src/nat/port-pool.ts';
import type { Rows } from '../../src/nat/rows.ts';
import { FILTERING_AT, LOCK_AT, MEMBER_STRIDE, type TableLayout } from '../../src/nat/segment.ts';
import type { SessionId } from '../../src/nat/session.ts';

const FREE_HEAD = 0;
const FREE_TAIL = 1;
const FRESH = 4;
const FREE_LINK = 3;
const BITMAPS = 16;
const BITMAP_WORDS = 2048;

/** Valid rows of a table. */
export function validRows(rows: Rows): number[] {
  return Array.from({ length: rows.capacity }, (_, row) => row).filter((row) => rows.isValid(row));
}

/** Words of a row that link its chains, one for each index; the third is the peer index of sessions. */
const CHAIN_LINKS = [1, 2, 15];
const PEERS = 2;
const PEER_OLDER = 31;
const PEER_NEWER = 3;
const CLIENT_BIBS = 9;

/** Everything, for a state where only the resolver makes sessions. */
export function checkInvariants(state: NatState): void {
  assert.is(state.segment.words[LOCK_AT], 0, 'nobody holds the lock');
  const { layout } = state.segment;
  checkRows(state, state.mappings.rows, layout.mapping, 'mapping');
  checkRows(state, state.bibs.rows, layout.bib, 'bib');
  checkRows(state, state.sessions.rows, layout.session, 'session');
  checkRows(state, state.clients.rows, layout.client, 'client');
  checkRows(state, state.fragments.rows, layout.fragment, 'fragment');
  checkSessions(state);
  checkPeers(state);
  checkMappings(state);
  checkBibs(state);
  checkPorts(state);
}

/** Every row is either valid or once in the queue of free rows. */
export function checkRows(state: NatState, rows: Rows, table: TableLayout, name: string): void {
  const { words } = state.segment;
  const free: number[] = [];
  for (
    let link = words[table.head + FREE_HEAD]!;
    link !== 0;
    link = words[rows.base(link - 1) + FREE_LINK]!
  ) {
    free.push(link - 1);
    assert.ok(free.length <= rows.capacity, `${name}: the free queue is a ring`);
  }
  const last = free.at(-1) ?? -1;
  for (let row = words[table.head + FRESH]!; row < rows.capacity; row++) free.push(row);
  const valid = validRows(rows);
  assert.is(rows.used(), valid.length, `${name}: rows in use`);
  assert.is(free.length + valid.length, rows.capacity, `${name}: no row is lost`);
  assert.is(new Set([...free, ...valid]).size, rows.capacity, `${name}: no row is twice`);
  assert.is(words[table.head + FREE_TAIL], last + 1, `${name}: tail of the free queue`);
  assert.equal([...rows.inUse()], valid, `${name}: bits of the rows in use`);
  checkChains(state, rows, table, name);
}

/** Every chain comes to an end, and a row is at most once in an index, if it is valid. */
function checkChains(state: NatState, rows: Rows, table: TableLayout, name: string): void {
  const { words } = state.segment;
  for (const [i, buckets] of table.buckets.entries()) {
    if (i === PEERS && words[FILTERING_AT] !== Filtering.AddressDependent) continue; // not kept
    const seen = new Set<number>();
    for (let bucket = buckets; bucket < buckets + bucketCount(table.capacity); bucket++) {
      for (let link = words[bucket]!; link !== 0; link = words[rows.base(link - 1) + CHAIN_LINKS[i]!]!) {
        assert.not(seen.has(link), `${name}: a row is twice in index ${i}`);
        assert.ok(rows.isValid(link - 1), `${name}: a free row is in index ${i}`);
        seen.add(link);
      }
    }
  }
}

/** Found from both sides, and its owners live. */
function checkSessions({ sessions, bibs, mappings, pool, segment }: NatState): void {
  const view = new DataView(new ArrayBuffer(32));
  for (const row of validRows(sessions.rows)) {
    const id = row as SessionId;
    const protocol = sessions.protocol(id);
    const inside = sessions.lookupInside(
      sessions.insideNear(id),
      sessions.insideFar(id),
      sessions.insidePorts(id),
      protocol,
    );
    assert.is(inside, id, 'session found from inside');
    sessions.writeOutside(id, view, 0);
    assert.is(
      sessions.lookupOutside(view, 0, 16, sessions.outsidePorts(id), protocol),
      id,
      'and from outside',
    );
    const bib = sessions.bib(id);
    assert.ok(bibs.rows.isValid(bib), 'its BIB entry lives');
    assert.is(bibs.protocol(bib), protocol);
    assert.is(bibs.insideAddress(bib), sessions.insideNear(id));
    assert.is(bibs.insidePort(bib), sessions.insidePorts(id) >>> 16);
    assert.is(bibs.outsidePort(bib), sessions.outsidePorts(id) >>> 16);
    const member = pool.addressAt(bibs.member(bib));
    for (let i = 0; i < 4; i++)
      assert.is(view.getInt32(i * 4), segment.words[member + i], 'its SNAT address');
    const mapping = sessions.mapping(id);
    assert.ok(mappings.rows.isValid(mapping) && mappings.isLive(mapping), 'its mapping lives');
    assert.is(mappings.v4(mapping), sessions.insideFar(id) >>> 0);
  }
}

/** Every session is once in the list of its BIB entry and real address, and the lists have no others. */
function checkPeers({ segment, sessions }: NatState): void {
  const { words } = segment;
  if (words[FILTERING_AT] !== Filtering.AddressDependent) return;
  const seen = new Set<number>();
  for (const row of validRows(sessions.rows)) {
    const id = row as SessionId;
    const real = sessions.outsideAt(id) + 4;
    let newer = 0;
    let found = false;
    let each = sessions.newestWith(sessions.bib(id), words.slice(real, real + 4)) as number;
    assert.ok(each >= 0, 'a session has a peer list');
    for (; each >= 0; each = words[sessions.rows.base(each) + PEER_OLDER]! - 1) {
      assert.ok(sessions.rows.isValid(each), 'of live rows');
      assert.is(words[sessions.rows.base(each) + PEER_NEWER], newer, 'linked both ways');
      assert.is(sessions.bib(each as SessionId), sessions.bib(id), 'of one BIB entry');
      newer = each + 1;
      found ||= each === row;
      seen.add(each);
    }
    assert.ok(found, 'a session is in its peer list');
  }
  assert.is(seen.size, sessions.rows.used());
}

function checkMappings({ mappings, sessions }: NatState): void {
  const users = tally(validRows(sessions.rows).map((row) => sessions.mapping(row as SessionId)));
  const v6 = new Uint8Array(16);
  for (const row of validRows(mappings.rows)) {
    assert.is(mappings.lookup4(mappings.v4(row)), row, 'mapping found by its synthetic v4');
    if (mappings.kind(row) !== MappingKind.Negative) {
      assert.is(mappings.sessions(row), users.get(row) ?? 0, 'sessions of a mapping');
    }
    mappings.copyV6(row, v6);
    if (mappings.isLive(row)) assert.ok(mappings.isLive(mappings.lookup6(v6)), 'and by its real v6');
  }
}

/** Sessions of a BIB entry and of a client, BIB entries of a client, pairing. */
function checkBibs({ bibs, clients, pool, segment, sessions }: NatState): void {
  const users = tally(validRows(sessions.rows).map((row) => sessions.bib(row as SessionId)));
  const owned = new Map<number, { bibs: number; sessions: number }>();
  for (const row of validRows(bibs.rows)) {
    const [protocol, address, port] = [bibs.protocol(row), bibs.insideAddress(row), bibs.insidePort(row)];
    assert.is(bibs.lookupInside(protocol, address, port), row, 'BIB entry found from inside');
    assert.is(bibs.lookupOutside(protocol, bibs.member(row), bibs.outsidePort(row)), row, 'and from outside');
    const using = users.get(row) ?? 0;
    assert.is(bibs.addSessions(row, 0), using, 'sessions of a BIB entry');
    assert.ok(using > 0, 'a BIB entry ends with its last session');
    const client = bibs.client(row);
    assert.ok(clients.rows.isValid(client), 'client of a BIB entry');
    assert.is(clients.address(client), address);
    if (pool.use(bibs.member(row)) !== MemberUse.Inherited)
      assert.is(clients.member(client), bibs.member(row), 'paired pooling');
    const sums = owned.get(client) ?? { bibs: 0, sessions: 0 };
    owned.set(client, { bibs: sums.bibs + 1, sessions: sums.sessions + using });
  }
  for (const row of validRows(clients.rows)) {
    assert.is(clients.lookup(clients.address(row)), row, 'client found');
    assert.ok(owned.has(row), 'a client ends with its last BIB entry');
    assert.is(clients.sessions(row), owned.get(row)?.sessions, 'sessions of a client');
    assert.is(segment.words[clients.rows.base(row) + CLIENT_BIBS], owned.get(row)?.bibs, 'its BIB entries');
  }
}

/** Bits that are set = ports of BIB entries (and port 0 of TCP and UDP). */
function checkPorts({ bibs, pool, segment }: NatState): void {
  const wanted = new Set(
    validRows(bibs.rows).map(
      (row) => `${bibs.member(row)} ${protocolColumn(bibs.protocol(row))} ${bibs.outsidePort(row)}`,
    ),
  );
  assert.is(wanted.size, bibs.rows.used(), 'no port is given twice');
  let found = 0;
  for (let member = 0; member < pool.size(); member++) {
    for (let column = 0; column < 3; column++) {
      const ports = usedPorts(segment.words, segment.layout.members, member, column);
      const given = ports.filter((port) => port > 0 || column === 2);
      for (const port of given)
        assert.ok(wanted.has(`${member} ${column} ${port}`), `port ${port} has an owner`);
      assert.is(pool.inUse(member, column), given.length, 'ports in use');
      found += given.length;
    }
  }
  assert.is(found, wanted.size, 'every BIB entry has its port');
}

function usedPorts(words: Int32Array, members: number, member: number, column: number): number[] {
  const at = members + member * MEMBER_STRIDE + BITMAPS + column * 3 * BITMAP_WORDS;
  const ports: number[] = [];
  for (let i = 0; i < BITMAP_WORDS; i++) {
    const word = words[at + i]!;
    for (let bit = 0; word !== 0 && bit < 32; bit++) if ((word >>> bit) & 1) ports.push(i * 32 + bit);
  }
  return ports;
}

function tally(keys: readonly number[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const key of keys) sums.set(key, (sums.get(key) ?? 0) + 1);
  return sums;
}
