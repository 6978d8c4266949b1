/** The state file on disk: what a start that fails leaves, and what may be removed. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as assert from 'uvu/assert';
import { cleanUpHost, journalPath } from '../../src/gateway/host-cleanup.ts';
import { openSegment, removeSegment } from '../../src/gateway/segment-file.ts';
import { byteLength, CREATED_SEC_AT, type Geometry, Segment } from '../../src/nat/segment.ts';
import { UndoJournal } from '../../src/tun/undo-journal.ts';
import { tests } from '../helpers/table.ts';

const SMALL: Geometry = { sessions: 16, mappings: 16, clients: 4, fragments: 4, members: 1, workers: 1 };
const ENDLESS: Geometry = { ...SMALL, sessions: 2 ** 36 };

/** What a gateway leaves that ends. */
function image(): Uint8Array {
  const bytes = new ArrayBuffer(byteLength(SMALL));
  new Segment(bytes, SMALL).format(Int32Array.of(1, 2, 3, 4));
  return new Uint8Array(bytes);
}

function inFolder(check: (folder: string) => void): () => void {
  return () => {
    const folder = mkdtempSync(`${tmpdir()}/nat46-segment-`);
    try {
      check(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

tests('state file', {
  'it says when it was made, and an older one is taken as it is': inFolder((folder) => {
    const beforeSec = Math.floor(Date.now() / 1000);
    const sec = openSegment(`${folder}/a`, SMALL).segment.words[CREATED_SEC_AT] ?? 0;
    assert.ok(sec >= beforeSec && sec <= Date.now() / 1000, String(sec));
    writeFileSync(`${folder}/b`, image());
    const older = openSegment(`${folder}/b`, SMALL);
    assert.equal([older.fresh, older.segment.words[CREATED_SEC_AT]], [false, 0]);
  }),
  'one that does not fit leaves nothing': inFolder((folder) => {
    assert.throws(() => openSegment(`${folder}/a`, ENDLESS), /lower --max-sessions/);
    assert.equal(readdirSync(folder), []);
  }),
  'removed once no gateway has it; then there is none': inFolder((folder) => {
    writeFileSync(`${folder}/a`, image());
    assert.is(removeSegment(`${folder}/a`), true);
    assert.not.ok(existsSync(`${folder}/a`));
    assert.is(removeSegment(`${folder}/a`), false);
  }),
  'a gateway that runs keeps it': inFolder((folder) => {
    const { segment } = openSegment(`${folder}/a`, SMALL);
    assert.throws(
      () => removeSegment(`${folder}/a`),
      /state file .*\/a is in use: a gateway is running; stop it first/,
    );
    assert.ok(existsSync(`${folder}/a`));
    assert.is(segment.words.length * 4, byteLength(SMALL)); // mapped until here
  }),
  'a file of somebody else is not removed': inFolder((folder) => {
    writeFileSync(`${folder}/a`, 'not ours'.repeat(100));
    assert.throws(() => removeSegment(`${folder}/a`), /is no state file \(magic\)/);
    assert.ok(existsSync(`${folder}/a`));
  }),
  'cleanup removes it when asked to, but not while something of the gateway is left on the host': inFolder(
    (folder) => {
      const path = `${folder}/a`;
      writeFileSync(path, image());
      const journal = UndoJournal.open(journalPath(path));
      journal.record([{ kind: 'device', device: 'lo' }]); // no kernel removes that one
      journal.close();
      const { problems, state } = cleanUpHost(path, true);
      assert.match(problems.join(), 'ip link del dev lo');
      assert.is(state, 'kept');
      assert.equal(readdirSync(folder).sort(), ['a', 'a.undo']);
      rmSync(journalPath(path));
      assert.is(cleanUpHost(path, true).state, 'removed');
      assert.equal(readdirSync(folder), []);
    },
  ),
});
