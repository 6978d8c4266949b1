/** `nat46 dssm export` and `import`: every record, byte for byte, from one store to another. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { dssm } from '../../src/commands/dssm.ts';
import { recordKey } from '../../src/store/record.ts';
import { table, tests } from '../helpers/table.ts';
import { v4 } from '../store/rig.ts';
import { onStand, type Stand } from './stand.ts';

const key = (n: number): string => recordKey(v4('10.9.0.0') + n);
const ODD = 'BEEF0000001cffffffffffffffff2001:DB8:0::0:9';

async function imported(stand: Stand, text: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'nat46-import-'));
  try {
    writeFileSync(`${folder}/export`, text);
    const reply = await stand.ask(dssm, 'import', `${folder}/export`);
    return { ...reply, notes: reply.notes.replaceAll(folder, '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

tests('nat46 dssm export and import', {
  'a round trip of 500 records is byte-exact, and what is in the subnet is mapped at once': onStand(
    async (from) => {
      await from.rig.store.setnx(recordKey(v4('10.2.2.9')), ODD);
      for (let n = 0; n < 499; n++)
        await from.rig.store.setnx(key(n), `00010000000000000000000000022001:db8::${n}`);
      const { out, code } = await from.ask(dssm, 'export');
      assert.is(code, 0);
      await onStand(async (to) => {
        assert.equal(await imported(to, out), { code: 0, out: '500 created, 0 there already\n', notes: '' });
        assert.is((await to.ask(dssm, 'export')).out, out);
        assert.is(to.rig.mapped('10.2.2.9'), '2001:db8::9');
      })();
    },
  ),
  'an existing record stays': onStand(async (stand) => {
    await stand.rig.store.setnx(key(1), ODD);
    const reply = await imported(stand, `${key(1)} 00010000000000000000000000022001:db8::1\n`);
    assert.equal(reply, {
      code: 0,
      out: '0 created, 1 there already\n',
      notes: `nat46: ${key(1)}: has a record already, which stays\n`,
    });
    assert.is(await stand.rig.store.get(key(1)), ODD);
  }),
  'a malformed record with a line break is left out of the export, and said: exit 1': onStand(
    async ({ ask, rig }) => {
      await rig.store.setnx(key(1), 'a\nb');
      await rig.store.setnx(key(2), ODD);
      const reply = await ask(dssm, 'export');
      assert.is(reply.code, 1);
      assert.is(reply.out, `${key(2)} ${ODD}\n`);
      assert.match(reply.notes, /^nat46: 1 malformed records have line breaks and are left out\n$/);
    },
  ),
});

table(
  'nat46 dssm import: bad input, nothing is created',
  [
    { name: 'no value', text: `${key(1)} ${ODD}\nx\n`, says: /^\/export:2: not KEY VALUE; give what/ },
    {
      name: 'malformed value',
      text: `${key(1)} ${ODD}\n${key(2)} garbage\n`,
      says: /garbage: malformed \(neither .*; correct it$/m,
    },
    {
      name: 'another key',
      text: `${key(1)} ${ODD}\nk ${ODD}\n`,
      says: /malformed \(no key of a mapping record\)/,
    },
  ],
  (row) =>
    onStand(async (stand) => {
      const reply = await imported(stand, row.text);
      assert.is(reply.code, 2);
      assert.match(reply.notes, row.says);
      assert.equal(await stand.rig.directory.list(), []);
    })(),
);

tests('nat46 dssm import', {
  'a file that is not there: exit 2': onStand(async ({ ask }) => {
    const reply = await ask(dssm, 'import', '/nowhere');
    assert.is(reply.code, 2);
    assert.match(reply.notes, /^\/nowhere: cannot be read \(ENOENT\); name the file/);
  }),
});
