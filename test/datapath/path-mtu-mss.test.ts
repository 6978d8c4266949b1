/**
 * A path MTU that a router told: what it does to the MSS of a connection, and how long it is known.
 */
import * as assert from 'uvu/assert';
import { bytes } from '../helpers/hex.ts';
import { tests } from '../helpers/table.ts';
import { vectors } from '../helpers/vector.ts';
import { World } from '../helpers/world.ts';

/** A session, and what a router says about its path: 1400 bytes. */
const UDP = '450000201111400040113d60c0000221c63364079c400035000c2bb9a5a5a5a5';
const TOO_BIG_1400 =
  '6000000000803a4020010db8ffff000000000000000000fe20010db80046000000000000000000010200cf8d00000578600000000580113f20010db800460000000000000000000120010db8006400000000000000000080c35000350580e3daa5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5';
const SYN = '4500002c1111400040063d5fc0000221c63364079c400050010203040506070860022000df250000020405b4';

vectors('RFC 6691 §2, RFC 8201 §4: a path of 1400 bytes and the MSS', [
  {
    name: '[84] [86] of a SYN from inside',
    before: [UDP, TOO_BIG_1400],
    in: SYN,
    out: '600000000018063f20010db800460000000000000000000120010db8006400000000000000000080c3500050010203040506070860022000484d00000204053c',
  },
  {
    name: '[84] [86] of the SYN ACK from outside, which bounds what goes along that path',
    before: [UDP, TOO_BIG_1400, SYN],
    in: '600000000018064020010db800640000000000000000008020010db80046000000000000000000010050c35001020304050607086012200047d90000020405a0',
    out: '4500002c000000003f068f70c6336407c000022100509c40010203040506070860122000df8d00000204053c',
  },
]);

/** 1381 bytes, DF, of the session above and of a new one to the same host. */
const LARGE = '45000565111140004011381bc0000221c63364079c40003505515e10'.padEnd(2 * 1381, 'a5');
const LARGE_NEW = '45000565111140004011381bc0000221c6336407138800350551e6c8'.padEnd(2 * 1381, 'a5');
const MINUTE_MS = 60_000;

tests('RFC 8201 §4 [86]: a report that is repeated', {
  'counts from the last time, for this session and for new ones': () => {
    for (const large of [LARGE, LARGE_NEW]) {
      const world = new World();
      const say = (packet: string) => world.translate(bytes(packet)).verdict;
      say(UDP);
      say(TOO_BIG_1400);
      world.now += 4 * MINUTE_MS;
      say(UDP);
      world.now += 4 * MINUTE_MS;
      say(TOO_BIG_1400);
      for (const minutes of [4, 4]) {
        world.now += minutes * MINUTE_MS;
        say(UDP);
      }
      world.now += 1 * MINUTE_MS; // 17 minutes after the first, 9 after the second
      assert.is(say(large), 'DropTooBig');
      world.now += 4 * MINUTE_MS;
      assert.is(say(large), 'Forward46');
    }
  },
});
