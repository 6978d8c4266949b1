/** How the parts of a gateway are taken down, also when one of them fails at it. */
import * as assert from 'uvu/assert';
import { Closers } from '../../src/gateway/closers.ts';
import { tests } from '../helpers/table.ts';

const HURRY = new AbortController().signal;

/** Three parts that write down their end; the second one fails at it. */
function three(failing: () => unknown): { closers: Closers; seen: string[] } {
  const seen: string[] = [];
  const closers = new Closers((error) => seen.push(`failed: ${(error as Error).message}`));
  closers.push(() => seen.push('first'));
  closers.push(failing);
  closers.push((hurry) => seen.push(`third, hurry ${hurry === HURRY}`));
  return { closers, seen };
}

async function failure(job: Promise<void>): Promise<string> {
  return job.then(
    () => 'none',
    (error: Error) => error.message,
  );
}

tests('closers', {
  'last part first, each once': async () => {
    const { closers, seen } = three(() => seen.push('second'));
    await closers.run(HURRY);
    await closers.run(HURRY);
    assert.equal(seen, ['third, hurry true', 'second', 'first']);
  },
  'one that throws, or rejects, keeps none of the others: it is told of, and thrown in the end': async () => {
    for (const failing of [
      () => {
        throw new Error('stuck');
      },
      () => Promise.reject(new Error('stuck')),
    ]) {
      const { closers, seen } = three(failing);
      assert.is(await failure(closers.run(HURRY)), 'stuck');
      assert.equal(seen, ['third, hurry true', 'failed: stuck', 'first']);
      assert.is(await failure(closers.run(HURRY)), 'none');
    }
  },
  'of two failures the first is thrown, both are told of': async () => {
    const { closers, seen } = three(() => Promise.reject(new Error('one')));
    closers.push(() => Promise.reject(new Error('zero')));
    assert.is(await failure(closers.run(HURRY)), 'zero');
    assert.equal(seen, ['failed: zero', 'third, hurry true', 'failed: one', 'first']);
  },
});
