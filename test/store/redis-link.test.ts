/** The connections to a Redis that is not there. */
import { createServer } from 'node:net';
import * as assert from 'uvu/assert';
import { RedisLink } from '../../src/store/redis-link.ts';
import { tests } from '../helpers/table.ts';

/** A port of this host on which nobody listens. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

tests('link to a Redis', {
  'who is named and never answers is given up, not at once and again and again': async () => {
    const options = {
      host: '127.0.0.1',
      port: await closedPort(),
      lazyConnect: true,
      retryStrategy: () => 1,
    };
    let downs = 0;
    const downsAt: number[] = [];
    await new Promise<void>((resolve) => {
      const link = new RedisLink(options, {
        up: () => assert.unreachable(),
        down: () => {
          downs++;
        },
        astray: () => {
          if (downsAt.push(downs) < 2) return;
          link.close();
          resolve();
        },
        changed: () => {},
      });
      link.start();
    });
    assert.equal(downsAt, [10, 20]);
  },
});
