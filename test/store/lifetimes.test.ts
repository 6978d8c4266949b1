/** Life and rest of mappings ([82], §9), each limit at −1, 0 and +1 second. */
import * as assert from 'uvu/assert';
import { formatV4 } from '../../src/address.ts';
import { table, tests } from '../helpers/table.ts';
import { Rig, START_SEC, v4, v6 } from './rig.ts';

const ADDRESS = '10.2.2.9';
const REAL = v6('2001:db8::9');

/** Enough steps to look at every row. */
async function sweep(rig: Rig): Promise<number> {
  let expired = 0;
  for (let i = 0; i < 61; i++) expired += await rig.directory.expire();
  return expired;
}

/** A real v6 that would get this address first in an empty subnet. */
async function rivalOf(wanted: object): Promise<Uint8Array> {
  for (let n = 0x100; n < 0x200; n++) {
    const rival = v6(`2001:db8::${n.toString(16)}`);
    const given = await new Rig({ subnet: '10.2.2.0/28' }).directory.allocate(rival);
    if (JSON.stringify(given) === JSON.stringify(wanted)) return rival;
  }
  throw new Error('none of 256');
}

table(
  'lifetimes: inactivity',
  [
    { name: 'timeout − 1', timeout: 100, after: 99, expired: 0 },
    { name: 'timeout', timeout: 100, after: 100, expired: 0 },
    { name: 'timeout + 1', timeout: 100, after: 101, expired: 1 },
    { name: '00000000 is never', timeout: 0, after: 1e9, expired: 0 },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, row.timeout);
    rig.clock.sec += row.after;
    assert.is(await sweep(rig), row.expired);
    assert.is(rig.mapped(ADDRESS), row.expired ? 'resting' : '2001:db8::9');
    assert.is((await rig.directory.get(v4(ADDRESS))) === null, row.expired === 1);
    assert.is(rig.counts.expired, row.expired);
  },
);

table('lifetimes: a record says ffffffff', [{ name: 'never', after: 2e9 }], async (row) => {
  const rig = new Rig();
  await rig.store.setnx(`0073c3b6eft_dns46${ADDRESS}`, '0001ffffffff00000000000000022001:db8::9');
  await rig.directory.loadAll();
  rig.clock.sec += row.after;
  assert.is(await sweep(rig), 0);
});

table(
  'lifetimes: what DNS46 made, 7200 s',
  [
    { name: '− 1', after: 7199, expired: 0 },
    { name: '0', after: 7200, expired: 0 },
    { name: '+ 1', after: 7201, expired: 1 },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.allocate(REAL);
    rig.clock.sec += row.after;
    assert.is(await sweep(rig), row.expired);
  },
);

table(
  'lifetimes: never before the last answer + its TTL + 60 s [82]',
  [
    { name: '− 1', after: 179, expired: 0 },
    { name: '0', after: 180, expired: 0 },
    { name: '+ 1', after: 181, expired: 1 },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 10);
    rig.directory.answered(v4(ADDRESS), REAL, 120);
    rig.directory.answered(v4(ADDRESS), REAL, 5); // a shorter one later takes nothing back
    rig.clock.sec += row.after;
    assert.is(await sweep(rig), row.expired);
  },
);

table(
  'lifetimes: between allocation and answer 60 s at least',
  [
    { name: '0', after: 60, expired: 0 },
    { name: '+ 1', after: 61, expired: 1 },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    assert.equal(await rig.directory.allocate(REAL), { v4: v4(ADDRESS) });
    rig.clock.sec += row.after;
    assert.is(await sweep(rig), row.expired);
  },
);

tests('lifetimes', {
  'an answer about another address, or another real one, is none [80]': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    assert.is(rig.directory.answered(v4(ADDRESS), REAL, 1), true);
    assert.is(rig.directory.answered(v4(ADDRESS) + 1, REAL, 1), false);
    assert.is(rig.directory.answered(v4(ADDRESS), v6('2001:db8::ffff'), 1), false);
    const before = rig.directory.removals;
    await rig.directory.del(v4(ADDRESS));
    assert.is(rig.directory.answered(v4(ADDRESS), REAL, 1), false);
    assert.is(rig.directory.removals, before + 1);
  },
  'a life that ends is a removal as well [80]': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    const before = rig.directory.removals;
    rig.clock.sec += 101;
    assert.is(await sweep(rig), 1);
    assert.is(rig.directory.removals, before + 1);
  },
  'a DNS answer starts inactivity anew': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    rig.clock.sec += 90;
    rig.directory.answered(v4(ADDRESS), REAL, 1);
    rig.clock.sec += 100;
    assert.is(await sweep(rig), 0);
    rig.clock.sec += 1;
    assert.is(await sweep(rig), 1);
  },
  'never while a session uses it; inactivity counts from the end of the last one': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    rig.addSessions(ADDRESS, +1);
    rig.clock.sec += 10_000;
    assert.is(await sweep(rig), 0);
    rig.addSessions(ADDRESS, -1);
    rig.clock.sec += 100;
    assert.is(await sweep(rig), 0);
    rig.clock.sec += 1;
    assert.is(await sweep(rig), 1);
  },
  'a session that begins between the look and the lock keeps the mapping': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    rig.clock.sec += 100;
    const { expired } = rig.table;
    rig.table.expired = (...args) => {
      const next = expired.apply(rig.table, args);
      if (args[3].length > 0) rig.addSessions(ADDRESS, +1);
      return next;
    };
    assert.is(await rig.directory.expire(), 0);
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.ok(await rig.directory.get(v4(ADDRESS)));
  },
  'a static mapping never expires': async () => {
    const rig = new Rig({ maps: { [ADDRESS]: '2001:db8::9' } });
    await rig.directory.loadAll();
    rig.clock.sec += 1e9;
    assert.is(await sweep(rig), 0);
  },
  'an expired record is deleted, and its name gets the same address again': async () => {
    const rig = new Rig();
    const first = await rig.directory.allocate(REAL);
    assert.ok('v4' in first);
    rig.clock.sec += 7201;
    await sweep(rig);
    assert.equal(await rig.directory.list(), []);
    const second = await rig.directory.allocate(REAL);
    assert.ok('v4' in second);
    assert.is(second.v4, first.v4, 'it rests for others only');
  },
  'a store that fails to delete does not keep the mapping alive, and is logged once': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    await rig.directory.set(v4('10.2.2.10'), v6('2001:db8::a'), 1);
    rig.store.del = () => Promise.reject(new Error('gone'));
    rig.clock.sec += 100;
    assert.is(await sweep(rig), 2);
    assert.is(rig.mapped(ADDRESS), 'resting');
    assert.is(rig.logged.filter((line) => line.message.startsWith('store failed')).length, 1);
  },
});

table(
  'lifetimes: rest of a freed address, 300 s',
  [
    { name: '− 1', after: 299, state: 'resting' },
    { name: '0: over', after: 300, state: null },
    { name: '+ 1', after: 301, state: null },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    rig.clock.sec += 100;
    await sweep(rig);
    rig.clock.sec += row.after;
    assert.is(await sweep(rig), 0);
    assert.is(rig.mapped(ADDRESS), row.state);
  },
);

tests('rest', {
  'an address that rests is not handed out; when it is over it is': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/30' });
    const first = await rig.directory.allocate(REAL);
    rig.clock.sec += 7201;
    await sweep(rig);
    assert.is(rig.directory.free, 0);
    assert.equal(await rig.directory.allocate(v6('2001:db8::a')), { exhausted: true });
    rig.clock.sec += 300;
    await sweep(rig);
    assert.is(rig.directory.free, 1);
    assert.equal(await rig.directory.allocate(v6('2001:db8::a')), first);
  },
  'of two addresses that one name has left, the one that still rests is given again': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    await rig.directory.set(v4('10.2.2.77'), REAL, 200);
    for (const sec of [100, 150, 170]) {
      rig.clock.sec += sec;
      await sweep(rig);
    }
    assert.equal([rig.mapped(ADDRESS), rig.mapped('10.2.2.77')], [null, 'resting']);
    assert.equal(await rig.directory.allocate(REAL), { v4: v4('10.2.2.77') });
  },
  'nor to one that prefers it, while others are free': async () => {
    const rig = new Rig({ subnet: '10.2.2.0/28' });
    const first = await rig.directory.allocate(REAL);
    const rival = await rivalOf(first);
    rig.clock.sec += 7201;
    await sweep(rig);
    const given = await rig.directory.allocate(rival);
    assert.ok('v4' in given);
    assert.not.equal(given, first);
  },
  'dssm set takes an address that rests': async () => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, 1);
    rig.clock.sec += 100;
    await sweep(rig);
    await rig.directory.set(v4(ADDRESS), v6('2001:db8::a'), 0);
    assert.is(rig.mapped(ADDRESS), '2001:db8::a');
  },
  'a remembered miss lasts a second': async () => {
    const rig = new Rig();
    await rig.directory.resolve(v4(ADDRESS));
    rig.clock.ms += 999;
    await sweep(rig);
    assert.is(rig.mapped(ADDRESS), 'miss');
    rig.clock.ms += 1;
    await sweep(rig);
    assert.is(rig.mapped(ADDRESS), null);
  },
});

table(
  'lifetimes as `nat46 mappings` shows them',
  [
    { name: 'never', timeout: 0, sessions: 0, idle: 50, expires: null },
    { name: 'while sessions use it', timeout: 100, sessions: 1, idle: 0, expires: null },
    { name: 'counted down', timeout: 100, sessions: 0, idle: 50, expires: 50 },
  ],
  async (row) => {
    const rig = new Rig();
    await rig.directory.set(v4(ADDRESS), REAL, row.timeout);
    if (row.sessions) rig.addSessions(ADDRESS, row.sessions);
    rig.clock.sec = START_SEC + 50;
    assert.equal(
      [...rig.directory.lines()],
      [
        {
          v4: formatV4(v4(ADDRESS)),
          v6: '2001:db8::9',
          kind: 'dynamic',
          sessions: row.sessions,
          idle_sec: row.idle,
          timeout_sec: row.timeout,
          expires_sec: row.expires,
        },
      ],
    );
  },
);
