/**
 * Schemas of the address values a flag can have. Each takes the text as typed and gives addresses as the rest of
 * the gateway holds them (src/address.ts); the message of an issue goes right behind `--flag value: `.
 */
import { z } from 'zod';
import {
  type Cidr4,
  type Cidr6,
  contains4,
  contains6,
  formatV4,
  formatV6,
  parseCidr4,
  parseCidr6,
  parseV4,
  parseV6,
} from '../address.ts';

/** A schema from a reader that gives the value, or the sentence that says what is wrong and how to write it. */
export function reading<T>(read: (text: string) => { value: T } | { problem: string }): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const result = read(text);
    if ('value' in result) return result.value;
    context.issues.push({ code: 'custom', message: result.problem, input: text });
    return z.NEVER;
  });
}

/** Ranges no unicast host can have and that are never translated (RFC 1122 §3.2.1.3, RFC 3927, RFC 5771). */
const NEVER_V4 = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32'];
/** The same of IPv6 (RFC 4291 §2.5.2, §2.5.3, §2.5.5.2, §2.5.6, §2.7). */
const NEVER_V6: readonly (readonly [prefix: string, what: string])[] = [
  ['::/128', 'an unspecified'],
  ['::1/128', 'a loopback'],
  ['::ffff:0:0/96', 'a v4-mapped'],
  ['fe80::/10', 'a link-local'],
  ['ff00::/8', 'a multicast'],
];

/** @returns the never-translated range this prefix touches, or null */
function neverTouched4(cidr: Cidr4): string | null {
  const last = cidr.base + 2 ** (32 - cidr.length) - 1;
  for (const text of NEVER_V4) {
    const range = parseCidr4(text);
    if (range && (contains4(range, cidr.base) || contains4(cidr, range.base) || contains4(range, last)))
      return text;
  }
  return null;
}

/** The same of an IPv4 prefix. */
export function unusableV4({ base, length }: Cidr4): string | null {
  for (const text of NEVER_V4) {
    const range = parseCidr4(text);
    if (range && range.length <= length && contains4(range, base)) return `no unicast address (${text})`;
  }
  return null;
}

/** @returns why nothing can be sent to or from an IPv6 address, or a whole prefix, through a translator, or null */
export function unusableV6(address: Uint8Array, length = 128): string | null {
  for (const [text, what] of NEVER_V6) {
    const range = parseCidr6(text);
    if (range && range.length <= length && contains6(range, address)) return `${what} address (${text})`;
  }
  return null;
}

function readUnicastV4(text: string): { value: number } | { problem: string } {
  const address = parseV4(text);
  if (address === null) return { problem: 'not an IPv4 address; write four decimal numbers, as in 10.2.2.1' };
  const range = neverTouched4({ base: address, length: 32 });
  return range === null
    ? { value: address }
    : { problem: `lies in ${range}, where no unicast host can be; give a unicast address` };
}

/** One usable IPv4 address, as a number in host order. */
export const unicastV4 = reading(readUnicastV4);

function readUnicastV6(text: string): { value: Uint8Array } | { problem: string } {
  const address = parseV6(text);
  if (address === null) return { problem: 'not an IPv6 address; write it as in 2001:db8::1' };
  const why = unusableV6(address);
  return why === null ? { value: address } : { problem: `${why}; give a unicast address` };
}

/** One usable IPv6 address, 16 bytes. */
export const unicastV6 = reading(readUnicastV6);

/** An IPv4 prefix without host bits. */
export const cidr4 = reading<Cidr4>(readCidr4);

function readCidr4(text: string): { value: Cidr4 } | { problem: string } {
  const cidr = parseCidr4(text);
  if (cidr) return { value: cidr };
  const [address = '', bits = ''] = text.split('/', 2);
  const base = parseV4(address);
  if (base === null || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || text.split('/').length > 2) {
    return { problem: 'not an IPv4 prefix; write ADDRESS/LENGTH, as in 10.2.2.0/24' };
  }
  const size = 2 ** (32 - Number(bits));
  return {
    problem: `host bits are set; the prefix of that address is ${formatV4(base - (base % size))}/${bits}`,
  };
}

/** A prefix of either family without host bits. */
export const cidr = reading<Cidr4 | Cidr6>((text) => {
  if (!text.includes(':')) return readCidr4(text);
  const found = parseCidr6(text);
  if (found === null)
    return { problem: 'not an IPv4 or IPv6 prefix; write ADDRESS/LENGTH, as in 2001:db8:64::/96' };
  const base = found.base.map(
    (byte, i) => byte & (0xff << Math.min(Math.max((i + 1) * 8 - found.length, 0), 8)),
  );
  if (Buffer.compare(base, found.base) === 0) return { value: found };
  return { problem: `host bits are set; the prefix of that address is ${formatV6(base)}/${found.length}` };
});

/** The NAT46 subnet: /8 … /30, in space where translation is allowed. */
export const subnet = reading<Cidr4>((text) => {
  const result = readCidr4(text);
  if ('problem' in result) return result;
  const { length } = result.value;
  if (length < 8 || length > 30) return { problem: `length /${length} is out of range; it must be /8 … /30` };
  const range = neverTouched4(result.value);
  return range === null
    ? result
    : { problem: `overlaps ${range}, which is never translated; choose private space, as in 10.2.2.0/24` };
});

export interface StaticMap {
  readonly v4: number;
  readonly v6: Uint8Array;
}

/** V4=V6 */
export const staticMap = reading<StaticMap>((text) => {
  const [left = '', right, ...rest] = text.split('=');
  if (right === undefined || rest.length > 0)
    return { problem: 'not a mapping; write V4=V6, as in 10.2.2.9=2001:db8::9' };
  const v4 = readUnicastV4(left);
  if ('problem' in v4) return { problem: `${left || 'the part before ='}: ${v4.problem}` };
  const v6 = readUnicastV6(right);
  if ('problem' in v6) return { problem: `${right || 'the part after ='}: ${v6.problem}` };
  return { value: { v4: v4.value, v6: v6.value } };
});

export interface SelfIp {
  /** Canonical text, either family. */
  readonly address: string;
  readonly length: number;
}

/** ADDR/LEN of either family; host bits are the point of it. */
export const selfIp = reading<SelfIp>((text) => {
  const [address = '', bits = '', ...rest] = text.split('/');
  const v4 = parseV4(address);
  const v6 = v4 === null ? parseV6(address) : null;
  if ((v4 === null && v6 === null) || rest.length > 0 || !/^\d{1,3}$/.test(bits)) {
    return { problem: 'not an address with its prefix length; write ADDR/LEN, as in 2001:db8::10/64' };
  }
  if (Number(bits) > (v6 ? 128 : 32))
    return { problem: `length /${bits} is out of range; it must be at most /${v6 ? 128 : 32}` };
  const usable = v6 ? readUnicastV6(address) : readUnicastV4(address);
  if ('problem' in usable) return usable;
  return { value: { address: v6 ? formatV6(v6) : address, length: Number(bits) } };
});

export interface Endpoint {
  /** Canonical text, either family, no brackets. */
  readonly address: string;
  readonly port: number;
}

const DNS_PORT = 53;

/** ADDR or ADDR:PORT, an IPv6 address with a port in brackets; the port is 53 unless given. */
export const dnsEndpoint = reading<Endpoint>((text) => {
  const parts = splitPort(text);
  if (!parts) {
    return {
      problem: 'not an address with an optional port; write ADDR, ADDR:PORT or [V6]:PORT, as in 10.2.2.1:53',
    };
  }
  const { address, port } = parts;
  if (port < 1 || port > 65535) return { problem: `port ${port} is out of range; it must be 1 … 65535` };
  const v6 = parseV6(address);
  const endpoint = { address: v6 ? formatV6(v6) : address, port };
  const loopback = endpoint.address === '::1' || endpoint.address.startsWith('127.'); // a resolver may well live there
  const usable = v6 ? readUnicastV6(address) : readUnicastV4(address);
  return loopback || 'value' in usable ? { value: endpoint } : usable;
});

/** The same, or all addresses of a family: 0.0.0.0 or [::]. */
export const dnsListener = reading<Endpoint>((text) => {
  const parts = splitPort(text);
  const v6 = parts === null ? null : parseV6(parts.address);
  const wildcard = parts?.address === '0.0.0.0' || v6?.every((byte) => byte === 0);
  if (parts !== null && wildcard && parts.port >= 1 && parts.port <= 65535)
    return { value: { address: v6 ? '::' : '0.0.0.0', port: parts.port } };
  const endpoint = dnsEndpoint.safeParse(text);
  if (endpoint.success) return { value: endpoint.data };
  return { problem: endpoint.error.issues[0]?.message ?? 'cannot be read' };
});

/**
 * Whether a listener answers at an endpoint.
 * @param own addresses of the host, which a wildcard listener answers at beside those of loopback
 */
export function listensAt(
  listener: Endpoint,
  { address, port }: Endpoint,
  own: readonly string[] = [],
): boolean {
  if (listener.port !== port) return false;
  if (!isWildcard(listener)) return listener.address === address;
  if (listener.address.includes(':') !== address.includes(':')) return false;
  return address.startsWith('127.') || address === '::1' || own.includes(address);
}

/** Whether it is all addresses of a family. */
export function isWildcard({ address }: Endpoint): boolean {
  return address === '0.0.0.0' || address === '::';
}

function splitPort(text: string): { address: string; port: number } | null {
  if (parseV6(text)) return { address: text, port: DNS_PORT };
  const [, v6, v4, port = `${DNS_PORT}`] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (v6 !== undefined) return parseV6(v6) ? { address: v6, port: Number(port) } : null;
  return v4 !== undefined && parseV4(v4) !== null ? { address: v4, port: Number(port) } : null;
}
