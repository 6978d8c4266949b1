/**
 * ICMP extensions, RFC 4884, through `nat46 siit`: the structure is opaque and stays whole, or goes whole; the quoted packet
 * gives way and is padded. RFC 7915 §4.2 and §5.2, "ICMP Error Payload".
 */
import type { ExchangeRow } from '../helpers/exchange.ts';
import { exactTests } from '../helpers/siit-suite.ts';

/** Of the packet in error: UDP payload that makes it `size` bytes in IPv4. */
const udp4 = (size: number): number => size - 28;
const body = (inner: string, extension: number): string =>
  extension === 0 ? inner : `joined(${inner}, extension(${extension}))`;

/** An error of a router inside: length in 32-bit words in the sixth byte, RFC 4884 §4.1. */
const in4 = (kind: number, code: number, quoted: number, extension: number): string =>
  `icmp4(${kind}, ${code}, ${body(`back4(${udp4(quoted)})`, extension)}, rest=${quoted / 4} << 16, src=R4, dst=S4, ttl=64)`;
/** As it comes out: length in 64-bit words in the fifth byte, RFC 4884 §4.4. */
const out6 = (kind: number, code: number, inner: string, words: number, extension: number): string =>
  `icmp6(${kind}, ${code}, ${body(inner, extension)}, rest=${words} << 24, src=R6, dst=S6, hlim=63)`;

const in6 = (kind: number, code: number, quoted: number, extension: number, inner: string): string =>
  `icmp6(${kind}, ${code}, ${body(inner, extension)}, rest=${quoted / 8} << 24, src=S6, dst=C6, hlim=64)`;
const out4 = (kind: number, code: number, inner: string, words: number, extension: number): string =>
  `icmp4(${kind}, ${code}, ${body(inner, extension)}, rest=${words} << 16, src=S4, dst=C4, ttl=63, id=ID)`;

interface Sizes {
  name: string;
  /** Bytes of the quoted packet, the length attribute times its unit. */
  quoted: number;
  extension: number;
  /** Bytes of the quoted packet that come out, and of the extension. */
  out: number;
  kept: number;
}

/** At most 1280 in all, 1232 behind the headers. */
const TO_IPV6: Sizes[] = [
  { name: 'a small packet and a small extension', quoted: 132, extension: 40, out: 152, kept: 40 },
  { name: 'the packet is cut to a multiple of 8', quoted: 128, extension: 40, out: 144, kept: 40 },
  { name: 'as much of both, 1280 in all', quoted: 572, extension: 640, out: 592, kept: 640 },
  { name: 'the largest packet, 1280 in all', quoted: 1020, extension: 192, out: 1040, kept: 192 },
  { name: 'the largest extension, 1280 in all', quoted: 132, extension: 1080, out: 152, kept: 1080 },
  { name: 'the packet loses 4 bytes', quoted: 576, extension: 640, out: 592, kept: 640 },
  { name: 'the packet loses 8 bytes', quoted: 580, extension: 640, out: 592, kept: 640 },
  { name: 'the largest packet loses 8 bytes', quoted: 1020, extension: 200, out: 1032, kept: 200 },
  { name: 'the packet loses nearly half', quoted: 1020, extension: 640, out: 592, kept: 640 },
  { name: 'the packet keeps just 128 bytes', quoted: 1020, extension: 1104, out: 128, kept: 1104 },
  { name: 'no 128 bytes left: no extension', quoted: 128, extension: 1108, out: 148, kept: 0 },
  {
    name: 'no 128 bytes left of a large packet: no extension',
    quoted: 1020,
    extension: 1108,
    out: 1040,
    kept: 0,
  },
];

/** At most 576 in all, 548 behind the headers. */
const TO_IPV4: Sizes[] = [
  { name: 'just fits', quoted: 528, extension: 40, out: 508, kept: 40 },
  { name: 'the packet loses 8 bytes', quoted: 536, extension: 40, out: 508, kept: 40 },
  { name: 'the packet loses most of it', quoted: 1192, extension: 40, out: 508, kept: 40 },
  { name: 'padded from 108 to 128, the largest extension', quoted: 128, extension: 420, out: 128, kept: 420 },
  { name: 'no 128 bytes left: no extension and no padding', quoted: 128, extension: 424, out: 108, kept: 0 },
  { name: 'neither fits: no extension, and the packet cut', quoted: 576, extension: 524, out: 548, kept: 0 },
];

/** The inner packet at a size: cut, or padded with zeros. */
const fitted = (packet: string, whole: number, size: number): string =>
  size < whole ? `cut(${packet}, ${size})` : size > whole ? `padded(${packet}, ${size})` : packet;

/**
 * Tshark checks the UDP checksum of a packet in front of an extension even when it was cut, and does not find an
 * extension behind 128 or more words.
 */
const odd = (confused: boolean): { odd?: true } => (confused ? { odd: true } : {});

const BY_SIZE: ExchangeRow[] = [
  ...TO_IPV6.map(({ name, quoted, extension, out, kept }) => ({
    name: `RFC 7915 §4.2 [16] RFC 4884 §4 to ICMPv6: ${name}`,
    send: in4(11, 0, quoted, extension),
    get: out6(3, 0, fitted(`back6(${udp4(quoted)})`, quoted + 20, out), kept === 0 ? 0 : out / 8, kept),
    ...odd(out < quoted + 20 || out / 8 > 127),
  })),
  ...TO_IPV4.map(({ name, quoted, extension, out, kept }) => ({
    name: `RFC 7915 §5.2 [16] RFC 4884 §4 to ICMPv4: ${name}`,
    send: in6(1, 4, quoted, extension, `forth6(${quoted - 48})`),
    get: out4(3, 3, fitted(`forth4(${quoted - 48})`, quoted - 20, out), kept === 0 ? 0 : out / 4, kept),
    ...odd(out < quoted - 20),
  })),
];

const OTHERS: ExchangeRow[] = [
  ...[
    [3, 2, '4, 1', 6],
    [3, 4, '2, 0', 1280],
    [12, 0, '4, 0', 0],
  ].map(([kind, code, to, rest]) => ({
    name: `RFC 4884 §4.6 [16] ${kind}/${code}: ICMPv6 has no room for an extension there`,
    send: in4(Number(kind), Number(code), 132, 40),
    get: `icmp6(${to}, back6(104), rest=${rest}, src=R6, dst=S6, hlim=63)`,
  })),
  {
    name: 'RFC 7915 §4.2 [16] port unreachable keeps it',
    send: in4(3, 3, 132, 40),
    get: out6(1, 4, 'back6(104)', 19, 40),
  },
  {
    name: 'RFC 7915 §5.2 [16] time exceeded keeps it',
    send: in6(3, 0, 160, 40, 'forth6(112)'),
    get: out4(11, 0, 'forth4(112)', 35, 40),
  },
  {
    name: 'RFC 4884 §4 [16] a quoted packet below 128 bytes is padded to it',
    send: in4(11, 0, 68, 40),
    get: out6(3, 0, 'padded(back6(40), 128)', 16, 40),
  },
  {
    name: 'RFC 4884 §4 [16] a length with nothing behind it',
    send: in4(11, 0, 132, 0),
    get: out6(3, 0, 'back6(104)', 0, 0),
  },
  {
    name: 'RFC 4884 §4 [16] a length beyond the message → dropped',
    send: 'icmp4(11, 0, back4(104), rest=40 << 16, src=R4, dst=S4, ttl=64)',
    get: [],
  },
];

exactTests('siit extensions', [{ flags: {}, rows: [...BY_SIZE, ...OTHERS] }]);
