/**
 * Which packets may be answered with an ICMP error (RFC 1122 §3.2.2, RFC 1812 §4.3.2.7, RFC 4443 §2.4(e)). Each packet has a
 * buffer of its exact size, so that reading beyond it throws.
 */
import * as assert from 'uvu/assert';
import { HeaderChain } from '../../src/xlat/header-chain.ts';
import { mayAnswerV4, mayAnswerV6 } from '../../src/xlat/originate.ts';
import { bytes } from '../helpers/hex.ts';
import * as build from '../helpers/packets.ts';
import { table } from '../helpers/table.ts';

interface Row {
  name: string;
  source?: string;
  destination?: string;
  /** Default: UDP. */
  protocol?: number;
  payload?: string;
  /** Bytes; a fragment that is not the first. */
  offset?: number;
  want: boolean;
}

const UDP = '0001 0002 0008 0000';

const TO_V4: readonly Row[] = [
  { name: 'UDP', want: true },
  { name: 'source 0.0.0.0', source: '00000000', want: false },
  { name: 'source in 127/8', source: '7f000001', want: false },
  { name: 'source multicast', source: 'e0000001', want: false },
  { name: 'source broadcast', source: 'ffffffff', want: false },
  { name: 'destination multicast', destination: 'e0000001', want: false },
  { name: 'destination broadcast', destination: 'ffffffff', want: false },
  { name: 'fragment that is not the first', offset: 8, want: false },
  { name: 'echo request', protocol: 1, payload: '0800 0000 0000 0000', want: true },
  { name: 'echo reply', protocol: 1, payload: '0000 0000 0000 0000', want: false },
  { name: 'destination unreachable', protocol: 1, payload: '0301 0000 0000 0000', want: false },
  { name: 'redirect', protocol: 1, payload: '0500 0000 0000 0000', want: false },
  { name: 'ICMP without a type', protocol: 1, payload: '', want: false },
  { name: 'one byte of an echo request', protocol: 1, payload: '08', want: true },
  { name: 'any other protocol, empty', protocol: 47, payload: '', want: true },
];

table('[85] RFC 1122 §3.2.2: IPv4 packets that may be answered', TO_V4, (row) => {
  const { source = 'c0000221', destination = 'c6336407', protocol = 17, payload = UDP, offset = 0 } = row;
  const pair = { source: bytes(source), destination: bytes(destination) };
  const packet = build.v4({ ...pair, protocol, offset }, bytes(payload));
  assert.is(mayAnswerV4(new DataView(packet.buffer), 0, 20), row.want);
});

const V6 = '20010db80064000000000000000000';

const TO_V6: readonly Row[] = [
  { name: 'UDP', want: true },
  { name: 'source ::', source: '00*16', want: false },
  { name: 'source ::1', source: '00*15 01', want: false },
  { name: 'source multicast', source: 'ff02 00*13 01', want: false },
  { name: 'source v4-mapped', source: '00*10 ffff c0000201', want: false },
  { name: 'destination multicast', destination: 'ff02 00*13 01', want: false },
  { name: 'fragment that is not the first', offset: 8, want: false },
  { name: 'echo request', protocol: 58, payload: '8000 0000 0000 0000', want: true },
  { name: 'echo reply', protocol: 58, payload: '8100 0000 0000 0000', want: false },
  { name: 'packet too big', protocol: 58, payload: '0200 0000 0000 0000', want: false },
  { name: 'neighbour solicitation', protocol: 58, payload: '8700 0000 0000 0000', want: false },
  { name: 'ICMPv6 without a type', protocol: 58, payload: '', want: false },
  { name: 'one byte of an echo request', protocol: 58, payload: '80', want: true },
  { name: 'any other protocol, empty', protocol: 47, payload: '', want: true },
];

table('[85] RFC 4443 §2.4(e): IPv6 packets that may be answered', TO_V6, (row) => {
  const { source = `${V6}01`, destination = `${V6}02`, protocol = 17, payload = UDP, offset = 0 } = row;
  const pair = { source: bytes(source), destination: bytes(destination) };
  const fragment = offset === 0 ? bytes('') : build.fragmentHeader(protocol, offset, false, 1);
  const next = offset === 0 ? protocol : 44;
  const packet = build.v6({ ...pair, next }, build.concat(fragment, bytes(payload)));
  const view = new DataView(packet.buffer);
  const chain = new HeaderChain();
  chain.walk(view, 0, packet.length);
  assert.is(mayAnswerV6(view, 0, chain, packet.length), row.want);
});
