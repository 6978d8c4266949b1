/**
 * `nat46 doctor`: the steps to the store, and what else was found. Steps to real servers are in
 * test/e2e/redis-mistakes.test.ts, a real host in test/e2e/host-state.test.ts.
 */
import * as assert from 'uvu/assert';
import { doctor } from '../../src/commands/doctor.ts';
import type { Finding } from '../../src/gateway/host-examination.ts';
import { tests } from '../helpers/table.ts';
import { outcome } from './stand.ts';

const NO_DNS = ['--role', 'data'];
const FINDING: Finding = { check: 'device', of: 'nat46', result: 'is there', isObstacle: false };

/** On a host where this was found. */
const on = (args: readonly string[], findings: Finding[] = [], env = {}) =>
  outcome((argv, surroundings) => doctor(argv, surroundings, async () => findings), args, env);

tests('nat46 doctor', {
  'a store that works: exit 0': async () => {
    assert.equal(await on(['--store', 'mem:', ...NO_DNS]), {
      code: 0,
      out: 'CHECK       OF    RESULT\nstore open  mem:  ok\n',
      notes: '',
    });
  },
  'the host first; what keeps a gateway from working is said below, and exit 1': async () => {
    const obstacle = { ...FINDING, of: 'other', result: 'is not there', isObstacle: true };
    assert.equal(await on(['-o', 'csv', '--store', 'mem:', ...NO_DNS], [FINDING, obstacle]), {
      code: 1,
      out: 'check,of,result\r\ndevice,nat46,is there\r\ndevice,other,is not there\r\nstore open,mem:,ok\r\n',
      notes: 'nat46: device other: is not there\n',
    });
  },
  'a folder that cannot be made: exit 1, and why': async () => {
    const reply = await on(['--store', 'lmdb:/proc/nat46', ...NO_DNS]);
    assert.is(reply.code, 1);
    assert.match(reply.notes, /^nat46: store lmdb:\/proc\/nat46: .*cannot be opened for writing/);
  },
  'nobody answers: the step, the server, the reason, and no password': async () => {
    const reply = await on(['-o', 'csv', '--store', 'redis://:geheim@127.0.0.1:1', ...NO_DNS]);
    assert.is(reply.code, 1);
    assert.match(reply.out, /^store tcp,127\.0\.0\.1:1,.*connection refused/m);
    assert.is(
      reply.notes.startsWith('nat46: store redis://127.0.0.1:1: 127.0.0.1:1 cannot be reached'),
      true,
    );
    assert.not.match(reply.out + reply.notes, 'geheim');
  },
  'a certificate file that is not there': async () => {
    const env = { REDIS_CA_FILE: '/nowhere.pem' };
    const reply = await on(['--store', 'redis://127.0.0.1:1', ...NO_DNS], [], env);
    assert.is(reply.code, 1);
    assert.match(reply.notes, /REDIS_CA_FILE=\/nowhere\.pem: cannot be read/);
  },
  'a configuration that is invalid: exit 78': async () => {
    assert.is((await on(['--store', 'x', ...NO_DNS])).code, 78);
  },
});
