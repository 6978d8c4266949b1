/** resolv.conf(5), the part we read. */
import * as assert from 'uvu/assert';
import { nameServers } from '../../src/config/resolv-conf.ts';
import { table } from '../helpers/table.ts';

table(
  'name servers of resolv.conf',
  [
    {
      name: 'in order',
      text: 'nameserver 192.0.2.2\nnameserver 192.0.2.1\n',
      own: [],
      is: ['192.0.2.2', '192.0.2.1'],
    },
    {
      name: 'comments, other keywords and malformed ones',
      text: '# nameserver 1.1.1.1\nsearch a\nnameserver x\n',
      own: [],
      is: [],
    },
    {
      name: 'tabs, carriage return, trailing words',
      text: '\tnameserver\t192.0.2.1 x\r\n',
      own: [],
      is: ['192.0.2.1'],
    },
    {
      name: 'ours is skipped',
      text: 'nameserver 10.2.2.1\nnameserver 192.0.2.1',
      own: ['10.2.2.1'],
      is: ['192.0.2.1'],
    },
    {
      name: 'IPv6, canonical; a zone is not usable',
      text: 'nameserver 2001:DB8::0:1\nnameserver fe80::1%eth0',
      own: [],
      is: ['2001:db8::1'],
    },
    {
      name: 'three at most, as resolv.conf(5) says',
      text: [1, 2, 3, 4].map((n) => `nameserver 192.0.2.${n}`).join('\n'),
      own: [],
      is: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    },
    { name: 'empty', text: '', own: [], is: [] },
  ],
  (row) =>
    assert.equal(
      nameServers(row.text, (address) => row.own.includes(address)),
      { servers: row.is, own: row.own },
    ),
);
