/** Refusals of values that are not addresses. Each is one line (key, value, remedy) and ends the process with 78. */
import * as assert from 'uvu/assert';
import { table } from '../helpers/table.ts';
import { failure } from './parse-run.ts';

table(
  'plain-schemas: every refusal is one line and exit 78',
  [
    {
      name: 'mtu 1279',
      args: '--mtu 1279',
      line: '--mtu 1279: must be a number of bytes from 1280 to 65535',
    },
    {
      name: 'mtu 65536',
      args: '--mtu 65536',
      line: '--mtu 65536: must be a number of bytes from 1280 to 65535',
    },
    {
      name: 'mtu in words',
      args: '--mtu 1.5e3',
      line: '--mtu 1.5e3: must be a number of bytes from 1280 to 65535',
    },
    { name: 'mtu6', args: '--mtu6 1279', line: '--mtu6 1279: must be a number of bytes from 1280 to 65535' },
    { name: 'mtu4', args: '--mtu4 67', line: '--mtu4 67: must be a number of bytes from 68 to 65535' },
    {
      name: 'max-sessions 0',
      args: '--max-sessions 0',
      line: '--max-sessions 0: must be a number of sessions from 1 to 16777216',
    },
    {
      name: 'max-sessions too many',
      args: '--max-sessions 16777217',
      line: '--max-sessions 16777217: must be a number of sessions from 1 to 16777216',
    },
    {
      name: '[49] max-client-sessions 0',
      args: '--max-client-sessions 0',
      line: '--max-client-sessions 0: must be a number of sessions from 1 to 16777216',
    },
    {
      name: '[60] max-client-ports 0',
      args: '--max-client-ports 0',
      line: '--max-client-ports 0: must be a number of ports from 1 to 196608',
    },
    {
      name: '[54] filtering of no known behaviour',
      args: '--filtering symmetric',
      line: '--filtering symmetric: must be one of endpoint-independent, address-dependent, address-and-port-dependent',
    },
    {
      name: 'workers 0',
      args: '--workers 0',
      line: '--workers 0: must be auto or a number of threads from 1 to 8',
    },
    {
      name: 'workers 9',
      args: '--workers 9',
      line: '--workers 9: must be auto or a number of threads from 1 to 8',
    },
    { name: 'role', args: '--role both', line: '--role both: must be one of all, dns, data' },
    {
      name: 'dns-aaaa',
      args: '--dns-aaaa no',
      line: '--dns-aaaa no: must be one of answer, additional, omit',
    },
    {
      name: 'log level',
      args: '--log-level loud',
      line: '--log-level loud: must be one of trace, debug, info, warn, error, fatal, silent',
    },
    { name: 'log format', args: '--log-format xml', line: '--log-format xml: must be one of json, pretty' },
    {
      name: 'max-ttl',
      args: '--max-ttl -1',
      line: '--max-ttl -1: must be a number of seconds from 0 to 2147483647',
    },
    {
      name: 'dns-rate',
      args: '--dns-rate x',
      line: '--dns-rate x: must be a number of queries per second from 0 to 1000000000',
    },
    {
      name: 'replica',
      args: '--replica x',
      line: '--replica x: must be a number of replicas from 0 to 65535',
    },
    {
      name: 'reserved-static',
      args: '--reserved-static -1',
      line: '--reserved-static -1: must be a number of addresses from 0 to 16777216',
    },
    ...['a/b', 'a%d', 'nat46nat46nat46x', '..', 'a:b'].map((name) => ({
      name: `tun ${name}`,
      args: `--tun ${name}`,
      line: `--tun ${name}: not a device name; use 1 to 15 characters without space, slash, colon or percent sign`,
    })),
    {
      name: 'store of a later build',
      args: '--store redis://h',
      line: '--store redis://h: not a store of this build; write mem: or lmdb:DIR, as in lmdb:/var/lib/nat46',
    },
    {
      name: 'store without a folder',
      args: '--store lmdb:',
      line: '--store lmdb:: not a store of this build; write mem: or lmdb:DIR, as in lmdb:/var/lib/nat46',
    },
    {
      name: 'control path too long',
      args: `--control /${'x'.repeat(107)}`,
      line: `--control /${'x'.repeat(107)}: 108 bytes are too many for the path of a Unix socket; choose one of at most 107`,
    },
    {
      name: 'the environment is named as such',
      args: '',
      env: { NAT46_SUBNET: '10.2.2.7/24' },
      line: 'NAT46_SUBNET=10.2.2.7/24: host bits are set; the prefix of that address is 10.2.2.0/24',
    },
    {
      name: 'a switch of the environment',
      args: '',
      env: { NAT46_NO_SETUP: 'maybe' },
      line: 'NAT46_NO_SETUP=maybe: must be true or false',
    },
  ] as { name: string; args: string; env?: Record<string, string>; line: string }[],
  (row) => {
    const error = failure(row.args, row.env);
    assert.is(error.message, row.line);
    assert.is(error.code, 'NAT46_CONFIG');
    assert.is(error.exitCode, 78);
  },
);
