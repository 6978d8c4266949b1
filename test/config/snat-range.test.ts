/** Refusals of SNAT pool members. Each is one line (key, value, remedy) and ends the process with 78. */
import * as assert from 'uvu/assert';
import { table } from '../helpers/table.ts';
import { failure } from './parse-run.ts';

const RANGE_HOW = 'write A or A-B with IPv6 addresses, as in 2001:db8::10-2001:db8::13';

table(
  'snat-range: every refusal is one line and exit 78',
  [
    {
      name: 'pool malformed',
      args: '--snat-pool x',
      line: `--snat-pool x: not an IPv6 address or range; ${RANGE_HOW}`,
    },
    {
      name: 'pool three ends',
      args: '--snat-pool ::1-::2-::3',
      line: `--snat-pool ::1-::2-::3: not a range; ${RANGE_HOW}`,
    },
    {
      name: 'pool half a range',
      args: '--snat-pool 2001:db8::1-',
      line: `--snat-pool 2001:db8::1-: not an IPv6 address or range; ${RANGE_HOW}`,
    },
    {
      name: 'pool reversed',
      args: '--snat-pool 2001:db8::9-2001:db8::1',
      line: '--snat-pool 2001:db8::9-2001:db8::1: ends before it begins; write 2001:db8::1-2001:db8::9',
    },
    {
      name: 'pool range of 1025',
      args: '--snat-pool 2001:db8::-2001:db8::400',
      line: '--snat-pool 2001:db8::-2001:db8::400: 1025 addresses are too many; a pool holds at most 1024',
    },
    {
      name: 'pool IPv4',
      args: '--snat-pool 10.10.3.50',
      line: '--snat-pool 10.10.3.50: IPv4 members serve SNAT44, which this build does not have; give IPv6 members only',
    },
    {
      name: 'pool multicast',
      args: '--snat-pool ff02::1',
      line: '--snat-pool ff02::1: ff02::1 is a multicast address (ff00::/8); give unicast addresses',
    },
    {
      name: 'pool link-local',
      args: '--snat-pool fe80::1',
      line: '--snat-pool fe80::1: fe80::1 is a link-local address (fe80::/10); give unicast addresses',
    },
    {
      name: 'pool loopback',
      args: '--snat-pool ::1',
      line: '--snat-pool ::1: ::1 is a loopback address (::1/128); give unicast addresses',
    },
    {
      name: 'pool unspecified',
      args: '--snat-pool ::',
      line: '--snat-pool ::: :: is an unspecified address (::/128); give unicast addresses',
    },
    {
      name: 'pool v4-mapped',
      args: '--snat-pool ::ffff:192.0.2.1',
      line: '--snat-pool ::ffff:192.0.2.1: ::ffff:c000:201 is a v4-mapped address (::ffff:0:0/96); give unicast addresses',
    },
  ] as { name: string; args: string; env?: Record<string, string>; line: string }[],
  (row) => {
    const error = failure(row.args, row.env);
    assert.is(error.message, row.line);
    assert.is(error.code, 'NAT46_CONFIG');
    assert.is(error.exitCode, 78);
  },
);
