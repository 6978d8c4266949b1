import * as assert from 'uvu/assert';
import { isWithin, keyOf, nameKey, skipName } from '../../src/dns46/name.ts';
import { table, tests } from '../helpers/table.ts';
import { bytesOf } from './packets.ts';

const HEADER = '000000000000000000000000';

function at12(hex: string): DataView {
  const bytes = bytesOf(HEADER + hex);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const LABEL_63 = `3f${'61'.repeat(63)}`;

table(
  'names on the wire, RFC 1035 §3.1, §4.1.4',
  [
    { name: 'root', hex: '00', from: 12, key: '\0', end: 13 },
    {
      name: 'letters fold, RFC 4343 §3',
      hex: '03 577757 02 4e4c 00',
      from: 12,
      key: '\x03www\x02nl\0',
      end: 20,
    },
    {
      name: 'bytes other than letters do not fold',
      hex: '04 c1db 405b 00',
      from: 12,
      key: '\x04\xc1\xdb@[\0',
      end: 18,
    },
    { name: 'pointer', hex: '01 61 00 01 62 c00c', from: 15, key: '\x01b\x01a\0', end: 19 },
    { name: 'pointer to a pointer', hex: '01 61 00 c00c c00f', from: 17, key: '\x01a\0', end: 19 },
    { name: 'pointer to itself', hex: 'c00c', from: 12, key: null, end: 14 },
    { name: 'pointer forward', hex: 'c00e 01 61 00', from: 12, key: null, end: 14 },
    { name: 'two pointers in a ring', hex: 'c00e c00c', from: 14, key: null, end: 16 },
    { name: 'label that points back to its own name', hex: '01 61 c00c', from: 12, key: null, end: 16 },
    { name: 'pointer into the header', hex: 'c000', from: 12, key: null, end: 14 },
    { name: 'half a pointer', hex: 'c0', from: 12, key: null, end: -1 },
    { name: 'label type 01', hex: '40 00', from: 12, key: null, end: -1 },
    { name: 'label type 10', hex: '80 00', from: 12, key: null, end: -1 },
    { name: 'label beyond the end', hex: '05 6161', from: 12, key: null, end: -1 },
    { name: 'no root label', hex: '01 61', from: 12, key: null, end: -1 },
    { name: '255 bytes', hex: `${LABEL_63.repeat(3)} 3d${'62'.repeat(61)} 00`, from: 12, key: 255, end: 267 },
    {
      name: '256 bytes',
      hex: `${LABEL_63.repeat(3)} 3e${'62'.repeat(62)} 00`,
      from: 12,
      key: null,
      end: 268,
    },
  ],
  ({ hex, from, key, end }) => {
    const view = at12(hex);
    const found = nameKey(view, from);
    if (typeof key === 'number') assert.is(found?.length, key);
    else assert.is(found, key);
    assert.is(skipName(view, from), end);
  },
);

tests('name keys', {
  'a long chain of pointers is cut short: hostile messages cost little'() {
    const bytes = Buffer.alloc(15 + 2 * 300);
    bytes.set([1, 0x61, 0], 12);
    for (let i = 0; i < 300; i++) bytes.writeUInt16BE(0xc000 | (i === 0 ? 12 : 15 + 2 * (i - 1)), 15 + 2 * i);
    const long = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assert.is(nameKey(long, 15 + 2 * 100), '\x01a\0');
    assert.is(nameKey(long, 15 + 2 * 299), null);
  },
  'of text'() {
    assert.is(keyOf('WWW.Example.'), '\x03www\x07example\0');
    assert.is(keyOf('.'), '\0');
  },
  'ancestors are whole labels'() {
    const onion = keyOf('onion');
    assert.is(isWithin(keyOf('onion'), onion), true);
    assert.is(isWithin(keyOf('a.b.onion'), onion), true);
    assert.is(isWithin(keyOf('notonion'), onion), false);
    assert.is(isWithin(keyOf('onion.example'), onion), false);
    assert.is(isWithin('\x07x\x05onion\0', onion), false, 'a label whose bytes look like another label');
    assert.is(isWithin(keyOf('a'), keyOf('.')), true);
  },
});
