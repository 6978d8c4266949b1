/**
 * HalfSipHash-2-4: the vector of the reference implementation, and that each bit of key and message counts.
 */
import * as assert from 'uvu/assert';
import { keyedHash } from '../../src/nat/keyed-hash.ts';
import { tests } from '../helpers/table.ts';

tests('HalfSipHash-2-4', {
  '[59] key 00 … 07, message 00 … 07: d0 b8 84 8f': () => {
    assert.is(keyedHash(0x03020100, 0x07060504, 0x03020100, 0x07060504) >>> 0, 0x8f84b8d0);
  },

  '[59] a flipped bit of key or message flips about half of the output': () => {
    const words = [0x01234567, 0x89abcdef | 0, 0x0a000001, 5000] as const;
    const hash = (of: readonly number[]) => keyedHash(of[0]!, of[1]!, of[2]!, of[3]!);
    let flipped = 0;
    for (let bit = 0; bit < 128; bit++) {
      const changed = words.map((word, i) => (i === bit >> 5 ? word ^ (1 << (bit & 31)) : word));
      const difference = (hash(words) ^ hash(changed)) >>> 0;
      const bits = difference.toString(2).replaceAll('0', '').length;
      assert.ok(bits >= 4 && bits <= 28, `bit ${bit}: ${bits} of 32`);
      flipped += bits;
    }
    assert.ok(flipped > 128 * 14 && flipped < 128 * 18, `${flipped / 128} on average`);
  },
});
