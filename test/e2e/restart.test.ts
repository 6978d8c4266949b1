/**
 * SIGKILL of the gateway during a download, a new start with the same --state: the download completes.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Flags } from '../helpers/gateway.ts';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { hashOf, writePayload } from '../helpers/payload.ts';

const BYTES = 200_000_000;
const RATE = '40M'; // five seconds of transfer
const BEFORE_KILL_MS = 1500;
const DEAD_MS = 700;

async function killedDownload(lab: Lab, flags: Flags): Promise<void> {
  const hash = writePayload(path.join(lab.name('LAB_DIR'), 'web/www/big'), BYTES, 5);
  const gateway = await lab.startGateway(flags);
  const url = 'http://web.nat46.example/big';
  const curl = lab.spawn('cl1', ['curl', '-sS', '--max-time', '60', '--limit-rate', RATE, url]);
  assert.ok(curl.stdout);
  const received = hashOf(curl.stdout);
  await pause(BEFORE_KILL_MS); // the download is to be in its middle
  assert.is(await gateway.kill('SIGKILL'), -1);
  await pause(DEAD_MS);
  assert.is(curl.exitCode, null, 'still downloading');
  const second = await lab.startGateway(flags);
  assert.is(await received, hash);
  await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/']); // new ones as well
  assert.is(await second.kill('SIGTERM'), 0);
}

labTests('kill -9 during a download, restart with the same --state', async () => {}, {
  'the device goes and comes back': (lab) => killedDownload(lab, {}),
  'the device stays (--persist)': async (lab) => {
    await killedDownload(lab, { persist: true });
    await lab.exec('gw', ['ip', 'link', 'delete', 'nat46']);
  },
});
