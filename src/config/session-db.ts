/**
 * The environment of the dSSM, by the names that its documentation has: it says where the store is when neither flag
 * nor `NAT46_STORE` does, and which certificates any Redis store is reached with.
 *
 *     SESSIONDB_EXTERNAL_STORAGE     true: the store is Redis
 *     SESSIONDB_EXTERNAL_SERVICE     name, name.namespace or host:port of it
 *     SESSIONDB_DISCOVERY_SENTINEL   true: Sentinels answer there, and know the master
 *     REDIS_CA_FILE REDIS_AUTH_CERT REDIS_AUTH_KEY     any of them: TLS
 */
import {
  type HostPort,
  REDIS_PORT,
  type RedisAddress,
  readHostPort,
  SENTINEL_PORT,
  type StoreAddress,
  type TlsFiles,
} from './store-address.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const STORAGE = 'SESSIONDB_EXTERNAL_STORAGE';
export const SERVICE = 'SESSIONDB_EXTERNAL_SERVICE';
const SENTINEL = 'SESSIONDB_DISCOVERY_SENTINEL';
const CA = 'REDIS_CA_FILE';
const CERT = 'REDIS_AUTH_CERT';
const KEY = 'REDIS_AUTH_KEY';

/** A value or lines of key, value and remedy. */
export type Reading<T> = { readonly value: T } | { readonly problems: readonly string[] };

/** The store that the environment names, or null when it names none. */
export function sessionDb(env: Environment): Reading<StoreAddress | null> {
  const problems: string[] = [];
  const isOn = (name: string): boolean => {
    const text = env[name] || 'false';
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    problems.push(`${name}=${text}: must be true or false`);
    return false;
  };
  const external = isOn(STORAGE);
  const withSentinel = isOn(SENTINEL);
  if (problems.length > 0 || !external) return problems.length > 0 ? { problems } : { value: null };
  const service = env[SERVICE] ?? '';
  const host = readHostPort(service, withSentinel ? SENTINEL_PORT : REDIS_PORT);
  if (host) return { value: addressOf(host, withSentinel) };
  const what = service === '' ? ' is not given' : `=${service}: is not a name or HOST:PORT`;
  return {
    problems: [`${SERVICE}${what}, and ${STORAGE} is true; name the service of the store`],
  };
}

/** The same store with the certificates of the environment; other kinds of store have none. */
export function withTls(address: StoreAddress, env: Environment): Reading<StoreAddress> {
  if (address.kind !== 'redis') return { value: address };
  const files: TlsFiles = {
    caFile: env[CA] || null,
    certFile: env[CERT] || null,
    keyFile: env[KEY] || null,
  };
  if ((files.certFile === null) !== (files.keyFile === null)) {
    const [has, lacks] = files.certFile === null ? [KEY, CERT] : [CERT, KEY];
    return {
      problems: [`${has}=${env[has]}: ${lacks} is not given; a certificate needs its key, give both or none`],
    };
  }
  const isGiven = files.caFile !== null || files.certFile !== null;
  return { value: isGiven ? { ...address, tls: files, label: secure(address) } : address };
}

function addressOf({ host, port }: HostPort, withSentinel: boolean): RedisAddress {
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    kind: 'redis',
    label: `${withSentinel ? 'sentinel' : 'redis'}://${name}:${port}`,
    hosts: [{ host, port }],
    sentinel: withSentinel ? { master: null } : null,
    username: null,
    password: null,
    tls: null,
  };
}

/** The label with the scheme that says TLS. */
function secure({ label }: RedisAddress): string {
  return label.replace(/^(redis|sentinel):/, '$1s:');
}
