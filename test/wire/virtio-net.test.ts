/**
 * The header before every packet of the device: Virtio 1.2 §5.1.6.
 */
import * as assert from 'uvu/assert';
import { clear, GSO_TCPV4, GSO_TCPV6, LENGTH, Offload, segments } from '../../src/wire/virtio-net.ts';
import { bytes, hex } from '../helpers/hex.ts';
import { table, tests } from '../helpers/table.ts';

/** A virtio header alone; the packet would start at its end. */
function header(text: string): DataView {
  const data = new DataView(new ArrayBuffer(LENGTH + 20));
  new Uint8Array(data.buffer).set(bytes(text));
  return data;
}

table(
  'packets on the wire',
  [
    { name: 'an ordinary packet', header: '00*10', length: 1500, want: 1 },
    { name: 'one segment', header: '0101 3600 b405 1400 1000', length: 54 + 1460, want: 1 },
    { name: 'one byte more', header: '0101 3600 b405 1400 1000', length: 54 + 1461, want: 2 },
    { name: 'a whole number', header: '0101 3600 b405 1400 1000', length: 54 + 2920, want: 2 },
    { name: '64 KiB', header: '0101 3600 b405 1400 1000', length: 65535, want: 45 },
    { name: 'UDP', header: '0105 1c00 b004 1400 0600', length: 28 + 4801, want: 5 },
    { name: 'UDP, payload in hdr_len', header: '0105 ff05 b004 1400 0600', length: 28 + 4801, want: 5 },
    { name: 'headers longer than the packet', header: '0101 ffff b405 1400 1000', length: 100, want: 1 },
  ],
  (row) => assert.is(segments(header(row.header), LENGTH, row.length), row.want),
);

table(
  'load, then store before a header that grew by 20',
  [
    { name: 'ordinary', in: '00*10', out: '00*10' },
    { name: 'checksum was verified: it stays right', in: '02 00*9', out: '02 00*9' },
    { name: 'partial checksum', in: '0100 0000 0000 1400 1000', out: '0100 0000 0000 2800 1000' },
    { name: 'TCPV4', in: '0101 3600 b405 1400 1000', out: '0104 4a00 b405 2800 1000' },
    { name: 'TCPV4 with ECN', in: '0181 3600 b405 1400 1000', out: '0184 4a00 b405 2800 1000' },
    { name: 'UDP_L4', in: '0105 2a00 b405 1400 0600', out: '0105 3e00 b405 2800 0600' },
    { name: 'hdr_len 0', in: '0101 0000 b405 1400 1000', out: '0104 0000 b405 2800 1000' },
  ],
  (row) => {
    const data = header(row.in);
    const offload = new Offload();
    offload.load(data, LENGTH);
    offload.store(data, LENGTH, 20, GSO_TCPV6);
    assert.is(hex(new Uint8Array(data.buffer, 0, LENGTH)), hex(bytes(row.out)));
  },
);

tests('one Offload, packet after packet', {
  'nothing of the packet before is left': () => {
    const offload = new Offload();
    offload.load(header('0181 3600 b405 1400 1000'), LENGTH);
    offload.load(header('00*10'), LENGTH);
    assert.equal([offload.needsChecksum, offload.type, offload.segment], [false, 0, 0]);
    offload.load(header('0004 4a00 b405 0000 0000'), LENGTH);
    const data = header('ff*10');
    offload.store(data, LENGTH, -20, GSO_TCPV4);
    assert.is(hex(new Uint8Array(data.buffer, 0, LENGTH)), hex(bytes('0001 3600 b405 0000 0000')));
  },
  'clear writes ten bytes, no more': () => {
    const data = header('ff*30');
    clear(data, LENGTH);
    assert.is(hex(new Uint8Array(data.buffer)), hex(bytes('00*10 ff*20')));
  },
});
