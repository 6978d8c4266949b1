/** What a control request says whose store does not answer. */
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { sayingWhy } from '../../src/gateway/store-errors.ts';
import { StoreLost } from '../../src/store/store.ts';
import { tests } from '../helpers/table.ts';

const REQUEST = { params: {}, query: {}, body: undefined };

async function failure(error: Error, problem: string | null): Promise<unknown> {
  const fail = (): never => {
    throw error;
  };
  const { route } = sayingWhy({ route: fail }, () => problem);
  return Promise.resolve(route?.(REQUEST)).then(assert.unreachable as () => null, (it: unknown) => it);
}

tests('control requests that the store does not answer', {
  'the reason that status has, as an error that is no surprise': async () => {
    const error = await failure(
      new StoreLost(),
      'h:6379 cannot be reached (connection refused); start it there',
    );
    assert.ok(error instanceof Nat46Error && error.code === 'NAT46_STORE');
    assert.is(
      error.message,
      'the store cannot be reached: h:6379 cannot be reached (connection refused); start it there',
    );
  },
  'not known yet': async () => {
    const error = await failure(new StoreLost(), null);
    assert.ok(error instanceof Nat46Error && error.message === 'the store cannot be reached');
  },
  'a refusal is said in the words of the server': async () => {
    const refusal = Object.assign(new Error('NOREPLICAS Not enough good replicas to write.'), {
      name: 'ReplyError',
    });
    const error = await failure(refusal, null);
    assert.ok(error instanceof Nat46Error && error.code === 'NAT46_STORE');
    assert.is(error.message, 'the store refuses: NOREPLICAS Not enough good replicas to write.');
  },
  'anything else stays what it is; a reply passes': async () => {
    const bug = new TypeError('x is not a function');
    assert.is(await failure(bug, null), bug);
    assert.is(await sayingWhy({ route: async () => 7 }, () => null).route?.(REQUEST), 7);
  },
});
