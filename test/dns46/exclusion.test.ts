import * as assert from 'uvu/assert';
import { type Cidr6, parseCidr4, parseCidr6, parseV4, parseV6 } from '../../src/address.ts';
import { AddressPolicy } from '../../src/dns46/exclusion.ts';
import { table } from '../helpers/table.ts';

const policy = new AddressPolicy({
  subnet: parseCidr4('10.244.50.0/24') ?? { base: 0, length: 32 },
  snatPool: [parseV6('2001:db8:5::1') ?? new Uint8Array(16)],
  dnsExclude: [parseCidr6('2001:db8:64::/96') as Cidr6, { base: 0xc6336400, length: 24 }],
});

table(
  'AAAA records never mapped, RFC 6147 §5.1.4 [67]',
  [
    { name: 'v4-mapped', address: '::ffff:192.0.2.1', maps: false },
    { name: 'unspecified', address: '::', maps: false },
    { name: 'loopback', address: '::1', maps: false },
    { name: 'neither of the two', address: '::2', maps: true },
    { name: 'link-local', address: 'fe80::1', maps: false },
    { name: 'end of link-local', address: 'febf:ffff::1', maps: false },
    { name: 'behind link-local', address: 'fec0::1', maps: true },
    { name: 'multicast', address: 'ff02::fb', maps: false },
    { name: 'DNS64 prefix, RFC 6052 §2.1', address: '64:ff9b::c000:201', maps: false },
    { name: 'local DNS64 prefix, RFC 8215', address: '64:ff9b:1::c000:201', maps: false },
    { name: 'NAT64 prefix of the site', address: '2001:db8:64::192.0.2.1', maps: false },
    { name: 'our SNAT pool', address: '2001:db8:5::1', maps: false },
    { name: 'beside our SNAT pool', address: '2001:db8:5::2', maps: true },
    { name: 'unique local', address: 'fd00:1::250', maps: true },
    { name: 'global', address: '2002::10:20:2:206', maps: true },
  ],
  ({ address, maps }) => assert.is(policy.maps(parseV6(address) ?? new Uint8Array()), maps),
);

table(
  'A records that count as absent [68]',
  [
    { name: '0/8', address: '0.0.0.0', answers: false },
    { name: '127/8', address: '127.0.0.2', answers: false },
    { name: 'first of our subnet', address: '10.244.50.0', answers: false },
    { name: 'last of our subnet', address: '10.244.50.255', answers: false },
    { name: 'behind our subnet', address: '10.244.51.0', answers: true },
    { name: 'public', address: '192.0.2.1', answers: true },
    { name: 'in a prefix of --dns-exclude', address: '198.51.100.9', answers: false },
    { name: 'behind that prefix', address: '198.51.101.0', answers: true },
  ],
  ({ address, answers }) => assert.is(policy.answers(parseV4(address) ?? -1), answers),
);
