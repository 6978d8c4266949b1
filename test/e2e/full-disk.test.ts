/** `lmdb:` on a disk that is full for a while, a file system of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';

/** Claims until some have failed, then with room again. Says what became of each, and what is stored in the end. */
const CLAIMS = `
  const { rmSync, writeFileSync } = await import('node:fs');
  const { setTimeout: pause } = await import('node:timers/promises');
  const { openStore } = await import(process.argv[1] + 'open.js');
  const { formatRecord, recordKey } = await import(process.argv[1] + 'record.js');
  const padding = process.argv[2] + '/padding';
  const store = await openStore({ kind: 'lmdb', folder: process.argv[2] + '/db' }, 'gw');
  const real = new Uint8Array(16);
  let claims = 0;
  const claim = async () => {
    const outcome = await store.claim([recordKey(0x0a000000 + ++claims)], formatRecord(real, 7200)).then(
      ({ isNew }) => String(isNew),
      ({ message }) => message,
    );
    await pause(20);
    return outcome;
  };
  const outcomes = [await claim()];
  try { writeFileSync(padding, Buffer.alloc(1 << 20)); } catch {}
  for (let i = 0; i < 4; i++) outcomes.push(await claim());
  rmSync(padding);
  for (let i = 0; i < 3; i++) outcomes.push(await claim());
  let stored = 0;
  for await (const record of store.load()) stored++;
  await store.close();
  console.log(JSON.stringify({ outcomes, stored }));
`;

tests('a full disk under lmdb', {
  'the process lives; one claim does not know yet, those after it fail, and with room again all is well':
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'nat46-full-'));
      try {
        const stores = new URL('../../src/store/', import.meta.url).href;
        const mounted = `mount -t tmpfs -o size=400k none ${folder} && exec "$@"`;
        const node = [process.execPath, '--input-type=module', '-e', CLAIMS, stores, folder];
        const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', mounted, 'sh', ...node]);
        const full = 'No space left on device';
        const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
          outcomes: string[];
          stored: number;
        };
        assert.equal(said.outcomes, ['true', 'true', full, full, full, 'true', 'true', 'true']);
        assert.is(said.stored, 4);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
});
