/**
 * The flags of `nat46 siit`, in the order `--help` shows them. What it shares with `run` is written there.
 */
import { addressPair, embeddingPrefix } from './address-pairs.ts';
import { unicastV4, unicastV6 } from './address-schemas.ts';
import { type FlagValues, list, optional, toggle, value } from './flag.ts';
import { choice, filePath } from './plain-schemas.ts';
import { RUN_FLAGS } from './run-flags.ts';

export const SIIT_FLAGS = {
  tun: RUN_FLAGS.tun,
  mtu: RUN_FLAGS.mtu,
  workers: RUN_FLAGS.workers,
  pool6: optional({
    placeholder: 'PREFIX',
    absent: 'none',
    description: 'IPv6 prefix that embeds every IPv4 address (RFC 6052), /32, /40, /48, /56, /64 or /96',
    schema: embeddingPrefix,
  }),
  eam: list({
    placeholder: 'V4[/len]=V6[/len]',
    absent: 'none',
    description: 'explicit address mapping (RFC 7757)',
    schema: addressPair,
  }),
  'map-file': optional({
    placeholder: 'FILE',
    absent: 'none',
    description: 'lines of `map V4[/len] V6[/len]`, read again on SIGHUP',
    schema: filePath,
  }),
  hairpin: value({
    placeholder: 'off|simple|intrinsic',
    fallback: 'off',
    description: 'how hosts with explicit mappings reach each other by IPv4 addresses (RFC 7757)',
    schema: choice(['off', 'simple', 'intrinsic']),
  }),
  'udp-zero-checksum': value({
    placeholder: 'drop|compute|forward',
    fallback: 'drop',
    description: 'UDP without checksum, either way; fragments of it are never computed',
    schema: choice(['drop', 'compute', 'forward']),
  }),
  'allow-private-wkp': toggle('let 64:ff9b::/96 represent private IPv4 addresses too'),
  'lowest-ipv6-mtu': RUN_FLAGS['lowest-ipv6-mtu'],
  mtu4: { ...RUN_FLAGS.mtu4, description: 'next-hop MTU of the IPv4 side' },
  mtu6: { ...RUN_FLAGS.mtu6, description: 'next-hop MTU of the IPv6 side' },
  self4: optional({
    placeholder: 'V4',
    absent: 'none; errors come from the address that the packet was sent to',
    description: 'own IPv4 address: source of ICMP errors, answers ping',
    schema: unicastV4,
  }),
  self6: optional({
    placeholder: 'V6',
    absent: 'what --pool6 makes of --self4',
    description: 'own IPv6 address: source of ICMPv6 errors, answers ping',
    schema: unicastV6,
  }),
  'rfc6791-v4': optional({
    placeholder: 'V4',
    absent: 'the own address',
    description: 'source of a translated error whose IPv6 source has no IPv4 address',
    schema: unicastV4,
  }),
  'rfc6791-v6': optional({
    placeholder: 'V6',
    absent: 'the own address',
    description: 'source of a translated error whose IPv4 source has no IPv6 address',
    schema: unicastV6,
  }),
  'traffic-class': RUN_FLAGS['traffic-class'],
  'icmp-rate': RUN_FLAGS['icmp-rate'],
  state: {
    ...RUN_FLAGS.state,
    absent: '/dev/shm/nat46-TUN.siit.state',
    description: 'counters, read by tmctl -f; gone with the process',
  },
  persist: RUN_FLAGS.persist,
  attach: RUN_FLAGS.attach,
  'no-setup': RUN_FLAGS['no-setup'],
  'log-level': RUN_FLAGS['log-level'],
  'log-format': RUN_FLAGS['log-format'],
};

export type SiitValues = FlagValues<typeof SIIT_FLAGS>;
