/**
 * One client uses up its quota: it is told so, the log says so once, and the other client notices nothing. All of it with
 * the strictest filtering, which ordinary clients do not notice either.
 */
import { setTimeout as pause } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';

const QUOTA = 4;
const FLAGS = { 'max-client-sessions': String(QUOTA), filtering: 'address-and-port-dependent' };

const curl = (lab: Lab, client: 'cl1' | 'cl2') =>
  lab.exec(client, ['curl', '-sS', '-4', '--max-time', '10', 'http://web.nat46.example/']);

labTests('quota of one client', (lab) => lab.startGateway(FLAGS), {
  '[60] [62] sessions up to its quota, then prohibited at once; another client is not concerned': async (
    lab,
    gateway,
  ) => {
    for (let i = 0; i < QUOTA; i++) assert.is((await curl(lab, 'cl1')).code, 0);
    const begin = Date.now();
    assert.is((await curl(lab, 'cl1')).code, 7, 'could not connect');
    assert.ok(Date.now() - begin < 5000, 'told by ICMP, not by a timeout');
    assert.is((await curl(lab, 'cl2')).code, 0);
    await pause(1500); // refusals are looked at once a second
    for (let i = 0; i < 3; i++) await curl(lab, 'cl1');
    await pause(1500);
    const notices = gateway.messages(/^new sessions are refused$/);
    assert.is(notices.length, 1);
    assert.is(notices[0]?.reason, 'client_quota');
  },

  '[54] strict filtering lets answers in': async (lab) => {
    await lab.ok('cl2', ['ping', '-c', '2', '-i', '0.2', 'web.nat46.example']);
  },
});
