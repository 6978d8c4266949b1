/**
 * `--store URI` → where mapping records live.
 *
 *     mem:                                        lmdb:FOLDER
 *     redis://[USER:PASSWORD@]HOST[:PORT]         rediss:// the same over TLS
 *     sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]…[/MASTER]         sentinels:// the same over TLS
 */
import type { z } from 'zod';
import { parseV6 } from '../address.ts';
import { reading } from './address-schemas.ts';

export interface HostPort {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Paths of PEM files; null: what the host trusts, no client certificate. */
export interface TlsFiles {
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

export interface RedisAddress {
  readonly kind: 'redis';
  /** For people: never the password. */
  readonly label: string;
  /** One server, or the Sentinels that know it. */
  readonly hosts: readonly HostPort[];
  /** Null without Sentinels; a `master` of null is the one they have. */
  readonly sentinel: { readonly master: string | null } | null;
  readonly username: string | null;
  readonly password: string | null;
  /** Null: no TLS. */
  readonly tls: TlsFiles | null;
}

export type StoreAddress =
  | { readonly kind: 'memory'; readonly label: string }
  | { readonly kind: 'lmdb'; readonly label: string; readonly folder: string }
  | RedisAddress;

export const REDIS_PORT = 6379;
export const SENTINEL_PORT = 26379;
const NO_FILES: TlsFiles = { caFile: null, certFile: null, keyFile: null };

const HOW =
  'write mem:, lmdb:DIR, redis://HOST:PORT, rediss://…, sentinel://HOST:PORT,HOST:PORT/MASTER or sentinels://…';

export const storeAddress: z.ZodType<StoreAddress, string> = reading<StoreAddress>((text) => {
  if (text === 'mem:') return { value: { kind: 'memory', label: text } };
  const folder = /^lmdb:(.+)$/s.exec(text)?.[1];
  if (folder !== undefined) return { value: { kind: 'lmdb', label: text, folder } };
  const [, scheme, rest] = /^(rediss?|sentinels?):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) return { problem: `not a store; ${HOW}` };
  return readRedis(scheme, rest);
});

/** Text without the password of a URI in it, for messages and tables. */
export function withoutPassword(text: string): string {
  return text.replace(/:\/\/.*@/s, '://***@');
}

function readRedis(scheme: string, rest: string): { value: RedisAddress } | { problem: string } {
  const isSentinel = scheme.startsWith('sentinel');
  const at = rest.lastIndexOf('@');
  const login = at < 0 ? { username: null, password: null } : readLogin(rest.slice(0, at));
  if (!login)
    return { problem: `the part before @ is not USER:PASSWORD; escape special characters as in %40` };
  const [list = '', path = '', ...more] = rest.slice(at + 1).split('/');
  if (more.length > 0 || (!isSentinel && !['', '0'].includes(path))) {
    return {
      problem: `mapping records live in database 0 and nowhere else; end the address behind HOST:PORT`,
    };
  }
  const hosts = list.split(',').map((one) => readHostPort(one, isSentinel ? SENTINEL_PORT : REDIS_PORT));
  const known = hosts.filter((host) => host !== null);
  if (known.length < hosts.length || (!isSentinel && hosts.length > 1))
    return { problem: `not a store; ${HOW}` };
  const master = path === '' ? null : path;
  return {
    value: {
      kind: 'redis',
      label: `${scheme}://${list}${master === null ? '' : `/${master}`}`,
      hosts: known,
      sentinel: isSentinel ? { master } : null,
      ...login,
      tls: scheme.endsWith('ss') || scheme === 'sentinels' ? NO_FILES : null,
    },
  };
}

/** `USER:PASSWORD`, `:PASSWORD`; percent-escapes are undone. */
function readLogin(text: string): { username: string | null; password: string } | null {
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  try {
    const username = decodeURIComponent(text.slice(0, colon));
    const password = decodeURIComponent(text.slice(colon + 1));
    return password === '' ? null : { username: username === '' ? null : username, password };
  } catch {
    return null;
  }
}

/** HOST, HOST:PORT, [V6] or [V6]:PORT. @returns null when it is none of them */
export function readHostPort(text: string, defaultPort: number): HostPort | null {
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  const host = v6 ?? name;
  if (host === undefined || port < 1 || port > 65_535) return null;
  return v6 !== undefined && !parseV6(v6) ? null : { host, port };
}
