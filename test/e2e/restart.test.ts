/**
 * SIGKILL of the gateway during downloads, a new start with the same --state: the downloads complete.
 *
 * Two clients use the same source port towards a pool of one address. So one of them has a port that a gateway without
 * its state would not choose again, and its download proves that the sessions are still there.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Flags, Gateway } from '../helpers/gateway.ts';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { hashOf, writePayload } from '../helpers/payload.ts';

const BYTES = 100_000_000;
const RATE = '20M'; // five seconds of transfer
const BEFORE_KILL_MS = 1500;
const DEAD_MS = 700;
const CLIENTS = ['cl1', 'cl2'] as const;

interface Downloads {
  expected: string;
  /** Hash of what each client got. */
  received: Promise<string[]>;
  running: () => boolean;
}

let sourcePort = 40_000; // of both clients; another in each case, because the last one is in TIME_WAIT

function startDownloads(lab: Lab, limitSec: number): Downloads {
  const expected = writePayload(path.join(lab.name('LAB_DIR'), 'web/www/big'), BYTES, 5);
  const limits = ['--max-time', String(limitSec), '--limit-rate', RATE, '--local-port', String(sourcePort++)];
  const curls = CLIENTS.map((client) =>
    lab.spawn(client, ['curl', '-sS', ...limits, 'http://web.nat46.example/big']),
  );
  return {
    expected,
    received: Promise.all(curls.map((curl) => (curl.stdout ? hashOf(curl.stdout) : ''))),
    running: () => curls.every((curl) => curl.exitCode === null),
  };
}

const sessionsAtStart = (gateway: Gateway) => Number(gateway.messages(/^ready$/)[0]?.sessions);

/** @param meanwhile what happens while the gateway is dead */
async function killed(lab: Lab, more: Flags, limitSec: number, meanwhile = () => {}): Promise<Downloads> {
  const flags = { ...more, 'snat-pool': lab.name('SNAT_FIRST') };
  const first = await lab.startGateway(flags);
  const downloads = startDownloads(lab, limitSec);
  await pause(BEFORE_KILL_MS); // they are to be in their middle
  assert.is(await first.kill('SIGKILL'), -1);
  meanwhile();
  await pause(DEAD_MS);
  assert.ok(downloads.running(), 'still downloading');
  await lab.startGateway(flags);
  return downloads;
}

async function endAll(lab: Lab): Promise<void> {
  for (const gateway of lab.gateways) await gateway.kill('SIGTERM');
}

async function complete(lab: Lab, flags: Flags): Promise<void> {
  const { expected, received } = await killed(lab, flags, 60);
  assert.equal(await received, [expected, expected]);
  const second = [...lab.gateways].at(-1);
  assert.ok(second && sessionsAtStart(second) >= CLIENTS.length, 'it found their sessions');
  await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/']); // new ones as well
  await endAll(lab);
}

labTests('kill -9 during downloads, restart with the same --state', async () => {}, {
  'the device goes and comes back': (lab) => complete(lab, {}),

  'the device stays (--persist)': async (lab) => {
    await complete(lab, { persist: true });
    await lab.exec('gw', ['ip', 'link', 'delete', 'nat46']);
  },

  'without the state one of them is lost: the proof that the state did it': async (lab) => {
    const { expected, received } = await killed(lab, {}, 12, () => rmSync(lab.name('LAB_STATE')));
    const complete = (await received).filter((hash) => hash === expected);
    assert.ok(complete.length < CLIENTS.length);
    await endAll(lab);
  },
});

/** Makes the main thread of a Node program throw on SIGWINCH. */
const PLANTED = `--import=data:text/javascript,${encodeURIComponent(
  "import { isMainThread } from 'node:worker_threads'; if (isMainThread) process.on('SIGWINCH', () => { throw new Error('planted'); });",
)}`;

labTests('a mistake of ours', async () => {}, {
  'in the main thread ends the whole process, and the next start goes on': async (lab) => {
    process.env.NODE_OPTIONS = PLANTED;
    const gateway = await lab.startGateway({ workers: '2' }).finally(() => {
      delete process.env.NODE_OPTIONS;
    });
    assert.is(await gateway.kill('SIGWINCH'), 1);
    assert.match(gateway.log, /Error: planted/);
    await lab.startGateway();
    await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/']);
    await endAll(lab);
  },
});
