/**
 * Where a Redis store is, and how its servers are reached: options of ioredis and of `tls.connect`. Certificates are read
 * from their files here, and again on demand: connections made from then on use the new ones.
 */
import { readFileSync } from 'node:fs';
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
} from 'node:tls';
import type { RedisOptions } from 'ioredis';
import { Nat46Error } from '../error.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  /** For people: never the password. */
  readonly label: string;
  /** One server, or Sentinels. */
  readonly hosts: readonly HostPort[];
  /** Null without Sentinels; a `master` of null is the one they have. */
  readonly sentinel: { readonly master: string | null } | null;
  readonly username: string | null;
  readonly password: string | null;
  /** PEM files; null: no TLS. */
  readonly tls: {
    readonly caFile: string | null;
    readonly certFile: string | null;
    readonly keyFile: string | null;
  } | null;
}

/** The options of every TLS connection to one store: one object, so that new certificates reach whoever holds it. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'checkServerIdentity'>;

/** How long anything may take before a server counts as gone, ms. The data path never waits for it. */
export const ANSWER_MS = 1000;
/** A server that is silent for longer is left: behind a broken network nothing else would say so. */
const SILENCE_MS = 2 * ANSWER_MS;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1000;

/** @returns null when the store is not reached over TLS. @throws Nat46Error NAT46_STORE naming the file */
export function readTls(address: RedisAddress): TlsOptions | null {
  if (address.tls === null) return null;
  const { caFile, certFile, keyFile } = address.tls;
  const options: TlsOptions = {
    ...(caFile === null ? {} : { ca: readPem('REDIS_CA_FILE', caFile, 'CERTIFICATE') }),
    ...(certFile === null ? {} : { cert: readPem('REDIS_AUTH_CERT', certFile, 'CERTIFICATE') }),
    ...(keyFile === null ? {} : { key: readPem('REDIS_AUTH_KEY', keyFile, 'PRIVATE KEY') }),
    checkServerIdentity: identityCheck(address.hosts.map(({ host }) => host)),
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const files = [caFile, certFile, keyFile].filter((file) => file !== null).join(', ');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Nat46Error(
      'NAT46_STORE',
      `${address.label}: the certificates cannot be used (${why}): ${files}; give PEM files, and the key of this certificate`,
      { cause },
    );
  }
  return options;
}

/** What every connection shares: it fails fast, retries for ever and queues nothing. */
function common(tls: TlsOptions | null, username: string | null, password: string | null): RedisOptions {
  return {
    ...(tls === null ? {} : { tls }),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    connectionName: 'nat46',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 1,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    disconnectTimeout: RETRY_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: retry,
  };
}

function retry(times: number): number {
  return Math.min(times * RETRY_MS, LONGEST_RETRY_MS);
}

/** Of a connection to the server, or to whatever server the Sentinels call the master of this name. */
export function redisOptions(
  address: RedisAddress,
  tls: TlsOptions | null,
  master: string | null,
): RedisOptions {
  const { hosts, username, password } = address;
  const [first] = hosts;
  if (master === null)
    return { ...common(tls, username, password), host: first?.host ?? '', port: first?.port ?? 0 };
  return {
    ...common(tls, username, password),
    sentinels: [...hosts],
    name: master,
    sentinelRetryStrategy: retry,
    sentinelCommandTimeout: ANSWER_MS,
    ...(password === null ? {} : { sentinelPassword: password }),
    ...(tls === null ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
  };
}

/** Of a connection to a Sentinel, but for its host and port. Users are of the servers; a password is of both. */
export function sentinelOptions({ password }: RedisAddress, tls: TlsOptions | null): RedisOptions {
  return common(tls, null, password);
}

/**
 * Sentinels answer with addresses, and certificates often carry names only: beside the address of the server, a name
 * under which the store was configured is good as well. Who may use that name has the trust of the same CA.
 */
function identityCheck(
  names: readonly string[],
): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) =>
    names.some((name) => checkServerIdentity(name, certificate) === undefined)
      ? undefined
      : checkServerIdentity(host, certificate);
}

/** @param what is to be in it, as PEM names it */
function readPem(name: string, file: string, what: 'CERTIFICATE' | 'PRIVATE KEY'): Buffer {
  const pem = readFileOf(name, file);
  if (new RegExp(`-----BEGIN [A-Z0-9 ]*${what}-----`).test(pem.toString('latin1'))) return pem;
  throw new Nat46Error(
    'NAT46_STORE',
    `${name}=${file}: no PEM ${what.toLowerCase()} in it; name a file that has one`,
  );
}

function readFileOf(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Nat46Error(
      'NAT46_STORE',
      `${name}=${file}: cannot be read (${why}); name a PEM file that this user may read`,
      {
        cause,
      },
    );
  }
}
