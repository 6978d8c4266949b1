/** Problems of several flags together. Each is one line (key, value, remedy) and ends the process with 78. */
import * as assert from 'uvu/assert';
import { parseRunConfig } from '../../src/config/config.ts';
import { table, tests } from '../helpers/table.ts';
import { failure, HOST, parse } from './parse-run.ts';

table(
  'cross-checks: every refusal is one line and exit 78',
  [
    {
      name: 'reserved-static larger than the subnet',
      args: '--subnet 10.2.2.0/30 --reserved-static 3',
      line: '--reserved-static 3: more than the 2 host addresses of 10.2.2.0/30; lower it or widen --subnet',
    },
    {
      name: 'pool of 1025 in all',
      args: '--snat-pool 2001:db8::-2001:db8::3ff --snat-pool 2001:db8::400',
      line: '--snat-pool 2001:db8::-2001:db8::3ff,2001:db8::400: 1025 addresses in all are too many; give at most 1024',
    },
    {
      name: 'pool with a member twice',
      args: '--snat-pool 2001:db8::1-2001:db8::3 --snat-pool 2001:DB8::2',
      line: '--snat-pool 2001:db8::2: the address is listed twice; list every address once',
    },
    {
      name: 'automap without an IPv6 self IP',
      args: '--self-ip 192.0.2.1/24',
      line: '--self-ip 192.0.2.1/24: no IPv6 address among them, and automap needs one; add it or give --snat-pool',
    },
    {
      name: 'replica beyond the self IPs',
      args: '--self-ip 2001:db8::1/64 --replica 1',
      line: '--replica 1: --self-ip gives 1 IPv6 addresses, counted from 0; lower it or add one',
    },
    {
      name: '[60] destinations for no binding log',
      args: '--binding-log-destinations',
      line: '--binding-log-destinations: there is no binding log for them; give --binding-log FILE',
    },
    {
      name: 'map of the network address',
      args: '--map 10.2.2.0=2001:db8::9',
      line: "--map 10.2.2.0=2001:db8::9: 10.2.2.0 is the subnet's network address; map another IPv4 address",
    },
    {
      name: 'map of the broadcast address',
      args: '--map 10.2.2.255=2001:db8::9',
      line: "--map 10.2.2.255=2001:db8::9: 10.2.2.255 is the subnet's broadcast address; map another IPv4 address",
    },
    {
      name: 'map of the own address',
      args: '--map 10.2.2.1=2001:db8::9',
      line: "--map 10.2.2.1=2001:db8::9: 10.2.2.1 is the gateway's own address; map another IPv4 address",
    },
    {
      name: 'map of the listener',
      args: '--dns-listen 10.2.2.9 --map 10.2.2.9=2001:db8::9',
      line: '--map 10.2.2.9=2001:db8::9: 10.2.2.9 is --dns-listen; map another IPv4 address',
    },
    {
      name: 'map of the sorry address',
      args: '--sorry-ip 192.0.2.80 --map 192.0.2.80=2001:db8::9',
      line: '--map 192.0.2.80=2001:db8::9: 192.0.2.80 is --sorry-ip; map another IPv4 address',
    },
    {
      name: 'map twice',
      args: '--map 10.2.2.9=2001:db8::9 --map 10.2.2.9=2001:db8::8',
      line: '--map 10.2.2.9=2001:db8::8: 10.2.2.9 is mapped a second time; keep one of the two',
    },
    {
      name: 'sorry inside the subnet',
      args: '--sorry-ip 10.2.2.80',
      line: '--sorry-ip 10.2.2.80: lies inside the subnet 10.2.2.0/24; give the address of a real IPv4 host outside it',
    },
    {
      name: 'self4 is the network address',
      args: '--self4 10.2.2.0',
      line: '--self4 10.2.2.0: the network or broadcast address of 10.2.2.0/24; choose a host address',
    },
    {
      name: 'listen on the broadcast address',
      args: '--dns-listen 10.2.2.255',
      line: '--dns-listen 10.2.2.255:53: the network or broadcast address of 10.2.2.0/24; choose a host address',
    },
    {
      name: 'upstream is ourselves',
      args: '--dns-listen 1.2.3.4 --dns-upstream 1.2.3.4',
      line: '--dns-upstream 1.2.3.4: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'zone server is ourselves',
      args: '--dns-listen 1.2.3.4 --dns-zone corp.example=1.2.3.4',
      line: '--dns-zone corp.example=1.2.3.4: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'upstream on loopback, where we listen everywhere',
      args: '--dns-listen 0.0.0.0 --dns-upstream 127.0.0.53',
      line: '--dns-upstream 127.0.0.53: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'upstream is the listener that is there without a flag',
      args: '--dns-upstream 10.2.2.1:53',
      line: '--dns-upstream 10.2.2.1:53: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'zone server is the listener that is there without a flag',
      args: '--dns-upstream 192.0.2.1 --dns-zone a.example=192.0.2.2 --dns-zone corp.example=10.2.2.1',
      line: '--dns-zone corp.example=10.2.2.1: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'upstream is an address of this host, where we listen everywhere',
      args: '--dns-listen 0.0.0.0 --dns-upstream 198.51.100.7',
      line: '--dns-upstream 198.51.100.7: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'the same, IPv6',
      args: '--dns-listen [::] --dns-upstream 2001:db8:7:0::7',
      line: '--dns-upstream 2001:db8:7:0::7: DNS46 itself listens there, so queries would go in a circle; give a real DNS server',
    },
    {
      name: 'listen twice at one place',
      args: '--dns-listen 1.2.3.4 --dns-listen 1.2.3.4:53',
      line: '--dns-listen 1.2.3.4:53: --dns-listen 1.2.3.4 listens there, too; keep one of the two',
    },
    {
      name: 'listen everywhere and at one address',
      args: '--dns-listen 1.2.3.4 --dns-listen 0.0.0.0',
      line: '--dns-listen 0.0.0.0: --dns-listen 1.2.3.4 listens there, too; keep one of the two',
    },
    {
      name: 'zone without a server',
      args: '--dns-zone b=',
      line: '--dns-zone b=: no server behind =; write ZONE=ADDR[:PORT], as in b=10.0.0.10',
    },
  ] as { name: string; args: string; env?: Record<string, string>; line: string }[],
  (row) => {
    const error = failure(row.args, row.env);
    assert.is(error.message, row.line);
    assert.is(error.code, 'NAT46_CONFIG');
    assert.is(error.exitCode, 78);
  },
);

tests('cross-checks: where DNS46 listens', {
  'one place twice is no problem of role data, which listens nowhere': () => {
    assert.is(parse('--role data --dns-listen 1.2.3.4 --dns-listen 1.2.3.4').dnsListen.length, 2);
  },
  'the addresses of the host are read once': () => {
    let reads = 0;
    const addresses = () => {
      reads++;
      return HOST.addresses();
    };
    parseRunConfig(['--dns-listen', '0.0.0.0'], {}, { ...HOST, addresses });
    assert.is(reads, 1);
  },
});
