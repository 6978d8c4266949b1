/** A configuration against the host it would run on. */
import * as assert from 'uvu/assert';
import { parseRunConfig } from '../../src/config/config.ts';
import { hostProblems } from '../../src/config/host-checks.ts';
import { table } from '../helpers/table.ts';

const HOST = { resolvConf: () => 'nameserver 192.0.2.53', cores: () => 1, addresses: () => [] };
const KEEP =
  'an address of this host, so the kernel would keep its packets; ' +
  'remove it from the interface or choose an address the host does not have';

table(
  'host checks',
  [
    {
      name: 'nothing in the way',
      args: '',
      addresses: ['192.0.2.7', '2001:db8::7'],
      routes: ['192.0.2.0/24'],
      lines: [],
    },
    {
      name: 'pool member local to the kernel, however it is written',
      args: '--snat-pool 2001:db8::7-2001:db8::8',
      addresses: ['2001:DB8:0::8'],
      routes: [],
      lines: [`--snat-pool 2001:db8::8: ${KEEP}`],
    },
    {
      name: 'self IP local to the kernel',
      args: '--self-ip 2001:db8::7/64',
      addresses: ['2001:db8::7'],
      routes: [],
      lines: [`--self-ip 2001:db8::7: ${KEEP}`],
    },
    {
      name: 'static mapping of an address of the host',
      args: '--map 192.0.2.7=2001:db8::1',
      addresses: ['192.0.2.7'],
      routes: [],
      lines: [`--map 192.0.2.7: ${KEEP}`],
    },
    {
      name: 'subnet inside a connected prefix',
      args: '--subnet 10.2.2.0/24',
      addresses: ['10.2.0.1'],
      routes: ['default', '0.0.0.0/0', 'fe80::/64', '10.2.0.0/16'],
      lines: [
        '--subnet 10.2.2.0/24: overlaps 10.2.0.0/16, which an interface of this host has; choose a --subnet that nothing else uses',
      ],
    },
    {
      name: 'subnet around a connected prefix',
      args: '--subnet 10.0.0.0/8',
      addresses: [],
      routes: ['10.9.0.0/16'],
      lines: [
        '--subnet 10.0.0.0/8: overlaps 10.9.0.0/16, which an interface of this host has; choose a --subnet that nothing else uses',
      ],
    },
    {
      name: 'address of the host inside the subnet without a prefix of its own',
      args: '--subnet 10.2.2.0/24',
      addresses: ['10.2.2.77'],
      routes: [],
      lines: [
        '--subnet 10.2.2.0/24: contains 10.2.2.77, an address of this host; choose a --subnet that nothing else uses',
      ],
    },
    {
      name: 'a neighbour prefix is none of ours',
      args: '--subnet 10.2.2.0/24',
      addresses: [],
      routes: ['10.2.3.0/24', '10.2.1.255'],
      lines: [],
    },
  ],
  (row) => {
    const config = parseRunConfig(row.args === '' ? [] : row.args.split(' '), {}, HOST);
    assert.equal(hostProblems(config, row), row.lines);
  },
);
