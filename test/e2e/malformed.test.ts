/**
 * Malformed packets are counted and dropped, and the gateway goes on. The kernel would not forward them: they are put
 * on the gateway's device from its own namespace.
 */
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests, withGateway } from '../helpers/lab-suite.ts';

async function inject(lab: Lab, what: 'malformed' | 'random', count: number): Promise<void> {
  await lab.ok('gw', ['/usr/bin/python3', 'test/helpers/inject.py', 'nat46', what, String(count)]);
}

/** Sum of the packets column of nat46_drop_stat. */
async function dropped(lab: Lab): Promise<number> {
  const argv = ['tmctl', '-f', lab.name('LAB_STATE'), 'nat46_drop_stat', '-s', 'packets', '-c'];
  const { stdout } = await lab.nat46(...argv);
  const numbers = stdout
    .trim()
    .split('\n')
    .filter((line) => /^\d+$/.test(line));
  return numbers.reduce((sum, line) => sum + Number(line), 0);
}

labTests('malformed packets', withGateway, {
  '[5] each is counted as dropped': async (lab) => {
    const before = await dropped(lab);
    await inject(lab, 'malformed', 100);
    const after = await dropped(lab);
    assert.ok(after - before >= 100, `${after - before} counted`);
  },

  'ten thousand random ones leave it working': async (lab) => {
    await inject(lab, 'random', 10_000);
    const page = await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/']);
    assert.match(page, 'Hello');
  },
});
