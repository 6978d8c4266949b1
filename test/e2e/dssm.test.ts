/**
 * `nat46 dssm get|set|del|list` on a running gateway: byte-exact records that take effect at once.
 */
import { once } from 'node:events';
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests, withGateway } from '../helpers/lab-suite.ts';
import { writePayload } from '../helpers/payload.ts';

const V4 = '10.244.50.220';
const KEY = `0073c3b6eft_dns46${V4}`;
const NO_RECORD = 4;

const recordLine = (lab: Lab) => `${KEY} 0001${'0'.repeat(8)}${'2'.padStart(16, '0')}${lab.name('WEB')}\n`;
const curl = (lab: Lab, ...more: string[]) =>
  lab.exec('cl1', ['curl', '-sS', '--max-time', '3', ...more, `http://${V4}/`]);

async function sessions(lab: Lab): Promise<number> {
  const { stdout } = await lab.control('sessions', '--json');
  return stdout.split(V4).length - 1;
}

labTests('dssm records of a running gateway', withGateway, {
  'nothing is there before: exit 4, and a connection is refused': async (lab) => {
    assert.is((await lab.control('dssm', 'get', V4)).code, NO_RECORD);
    assert.is((await lab.control('dssm', 'del', V4)).code, NO_RECORD);
    assert.is((await curl(lab)).code, 7);
  },

  'set: byte-exact, and the next packet is translated': async (lab) => {
    const { code, stderr } = await lab.control('dssm', 'set', V4, lab.name('WEB'));
    assert.is(code, 0, stderr);
    assert.match((await curl(lab)).stdout, 'Hello');
    assert.is((await lab.control('dssm', 'get', V4)).stdout, recordLine(lab));
    assert.ok((await lab.control('dssm', 'list')).stdout.includes(recordLine(lab)));
  },

  'set again: never updated, exit 1': async (lab) => {
    const { code, stderr } = await lab.control('dssm', 'set', V4, '2002::10:20:2:205');
    assert.is(code, 1);
    assert.match(stderr, V4);
    assert.is((await lab.control('dssm', 'get', V4)).stdout, recordLine(lab));
  },

  'del: sessions of the mapping end at once, the next packet is refused': async (lab) => {
    writePayload(path.join(lab.name('LAB_DIR'), 'web/www/slow'), 20_000_000);
    const slow = lab.spawn('cl1', ['curl', '-sS', '--limit-rate', '1M', `http://${V4}/slow`]);
    assert.ok(slow.stdout);
    await once(slow.stdout, 'data');
    assert.ok((await sessions(lab)) > 0);
    assert.is((await lab.control('dssm', 'del', V4)).code, 0);
    assert.is(await sessions(lab), 0);
    assert.is((await curl(lab)).code, 7);
    assert.is((await lab.control('dssm', 'get', V4)).code, NO_RECORD);
    slow.kill('SIGKILL');
  },

  'a record survives a restart': async (lab) => {
    assert.is((await lab.control('dssm', 'set', V4, lab.name('WEB'))).code, 0);
    for (const gateway of lab.gateways) assert.is(await gateway.kill('SIGTERM'), 0);
    await lab.startGateway();
    assert.is((await lab.control('dssm', 'get', V4)).stdout, recordLine(lab));
    assert.match((await curl(lab)).stdout, 'Hello');
  },

  'without a gateway: exit 3': async (lab) => {
    for (const gateway of lab.gateways) await gateway.kill('SIGTERM');
    assert.is((await lab.control('dssm', 'list')).code, 3);
  },
});
