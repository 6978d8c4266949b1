/** The flags of `nat46 siit`: values, and refusals in one line each with exit 78. */
import * as assert from 'uvu/assert';
import { formatPrefix } from '../../src/config/address-pairs.ts';
import { parseSiitConfig, type SiitConfig } from '../../src/config/siit-config.ts';
import { Nat46Error } from '../../src/error.ts';
import { table, tests } from '../helpers/table.ts';

function parse(args: string, env: Record<string, string> = {}): SiitConfig {
  return parseSiitConfig(args.split(' '), env, () => 2);
}

function failure(args: string): Nat46Error {
  try {
    parse(args);
  } catch (error) {
    if (error instanceof Nat46Error) return error;
    throw error;
  }
  throw new Error(`no error from: ${args}`);
}

tests('siit: defaults', {
  'are those of the documentation': () => {
    const config = parse('--pool6 64:ff9b::/96');
    const { pool6, eam, ...rest } = config;
    assert.is(pool6 && formatPrefix(pool6, 6), '64:ff9b::/96');
    assert.equal(eam, []);
    assert.equal(rest, {
      tun: 'nat46',
      mtu: 1500,
      mtu4: null,
      mtu6: null,
      workers: 2,
      lowestIpv6Mtu: 1280,
      marking: { tosKept: 255, tosSet: 0 },
      icmpRate: 1000,
      statePath: '/dev/shm/nat46-nat46.siit.state',
      setup: true,
      persist: false,
      attach: false,
      self4: null,
      self6: null,
      rfc6791V4: null,
      rfc6791V6: null,
      logLevel: 'info',
      logFormat: 'json',
      mapFile: null,
      hairpin: 'off',
      udpZeroChecksum: 'drop',
      allowPrivate: false,
    });
  },
  'a flag goes before the environment': () => {
    const config = parse('--pool6 2001:db8::/32', { NAT46_POOL6: '64:ff9b::/96', NAT46_HAIRPIN: 'simple' });
    assert.is(config.pool6 && formatPrefix(config.pool6, 6), '2001:db8::/32');
    assert.is(config.hairpin, 'simple');
  },
  'several mappings': () => {
    const { eam } = parse('--eam 192.0.2.1=2001:db8::1 --eam 198.51.100.0/24=2001:db8:1::/64');
    const texts = eam.map(({ v4, v6 }) => `${formatPrefix(v4, 4)}=${formatPrefix(v6, 6)}`);
    assert.equal(texts, ['192.0.2.1=2001:db8::1', '198.51.100.0/24=2001:db8:1::/64']);
  },
  'traffic class: zero, and a DSCP that leaves ECN': () => {
    const of = (text: string) => parse(`--pool6 64:ff9b::/96 --traffic-class ${text}`).marking;
    assert.equal(of('zero'), { tosKept: 0, tosSet: 0 });
    assert.equal(of('46'), { tosKept: 3, tosSet: 184 });
  },
});

const MAPPING_HOW = 'write V4[/len]=V6[/len], as in 192.0.2.0/24=2001:db8::/120';

table(
  'siit: every refusal is one line and exit 78',
  [
    {
      name: 'nothing to translate by',
      args: '--mtu 1500',
      line: 'nothing to translate by: give --pool6 PREFIX, --eam V4=V6 or --map-file FILE',
    },
    {
      name: 'RFC 6052 §2.2 [37] prefix length',
      args: '--pool6 2001:db8::/33',
      line: '--pool6 2001:db8::/33: the length must be one of 32, 40, 48, 56, 64, 96 (RFC 6052), as in 64:ff9b::/96',
    },
    {
      name: 'prefix without length',
      args: '--pool6 2001:db8::',
      line: '--pool6 2001:db8::: the length must be one of 32, 40, 48, 56, 64, 96 (RFC 6052), as in 64:ff9b::/96',
    },
    {
      name: 'RFC 6052 §2.2 [37] bits 64 to 71',
      args: '--pool6 2001:db8:0:0:100::/96',
      line: '--pool6 2001:db8:0:0:100::/96: bits 64 to 71 of the prefix must be zero (RFC 6052)',
    },
    {
      name: 'host bits of the prefix',
      args: '--pool6 2001:db8::1/96',
      line: '--pool6 2001:db8::1/96: host bits are set; the prefix is 2001:db8::/96',
    },
    { name: 'no mapping', args: '--eam x', line: `--eam x: not a mapping; ${MAPPING_HOW}` },
    {
      name: 'IPv4 side',
      args: '--eam 10.0.0=2001:db8::1',
      line: '--eam 10.0.0=2001:db8::1: 10.0.0: not an IPv4 address or prefix; write it as in 192.0.2.1 or 192.0.2.0/24',
    },
    {
      name: 'IPv6 side',
      args: '--eam 10.0.0.1=x',
      line: '--eam 10.0.0.1=x: x: not an IPv6 address or prefix; write it as in 2001:db8::1 or 2001:db8::/96',
    },
    {
      name: 'host bits',
      args: '--eam 10.0.0.1/24=2001:db8::/120',
      line: '--eam 10.0.0.1/24=2001:db8::/120: 10.0.0.1/24: host bits are set; the prefix is 10.0.0.0/24',
    },
    {
      name: 'length out of range',
      args: '--eam 10.0.0.0/33=2001:db8::/120',
      line: '--eam 10.0.0.0/33=2001:db8::/120: 10.0.0.0/33: length /33 is out of range; it must be at most /32',
    },
    {
      name: 'RFC 7757 §3.1 [36] IPv6 suffix shorter than the IPv4 one',
      args: '--eam 10.0.0.0/24=2001:db8::/121',
      line: '--eam 10.0.0.0/24=2001:db8::/121: 8 bits follow the IPv4 prefix and only 7 the IPv6 one; lengthen the first or shorten the second',
    },
    {
      name: 'link-local host',
      args: '--eam 10.0.0.1=fe80::1',
      line: '--eam 10.0.0.1=fe80::1: fe80::1: a link-local address (fe80::/10); give a unicast address',
    },
    {
      name: '[38] multicast prefix',
      args: '--eam 192.0.2.0/24=ff02::/120',
      line: '--eam 192.0.2.0/24=ff02::/120: ff02::/120: a multicast address (ff00::/8); give a unicast address',
    },
    {
      name: '[38] IPv4 loopback',
      args: '--eam 127.0.0.0/24=2001:db8::/120',
      line: '--eam 127.0.0.0/24=2001:db8::/120: 127.0.0.0/24: no unicast address (127.0.0.0/8); give a unicast address',
    },
    {
      name: '[38] link-local prefix for all of IPv4',
      args: '--pool6 fe80::/64',
      line: '--pool6 fe80::/64: a link-local address (fe80::/10); give a unicast address',
    },
    {
      name: 'one IPv4 prefix twice',
      args: '--eam 10.0.0.1=2001:db8::1 --eam 10.0.0.1=2001:db8::2',
      line: '--eam: map 10.0.0.1 2001:db8::2 is not used: --eam maps the same prefix',
    },
    {
      name: 'RFC 7757 §4.2 [36] hairpinning without a prefix',
      args: '--eam 10.0.0.1=2001:db8::1 --hairpin simple',
      line: '--hairpin simple: needs --pool6, by which the hosts see each other',
    },
    {
      name: 'hairpin mode',
      args: '--pool6 64:ff9b::/96 --hairpin on',
      line: '--hairpin on: must be one of off, simple, intrinsic',
    },
    {
      name: 'traffic class',
      args: '--pool6 64:ff9b::/96 --traffic-class 64',
      line: '--traffic-class 64: must be copy, zero or a DSCP from 0 to 63',
    },
    {
      name: 'own address',
      args: '--pool6 64:ff9b::/96 --self4 127.0.0.1',
      line: '--self4 127.0.0.1: lies in 127.0.0.0/8, where no unicast host can be; give a unicast address',
    },
  ],
  ({ args, line }) => {
    const error = failure(args);
    assert.is(error.message, line);
    assert.is(error.exitCode, 78);
  },
);

tests('siit: usage', {
  'a flag of run is unknown here': () => {
    assert.is(failure('--subnet 10.0.0.0/24').exitCode, 2);
  },
});
