/**
 * What does a checksum cost: summed over a packet, updated by a delta? `npm run bench -- checksum`
 */
import { cpus } from 'node:os';
import * as checksum from '../src/wire/checksum.ts';
import { measure } from './measure.ts';

/** Operations a call. */
const TIMES = 256;
const SIZES = [20, 40, 576, 1500, 65_535];

const view = new DataView(new ArrayBuffer(1 << 17));
for (let i = 0; i < view.byteLength; i++) view.setUint8(i, (i * 131) & 0xff);

function sums(size: number, times: number): number {
  let total = 0;
  for (let i = 0; i < times; i++) total += checksum.sum(view, (i & 15) * 4, size);
  return total;
}

function updates(): number {
  let field = 0x1234;
  for (let i = 0; i < TIMES; i++) field = checksum.update(field, i & 0xffff);
  return field;
}

function deltas(): number {
  let field = 0;
  for (let i = 0; i < TIMES; i++) field += checksum.delta(i, field & 0xffff);
  return field;
}

console.log(`${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}`);
for (const size of SIZES) {
  const times = size > 4096 ? 16 : TIMES;
  const { nsPerOperation } = measure(`sum (${size} B)`, times, () => sums(size, times));
  console.log(`    ${(size / nsPerOperation).toFixed(2)} bytes a ns`);
}
measure('update a field by a delta', TIMES, updates);
measure('make a delta', TIMES, deltas);
