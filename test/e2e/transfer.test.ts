/**
 * Bulk: 1 GiB each way arrives as it was sent, and 200 connections at once all complete.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { hashOf, hashOfFile, writePayload } from '../helpers/payload.ts';

const GIB = 2 ** 30;
const PARALLEL = 200;

const webFile = (lab: Lab, name: string) => path.join(lab.name('LAB_DIR'), 'web/www', name);

const CASES: Parameters<typeof labTests<void>>[2] = {
  'a 1 GiB download has the right hash': async (lab) => {
    const hash = writePayload(webFile(lab, 'gib'), GIB);
    const curl = lab.spawn('cl1', ['curl', '-sS', '--max-time', '120', 'http://web.nat46.example/gib']);
    assert.ok(curl.stdout);
    assert.is(await hashOf(curl.stdout), hash);
  },

  'a 1 GiB upload has the right hash': async (lab) => {
    const local = path.join(lab.name('LAB_DIR'), 'upload');
    const hash = writePayload(local, GIB, 2);
    const url = 'http://web.nat46.example/upload/gib';
    await lab.ok('cl1', ['curl', '-sS', '--fail', '--max-time', '120', '--upload-file', local, url]);
    assert.is(statSync(webFile(lab, 'upload/gib')).size, GIB);
    assert.is(await hashOfFile(webFile(lab, 'upload/gib')), hash);
  },

  '200 connections at once all complete': async (lab) => {
    writePayload(webFile(lab, 'small'), 400_000);
    const rate = [
      '--limit-rate',
      '200k',
      '--parallel',
      '--parallel-immediate',
      '--parallel-max',
      String(PARALLEL),
    ];
    const write = ['--output', '/dev/null', '--write-out', '%{http_code} %{size_download}\n'];
    const url = `http://web.nat46.example/small?[1-${PARALLEL}]`;
    const download = lab.ok('cl1', ['curl', '-sS', '--max-time', '60', ...rate, ...write, url]);
    const lines = (await download).trim().split('\n');
    assert.equal(new Set(lines), new Set(['200 400000']));
    assert.is(lines.length, PARALLEL);
    const stat = [
      'tmctl',
      '-f',
      lab.name('LAB_STATE'),
      'virtual_server_stat',
      '-s',
      'name,clientside.max_conns',
    ];
    const { stdout } = await lab.nat46(...stat);
    const most = Number(/^egress-ipv4-nat46\s+(\d+)$/m.exec(stdout)?.[1]);
    assert.ok(most >= PARALLEL, `${most} at the same time`);
  },
};

for (const workers of ['1', '2']) {
  const prepare = async (lab: Lab): Promise<void> => void (await lab.startGateway({ workers }));
  labTests(`transfer, ${workers} workers`, prepare, CASES);
}
