/**
 * Checks and accessors of IPv4, IPv6, TCP and UDP over buffers of the exact size of a packet: a read past the end throws.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import * as ipv4 from '../../src/wire/ipv4.ts';
import * as ipv6 from '../../src/wire/ipv6.ts';
import * as tcp from '../../src/wire/tcp.ts';
import * as udp from '../../src/wire/udp.ts';
import { bytes, hex } from '../helpers/hex.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';

function view(packet: Uint8Array): DataView {
  return new DataView(packet.slice().buffer);
}

const anything = fc.uint8Array({ maxLength: 100 });
/** Bytes that get past the first look. */
const like = (first: readonly number[]) =>
  fc.tuple(fc.constantFrom(...first), anything).map(([byte, rest]) => Uint8Array.of(byte, ...rest));

tests('what check accepts, every getter reads without leaving the packet', {
  'IPv4, and its options': () =>
    holds(like([0x45, 0x46, 0x4f]), 2000, (packet) => {
      if (packet.length >= 4) packet.set([0, packet.length], 2);
      const data = view(packet);
      const header = ipv4.check(data, 0, packet.length);
      if (header === 0) return;
      assert.ok(header >= 20 && header <= packet.length);
      ipv4.checksumOk(data, 0, header);
      ipv4.hasUnexpiredSourceRoute(data, 0, header);
      ipv4.destination(data, 0);
    }),
  IPv6: () =>
    holds(like([0x60, 0x6f]), 500, (packet) => {
      const data = view(packet);
      if (ipv6.check(data, 0, packet.length) === 0) return;
      assert.ok(40 + ipv6.payloadLength(data, 0) <= packet.length);
      ipv6.isUnicast(data, ipv6.SOURCE);
      ipv6.isLinkLocal(data, ipv6.DESTINATION);
      ipv6.addressSum(data, 0);
    }),
  'TCP, and its MSS': () =>
    holds(
      fc.tuple(fc.uint8Array({ minLength: 20, maxLength: 64 }), fc.boolean()),
      2000,
      ([packet, partial]) => {
        const data = view(packet);
        if (!tcp.check(data, 0, packet.length)) return;
        tcp.clampMss(data, 0, 1220, partial);
        tcp.ports(data, 0);
      },
    ),
  UDP: () =>
    holds(anything, 200, (packet) => {
      const data = view(packet);
      if (udp.check(data, 0, packet.length)) assert.ok(udp.length(data, 0) <= packet.length);
    }),
});

table(
  '[38] RFC 1122 §3.2.1.3: IPv4 unicast',
  [
    { name: '0.0.0.0', address: 0, is: false },
    { name: '0.255.255.255', address: 0x00ffffff, is: false },
    { name: '1.0.0.0', address: 0x01000000, is: true },
    { name: '126.255.255.255', address: 0x7effffff, is: true },
    { name: '127.0.0.1', address: 0x7f000001, is: false },
    { name: '128.0.0.0, signed', address: 0x80000000 | 0, is: true },
    { name: '223.255.255.255', address: 0xdfffffff, is: true },
    { name: '224.0.0.0', address: 0xe0000000, is: false },
    { name: '239.255.255.255', address: 0xefffffff, is: false },
    { name: '240.0.0.0', address: 0xf0000000, is: true },
    { name: '255.255.255.254', address: 0xfffffffe, is: true },
    { name: '255.255.255.255, signed', address: -1, is: false },
  ],
  (row) => assert.is(ipv4.isUnicast(row.address), row.is),
);

table(
  '[38] RFC 3927 §2.1: IPv4 link-local',
  [
    { name: '169.253.255.255', address: 0xa9fdffff, is: false },
    { name: '169.254.0.0, signed', address: 0xa9fe0000 | 0, is: true },
    { name: '169.254.255.255', address: 0xa9feffff, is: true },
    { name: '169.255.0.0', address: 0xa9ff0000, is: false },
  ],
  (row) => assert.is(ipv4.isLinkLocal(row.address), row.is),
);

table(
  '[38] RFC 4291 §2.4: IPv6 unicast, link-local',
  [
    { name: '::', address: '00*16', unicast: false },
    { name: '::1', address: '00*15 01', unicast: false },
    { name: '::2', address: '00*15 02', unicast: true },
    { name: '::ffff:192.0.2.1', address: '00*10 ffff c0000201', unicast: false },
    { name: '::fffe:192.0.2.1', address: '00*10 fffe c0000201', unicast: true },
    { name: '0:0:0:1::', address: '0000000000000001 00*8', unicast: true },
    { name: '64:ff9b::192.0.2.1', address: '0064ff9b 00*8 c0000201', unicast: true },
    { name: 'fd00::1', address: 'fd 00*14 01', unicast: true },
    { name: 'fe7f:ffff::', address: 'fe7f ffff 00*12', unicast: true },
    { name: 'fe80::1', address: 'fe80 00*13 01', unicast: true, linkLocal: true },
    { name: 'febf:ffff::1', address: 'febf ffff 00*11 01', unicast: true, linkLocal: true },
    { name: 'fec0::1', address: 'fec0 00*13 01', unicast: true },
    { name: 'ff02::1', address: 'ff02 00*13 01', unicast: false },
  ],
  (row) => {
    const data = view(bytes(row.address));
    assert.is(ipv6.isUnicast(data, 0), row.unicast);
    assert.is(ipv6.isLinkLocal(data, 0), row.linkLocal ?? false);
  },
);

tests('written headers', {
  'IPv4, RFC 791 §3.1': () => {
    const data = new DataView(new ArrayBuffer(20));
    ipv4.write(data, 0, 0xb8, 0x1234, 0x5678, ipv4.MF | 0x1fff);
    ipv4.setTtlProtocol(data, 0, 255, 17);
    ipv4.setAddresses(data, 0, 0xc0000201 | 0, 0xffffffff | 0);
    ipv4.setChecksum(data, 0);
    assert.is(hex(new Uint8Array(data.buffer, 0, 10)), '45b812345678' + '3fff' + 'ff11');
    assert.ok(ipv4.checksumOk(data, 0, 20));
    assert.ok(ipv4.isFragment(ipv4.flagsOffset(data, 0)));
  },
  'IPv6 and its Fragment header, RFC 8200 §3, §4.5': () => {
    const data = new DataView(new ArrayBuffer(48));
    ipv6.write(data, 0, 0xff, 0xfffe, ipv6.FRAGMENT, 254);
    ipv6.writeFragment(data, 40, 17, 0xfff8 | 1, 0x89abcdef | 0);
    assert.is(hex(new Uint8Array(data.buffer, 0, 8)), '6ff00000fffe2cfe');
    assert.is(hex(new Uint8Array(data.buffer, 40)), '1100fff989abcdef');
    assert.is(ipv6.trafficClass(data, 0), 0xff);
    assert.is(ipv6.fragmentOffset(data, 40), 0xfff8);
    assert.ok(ipv6.hasMoreFragments(data, 40));
  },
});
