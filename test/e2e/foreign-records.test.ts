/**
 * Records that somebody else wrote into the store: good ones are translated from the first packet on, a malformed one
 * is logged and treated as unmapped.
 */
import path from 'node:path';
import * as assert from 'uvu/assert';
import { LmdbStore } from '../../src/store/lmdb.ts';
import type { Gateway } from '../helpers/gateway.ts';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const PREFIX = '0073c3b6eft_dns46';
/** Generation, no timeout, user flags. */
const HEAD = `0001${'0'.repeat(8)}${'2'.padStart(16, '0')}`;
const GOOD = '10.244.50.66';
const ENVELOPE = '10.244.50.67';
const MALFORMED = '10.244.50.68';
const OUTSIDE = '10.144.175.220';

/** Fills the store while no gateway runs, then starts one. */
async function startOnRecords(lab: Lab): Promise<Gateway> {
  const store = LmdbStore.open(path.join(lab.name('LAB_DIR'), 'store'));
  const web = lab.name('WEB');
  await store.setnx(`${PREFIX}${GOOD}`, `${HEAD}${web}`);
  await store.setnx(`${PREFIX}${ENVELOPE}`, `V001${HEAD}S${web}`);
  await store.setnx(`${PREFIX}${MALFORMED}`, `${HEAD}${web}zz`);
  await store.setnx(`${PREFIX}${OUTSIDE}`, `${HEAD}${web}`);
  await store.close();
  return lab.startGateway();
}

const curl = (lab: Lab, address: string) =>
  lab.exec('cl1', ['curl', '-sS', '--max-time', '5', `http://${address}/`]);

labTests('records of the store that this gateway did not write', startOnRecords, {
  'a good one is translated, of either form': async (lab) => {
    assert.match((await curl(lab, GOOD)).stdout, 'Hello');
    assert.match((await curl(lab, ENVELOPE)).stdout, 'Hello');
  },

  'a malformed one is logged once, kept, and its address is unmapped': async (lab, gateway) => {
    assert.is((await curl(lab, MALFORMED)).code, 7);
    const complaints = gateway.messages(/record/).filter((line) => String(line.key).endsWith(MALFORMED));
    assert.is(complaints.length, 1, gateway.log);
    assert.match(String(complaints[0]?.problem), 'malformed');
    const { stdout } = await lab.control('dssm', 'get', MALFORMED);
    assert.is(stdout, `${PREFIX}${MALFORMED} ${HEAD}${lab.name('WEB')}zz\n`);
  },

  '[21] one outside the subnet is logged, kept, and not translated': async (lab, gateway) => {
    const complaints = gateway.messages(/record/).filter((line) => String(line.key).endsWith(OUTSIDE));
    assert.is(complaints.length, 1, gateway.log);
    assert.match((await lab.control('dssm', 'list')).stdout, `${PREFIX}${OUTSIDE} `);
  },
});
