/** What becomes of the byte of TOS and Traffic Class. */
import * as assert from 'uvu/assert';
import { COPIED, type Marking, mark, withDscp, ZEROED } from '../../src/xlat/traffic-class.ts';
import { table } from '../helpers/table.ts';

interface Row {
  name: string;
  marking: Marking;
  byte: number;
  want: number;
}

const ROWS: readonly Row[] = [
  { name: '[2] copied: b8', marking: COPIED, byte: 0xb8, want: 0xb8 },
  { name: '[2] copied: all bits', marking: COPIED, byte: 0xff, want: 0xff },
  { name: '[2] zeroed: all bits, ECN too', marking: ZEROED, byte: 0xff, want: 0 },
  { name: '[2] zeroed: zero', marking: ZEROED, byte: 0, want: 0 },
  { name: '[87] DSCP 46 over 0: EF', marking: withDscp(46), byte: 0, want: 0xb8 },
  { name: '[87] DSCP 46 over CE: the mark stays', marking: withDscp(46), byte: 0x03, want: 0xbb },
  { name: '[87] DSCP 46 over ECT(0) and another DSCP', marking: withDscp(46), byte: 0x4a, want: 0xba },
  { name: '[87] DSCP 0 over EF and ECT(1)', marking: withDscp(0), byte: 0xb9, want: 0x01 },
  { name: '[87] DSCP 63 over all bits', marking: withDscp(63), byte: 0xff, want: 0xff },
];

table('RFC 7915 §4.1, RFC 2474 §3, RFC 3168 §5: marking', ROWS, ({ marking, byte, want }) => {
  assert.is(mark(byte, marking), want);
});
