/**
 * Mistakes between a gateway and its Redis store: each has a message of its own, which names the remedy.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { doctor } from '../../src/commands/doctor.ts';
import { outcome } from '../commands/stand.ts';
import { Heard } from '../helpers/heard-store.ts';
import { MASTER, RedisWorld } from '../helpers/redis.ts';
import { table } from '../helpers/table.ts';

interface Mistake {
  readonly name: string;
  readonly uri?: (uri: string) => string;
  readonly environment?: (env: Record<string, string>, folder: string) => Record<string, string>;
  readonly says: RegExp;
}

const mistakes = suite('store: every mistake has a message of its own');
let secure: RedisWorld;
mistakes.before(async () => {
  secure = await RedisWorld.up({ tls: true, servers: 2, sentinels: 1, password: 'secret' });
});
mistakes.after(() => secure.down());

const server = (uri: string): string =>
  uri.replace('sentinels:', 'rediss:').replace(/@.*/, `@127.0.0.1:${secure.servers[0]!.port}`);
const ROWS: readonly Mistake[] = [
  {
    name: 'wrong CA',
    environment: (env, folder) => ({ ...env, REDIS_CA_FILE: path.join(folder, 'other-ca.crt') }),
    uri: server,
    says: /certificate is not signed by the CA of REDIS_CA_FILE=.*other-ca\.crt; give the CA that signed it$/,
  },
  {
    name: 'no client certificate',
    environment: ({ REDIS_CA_FILE = '' }) => ({ REDIS_CA_FILE }),
    uri: server,
    says: /wants a client certificate .*; give REDIS_AUTH_CERT and REDIS_AUTH_KEY$/,
  },
  {
    name: 'a client certificate of another CA',
    environment: (env, folder) => ({
      ...env,
      REDIS_AUTH_CERT: path.join(folder, 'other-client.crt'),
      REDIS_AUTH_KEY: path.join(folder, 'other-client.key'),
    }),
    uri: server,
    says: /refuses the client certificate REDIS_AUTH_CERT=.*other-client\.crt .*; give one that its CA signed$/,
  },
  {
    name: 'wrong password',
    uri: (uri) => server(uri).replace('secret', 'wrong'),
    says: /: wrong password; correct /,
  },
  {
    name: 'no password',
    uri: (uri) => server(uri).replace(':secret@', ''),
    says: /wants a password; write it into/,
  },
  {
    name: 'read-only replica',
    uri: (uri) => server(uri).replace(/\d+$/, String(secure.servers[1]!.port)),
    says: /is a read-only replica of 127\.0\.0\.1:\d+; name the master, or its Sentinels$/,
  },
  {
    name: 'no TLS where it is wanted',
    uri: (uri) => server(uri).replace('rediss', 'redis'),
    environment: () => ({}),
    says: /use rediss:\/\//,
  },
  {
    name: 'nobody there',
    uri: () => 'redis://127.0.0.1:1',
    environment: () => ({}),
    says: /connection refused\); start it there/,
  },
  {
    name: 'no such name',
    uri: () => 'redis://nowhere.invalid',
    environment: () => ({}),
    says: /there is no such name/,
  },
  {
    name: 'unknown master',
    uri: (uri) => `${uri}/other`,
    says: /do not know master other; they know dssm; correct/,
  },
  {
    name: 'a server in place of a Sentinel',
    uri: (uri) => server(uri).replace('rediss', 'sentinels'),
    says: /is not a Sentinel .*; use redis:\/\//,
  },
  {
    name: 'a Sentinel in place of a server',
    uri: (uri) => server(uri).replace(/:secret@.*/, `127.0.0.1:${secure.sentinels[0]!.port}`),
    says: /is no server of records but a sentinel; use sentinel:\/\//,
  },
  {
    name: 'a file that is not there',
    environment: (env) => ({ ...env, REDIS_CA_FILE: '/nowhere/ca.crt' }),
    says: /^REDIS_CA_FILE=\/nowhere\/ca\.crt: cannot be read \(ENOENT\); name a PEM file/,
  },
  {
    name: 'a file that is no PEM',
    environment: (env) => ({ ...env, REDIS_CA_FILE: '/etc/hostname' }),
    says: /^REDIS_CA_FILE=\/etc\/hostname: no PEM certificate in it; name a file that has one$/,
  },
  {
    name: 'a key that is a certificate',
    environment: (env) => ({ ...env, REDIS_AUTH_KEY: env.REDIS_AUTH_CERT ?? '' }),
    says: /^REDIS_AUTH_KEY=.*: no PEM private key in it; /,
  },
];
for (const row of ROWS) {
  mistakes(row.name, async () => {
    const environment = row.environment?.(secure.environment, secure.folder) ?? secure.environment;
    try {
      await Heard.of(row.uri?.(secure.uri) ?? secure.uri, environment);
      assert.unreachable();
    } catch (error) {
      const { message, exitCode } = error as Error & { exitCode: number };
      assert.match(message, row.says);
      assert.is(exitCode, 1);
      assert.not.match(message, '\n');
      assert.not.match(message, 'secret');
    }
  });
}
mistakes('a certificate under the older name of PEM is one', async () => {
  const file = path.join(secure.folder, 'older.crt');
  const pem = readFileSync(path.join(secure.folder, 'ca.crt'), 'utf8');
  writeFileSync(file, pem.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE'));
  await (await Heard.of(secure.uri, { ...secure.environment, REDIS_CA_FILE: file })).store.close();
});
mistakes('a name that no DNS server answers for', () => {
  const argv = [
    '-n',
    process.execPath,
    'dist/src/main.js',
    'doctor',
    '--store',
    'redis://db.example',
    '--role',
    'data',
  ];
  const { stdout, stderr } = spawnSync('unshare', argv, { encoding: 'utf8' });
  assert.match(
    stdout + stderr,
    /db\.example:6379 cannot be reached \(the name does not resolve: no answer from DNS\)/,
  );
});
mistakes('nat46 doctor says the same, step by step, and 0 when all is well', async () => {
  const noDns = ['--role', 'data'];
  const wrong = { ...secure.environment, REDIS_CA_FILE: path.join(secure.folder, 'other-ca.crt') };
  const failed = await outcome(doctor, ['-o', 'csv', '--store', server(secure.uri), ...noDns], wrong);
  assert.is(failed.code, 1);
  assert.match(failed.out, /^store tcp,127\.0\.0\.1:\d+,ok$/m);
  assert.match(failed.out, /^store tls,.*certificate is not signed by the CA of REDIS_CA_FILE=/m);
  const { code, out } = await outcome(
    doctor,
    ['-o', 'csv', '--store', secure.uri, ...noDns],
    secure.environment,
  );
  assert.is(code, 0, out);
  const steps = out.split('\r\n').flatMap((one) => /^store (\w+),[^,]*,ok$/.exec(one)?.[1] ?? []);
  assert.equal(steps, ['tcp', 'tls', 'login', 'master', 'tcp', 'tls', 'login', 'role']);
});
mistakes('several masters and none named: an error that lists them', async () => {
  const [sentinel] = secure.sentinels;
  const [, replica] = secure.servers;
  await secure.cli(['SENTINEL', 'MONITOR', 'second', '127.0.0.1', String(replica!.port), '1'], sentinel);
  await Heard.of(secure.uri, secure.environment).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /know 2 masters: dssm, second; name one in the address/),
  );
  await (await Heard.of(`${secure.uri}/${MASTER}`, secure.environment)).store.close();
});
mistakes.run();

table(
  'store: the certificate of the server',
  [
    {
      name: 'of another name is refused',
      uri: (port: number) => `rediss://127.0.0.1:${port}`,
      says: /for another name/,
    },
    {
      name: 'of a name under which the store is configured is good',
      uri: (port: number) => `rediss://localhost:${port}`,
      says: null,
    },
  ],
  async (row) => {
    const world = await RedisWorld.up({ tls: true, certificate: row.says ? 'stranger' : 'server' });
    try {
      const opened = Heard.of(row.uri(world.servers[0]!.port), world.environment);
      if (row.says === null) await (await opened).store.close();
      else
        await opened.then(
          () => assert.unreachable(),
          (error: Error) => assert.match(error.message, row.says!),
        );
    } finally {
      await world.down();
    }
  },
);
