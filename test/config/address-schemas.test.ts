/** Refusals of addresses, prefixes, mappings and endpoints. Each is one line (key, value, remedy) and ends the process with 78. */
import * as assert from 'uvu/assert';
import { table } from '../helpers/table.ts';
import { failure } from './parse-run.ts';

const CIDR_HOW = 'not an IPv4 prefix; write ADDRESS/LENGTH, as in 10.2.2.0/24';
const ENDPOINT_HOW =
  'not an address with an optional port; write ADDR, ADDR:PORT or [V6]:PORT, as in 10.2.2.1:53';

table(
  'address-schemas: every refusal is one line and exit 78',
  [
    { name: 'subnet malformed', args: '--subnet 10.2.2', line: `--subnet 10.2.2: ${CIDR_HOW}` },
    { name: 'subnet twice cut', args: '--subnet 10.0.0.0/8/9', line: `--subnet 10.0.0.0/8/9: ${CIDR_HOW}` },
    { name: 'subnet octal', args: '--subnet 010.0.0.0/8', line: `--subnet 010.0.0.0/8: ${CIDR_HOW}` },
    { name: 'subnet without length', args: '--subnet 10.2.2.0', line: `--subnet 10.2.2.0: ${CIDR_HOW}` },
    { name: 'subnet length 33', args: '--subnet 10.2.2.0/33', line: `--subnet 10.2.2.0/33: ${CIDR_HOW}` },
    { name: 'subnet of IPv6', args: '--subnet 2001:db8::/64', line: `--subnet 2001:db8::/64: ${CIDR_HOW}` },
    {
      name: 'host bits',
      args: '--subnet 10.2.2.7/24',
      line: '--subnet 10.2.2.7/24: host bits are set; the prefix of that address is 10.2.2.0/24',
    },
    {
      name: 'subnet too wide',
      args: '--subnet 10.0.0.0/7',
      line: '--subnet 10.0.0.0/7: length /7 is out of range; it must be /8 … /30',
    },
    {
      name: 'subnet too narrow',
      args: '--subnet 10.2.2.0/31',
      line: '--subnet 10.2.2.0/31: length /31 is out of range; it must be /8 … /30',
    },
    ...['127.0.0.0/8', '224.0.0.0/4', '169.254.0.0/16', '0.0.0.0/8'].map((range) => {
      const inner = {
        '127.0.0.0/8': '127.1.0.0/16',
        '224.0.0.0/4': '239.0.0.0/8',
        '169.254.0.0/16': '169.254.7.0/24',
        '0.0.0.0/8': '0.0.0.0/8',
      }[range];
      return {
        name: `subnet in ${range}`,
        args: `--subnet ${inner}`,
        line: `--subnet ${inner}: overlaps ${range}, which is never translated; choose private space, as in 10.2.2.0/24`,
      };
    }),
    {
      name: 'subnet around 169.254/16',
      args: '--subnet 169.0.0.0/8',
      line: '--subnet 169.0.0.0/8: overlaps 169.254.0.0/16, which is never translated; choose private space, as in 10.2.2.0/24',
    },
    {
      name: 'subnet holds the broadcast address',
      args: '--subnet 255.255.255.0/24',
      line: '--subnet 255.255.255.0/24: overlaps 255.255.255.255/32, which is never translated; choose private space, as in 10.2.2.0/24',
    },
    {
      name: 'lowest-ipv6-mtu',
      args: '--lowest-ipv6-mtu 1279',
      line: '--lowest-ipv6-mtu 1279: must be a number of bytes from 1280 to 65535',
    },
    {
      name: 'self-ip without length',
      args: '--self-ip 2001:db8::1',
      line: '--self-ip 2001:db8::1: not an address with its prefix length; write ADDR/LEN, as in 2001:db8::10/64',
    },
    {
      name: 'self-ip length',
      args: '--self-ip 2001:db8::1/129',
      line: '--self-ip 2001:db8::1/129: length /129 is out of range; it must be at most /128',
    },
    {
      name: 'self-ip multicast',
      args: '--self-ip ff02::1/64',
      line: '--self-ip ff02::1/64: a multicast address (ff00::/8); give a unicast address',
    },
    { name: 'inside', args: '--inside 10.1.0.0', line: `--inside 10.1.0.0: ${CIDR_HOW}` },
    {
      name: 'inside host bits',
      args: '--inside 10.1.0.1/16',
      line: '--inside 10.1.0.1/16: host bits are set; the prefix of that address is 10.1.0.0/16',
    },
    {
      name: 'map without =',
      args: '--map 10.2.2.9',
      line: '--map 10.2.2.9: not a mapping; write V4=V6, as in 10.2.2.9=2001:db8::9',
    },
    {
      name: 'map with a bad IPv4',
      args: '--map 10.2.2=2001:db8::9',
      line: '--map 10.2.2=2001:db8::9: 10.2.2: not an IPv4 address; write four decimal numbers, as in 10.2.2.1',
    },
    {
      name: 'map of a loopback address',
      args: '--map 127.0.0.1=2001:db8::9',
      line: '--map 127.0.0.1=2001:db8::9: 127.0.0.1: lies in 127.0.0.0/8, where no unicast host can be; give a unicast address',
    },
    {
      name: 'map with a bad IPv6',
      args: '--map 10.2.2.9=nothing',
      line: '--map 10.2.2.9=nothing: nothing: not an IPv6 address; write it as in 2001:db8::1',
    },
    {
      name: 'map to link-local',
      args: '--map 10.2.2.9=fe80::1',
      line: '--map 10.2.2.9=fe80::1: fe80::1: a link-local address (fe80::/10); give a unicast address',
    },
    {
      name: 'sorry multicast',
      args: '--sorry-ip 224.0.0.1',
      line: '--sorry-ip 224.0.0.1: lies in 224.0.0.0/4, where no unicast host can be; give a unicast address',
    },
    {
      name: 'self6 is IPv4',
      args: '--self6 10.0.0.1',
      line: '--self6 10.0.0.1: not an IPv6 address; write it as in 2001:db8::1',
    },
    {
      name: 'exclude with host bits',
      args: '--dns-exclude 2001:db8:64::1/96',
      line: '--dns-exclude 2001:db8:64::1/96: host bits are set; the prefix of that address is 2001:db8:64::/96',
    },
    {
      name: 'exclude without a length',
      args: '--dns-exclude 2001:db8:64::',
      line: '--dns-exclude 2001:db8:64::: not an IPv4 or IPv6 prefix; write ADDRESS/LENGTH, as in 2001:db8:64::/96',
    },
    {
      name: 'zone without a server',
      args: '--dns-zone corp.example',
      line: '--dns-zone corp.example: not a zone and its server; write ZONE=ADDR[:PORT], as in corp.example=10.0.0.10',
    },
    {
      name: 'the root as a zone',
      args: '--dns-zone .=10.0.0.10',
      line: '--dns-zone .=10.0.0.10: no zone before =; --dns-upstream is the server for every other name',
    },
    {
      name: 'zone with an empty label',
      args: '--dns-zone a..b=10.0.0.10',
      line: '--dns-zone a..b=10.0.0.10: "" is not part of a domain name; write labels of 1 to 63 letters, digits and hyphens',
    },
    {
      name: 'zone with a long label',
      args: `--dns-zone ${'x'.repeat(64)}=10.0.0.10`,
      line: `--dns-zone ${'x'.repeat(64)}=10.0.0.10: "${'x'.repeat(64)}" is not part of a domain name; write labels of 1 to 63 letters, digits and hyphens`,
    },
    {
      name: 'zone with a bad server',
      args: '--dns-zone corp.example=10.0.0',
      line: `--dns-zone corp.example=10.0.0: server 10.0.0: ${ENDPOINT_HOW}`,
    },
    {
      name: 'listen malformed',
      args: '--dns-listen 1.2.3.4:x',
      line: `--dns-listen 1.2.3.4:x: ${ENDPOINT_HOW}`,
    },
    {
      name: 'listen without bracket',
      args: '--dns-listen [2001:db8::1',
      line: `--dns-listen [2001:db8::1: ${ENDPOINT_HOW}`,
    },
    {
      name: 'listen v4 in brackets',
      args: '--dns-listen [1.2.3.4]:53',
      line: `--dns-listen [1.2.3.4]:53: ${ENDPOINT_HOW}`,
    },
    {
      name: 'listen port 0',
      args: '--dns-listen 1.2.3.4:0',
      line: '--dns-listen 1.2.3.4:0: port 0 is out of range; it must be 1 … 65535',
    },
    {
      name: 'listen port 65536',
      args: '--dns-listen 1.2.3.4:65536',
      line: '--dns-listen 1.2.3.4:65536: port 65536 is out of range; it must be 1 … 65535',
    },
    {
      name: 'upstream everywhere',
      args: '--dns-upstream 0.0.0.0',
      line: '--dns-upstream 0.0.0.0: lies in 0.0.0.0/8, where no unicast host can be; give a unicast address',
    },
  ] as { name: string; args: string; env?: Record<string, string>; line: string }[],
  (row) => {
    const error = failure(row.args, row.env);
    assert.is(error.message, row.line);
    assert.is(error.code, 'NAT46_CONFIG');
    assert.is(error.exitCode, 78);
  },
);
