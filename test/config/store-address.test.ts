/** `--store` and the environment of the dSSM: where the store is, and that a password is never shown. */
import * as assert from 'uvu/assert';
import { describeConfig } from '../../src/config/config.ts';
import type { RedisAddress } from '../../src/config/store-address.ts';
import { table, tests } from '../helpers/table.ts';
import { failure, parse } from './parse-run.ts';

const TLS_ENV = { REDIS_CA_FILE: '/c/ca.crt', REDIS_AUTH_CERT: '/c/cert.crt', REDIS_AUTH_KEY: '/c/key.key' };
const FILES = { caFile: '/c/ca.crt', certFile: '/c/cert.crt', keyFile: '/c/key.key' };
const NO_FILES = { caFile: null, certFile: null, keyFile: null };
const DSSM = { SESSIONDB_EXTERNAL_STORAGE: 'true', SESSIONDB_EXTERNAL_SERVICE: 'f5-dssm-sentinel.utils' };

interface Row {
  name: string;
  args?: string;
  env?: Record<string, string>;
  is: Partial<RedisAddress> | { kind: string };
}

table<Row>(
  'store: flag before environment before default',
  [
    { name: 'default', is: { kind: 'lmdb' } },
    { name: 'mem', args: '--store mem:', is: { kind: 'memory', label: 'mem:' } as Row['is'] },
    {
      name: 'redis, port 6379 unless given',
      args: '--store redis://db.example',
      is: {
        label: 'redis://db.example',
        hosts: [{ host: 'db.example', port: 6379 }],
        sentinel: null,
        tls: null,
      },
    },
    {
      name: 'database 0 may be named',
      args: '--store redis://[2001:db8::1]:7000/0',
      is: { hosts: [{ host: '2001:db8::1', port: 7000 }] },
    },
    {
      name: 'rediss: TLS with what the host trusts',
      args: '--store rediss://db.example',
      is: { tls: NO_FILES, sentinel: null },
    },
    {
      name: 'sentinels, port 26379 unless given, with a master',
      args: '--store sentinels://a,b:1/dssm',
      is: {
        label: 'sentinels://a,b:1/dssm',
        hosts: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 1 },
        ],
        sentinel: { master: 'dssm' },
        tls: NO_FILES,
      },
    },
    {
      name: 'sentinel without a master',
      args: '--store sentinel://a',
      is: { sentinel: { master: null }, tls: null },
    },
    {
      name: 'user and password, escaped; the label has neither',
      args: '--store redis://me:p%40ss%2Fw@h',
      is: { label: 'redis://h', username: 'me', password: 'p@ss/w' },
    },
    { name: 'password only', args: '--store redis://:pw@h', is: { username: null, password: 'pw' } },
    {
      name: 'any certificate file means TLS',
      args: '--store redis://h',
      env: { REDIS_CA_FILE: '/c/ca.crt' },
      is: { label: 'rediss://h', tls: { ...NO_FILES, caFile: '/c/ca.crt' } },
    },
    {
      name: 'the documented environment',
      env: { ...DSSM, SESSIONDB_DISCOVERY_SENTINEL: 'true', ...TLS_ENV },
      is: {
        label: 'sentinels://f5-dssm-sentinel.utils:26379',
        hosts: [{ host: 'f5-dssm-sentinel.utils', port: 26379 }],
        sentinel: { master: null },
        tls: FILES,
      },
    },
    {
      name: 'without Sentinel: 6379',
      env: DSSM,
      is: { hosts: [{ host: 'f5-dssm-sentinel.utils', port: 6379 }], sentinel: null, tls: null },
    },
    {
      name: 'host:port',
      env: { ...DSSM, SESSIONDB_EXTERNAL_SERVICE: '192.0.2.7:7000' },
      is: { hosts: [{ host: '192.0.2.7', port: 7000 }] },
    },
    {
      name: 'external storage false',
      env: { ...DSSM, SESSIONDB_EXTERNAL_STORAGE: 'false' },
      is: { kind: 'lmdb' },
    },
    { name: 'NAT46_STORE goes before it', env: { ...DSSM, NAT46_STORE: 'mem:' }, is: { kind: 'memory' } },
    { name: 'and the flag before both', args: '--store mem:', env: DSSM, is: { kind: 'memory' } },
    { name: 'certificates do not matter to lmdb', env: TLS_ENV, is: { kind: 'lmdb' } },
  ],
  ({ args = '', env = {}, is }) => {
    const { store } = parse(args, env);
    const found = Object.fromEntries(Object.keys(is).map((key) => [key, store[key as keyof typeof store]]));
    assert.equal(found, is);
  },
);

table(
  'store: every mistake is one line with the remedy, exit 78',
  [
    {
      name: 'no scheme',
      args: '--store db.example',
      says: /^--store db\.example: not a store; write mem:, /,
    },
    { name: 'lmdb without a folder', args: '--store lmdb:', says: /^--store lmdb:: not a store; write/ },
    { name: 'two servers without Sentinels', args: '--store redis://a,b', says: /not a store; write/ },
    { name: 'another database', args: '--store redis://h/3', says: /database 0 and nowhere else; end/ },
    { name: 'bad port', args: '--store redis://h:70000', says: /not a store; write/ },
    { name: 'no password', args: '--store redis://me@h', says: /not USER:PASSWORD; escape/ },
    {
      name: 'service missing',
      args: '',
      env: { SESSIONDB_EXTERNAL_STORAGE: 'true' },
      says: /^SESSIONDB_EXTERNAL_SERVICE is not given, and SESSIONDB_EXTERNAL_STORAGE is true; name the service/,
    },
    {
      name: 'neither true nor false',
      args: '',
      env: { SESSIONDB_EXTERNAL_STORAGE: 'si' },
      says: /^SESSIONDB_EXTERNAL_STORAGE=si: must be true or false$/,
    },
    {
      name: 'a certificate without its key',
      args: '--store redis://h',
      env: { REDIS_AUTH_CERT: '/c/c.crt' },
      says: /^REDIS_AUTH_CERT=\/c\/c\.crt: REDIS_AUTH_KEY is not given; .* give both or none$/,
    },
    {
      name: 'a key without its certificate',
      args: '--store redis://h',
      env: { REDIS_AUTH_KEY: '/c/c.key' },
      says: /^REDIS_AUTH_KEY=\/c\/c\.key: REDIS_AUTH_CERT is not given/,
    },
  ] as { name: string; args: string; env?: Record<string, string>; says: RegExp }[],
  ({ args, env, says }) => {
    const error = failure(args, env);
    assert.is(error.exitCode, 78);
    assert.not.match(error.message, '\n');
    assert.match(error.message, says);
  },
);

tests('store: a password is shown nowhere', {
  'not in the description of a configuration'() {
    const text = JSON.stringify(describeConfig(parse('--store redis://me:geheim@h')));
    assert.match(text, '"store":"redis://h"');
    assert.not.match(text, 'geheim');
  },
  'not in the message about a mistake'() {
    const { message } = failure('--store redis://me:geheim@h/7');
    assert.match(message, '--store redis://***@h/7: ');
    assert.not.match(message, 'geheim');
    assert.not.match(failure('', { NAT46_STORE: 'sentinel://x:ge@heim@/' }).message, 'heim');
  },
});
