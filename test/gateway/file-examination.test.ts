/** What `nat46 doctor` finds about the files of a gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as assert from 'uvu/assert';
import { examineFiles, examineState } from '../../src/gateway/file-examination.ts';
import { MappingKind } from '../../src/nat/mapping.ts';
import { tests } from '../helpers/table.ts';
import { freshState, SMALL } from '../nat/fresh-state.ts';

function inFolder(use: (folder: string) => void): () => void {
  return () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nat46-files-'));
    try {
      use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

tests('file examination', {
  'files that are there or can be made: a row each, no obstacle': inFolder((folder) => {
    const [statePath, bindingLog] = [path.join(folder, 'a.state'), path.join(folder, 'b.log')];
    writeFileSync(statePath, '');
    assert.equal(
      examineFiles({ statePath, bindingLog }, null, null).map(({ of, result }) => `${of}: ${result}`),
      [`--state ${statePath}: ok`, `--binding-log ${bindingLog}: ok`],
    );
  }),
  'a folder in place of a file': inFolder((statePath) => {
    const [row] = examineFiles({ statePath, bindingLog: null }, null, null);
    assert.equal([row?.isObstacle, row?.result], [true, `${statePath} is a folder; choose a file`]);
    const config = { statePath, subnet: { base: 0x0a090000, length: 24 }, reservedStatic: 0, maps: [] };
    assert.equal(examineState(config, { geometry: SMALL, taken: [] }), []);
  }),
  'a folder that is missing': inFolder((folder) => {
    const statePath = path.join(folder, 'none/a.state');
    const [row] = examineFiles({ statePath, bindingLog: null }, null, null);
    assert.is(row?.isObstacle, true);
    assert.is(row?.result, `there is no folder ${folder}/none; create it, or choose another`);
  }),
  'the state file is that of the gateway itself, or of another one': inFolder((folder) => {
    const files = { statePath: path.join(folder, 'a.state'), bindingLog: null };
    assert.is(examineFiles(files, 'node, pid 7', 'node, pid 7')[0]?.isObstacle, false);
    const [row] = examineFiles(files, 'node, pid 8', 'node, pid 7');
    assert.is(row?.isObstacle, true);
    assert.match(row?.result ?? '', /^in use by node, pid 8, not by the gateway with this --tun/);
  }),
  'what a start would make of the state file that is there': inFolder((folder) => {
    const statePath = path.join(folder, 'a.state');
    const state = freshState();
    const config = { statePath, subnet: { base: 0x0a090000, length: 24 }, reservedStatic: 0, maps: [] };
    const examined = (mappings = SMALL.mappings): string[] =>
      examineState(config, { geometry: { ...SMALL, mappings }, taken: [] }).map(({ result, isObstacle }) =>
        `${isObstacle ? 'no: ' : ''}${result}`.slice(0, 60),
      );
    assert.equal(examined(), []);
    writeFileSync(statePath, '');
    assert.equal(examined(), []);
    writeFileSync(statePath, state.segment.words);
    assert.equal(examined(), ['ok']);
    assert.equal(examined(2), ['will be set aside (geometry: mappings 32, now 2)']);
    state.mappings.insert(0x0a020209, new Uint8Array(16), MappingKind.Dynamic, 0, 0);
    writeFileSync(statePath, state.segment.words);
    assert.match(examined()[0] ?? '', /^no: --subnet 10\.9\.0\.0\/24: the state file /);
  }),
});
