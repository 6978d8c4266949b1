/** SIGHUP: the log says what was done, and only that. */
import * as assert from 'uvu/assert';
import { type ReloadStep, reloadFiles } from '../../src/gateway/reload.ts';
import { table } from '../helpers/table.ts';

const step = (name: string, run: () => boolean): ReloadStep => ({
  done: `${name} read`,
  failed: `${name} stays`,
  run,
});
const yes = (): boolean => true;
const none = (): boolean => false;
const fails = (): boolean => {
  throw new Error('garbage');
};

table(
  'SIGHUP',
  [
    { name: 'both files', run: [yes, yes], said: ['a read, b read; flags change with a restart'] },
    {
      name: 'one of them is not configured',
      run: [yes, none],
      said: ['a read; flags change with a restart'],
    },
    { name: 'none is', run: [none, none], said: ['no file to read again; flags change with a restart'] },
    {
      name: 'the first cannot be used: the second is read all the same',
      run: [fails, yes],
      said: ['a stays', 'b read; flags change with a restart'],
    },
    { name: 'none can be used', run: [fails, fails], said: ['a stays', 'b stays'] },
    { name: 'one cannot be used, the other is not configured', run: [none, fails], said: ['b stays'] },
  ],
  ({ run, said }) => {
    const lines: string[] = [];
    const note = (_fields: object, message: string): void => void lines.push(message);
    reloadFiles([step('a', run[0] ?? none), step('b', run[1] ?? none)], { info: note, error: note });
    assert.equal(
      lines,
      said.map((line) => `SIGHUP: ${line}`),
    );
  },
);
