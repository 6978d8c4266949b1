/**
 * When workers ask for a short slice. A look every 250 ms at what they have had of the processor; the clock wraps on the way.
 */
import * as assert from 'uvu/assert';
import { WorkerSlices } from '../../src/gateway/worker-slices.ts';
import { table } from '../helpers/table.ts';

const TICK_MS = 250;
const START_MS = 2 ** 31 - 2 * TICK_MS;
const SHORT_NS = 100_000;

interface Row {
  name: string;
  /** Share of a core at each look; NaN: unknown. */
  shares: readonly number[];
  /** The slice that was asked for, and at which look. */
  asked: readonly (readonly [ns: number, look: number])[];
}

const ROWS: readonly Row[] = [
  { name: 'what was before the first look is no load', shares: [0.9], asked: [] },
  { name: 'three tenths of a core: short', shares: [0, 0.29, 0.31], asked: [[SHORT_NS, 2]] },
  { name: 'asked once', shares: [0, 0.31, 0.9, 1.7, 0.31], asked: [[SHORT_NS, 1]] },
  { name: 'less, but not below two tenths: as it was', shares: [0, 0.5, 0.21, 0.29], asked: [[SHORT_NS, 1]] },
  {
    name: 'below two tenths: as the scheduler likes it',
    shares: [0, 0.5, 0.19, 0.1, 0.31],
    asked: [
      [SHORT_NS, 1],
      [0, 2],
      [SHORT_NS, 4],
    ],
  },
  {
    name: 'unknown changes nothing: no load',
    shares: [0, Number.NaN, 0.9, Number.NaN, Number.NaN],
    asked: [],
  },
  {
    name: 'unknown changes nothing: load',
    shares: [0, 0.5, Number.NaN, Number.NaN, 0.5],
    asked: [[SHORT_NS, 1]],
  },
];

table('slices of the workers', ROWS, ({ shares, asked }) => {
  const found: [number, number][] = [];
  let look = -1;
  const slices = new WorkerSlices((ns) => found.push([ns, look]), START_MS | 0);
  let cpuNs = 5e9;
  for (const share of shares) {
    look++;
    cpuNs += (Number.isNaN(share) ? 0 : share) * TICK_MS * 1e6;
    slices.look((START_MS + (look + 1) * TICK_MS) | 0, Number.isNaN(share) ? Number.NaN : cpuNs);
    slices.look((START_MS + (look + 1) * TICK_MS) | 0, cpuNs + 1e9); // no time has passed
  }
  assert.equal(
    found,
    asked.map((one) => [...one]),
  );
});
