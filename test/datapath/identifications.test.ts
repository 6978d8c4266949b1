/**
 * IPv4 identifications: RFC 6864 §4 (none again soon), RFC 7739 §5 (unpredictable). [24]
 */
import * as assert from 'uvu/assert';
import { Identifications } from '../../src/datapath/identifications.ts';
import { tests } from '../helpers/table.ts';

const COUNT = 20_000;

function first(secret: number, count: number): number[] {
  const ids = new Identifications(secret);
  return Array.from({ length: count }, () => ids.next());
}

tests('[24] identifications', {
  'never 0, never more than 16 bits': () => {
    for (const id of first(0x1234567, COUNT)) assert.ok(id >= 1 && id <= 0xffff);
  },
  'spread over all there are': () => {
    // Random draws of 20 000 from 65 535 hit about 17 200 different ones.
    assert.ok(new Set(first(77, COUNT)).size > 16_000);
  },
  'not in a row': () => {
    const ids = first(5, 1000);
    const steps = ids.slice(1).map((id, i) => id - ids[i]!);
    assert.ok(new Set(steps).size > 900);
  },
  'another secret, another sequence': () => assert.not.equal(first(1, 8), first(2, 8)),
});
