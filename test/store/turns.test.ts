/** One at a time for each key. */
import * as assert from 'uvu/assert';
import { Turns } from '../../src/store/turns.ts';
import { tests } from '../helpers/table.ts';

/** A job that the test ends. */
function job(name: string, log: string[]) {
  let end: (error?: Error) => void = () => {};
  const over = new Promise<string>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve(name));
  });
  const run = async (): Promise<string> => {
    log.push(`${name} begins`);
    return over.finally(() => log.push(`${name} ends`));
  };
  return { run, end: (error?: Error) => end(error) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

tests('turns', {
  'of one key in the order of asking, whatever becomes of those before; other keys do not wait': async () => {
    const turns = new Turns<number>();
    const log: string[] = [];
    const [a, b, c, other] = ['a', 'b', 'c', 'other'].map((name) => job(name, log)) as [
      ReturnType<typeof job>,
      ReturnType<typeof job>,
      ReturnType<typeof job>,
      ReturnType<typeof job>,
    ];
    const asked = [a, b].map(({ run }) => turns.run(1, run));
    const elsewhere = turns.run(2, other.run);
    for (const { end } of [c, other]) end(); // c would be over first
    await turn();
    assert.is(await elsewhere, 'other');
    assert.equal(log, ['a begins', 'other begins', 'other ends']);
    a.end(new Error('of its own'));
    assert.is(await asked[0]?.catch((error: Error) => error.message), 'of its own');
    await turn();
    asked.push(turns.run(1, c.run));
    await turn();
    b.end();
    assert.equal(await Promise.all(asked.slice(1)), ['b', 'c']);
    assert.equal(log.slice(3), ['a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  },
  'who comes when all are over begins at once': async () => {
    const turns = new Turns<number>();
    const log: string[] = [];
    const [one, next] = [job('one', log), job('next', log)];
    one.end();
    await turns.run(1, one.run);
    void turns.run(1, next.run);
    await turn();
    assert.is(log.at(-1), 'next begins');
  },
});
