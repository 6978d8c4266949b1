/** What the flags and the environment become, and what each mistake says. */
import * as assert from 'uvu/assert';
import { formatV6, parseV4, parseV6 } from '../../src/address.ts';
import { isHelpShown } from '../../src/config/command-line.ts';
import { describeConfig, parseRunConfig } from '../../src/config/config.ts';
import { Nat46Error } from '../../src/error.ts';
import { table, tests } from '../helpers/table.ts';
import { failure, HOST, parse } from './parse-run.ts';

tests('config: defaults', {
  'are those of the documentation'() {
    assert.equal(describeConfig(parse('')), {
      tun: 'nat46',
      mtu: 1500,
      mtu4: null,
      mtu6: null,
      workers: 8,
      lowestIpv6Mtu: 1280,
      marking: { tosKept: 255, tosSet: 0 },
      icmpRate: 1000,
      maxSessions: 262144,
      maxClientSessions: null,
      maxClientPorts: null,
      filtering: 'endpoint-independent',
      bindingLog: null,
      bindingLogDestinations: false,
      statePath: '/dev/shm/nat46-nat46.state',
      controlPath: '/run/nat46/nat46.sock',
      setup: true,
      persist: false,
      attach: false,
      subnet: '10.2.2.0/24',
      reservedStatic: 0,
      snatPool: [],
      selfIps: [],
      replica: 0,
      inside: [],
      maps: [],
      sorryIp: null,
      self4: null,
      self6: null,
      rfc6791V4: null,
      rfc6791V6: null,
      store: 'lmdb:/var/lib/nat46',
      role: 'all',
      dnsListen: [{ address: '10.2.2.1', port: 53 }],
      dnsUpstream: [
        { address: '192.0.2.53', port: 53 },
        { address: '2001:db8::53', port: 53 },
      ],
      dnsUpstreamGiven: false,
      dnsUpstreamOwn: ['10.2.2.1'],
      dnsZones: [],
      dnsAaaa: 'answer',
      dnsClientRate: 0,
      dnsOverLimit: 'refuse',
      dnsHints: 'strip',
      dnsExclude: [],
      dnsMixedCase: false,
      maxTtlSec: 120,
      dnsRate: 0,
      logLevel: 'info',
      logFormat: 'json',
    });
  },
  'the configuration is frozen, all the way down'() {
    const config = parse('--map 10.2.2.9=2001:db8::9');
    assert.throws(() => Object.assign(config, { mtu: 1 }), /read only/);
    assert.throws(() => Object.assign(config.maps[0]!, { v4: 1 }), /read only/);
  },
  'paths follow the name of the device'() {
    const config = parse('--tun edge0');
    assert.is(config.controlPath, '/run/nat46/edge0.sock');
    assert.is(config.statePath, '/dev/shm/nat46-edge0.state');
  },
  'without a name server somewhere, DNS cannot work, and that is said'() {
    const of = (text: string) => ({ ...HOST, resolvConf: () => text });
    const message = (named: string) =>
      `--dns-upstream: not given, and /etc/resolv.conf names ${named}; name a DNS server with --dns-upstream ADDR, ` +
      'or use --role data for a gateway without DNS';
    const refusal = (text: string, ...args: string[]): string => {
      try {
        parseRunConfig(args, {}, of(text));
      } catch (error) {
        if (error instanceof Nat46Error && error.exitCode === 78) return error.message;
        throw error;
      }
      return 'none';
    };
    assert.is(refusal(''), message('no name server'));
    const own = 'none but this gateway itself';
    assert.is(refusal('nameserver 10.2.2.1\n'), message(`${own} (10.2.2.1)`));
    const everywhere = refusal('nameserver 198.51.100.7\n', '--dns-listen', '0.0.0.0');
    assert.is(everywhere, message(`${own} (198.51.100.7)`));
    const data = parseRunConfig(['--role', 'data'], {}, of('nameserver 10.2.2.1\n'));
    assert.equal([data.dnsUpstream, data.dnsUpstreamOwn], [[], []]);
  },
  'help is not an error'() {
    const write = process.stdout.write;
    let text = '';
    process.stdout.write = (chunk) => {
      text += String(chunk);
      return true;
    };
    try {
      parse('--help');
      assert.unreachable();
    } catch (error) {
      assert.ok(isHelpShown(error));
    } finally {
      process.stdout.write = write;
    }
    assert.match(text, /--snat-pool <A\[-B\]>/);
    assert.match(text, /default:\s+10\.2\.2\.0\/24/);
  },
});

table(
  'config: precedence flag > environment > default',
  [
    { name: 'default', args: '', env: {}, mtu: 1500 },
    { name: 'environment over default', args: '', env: { NAT46_MTU: '1400' }, mtu: 1400 },
    { name: 'flag over environment', args: '--mtu 1300', env: { NAT46_MTU: '1400' }, mtu: 1300 },
    {
      name: 'a wrong environment value under a flag does no harm',
      args: '--mtu 1300',
      env: { NAT46_MTU: 'x' },
      mtu: 1300,
    },
    { name: 'an empty variable is an absent one', args: '', env: { NAT46_MTU: '' }, mtu: 1500 },
    { name: 'the last of a repeated flag holds', args: '--mtu 1300 --mtu 1301', env: {}, mtu: 1301 },
    { name: 'foreign variables are left alone', args: '', env: { NAT46_PORT_53_UDP: 'tcp://x' }, mtu: 1500 },
  ],
  (row) => assert.is(parse(row.args, row.env).mtu, row.mtu),
);

table(
  'config: values',
  [
    { name: 'subnet', args: '--subnet 10.244.50.0/24', is: { subnet: '10.244.50.0/24' } },
    { name: 'widest subnet', args: '--subnet 10.0.0.0/8', is: { subnet: '10.0.0.0/8' } },
    { name: 'narrowest subnet', args: '--subnet 10.0.0.4/30', is: { subnet: '10.0.0.4/30' } },
    {
      name: 'the listener follows the subnet',
      args: '--subnet 10.244.50.0/24',
      is: { dnsListen: [{ address: '10.244.50.1', port: 53 }] },
    },
    {
      name: 'pool: members and ranges keep their order',
      args: '--snat-pool 2001:db8::fe-2001:db8::101 --snat-pool 2001:db8::1',
      is: { snatPool: ['2001:db8::fe', '2001:db8::ff', '2001:db8::100', '2001:db8::101', '2001:db8::1'] },
    },
    {
      name: 'pool from the environment, comma and space',
      args: '',
      env: { NAT46_SNAT_POOL: '2001:db8::1, 2001:db8::2 2001:db8::3' },
      is: { snatPool: ['2001:db8::1', '2001:db8::2', '2001:db8::3'] },
    },
    {
      name: 'endpoints of both families, port 53 unless given',
      args: '--dns-upstream 192.0.2.1 --dns-upstream 192.0.2.1:5353 --dns-upstream [2001:DB8::1]:54 --dns-upstream 2001:db8::2 --dns-upstream [2001:db8::3]',
      is: {
        dnsUpstream: [
          { address: '192.0.2.1', port: 53 },
          { address: '192.0.2.1', port: 5353 },
          { address: '2001:db8::1', port: 54 },
          { address: '2001:db8::2', port: 53 },
          { address: '2001:db8::3', port: 53 },
        ],
      },
    },
    {
      name: 'a resolver on loopback',
      args: '--dns-upstream 127.0.0.53',
      is: { dnsUpstream: [{ address: '127.0.0.53', port: 53 }] },
    },
    {
      name: 'an unreachable resolver address to listen on',
      args: '--dns-listen 1.2.3.4',
      is: { dnsListen: [{ address: '1.2.3.4', port: 53 }] },
    },
    {
      name: 'all addresses to listen on, both families',
      args: '--dns-listen 0.0.0.0 --dns-listen [0::0]:5353',
      is: {
        dnsListen: [
          { address: '0.0.0.0', port: 53 },
          { address: '::', port: 5353 },
        ],
      },
    },
    {
      name: 'zones: case and a final dot do not matter, several servers keep their order',
      args: '--dns-zone Cluster.East.=10.0.0.10 --dns-zone _tcp.a-b.example=[2001:db8::1]:5353 --dns-zone cluster.east=10.0.0.11:54',
      is: {
        dnsZones: [
          { zone: 'cluster.east', endpoint: { address: '10.0.0.10', port: 53 } },
          { zone: '_tcp.a-b.example', endpoint: { address: '2001:db8::1', port: 5353 } },
          { zone: 'cluster.east', endpoint: { address: '10.0.0.11', port: 54 } },
        ],
      },
    },
    {
      name: 'zones from the environment',
      args: '',
      env: { NAT46_DNS_ZONE: 'a.example=10.0.0.1,b.example=10.0.0.2' },
      is: {
        dnsZones: [
          { zone: 'a.example', endpoint: { address: '10.0.0.1', port: 53 } },
          { zone: 'b.example', endpoint: { address: '10.0.0.2', port: 53 } },
        ],
      },
    },
    {
      name: 'limits and policies of DNS',
      args: '--dns-rate 100 --dns-client-rate 5 --dns-over-limit drop --dns-hints synthesize --dns-mixed-case --dns-exclude 2001:db8:64::/96 --dns-exclude 198.51.100.0/24',
      is: {
        dnsRate: 100,
        dnsClientRate: 5,
        dnsOverLimit: 'drop',
        dnsHints: 'synthesize',
        dnsMixedCase: true,
        dnsExclude: ['2001:db8:64::/96', '198.51.100.0/24'],
      },
    },
    {
      name: 'maps, outside the subnet too, several IPv4 to one IPv6',
      args: '--map 10.2.2.9=2001:db8::9 --map 192.0.2.9=2001:db8::9',
      is: {
        maps: [
          { v4: '10.2.2.9', v6: '2001:db8::9' },
          { v4: '192.0.2.9', v6: '2001:db8::9' },
        ],
      },
    },
    {
      name: 'self IPs of both families and a replica',
      args: '--self-ip 10.10.3.10/16 --self-ip FD00:1::3:10/64 --self-ip fd00:1::3:11/64 --replica 1',
      is: {
        selfIps: [
          { address: '10.10.3.10', length: 16 },
          { address: 'fd00:1::3:10', length: 64 },
          { address: 'fd00:1::3:11', length: 64 },
        ],
        replica: 1,
      },
    },
    {
      name: 'inside prefixes',
      args: '--inside 10.1.0.0/16 --inside 0.0.0.0/0',
      is: { inside: ['10.1.0.0/16', '0.0.0.0/0'] },
    },
    { name: 'workers', args: '--workers 3', is: { workers: 3 } },
    {
      name: 'switches',
      args: '--persist --attach --no-setup',
      is: { persist: true, attach: true, setup: false },
    },
    {
      name: 'a switch of the environment',
      args: '',
      env: { NAT46_NO_SETUP: 'yes', NAT46_PERSIST: '0' },
      is: { setup: false, persist: false },
    },
    {
      name: 'own addresses and sources of errors',
      args: '--self4 10.2.2.2 --self6 2001:db8::2 --rfc6791-v4 10.2.2.3 --rfc6791-v6 2001:db8::3 --mtu4 576 --mtu6 1280',
      is: {
        self4: '10.2.2.2',
        self6: '2001:db8::2',
        rfc6791V4: '10.2.2.3',
        rfc6791V6: '2001:db8::3',
        mtu4: 576,
        mtu6: 1280,
      },
    },
    {
      name: 'every reserved address of the subnet',
      args: '--subnet 10.2.2.0/30 --reserved-static 2',
      is: { reservedStatic: 2 },
    },
    {
      name: 'pretty log',
      args: '--log-format pretty --log-level debug',
      is: { logFormat: 'pretty', logLevel: 'debug' },
    },
  ] as { name: string; args: string; env?: Record<string, string>; is: Record<string, unknown> }[],
  (row) => {
    const config = describeConfig(parse(row.args, row.env ?? {}));
    for (const [key, expected] of Object.entries(row.is)) assert.equal(config[key], expected, key);
  },
);

tests('config: refusals', {
  'all problems are reported, one a line, and none twice'() {
    const error = failure('--subnet 10.2.2.7/24 --mtu 9 --map x --map y --sorry-ip 10.2.2.9');
    assert.equal(
      error.message.split('\n').map((line) => line.split(':')[0]),
      ['--mtu 9', '--subnet 10.2.2.7/24', '--map x', '--map y'],
    );
  },
  'an empty value is not a default'() {
    assert.throws(() => parseRunConfig(['--state', ''], {}, HOST), /^--state: the value is empty; give one$/);
  },
});

table(
  'config: usage errors are one line and exit 2',
  [
    {
      name: 'misspelt',
      args: '--subnett 10.2.2.0/24',
      line: "unknown option '--subnett' (Did you mean --subnet?); see nat46 run --help",
    },
    {
      name: 'of a later build',
      args: '--config x.yaml',
      line: "unknown option '--config'; see nat46 run --help",
    },
    {
      name: 'no value',
      args: '--mtu',
      line: "option '--mtu <BYTES>' argument missing; see nat46 run --help",
    },
    { name: 'stray word', args: '--mtu 1500 now', line: "unexpected argument 'now'; see nat46 run --help" },
  ],
  (row) => {
    const error = failure(row.args);
    assert.is(error.message, row.line);
    assert.is(error.code, 'NAT46_USAGE');
    assert.is(error.exitCode, 2);
  },
);

tests('config: addresses', {
  'are numbers and bytes'() {
    const config = parse('--map 10.2.2.9=2001:db8::9');
    assert.is(config.maps[0]?.v4, parseV4('10.2.2.9'));
    assert.is(formatV6(config.maps[0]?.v6 ?? new Uint8Array(16)), '2001:db8::9');
    assert.equal(config.maps[0]?.v6, parseV6('2001:db8::9'));
  },
});
