import * as assert from 'uvu/assert';
import { OVER_AFTER_MS, SocketShortage } from '../../src/dns46/socket-shortage.ts';
import { table, tests } from '../helpers/table.ts';
import { FakeLog } from './fake-parts.ts';
import { ManualClock } from './manual-clock.ts';

const failed = (code: string) => Object.assign(new Error(code), { code });

table(
  'who is to blame for a socket that cannot be opened',
  [
    { name: 'EMFILE', ours: true },
    { name: 'ENFILE', ours: true },
    { name: 'ENOBUFS', ours: true },
    { name: 'EADDRINUSE', ours: true },
    { name: 'ENETUNREACH', ours: false },
    { name: 'ECONNREFUSED', ours: false },
    { name: 'EADDRNOTAVAIL', ours: false },
  ],
  ({ name, ours }) => {
    const log = new FakeLog();
    assert.is(new SocketShortage(new ManualClock(), log).causes(failed(name)), ours);
    assert.equal(log.lines, ours ? ['warn no socket could be opened'] : []);
  },
);

tests('a shortage of sockets in the log', {
  async 'begins once, and is over when sockets were had for 5 s, not 1 ms earlier'() {
    const clock = new ManualClock();
    const log = new FakeLog();
    const shortage = new SocketShortage(clock, log);
    shortage.opened();
    for (let i = 0; i < 3; i++) {
      shortage.causes(failed('EMFILE'));
      shortage.opened();
      await clock.advance(OVER_AFTER_MS - 1);
      shortage.opened();
    }
    assert.equal(log.lines, ['warn no socket could be opened']);
    assert.equal(log.fields, [{ reason: 'EMFILE' }]);
    await clock.advance(1);
    shortage.opened();
    shortage.opened();
    assert.equal(log.lines, ['warn no socket could be opened', 'info sockets can be opened again']);
    shortage.causes(failed('ENFILE'));
    assert.is(log.lines.length, 3);
  },
});
