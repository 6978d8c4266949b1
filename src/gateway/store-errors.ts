/**
 * Control requests that the store does not answer or refuses: that happens, so the reply says why, and the log is spared.
 */
import type { Handler, Routes } from '../control/server.ts';
import { Nat46Error } from '../error.ts';
import { isRefusal, StoreLost } from '../store/store.ts';

/** @param problem why the store cannot be reached, or null as long as nobody has found out */
export function sayingWhy(routes: Routes, problem: () => string | null): Routes {
  const wrapped = Object.entries(routes).map(([route, handler]): [string, Handler] => [
    route,
    async (request) => {
      try {
        return await handler(request);
      } catch (error) {
        throw told(error, problem());
      }
    },
  ]);
  return Object.fromEntries(wrapped);
}

function told(cause: unknown, problem: string | null): unknown {
  if (cause instanceof StoreLost) {
    const why = problem === null ? '' : `: ${problem}`;
    return new Nat46Error('NAT46_STORE', `${cause.message}${why}`, { cause });
  }
  if (isRefusal(cause))
    return new Nat46Error('NAT46_STORE', `the store refuses: ${cause.message}`, { cause });
  return cause;
}
