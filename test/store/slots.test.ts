/** Which synthetic v4 a real v6 gets: stable, next free on collision, and what is skipped. */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { formatV4, parseCidr4 } from '../../src/address.ts';
import { Slots } from '../../src/store/slots.ts';
import { table, tests } from '../helpers/table.ts';
import { v4, v6 } from './rig.ts';

function slots(subnet: string, reservedStatic: number, reserved: readonly string[]): Slots {
  const cidr = parseCidr4(subnet);
  if (!cidr) throw new RangeError(subnet);
  return new Slots({ subnet: cidr, reservedStatic, reserved: reserved.map(v4) });
}

/** Addresses of every slot that can be given out, in order. */
function assignable(pool: Slots): number[] {
  const vacant = pool.vacant();
  const found: number[] = [];
  for (let slot = vacant.next(0); slot >= 0; slot = vacant.next(slot + 1)) found.push(pool.addressOf(slot));
  return found;
}

/** The address that a real v6 prefers. */
function preferredBy(pool: Slots, text: string): number {
  return pool.addressOf(pool.preferred(v6(text)));
}

table(
  'slots: every assignable address once',
  [
    {
      name: '[38] network, broadcast and own address are skipped',
      subnet: '10.2.2.0/29',
      head: 0,
      reserved: ['10.2.2.1'],
      is: ['10.2.2.2', '10.2.2.3', '10.2.2.4', '10.2.2.5', '10.2.2.6'],
    },
    {
      name: 'the reserved head counts host addresses',
      subnet: '10.2.2.0/29',
      head: 2,
      reserved: ['10.2.2.1'],
      is: ['10.2.2.3', '10.2.2.4', '10.2.2.5', '10.2.2.6'],
    },
    {
      name: '[38] sorry and own addresses anywhere are skipped, others do no harm',
      subnet: '10.2.2.0/29',
      head: 0,
      reserved: ['10.2.2.4', '10.2.2.6', '192.0.2.1'],
      is: ['10.2.2.1', '10.2.2.2', '10.2.2.3', '10.2.2.5'],
    },
    { name: 'the whole subnet reserved', subnet: '10.2.2.0/30', head: 2, reserved: [], is: [] },
    { name: 'more than the subnet reserved', subnet: '10.2.2.0/30', head: 9, reserved: [], is: [] },
    { name: '/30', subnet: '10.2.2.4/30', head: 0, reserved: ['10.2.2.5'], is: ['10.2.2.6'] },
  ],
  (row) => {
    const pool = slots(row.subnet, row.head, row.reserved);
    assert.equal(assignable(pool).map(formatV4), row.is);
    assert.is(pool.vacant().count, row.is.length);
    for (let n = v4(row.subnet.split('/')[0] ?? ''), i = 0; i < 8; n++, i++) {
      assert.is(pool.isAssignable(n), row.is.includes(formatV4(n)), formatV4(n));
    }
  },
);

tests('slots', {
  'are the same on every gateway and after a total loss of the store: these may never change'() {
    const pool = slots('10.244.50.0/24', 0, ['10.244.50.1']);
    const preferred = (text: string): string => formatV4(preferredBy(pool, text));
    assert.equal(['2002::10:20:2:206', 'fd00:1::250', '2001:db8::1'].map(preferred), [
      '10.244.50.201',
      '10.244.50.213',
      '10.244.50.148',
    ]);
  },
  'follow the subnet: another one places them otherwise'() {
    const offsets = (subnet: string): number[] => {
      const pool = slots(subnet, 0, []);
      return Array.from({ length: 20 }, (_, i) => preferredBy(pool, `2001:db8::${i + 1}`) & 0xff);
    };
    assert.not.equal(offsets('10.2.2.0/24'), offsets('10.2.3.0/24'));
  },
  'a widest subnet is not walked to be counted'() {
    const pool = slots('10.0.0.0/8', 0, ['10.0.0.1']);
    assert.is(pool.vacant().count, 2 ** 24 - 3);
    assert.ok(preferredBy(pool, '2001:db8::1') > v4('10.0.0.1'));
  },
  'spread: 200 addresses prefer at least 100 different of 253 slots'() {
    const pool = slots('10.2.2.0/24', 0, ['10.2.2.1']);
    const preferred = new Set(
      Array.from({ length: 200 }, (_, i) => preferredBy(pool, `2001:db8::${(i + 1).toString(16)}`)),
    );
    assert.ok(preferred.size > 100, `${preferred.size}`);
  },
  'property: any subnet, any head: the preferred slot is one of the dynamic part'() {
    fc.assert(
      fc.property(
        fc.integer({ min: 24, max: 30 }),
        fc.nat(20),
        fc.array(fc.nat(255), { maxLength: 8 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (length, head, reserved, real) => {
          const pool = slots(
            `10.2.2.0/${length}`,
            head,
            reserved.map((n) => `10.2.2.${n}`),
          );
          const found = assignable(pool);
          assert.is(found.length, pool.vacant().count);
          assert.ok(found.every((address) => pool.isAssignable(address) && pool.isMappable(address)));
          const address = pool.addressOf(pool.preferred(real));
          assert.ok(found.includes(address) || pool.isReserved(address) || found.length === 0);
        },
      ),
    );
  },
});
