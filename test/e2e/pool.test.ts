/**
 * A pool of four synthetic addresses and five names: the fifth gets the sorry address, and the four mapped go on.
 */
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { hashOf, writePayload } from '../helpers/payload.ts';

const HOSTS = ['host1', 'host2', 'host3', 'host4'];
const BYTES = 8_000_000;
/** Six host addresses, of which the first two are reserved. */
const FOUR = { subnet: '10.244.50.0/29', 'reserved-static': '2' };

const page = (lab: Lab, name: string) =>
  lab.ok('cl1', ['curl', '-sS', '--max-time', '10', `http://${name}.${lab.name('ZONE')}/`]);

labTests('pool exhausted', (lab) => lab.startGateway(FOUR), {
  'four names get four addresses; the fifth gets the sorry address and its page': async (lab) => {
    const addresses = [];
    for (const host of HOSTS) addresses.push(await lab.lookup(host));
    assert.is(new Set(addresses).size, HOSTS.length);
    for (const address of addresses) assert.match(address, /^10\.244\.50\.[3-6]$/);

    const hash = writePayload(path.join(lab.name('LAB_DIR'), 'web/www/slow'), BYTES);
    const slow = ['curl', '-sS', '--limit-rate', '4M', '--max-time', '30', `http://${addresses[0]}/slow`];
    const running = lab.spawn('cl1', slow);
    assert.ok(running.stdout);
    const received = hashOf(running.stdout);

    assert.is(await lab.lookup('host5'), lab.name('SORRY'));
    assert.match(await page(lab, 'host5'), 'Sorry');

    for (const [i, host] of HOSTS.entries()) {
      assert.is(await lab.lookup(host), addresses[i], 'keeps its address');
      assert.match(await page(lab, host), 'Hello');
    }
    assert.is(await received, hash, 'a download under way is not disturbed');
  },
});
