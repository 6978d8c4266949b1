/**
 * The flags of `nat46 run`, in the order `--help` shows them: the one list behind the command line, the
 * environment and the types of the values.
 */
import {
  cidr,
  cidr4,
  dnsEndpoint,
  dnsListener,
  selfIp,
  staticMap,
  subnet,
  unicastV4,
  unicastV6,
} from './address-schemas.ts';
import { dnsZone } from './dns-zone.ts';
import { type FlagValues, list, optional, toggle, value } from './flag.ts';
import { choice, deviceName, filePath, integer, marking, socketPath, workers } from './plain-schemas.ts';
import { snatRange } from './snat-range.ts';
import { storeAddress } from './store-address.ts';

const deviceMtu = integer(1280, 65535, 'bytes');

export const RUN_FLAGS = {
  tun: value({
    placeholder: 'NAME',
    fallback: 'nat46',
    description: 'TUN device; created, brought up and routed',
    schema: deviceName,
  }),
  mtu: value({ placeholder: 'BYTES', fallback: '1500', description: 'MTU of the device', schema: deviceMtu }),
  workers: value({
    placeholder: 'N|auto',
    fallback: 'auto',
    description: 'data-plane threads, 1 … 8; auto: one per core',
    schema: workers,
  }),
  subnet: value({
    placeholder: 'CIDR',
    fallback: '10.2.2.0/24',
    description: 'NAT46 subnet: the synthetic IPv4 addresses',
    schema: subnet,
  }),
  'reserved-static': value({
    placeholder: 'N',
    fallback: '0',
    description: 'first N host addresses of the subnet are never given out dynamically',
    schema: integer(0, 2 ** 24, 'addresses'),
  }),
  'snat-pool': list({
    placeholder: 'A[-B]',
    absent: 'automap: a self IP, else an address on the link',
    description: 'IPv6 source addresses outside',
    schema: snatRange,
  }),
  'self-ip': list({
    placeholder: 'ADDR/LEN',
    absent: 'none',
    description: 'address that belongs to the gateway, not to the kernel',
    schema: selfIp,
  }),
  replica: value({
    placeholder: 'N',
    fallback: '0',
    description: 'which self IP automap uses, counted from 0',
    schema: integer(0, 65535, 'replicas'),
  }),
  inside: list({
    placeholder: 'CIDR',
    absent: 'any',
    description: 'only these IPv4 sources may create sessions',
    schema: cidr4,
  }),
  map: list({
    placeholder: 'V4=V6',
    absent: 'none',
    description: 'static mapping; V4 may lie outside the subnet',
    schema: staticMap,
  }),
  store: value({
    placeholder: 'URI',
    fallback: 'lmdb:/var/lib/nat46',
    description:
      'where mapping records live: mem:, lmdb:DIR, redis[s]://HOST or sentinel[s]://HOST,HOST/MASTER',
    schema: storeAddress,
  }),
  role: value({
    placeholder: 'all|dns|data',
    fallback: 'all',
    description: 'dns: no TUN data path; data: no DNS, never allocates',
    schema: choice(['all', 'dns', 'data']),
  }),
  'dns-listen': list({
    placeholder: 'ADDR[:PORT]',
    absent: 'first host address of the subnet, port 53',
    description: 'where DNS queries are answered, UDP and TCP; 0.0.0.0 or [::]: everywhere',
    schema: dnsListener,
  }),
  'dns-upstream': list({
    placeholder: 'ADDR[:PORT]',
    absent: 'the name servers of /etc/resolv.conf',
    description: 'DNS servers that are asked',
    schema: dnsEndpoint,
  }),
  'dns-zone': list({
    placeholder: 'ZONE=ADDR[:PORT]',
    absent: 'none',
    description: 'DNS server for the names of a zone; the longest zone wins',
    schema: dnsZone,
  }),
  'dns-aaaa': value({
    placeholder: 'answer|additional|omit',
    fallback: 'answer',
    description: 'where the AAAA goes in a reply to an A query',
    schema: choice(['answer', 'additional', 'omit']),
  }),
  'max-ttl': value({
    placeholder: 'SEC',
    fallback: '120',
    description: 'longest TTL of a synthesized A record',
    schema: integer(0, 2 ** 31 - 1, 'seconds'),
  }),
  'dns-rate': value({
    placeholder: 'N',
    fallback: '0',
    description: 'DNS queries per second, 0: no limit',
    schema: integer(0, 1e9, 'queries per second'),
  }),
  'dns-client-rate': value({
    placeholder: 'N',
    fallback: '0',
    description: 'DNS queries per second of one client, 0: no limit',
    schema: integer(0, 1e9, 'queries per second'),
  }),
  'dns-over-limit': value({
    placeholder: 'refuse|drop',
    fallback: 'refuse',
    description: 'what becomes of DNS queries over a limit',
    schema: choice(['refuse', 'drop']),
  }),
  'dns-hints': value({
    placeholder: 'strip|synthesize|keep',
    fallback: 'strip',
    description: 'address hints in HTTPS and SVCB records of names that get synthetic addresses',
    schema: choice(['strip', 'synthesize', 'keep']),
  }),
  'dns-exclude': list({
    placeholder: 'CIDR',
    absent: 'none but special-purpose prefixes',
    description: 'A and AAAA records in this prefix count as absent',
    schema: cidr,
  }),
  'dns-mixed-case': toggle('send questions upstream in random letter case and expect it back (0x20)'),
  'sorry-ip': optional({
    placeholder: 'V4',
    absent: 'none',
    description: 'answer to names when no synthetic address is free',
    schema: unicastV4,
  }),
  'lowest-ipv6-mtu': value({
    placeholder: 'BYTES',
    fallback: '1280',
    description: 'fragment size of packets that arrive with DF=0',
    schema: deviceMtu,
  }),
  'max-sessions': value({
    placeholder: 'N',
    fallback: '262144',
    description: 'capacity of the session table',
    schema: integer(1, 2 ** 24, 'sessions'),
  }),
  'max-client-sessions': optional({
    placeholder: 'N',
    absent: 'half of --max-sessions, at most 65536',
    description: 'sessions that one inside host may have at once',
    schema: integer(1, 2 ** 24, 'sessions'),
  }),
  'max-client-ports': optional({
    placeholder: 'N',
    absent: '32768: half of what a SNAT address has',
    description: 'SNAT ports and ICMP identifiers that one inside host may have at once',
    schema: integer(1, 3 * 2 ** 16, 'ports'),
  }),
  filtering: value({
    placeholder: 'BEHAVIOUR',
    fallback: 'endpoint-independent',
    description:
      'who outside may use a port that an inside host has: endpoint-independent, any mapped host; ' +
      'address-dependent, hosts it has a session with; address-and-port-dependent, nobody else',
    schema: choice(['endpoint-independent', 'address-dependent', 'address-and-port-dependent']),
  }),
  'binding-log': optional({
    placeholder: 'FILE',
    absent: 'none',
    description:
      'JSON lines: which inside address and port had which SNAT address and port, from when to when',
    schema: filePath,
  }),
  'binding-log-destinations': toggle('in the binding log, a line for each session as well, with its server'),
  state: optional({
    placeholder: 'FILE',
    absent: '/dev/shm/nat46-TUN.state',
    description: 'the segment: tables that survive a restart, read by tmctl -f',
    schema: filePath,
  }),
  control: optional({
    placeholder: 'PATH',
    absent: '/run/nat46/TUN.sock',
    description: 'control socket, mode 0660',
    schema: socketPath,
  }),
  mtu4: optional({
    placeholder: 'BYTES',
    absent: 'of the default route',
    description: 'next-hop MTU inside',
    schema: integer(68, 65535, 'bytes'), // RFC 791: every link carries 68
  }),
  mtu6: optional({
    placeholder: 'BYTES',
    absent: 'of the default route',
    description: 'next-hop MTU outside',
    schema: deviceMtu,
  }),
  self4: optional({
    placeholder: 'V4',
    absent: 'first host address of the subnet',
    description: 'own IPv4 address: source of ICMP errors, answers ping',
    schema: unicastV4,
  }),
  self6: optional({
    placeholder: 'V6',
    absent: 'chosen by the gateway',
    description: 'own IPv6 address: source of ICMPv6 errors, answers ping',
    schema: unicastV6,
  }),
  'rfc6791-v4': optional({
    placeholder: 'V4',
    absent: 'the own address',
    description: 'source of a translated error whose IPv6 source has no mapping',
    schema: unicastV4,
  }),
  'rfc6791-v6': optional({
    placeholder: 'V6',
    absent: 'the own address',
    description: 'source of a translated error whose IPv4 source has no mapping',
    schema: unicastV6,
  }),
  'traffic-class': value({
    placeholder: 'copy|zero|DSCP',
    fallback: 'copy',
    description: 'TOS and traffic class of translated packets; a DSCP (0 … 63) leaves the ECN bits',
    schema: marking,
  }),
  'icmp-rate': value({
    placeholder: 'N',
    fallback: '1000',
    description: 'ICMP errors a second that each worker originates in each family, 0: none',
    schema: integer(0, 1_000_000, 'errors per second'),
  }),
  persist: toggle('keep the device when the process ends'),
  attach: toggle('use an existing device of that name as it is'),
  'no-setup': toggle('do not touch addresses, routes, sysctls, neighbour proxies'),
  'log-level': value({
    placeholder: 'LEVEL',
    fallback: 'info',
    description: 'trace, debug, info, warn, error, fatal or silent',
    schema: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  }),
  'log-format': value({
    placeholder: 'json|pretty',
    fallback: 'json',
    description: 'form of the log lines on stderr',
    schema: choice(['json', 'pretty']),
  }),
};

export type RunFlag = keyof typeof RUN_FLAGS;
export type RunValues = FlagValues<typeof RUN_FLAGS>;
