/** Messages name what is wrong and what to do; exit codes are those of the interface. */
import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { Nat46Error } from '../../src/error.ts';
import { TunDevice } from '../../src/tun/device.ts';
import { errnoName, inUse, openError, otherKind } from '../../src/tun/device-error.ts';
import { batchFailures, ipError } from '../../src/tun/ip-command.ts';
import { table, tests } from '../helpers/table.ts';
import { BATCH_STDERR } from './fixtures.ts';

const { EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOENT, EPERM } = constants.errno;

table(
  'errno of the TUN device → message',
  [
    { name: 'EPERM', errno: EPERM, exit: 5, says: /nat46t.*CAP_NET_ADMIN.*ambient-caps/ },
    { name: 'EACCES', errno: EACCES, exit: 5, says: /\/dev\/net\/tun.*CAP_NET_ADMIN/ },
    { name: 'ENOENT', errno: ENOENT, exit: 1, says: /modprobe tun/ },
    { name: 'ENODEV', errno: ENODEV, exit: 1, says: /modprobe tun/ },
    {
      name: 'EBUSY',
      errno: EBUSY,
      exit: 1,
      says: /nat46t is in use by node, pid 7: choose another with --tun/,
    },
    { name: 'EINVAL', errno: EINVAL, exit: 1, says: /nat46t exists.*ip link del nat46t/ },
    { name: 'any other', errno: EIO, exit: 1, says: /nat46t: EIO/ },
  ],
  ({ errno, exit, says }) => {
    const error = openError('nat46t', errno, 'node, pid 7');
    assert.match(error.message, says);
    assert.is(error.exitCode, exit);
    assert.not.match(error.message, /\n/);
  },
);

table(
  'device names that are refused before the kernel sees them',
  ['', 'sixteen-bytes-ab', 'a b', 'a/b', 'eth0:1', 'tun%d', 'a#b', "a'b", 'all', 'default', '.', '..'].map(
    (name) => ({
      name: name === '' ? 'empty' : name,
      tun: name,
    }),
  ),
  ({ tun }) => {
    assert.throws(
      () => TunDevice.open({ name: tun, queues: 1 }),
      (error: unknown) =>
        error instanceof Nat46Error && error.exitCode === 78 && error.message.startsWith('--tun'),
    );
  },
);

tests('messages', {
  'an unknown holder': () => assert.match(inUse('t0', null).message, /in use by another process/),
  'another kind': () =>
    assert.match(otherKind('t0', 'no TUN device').message, /t0 exists and is no TUN device/),
  'errno by name': () => assert.is(errnoName(EIO), 'EIO'),
});

tests('failures of ip', {
  'a batch names its lines': () =>
    assert.equal(batchFailures(['route add 1', 'route add 2', 'addr add 3'], BATCH_STDERR), [
      { line: 'route add 2', reason: 'Error: Device for nexthop is not up.' },
      { line: 'addr add 3', reason: 'Cannot find device "zz"' },
    ]),
  'no permission is exit 5 and names the capability': () => {
    const error = ipError('ip link set x up', 'RTNETLINK answers: Operation not permitted\n');
    assert.is(error.exitCode, 5);
    assert.match(error.message, /ip link set x up.*CAP_NET_ADMIN/);
  },
  'something is there already': () =>
    assert.match(
      ipError('ip route add 10.0.0.0/8 dev x', 'RTNETLINK answers: File exists').message,
      /remove it/,
    ),
});
