/** Mapping records, byte for byte (interface of the dSSM). */
import * as assert from 'uvu/assert';
import { formatV4, formatV6 } from '../../src/address.ts';
import { formatRecord, parseKey, parseRecord, recordKey } from '../../src/store/record.ts';
import { table, tests } from '../helpers/table.ts';
import { v4, v6 } from './rig.ts';

const KEY = '0073c3b6eft_dns4610.144.175.220';
const VALUE = '00010000000000000000000000022002::10:20:2:206';

tests('record: the documented example', {
  'is written'() {
    assert.is(recordKey(v4('10.144.175.220')), KEY);
    assert.is(formatRecord(v6('2002::10:20:2:206'), 0), VALUE);
  },
  'is read'() {
    assert.is(parseKey(KEY), v4('10.144.175.220'));
    assert.equal(parseRecord(VALUE), { record: { v6: v6('2002::10:20:2:206'), timeoutSec: 0 } });
  },
  'what DNS46 writes expires after 7200 s of inactivity'() {
    assert.is(formatRecord(v6('FD00:1:0::0:250'), 7200), '000100001c200000000000000002fd00:1::250');
  },
});

table(
  'record: values that are read',
  [
    { name: 'any generation', value: 'beef0000000000000000000000022002::1', v6: '2002::1', timeoutSec: 0 },
    { name: 'upper-case hex', value: '00AB0000001C00000000000000022002::1', v6: '2002::1', timeoutSec: 28 },
    { name: 'opaque user flags', value: '000100000000ffffffffffffffff2002::1', v6: '2002::1', timeoutSec: 0 },
    { name: 'a timeout', value: '00010000000a00000000000000022002::1', v6: '2002::1', timeoutSec: 10 },
    {
      name: 'the longest timeout',
      value: '0001fffffffe00000000000000022002::1',
      v6: '2002::1',
      timeoutSec: 0xfffffffe,
    },
    { name: 'ffffffff is never', value: '0001ffffffff00000000000000022002::1', v6: '2002::1', timeoutSec: 0 },
    {
      name: 'long form of the address',
      value: '00010000000000000000000000022002:0000:0:0:0010:0020:0002:0206',
      v6: '2002::10:20:2:206',
      timeoutSec: 0,
    },
    {
      name: 'dotted tail',
      value: '00010000000000000000000000022002::10.0.0.1',
      v6: '2002::a00:1',
      timeoutSec: 0,
    },
    {
      name: 'an address that begins like hex digits',
      value: '0001000000000000000000000002abcd::1',
      v6: 'abcd::1',
      timeoutSec: 0,
    },
    {
      name: 'newer envelope',
      value: 'V0010001000000000000000000000002S2002::10:20:2:206',
      v6: '2002::10:20:2:206',
      timeoutSec: 0,
    },
    { name: 'newer envelope with an S inside', value: 'V001SxS2002::1', v6: '2002::1', timeoutSec: 0 },
    { name: 'shortest newer envelope', value: 'V001S2002::1', v6: '2002::1', timeoutSec: 0 },
  ],
  (row) => {
    const parsed = parseRecord(row.value);
    assert.ok('record' in parsed, JSON.stringify(parsed));
    assert.is(formatV6(parsed.record.v6), row.v6);
    assert.is(parsed.record.timeoutSec, row.timeoutSec);
  },
);

table(
  'record: values that are malformed, and why',
  [
    { name: 'empty', value: '', says: /^neither 28 hex digits/ },
    { name: 'too short', value: '00010000000000000000000002', says: /^neither 28 hex digits/ },
    { name: 'no hex', value: 'xyz10000000000000000000000022002::1', says: /^neither 28 hex digits/ },
    { name: 'no address', value: '0001000000000000000000000002', says: /^"" is not an IPv6 address$/ },
    {
      name: 'IPv4',
      value: '000100000000000000000000000210.0.0.1',
      says: /^"10.0.0.1" is not an IPv6 address$/,
    },
    {
      name: 'trailing space',
      value: '00010000000000000000000000022002::1 ',
      says: /^"2002::1 " is not an IPv6 address$/,
    },
    {
      name: 'line feed',
      value: '00010000000000000000000000022002::1\n',
      says: /^"2002::1\\n" is not an IPv6 address$/,
    },
    { name: 'zone', value: '0001000000000000000000000002fe80::1%eth0', says: /is not an IPv6 address$/ },
    {
      name: 'a long tail is cut',
      value: `0001000000000000000000000002${'z'.repeat(9999)}`,
      says: /^"z{64}" is not/,
    },
    { name: 'envelope without address', value: 'V0010001S', says: /^"" is not an IPv6 address$/ },
    { name: 'envelope without S', value: 'V00100012002::1', says: /^neither 28 hex digits/ },
    { name: 'unspecified', value: '0001000000000000000000000002::', says: /not a unicast address/ },
    { name: 'loopback', value: '0001000000000000000000000002::1', says: /not a unicast address/ },
    { name: 'link-local', value: '0001000000000000000000000002fe80::1', says: /not a unicast address/ },
    { name: 'multicast', value: '0001000000000000000000000002ff02::1', says: /not a unicast address/ },
    {
      name: 'v4-mapped',
      value: '0001000000000000000000000002::ffff:10.0.0.1',
      says: /not a unicast address/,
    },
  ],
  (row) => {
    const parsed = parseRecord(row.value);
    assert.ok('problem' in parsed, JSON.stringify(parsed));
    assert.match(parsed.problem, row.says);
  },
);

table(
  'record: keys',
  [
    { name: 'documented', key: KEY, v4: '10.144.175.220' },
    { name: 'other prefix', key: '0073c3b6eft_dns6410.0.0.1', v4: null },
    { name: 'no address', key: '0073c3b6eft_dns46', v4: null },
    { name: 'not an address', key: '0073c3b6eft_dns46a.b.c.d', v4: null },
    {
      name: 'leading zero is another spelling, not another key',
      key: '0073c3b6eft_dns4610.0.0.01',
      v4: null,
    },
    { name: 'trailing space', key: `${KEY} `, v4: null },
  ],
  (row) => {
    const found = parseKey(row.key);
    assert.is(found === null ? null : formatV4(found), row.v4);
  },
);
