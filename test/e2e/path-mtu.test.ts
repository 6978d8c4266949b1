/**
 * A path MTU of 1400 and of 1280 beyond the gateway, with DF set: the router's packet too big becomes fragmentation
 * needed, and the client learns MTU − 20. RFC 7915 §5.2, RFC 1191, RFC 8201.
 */
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests, withGateway } from '../helpers/lab-suite.ts';
import { hashOf, hashOfFile, writePayload } from '../helpers/payload.ts';

const MTUS = [1400, 1280];
const IP4_UDP = 28;
const BYTES = 20_000_000;

interface Probe {
  ok: number;
  tries: number;
  mtu: number;
}

async function probe(lab: Lab, address: string, size: number, ...more: string[]): Promise<Probe> {
  const argv = ['/usr/bin/python3', 'test/helpers/udp-probe.py', address, '7', String(size), ...more];
  return JSON.parse((await lab.exec('cl1', argv)).stdout) as Probe;
}

async function learntByClient(lab: Lab, address: string): Promise<number> {
  const route = await lab.ok('cl1', ['ip', 'route', 'get', address]);
  return Number(/mtu (\d+)/.exec(route)?.[1] ?? 1500);
}

async function upload(lab: Lab, name: string): Promise<void> {
  const local = path.join(lab.name('LAB_DIR'), name);
  const hash = writePayload(local, BYTES, 3);
  const url = `http://web.nat46.example/upload/${name}`;
  await lab.ok('cl1', ['curl', '-sS', '--fail', '--max-time', '30', '--upload-file', local, url]);
  assert.is(await hashOfFile(path.join(lab.name('LAB_DIR'), 'web/www/upload', name)), hash);
}

async function download(lab: Lab, name: string): Promise<void> {
  const hash = writePayload(path.join(lab.name('LAB_DIR'), 'web/www', name), BYTES, 4);
  const curl = lab.spawn('cl1', ['curl', '-sS', '--max-time', '30', `http://web.nat46.example/${name}`]);
  assert.ok(curl.stdout);
  assert.is(await hashOf(curl.stdout), hash);
}

const cases: Record<string, (lab: Lab) => Promise<void>> = {
  '[8] without it, DF and 1480 bytes pass, and 1481 are too big for the gateway itself': async (lab) => {
    const address = await lab.lookup('web');
    assert.is((await probe(lab, address, 1480 - IP4_UDP, '--df')).ok, 1);
    const tooBig = await probe(lab, address, 1481 - IP4_UDP, '--df');
    assert.equal([tooBig.ok, tooBig.mtu], [0, 1480]);
  },
};

for (const mtu of MTUS) {
  const mtu4 = mtu - 20;
  cases[`[28] ${mtu}, TCP up and down: right hash`] = async (lab) => {
    await lab.script('mtu', String(mtu));
    await upload(lab, `up-${mtu}`);
    assert.is(
      await learntByClient(lab, await lab.lookup('web')),
      mtu4,
      'TCP learnt it by fragmentation needed',
    );
    await download(lab, `down-${mtu}`);
    await lab.ok('cl1', ['ip', 'route', 'flush', 'cache']); // the next asks for itself
  };
  cases[`[84] [86] ${mtu}, TCP that knows nothing: its MSS is bounded by what the gateway knows`] = async (
    lab,
  ) => {
    await upload(lab, `again-${mtu}`);
    assert.is(await learntByClient(lab, await lab.lookup('web')), 1500, 'nobody had to tell it');
  };
  cases[`[28] ${mtu}, UDP with DF: the client learns ${mtu4}, that passes both ways`] = async (lab) => {
    await lab.script('mtu', String(mtu));
    const address = await lab.lookup('web');
    const tooBig = await probe(lab, address, mtu4 + 1 - IP4_UDP, '--df');
    assert.equal([tooBig.ok, tooBig.mtu], [0, mtu4]);
    assert.is((await probe(lab, address, mtu4 - IP4_UDP, '--df')).ok, 1);
  };
  cases[`[7] [28] ${mtu}, UDP without DF: a big datagram comes back`] = async (lab) => {
    await lab.script('mtu', String(mtu));
    const address = await lab.lookup('web');
    for (const size of [1400, 1472, 3000])
      assert.is((await probe(lab, address, size)).ok, 1, `${size} bytes`);
  };
}

labTests('path MTU beyond the gateway', withGateway, cases);
