/** The signals that end a gateway. */
import pino from 'pino';
import * as assert from 'uvu/assert';
import { runInForeground } from '../../src/commands/foreground.ts';
import { tests } from '../helpers/table.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const;

/** A gateway whose end takes until it is hurried, and a clock that the test holds. */
async function running(check: (later: (ms: number) => void, isHurried: () => boolean) => Promise<void>) {
  const { now } = performance;
  let nowMs = 1000;
  let hurried: AbortSignal | null = null;
  performance.now = () => nowMs;
  const ended = runInForeground(pino({ level: 'silent' }), () => ({
    start: async () => {},
    stop: async (hurry) => {
      hurried = hurry;
      await new Promise<void>((resolve) => hurry.addEventListener('abort', () => resolve()));
    },
    status: () => ({}),
    reload: () => {},
  }));
  const later = (ms: number): void => {
    nowMs += ms;
  };
  try {
    await check(later, () => hurried?.aborted === true);
    assert.is(await ended, 0);
  } finally {
    performance.now = now;
    for (const signal of SIGNALS) process.removeAllListeners(signal);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

tests('signals', {
  'a second signal waits for nothing more': () =>
    running(async (later, isHurried) => {
      process.emit('SIGTERM', 'SIGTERM');
      await turn();
      assert.is(isHurried(), false);
      later(501);
      process.emit('SIGTERM', 'SIGTERM');
      assert.is(isHurried(), true);
    }),
  'a Ctrl-C that npm passes on is no second one': () =>
    running(async (later, isHurried) => {
      process.emit('SIGINT', 'SIGINT');
      await turn();
      later(500);
      process.emit('SIGINT', 'SIGINT');
      assert.is(isHurried(), false);
      later(1);
      process.emit('SIGTERM', 'SIGTERM');
      assert.is(isHurried(), true);
    }),
});
