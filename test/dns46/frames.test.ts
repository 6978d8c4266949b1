import * as assert from 'uvu/assert';
import { FrameReader, framed } from '../../src/dns46/frames.ts';
import { tests } from '../helpers/table.ts';

const MESSAGES = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three'), Buffer.alloc(65535, 7)];

tests('messages on a stream, RFC 1035 §4.2.2, RFC 7766 §8', {
  'all in one piece'() {
    assert.equal(new FrameReader().push(Buffer.concat(MESSAGES.map(framed))), MESSAGES);
  },
  'byte by byte'() {
    const stream = Buffer.concat(MESSAGES.slice(0, 3).map(framed));
    const reader = new FrameReader();
    const found = [...stream].flatMap((byte) => reader.push(Buffer.from([byte])));
    assert.equal(found, MESSAGES.slice(0, 3));
  },
  'cut anywhere'() {
    const stream = Buffer.concat(MESSAGES.slice(0, 3).map(framed));
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new FrameReader();
      const found = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))];
      assert.equal(found, MESSAGES.slice(0, 3));
    }
  },
});
