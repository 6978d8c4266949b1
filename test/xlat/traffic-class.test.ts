/**
 * Type of Service and Traffic Class: every byte, under every marking.
 */
import * as assert from 'uvu/assert';
import { COPIED, mark, withDscp, ZEROED } from '../../src/xlat/traffic-class.ts';
import { tests } from '../helpers/table.ts';

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
const DSCPS = Array.from({ length: 64 }, (_, dscp) => dscp);

tests('what becomes of the byte', {
  'RFC 7915 §4.1, §5.1 [2]: copied': () => {
    for (const byte of BYTES) assert.is(mark(byte, COPIED), byte);
  },
  'RFC 7915 §4.1, §5.1 [2]: always zero': () => {
    for (const byte of BYTES) assert.is(mark(byte, ZEROED), 0);
  },
  'RFC 2474 §3, RFC 3168 §5 [87]: another DSCP, the same ECN': () => {
    for (const dscp of DSCPS) {
      for (const byte of BYTES) {
        const marked = mark(byte, withDscp(dscp));
        assert.is(Math.floor(marked / 4), dscp);
        assert.is(marked % 4, byte % 4);
      }
    }
  },
  'expedited forwarding is DSCP 46, byte b8': () => assert.is(mark(0x00, withDscp(46)), 0xb8),
});
