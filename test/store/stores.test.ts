/** What every store promises, asked of each; and what is particular to LMDB. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { LmdbStore } from '../../src/store/lmdb.ts';
import { openStore } from '../../src/store/open.ts';
import { recordKey } from '../../src/store/record.ts';
import type { Store } from '../../src/store/store.ts';
import { table, tests } from '../helpers/table.ts';
import { v4 } from './rig.ts';

const KEY = '0073c3b6eft_dns4610.144.175.220';
const VALUE = '00010000000000000000000000022002::10:20:2:206';

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-store-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function all(store: Store): Promise<string[]> {
  const records: string[] = [];
  for await (const { key, value } of store.load()) records.push(`${key} ${value}`);
  return records;
}

for (const kind of ['mem', 'lmdb'] as const) {
  const opened = (run: (store: Store) => Promise<void>) => () =>
    withFolder(async (folder) => {
      const store = await openStore(
        kind === 'mem' ? { kind: 'memory' } : { kind: 'lmdb', folder: `${folder}/new/folder` },
        'gw',
      );
      await run(store);
      await store.close();
    });
  tests(`store ${kind}`, {
    'get gives what setnx wrote, byte for byte': opened(async (store) => {
      assert.is(await store.get(KEY), null);
      assert.is(await store.setnx(KEY, VALUE), true);
      assert.is(await store.get(KEY), VALUE);
    }),
    'setnx never writes twice': opened(async (store) => {
      await store.setnx(KEY, VALUE);
      assert.is(await store.setnx(KEY, 'other'), false);
      assert.is(await store.get(KEY), VALUE);
    }),
    'one of many concurrent writers wins, and its value stays': opened(async (store) => {
      const wins = await Promise.all(Array.from({ length: 50 }, (_, i) => store.setnx(KEY, `value ${i}`)));
      assert.is(wins.filter(Boolean).length, 1);
      assert.is(await store.get(KEY), `value ${wins.indexOf(true)}`);
    }),
    'del says whether there was something': opened(async (store) => {
      assert.is(await store.del(KEY), false);
      await store.setnx(KEY, VALUE);
      assert.is(await store.del(KEY), true);
      assert.is(await store.del(KEY), false);
      assert.is(await store.get(KEY), null);
      assert.is(await store.setnx(KEY, 'again'), true);
    }),
    'a claim takes the first key that is free, or already of that host; who asks at once sees it': opened(
      async (store) => {
        const [first, second] = [recordKey(v4('10.0.0.1')), recordKey(v4('10.0.0.2'))];
        const mine = store.claim([first, second], VALUE);
        const [theirs, again] = [
          store.claim([first, second], `${VALUE}7`),
          store.claim([first, second], VALUE),
        ];
        const refused = store.claim([first, second], `${VALUE}8`);
        assert.equal(
          [await mine, await theirs, await again, await refused],
          [{ key: first, isNew: true }, { key: second, isNew: true }, { key: first, isNew: false }, null],
        );
        assert.is(await store.setnx(first, 'other'), false);
        assert.equal(await all(store), [`${first} ${VALUE}`, `${second} ${VALUE}7`]);
      },
    ),
    'a record that is removed and claimed again in one breath is the new one': opened(async (store) => {
      await store.setnx(KEY, VALUE);
      const done = [
        store.del(KEY),
        store.claim([KEY], `${VALUE}7`),
        store.del(KEY),
        store.claim([KEY], VALUE),
      ];
      assert.equal(await Promise.all(done), [
        true,
        { key: KEY, isNew: true },
        true,
        { key: KEY, isNew: true },
      ]);
      assert.equal(await all(store), [`${KEY} ${VALUE}`]);
    }),
    'load gives mapping records only, ordered by key': opened(async (store) => {
      for (const key of [
        KEY,
        recordKey(v4('10.0.0.2')),
        recordKey(v4('10.0.0.10')),
        '0073c3b6eft_dns45',
        '1',
        'z',
      ]) {
        await store.setnx(key, VALUE);
      }
      assert.equal(await all(store), [
        `${recordKey(v4('10.0.0.10'))} ${VALUE}`,
        `${recordKey(v4('10.0.0.2'))} ${VALUE}`,
        `${KEY} ${VALUE}`,
      ]);
    }),
    'odd values survive': opened(async (store) => {
      const odd = `${'x'.repeat(5000)}\n\u0000é €`;
      await store.setnx(KEY, odd);
      assert.is(await store.get(KEY), odd);
    }),
  });
}

/** Writes and is killed without closing anything. */
const KILLED_WRITER = `
  const { openStore } = await import(process.argv[1]);
  const store = await openStore({ kind: 'lmdb', folder: process.argv[2] }, 'gw');
  await store.setnx(process.argv[3], process.argv[4]);
  process.kill(process.pid, 'SIGKILL');
`;

tests('store lmdb', {
  'records are there after closing and opening again': () =>
    withFolder(async (folder) => {
      const first = await openStore({ kind: 'lmdb', folder }, 'gw');
      await first.setnx(KEY, VALUE);
      await first.close();
      const second = await openStore({ kind: 'lmdb', folder }, 'gw');
      assert.equal(await all(second), [`${KEY} ${VALUE}`]);
      await second.close();
    }),
  'what setnx confirmed is there after SIGKILL': () =>
    withFolder(async (folder) => {
      const open = new URL('../../src/store/open.js', import.meta.url).href;
      const args = ['--input-type=module', '-e', KILLED_WRITER, open, folder, KEY, VALUE];
      const signal = await promisify(execFile)(process.execPath, args).catch((error) => error.signal);
      assert.is(signal, 'SIGKILL');
      const store = await openStore({ kind: 'lmdb', folder }, 'gw');
      assert.is(await store.get(KEY), VALUE);
      await store.close();
    }),
  'the stored bytes are the record and nothing else': () =>
    withFolder(async (folder) => {
      const store = await openStore({ kind: 'lmdb', folder }, 'gw');
      await store.setnx(KEY, VALUE);
      await store.close();
      const { open } = await import('lmdb');
      const raw = open<Buffer, Buffer>({
        path: folder,
        noSubdir: false,
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      const records = [...raw.getRange({})].map(
        ({ key, value }) => `${key.toString('latin1')} ${value.toString('latin1')}`,
      );
      assert.equal(records, [`${KEY} ${VALUE}`]);
      await raw.close();
    }),
  'a folder whose name looks like a file is still a folder': () =>
    withFolder(async (folder) => {
      const store = await openStore({ kind: 'lmdb', folder: `${folder}/nat46.db` }, 'gw');
      assert.ok(existsSync(`${folder}/nat46.db/data.mdb`));
      await store.close();
    }),
  'one that is examined is not made': () =>
    withFolder(async (folder) => {
      await LmdbStore.examine(`${folder}/new/folder`);
      assert.equal(readdirSync(folder), []);
    }),
});

table(
  'store: one clear error',
  [
    {
      name: 'a file in the way',
      path: (folder: string) => `${folder}/file`,
      code: 'NAT46_STORE',
      exit: 1,
    },
    {
      name: 'below a file',
      path: (folder: string) => `${folder}/file/sub`,
      code: 'NAT46_STORE',
      exit: 1,
    },
    { name: 'a link to nothing', path: (folder: string) => `${folder}/link`, code: 'NAT46_STORE', exit: 1 },
    { name: 'where nobody can write', path: () => '/proc/nat46', code: 'NAT46_STORE', exit: 1 },
    {
      name: 'a database of something else',
      path: (folder: string) => `${folder}/other`,
      code: 'NAT46_STORE',
      exit: 1,
    },
  ],
  (row) =>
    withFolder(async (folder) => {
      writeFileSync(`${folder}/file`, '');
      mkdirSync(`${folder}/other`);
      symlinkSync(`${folder}/nothing`, `${folder}/link`);
      writeFileSync(`${folder}/other/data.mdb`, 'not a database'.repeat(1000));
      const inner = row.path(folder);
      const attempts = [
        () => openStore({ kind: 'lmdb', folder: inner }, 'gw'),
        () => LmdbStore.examine(inner),
      ];
      for (const attempt of attempts) {
        const error = await attempt().then(
          () => null,
          (refused) => refused,
        );
        assert.instance(error, Nat46Error);
        assert.is(error.code, row.code);
        assert.is(error.exitCode, row.exit);
        assert.not.match(error.message, '\n');
        assert.ok(error.message.startsWith(`--store lmdb:${inner}: `), error.message);
        assert.match(error.message, /; name /);
      }
    }),
);
