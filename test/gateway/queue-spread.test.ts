/**
 * When a second queue is used. A look every 250 ms at what the workers have had of the processor; the clock wraps on the way.
 */
import * as assert from 'uvu/assert';
import { QueueSpread } from '../../src/gateway/queue-spread.ts';
import { table } from '../helpers/table.ts';

const TICK_MS = 250;
const SECOND = 1000 / TICK_MS;
const START_MS = 2 ** 31 - 7_000;

/** Looks in a row, with one share of a core for each worker. */
type Stretch = readonly [looks: number, ...shares: number[]];

interface Row {
  name: string;
  stretches: readonly Stretch[];
  /** What is asked of the device, and after which look. */
  asked: readonly (readonly ['all' | 'first', number])[];
}

const QUIET: Stretch = [10 * SECOND, 0, 0];
const ONE_QUEUE = ['first', 10 * SECOND] as const;

const ROWS: readonly Row[] = [
  { name: 'ten quiet seconds: one queue', stretches: [QUIET], asked: [ONE_QUEUE] },
  { name: 'a look less', stretches: [[10 * SECOND - 1, 0, 0]], asked: [] },
  {
    name: 'less than four tenths of a core is quiet',
    stretches: [[60 * SECOND, 0.2, 0.19]],
    asked: [ONE_QUEUE],
  },
  {
    name: 'four tenths, of both workers together, are not',
    stretches: [[60 * SECOND, 0.2, 0.201]],
    asked: [],
  },
  {
    name: 'one look with load, and the seconds begin again',
    stretches: [[9 * SECOND, 0, 0], [1, 0, 0.5], QUIET],
    asked: [['first', 19 * SECOND + 1]],
  },
  {
    name: 'one queue until its worker has eight tenths of a core',
    stretches: [QUIET, [60 * SECOND, 0.79, 0], [1, 0.81, 0]],
    asked: [ONE_QUEUE, ['all', 70 * SECOND + 1]],
  },
  {
    name: 'what another worker does then counts for nothing',
    stretches: [QUIET, [60 * SECOND, 0.1, 0.9]],
    asked: [ONE_QUEUE],
  },
  {
    name: 'all queues for ten seconds at least',
    stretches: [QUIET, [1, 0.9, 0], [30 * SECOND, 0, 0]],
    asked: [ONE_QUEUE, ['all', 10 * SECOND + 1], ['first', 20 * SECOND + 1]],
  },
];

table('queues in use', ROWS, ({ stretches, asked }) => {
  const found: [string, number][] = [];
  let looks = 0;
  const spread = new QueueSpread((all) => found.push([all ? 'all' : 'first', looks]), START_MS | 0);
  const cpuNs = [5e9, 7e9]; // as on a start with sessions
  for (const [count, ...shares] of stretches) {
    for (let k = 0; k < count; k++) {
      looks++;
      for (const [worker, share] of shares.entries()) cpuNs[worker]! += share * TICK_MS * 1e6;
      spread.look((START_MS + looks * TICK_MS) | 0, [...cpuNs]);
    }
  }
  assert.equal(
    found,
    asked.map((one) => [...one]),
  );
});

table('a look that does not count', [{ name: 'no time has passed' }], () => {
  const found: boolean[] = [];
  const spread = new QueueSpread((all) => found.push(all), 0);
  for (let at = 0; at <= 10_000; at += TICK_MS) spread.look(at, [0, 0]);
  spread.look(10_000, [1e9, 0]);
  assert.equal(found, [false]);
  spread.look(10_250, [1e9, 0]);
  assert.equal(found, [false, true], 'it is of the next');
});
