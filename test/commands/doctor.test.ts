/** `nat46 doctor`: the steps to the store. Those to real servers are in test/e2e/redis-mistakes.test.ts. */
import * as assert from 'uvu/assert';
import { doctor } from '../../src/commands/doctor.ts';
import { tests } from '../helpers/table.ts';
import { outcome } from './stand.ts';

const UPSTREAM = ['--dns-upstream', '192.0.2.53'];

tests('nat46 doctor', {
  'a store that works: exit 0': async () => {
    assert.equal(await outcome(doctor, ['--store', 'mem:', ...UPSTREAM]), {
      code: 0,
      out: 'CHECK       OF    RESULT\nstore open  mem:  ok\n',
      notes: '',
    });
  },
  'a folder that cannot be made: exit 1, and why': async () => {
    const reply = await outcome(doctor, ['--store', 'lmdb:/proc/nat46', ...UPSTREAM]);
    assert.is(reply.code, 1);
    assert.match(reply.notes, /^nat46: store lmdb:\/proc\/nat46: .*cannot be opened for writing/);
  },
  'nobody answers: the step, the server, the reason, and no password': async () => {
    const reply = await outcome(doctor, ['-o', 'csv', '--store', 'redis://:geheim@127.0.0.1:1', ...UPSTREAM]);
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
    const reply = await outcome(doctor, ['--store', 'redis://127.0.0.1:1', ...UPSTREAM], env);
    assert.is(reply.code, 1);
    assert.match(reply.notes, /REDIS_CA_FILE=\/nowhere\.pem: cannot be read/);
  },
  'a configuration that is invalid: exit 78': async () => {
    assert.is((await outcome(doctor, ['--store', 'x', ...UPSTREAM])).code, 78);
  },
});
