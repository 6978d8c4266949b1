/** Batches of datagrams over the native shim, on loopback. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { Arena, BatchSocket, MAX_DATAGRAM_BYTES } from '../../src/dns46/udp-batch.ts';
import { shim, UDP_REUSE_PORT } from '../../src/tun/shim.ts';
import { table, tests } from '../helpers/table.ts';
import { until } from './manual-clock.ts';

/** Answers every datagram with itself, turned round. */
function echo(address: string, port = 0): BatchSocket {
  const socket = BatchSocket.listening(shim(), { address, port });
  socket.watch(() => {
    const count = socket.receive();
    for (let slot = 0; slot < count; slot++) {
      const message = socket.message(slot);
      if (message !== null) socket.queue(socket.envelope(slot), Uint8Array.from(message).reverse());
    }
    socket.flush();
  });
  return socket;
}

/** A socket that takes only what comes from the address it asks. */
async function asking(address: string, port: number): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(port, address);
  await once(socket, 'connect');
  return socket;
}

const descriptors = () => readdirSync('/proc/self/fd').length;

table(
  'a socket that fails on the way leaves no descriptor behind',
  [
    { name: 'its port cannot be read', calls: { udpPort: () => -constants.errno.ENOBUFS }, code: 'ENOBUFS' },
    { name: 'it cannot be attached', calls: { udpAttach: () => -constants.errno.ENOMEM }, code: 'ENOMEM' },
    { name: 'it cannot be watched', calls: { udpWatch: () => -constants.errno.ENOSPC }, code: 'ENOSPC' },
  ],
  ({ calls, code }) => {
    const all = { ...shim(), ...calls };
    const endpoint = { address: '127.0.0.1', port: 9 };
    const before = descriptors();
    const ways = [
      () => BatchSocket.listening(all, { ...endpoint, port: 0 }),
      () => BatchSocket.connected(all, endpoint, new Arena()),
    ];
    for (const way of ways) {
      assert.throws(
        () => way().watch(() => {}),
        (error: NodeJS.ErrnoException) => error.code === code,
      );
    }
    assert.is(descriptors(), before);
  },
);

tests('UDP batches', {
  async 'on a wildcard address the reply leaves from the address that was asked, both families'() {
    const rows = [
      ['0.0.0.0', '127.0.0.1'],
      ['0.0.0.0', '127.9.8.7'],
      ['::', '::1'],
    ] as const;
    for (const [wildcard, asked] of rows) {
      const server = echo(wildcard);
      const client = await asking(asked, server.port);
      const reply = once(client, 'message');
      client.send(Buffer.from('abc'));
      assert.is(String((await reply)[0]), 'cba', asked);
      client.close();
      server.close();
    }
  },
  async 'a watch goes on after the network said no'() {
    const reserved = BatchSocket.listening(shim(), { address: '127.0.0.1', port: 0 });
    const { port } = reserved;
    reserved.close();
    const client = BatchSocket.connected(shim(), { address: '127.0.0.1', port }, new Arena());
    const results: number[] = [];
    client.watch(() => results.push(client.receive()));
    for (let i = 1; i <= 2; i++) {
      client.queue(new Uint8Array(64), Uint8Array.of(i));
      client.flush();
      await until(() => results.filter((result) => result < 0).length >= i);
    }
    const server = echo('127.0.0.1', port);
    client.queue(new Uint8Array(64), Uint8Array.of(3));
    client.flush();
    await until(() => results.includes(1));
    client.close();
    server.close();
  },
  async 'more than fit one batch are all answered, in order'() {
    const server = echo('127.0.0.1');
    const client = await asking('127.0.0.1', server.port);
    const replies: string[] = [];
    client.on('message', (message) => replies.push(String(message)));
    for (let i = 0; i < 300; i++) client.send(Buffer.from(`${i}-`));
    await until(() => replies.length === 300);
    const order = replies.map((reply) => Number(reply.slice(1).split('').reverse().join('')));
    assert.equal(
      order,
      order.toSorted((one, other) => one - other),
    );
    client.close();
    server.close();
  },
  async 'a datagram that outgrows a slot is known as such, the longest that fits is whole'() {
    const server = BatchSocket.listening(shim(), { address: '127.0.0.1', port: 0 });
    const client = await asking('127.0.0.1', server.port);
    client.send(Buffer.alloc(MAX_DATAGRAM_BYTES, 1));
    client.send(Buffer.alloc(MAX_DATAGRAM_BYTES + 1, 2));
    client.send(Buffer.alloc(0));
    const lengths: (number | undefined)[] = [];
    while (lengths.length < 3) {
      const count = server.receive();
      for (let slot = 0; slot < count; slot++) lengths.push(server.message(slot)?.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(lengths, [MAX_DATAGRAM_BYTES, undefined, 0]);
    client.close();
    server.close();
  },
  async 'two connected sockets share an arena'() {
    const server = echo('127.0.0.1');
    const arena = new Arena();
    const replies: string[] = [];
    const sockets = ['one', 'two'].map((text) => {
      const socket = BatchSocket.connected(shim(), { address: '127.0.0.1', port: server.port }, arena);
      socket.watch(() => {
        const count = socket.receive();
        for (let slot = 0; slot < count; slot++) replies.push(String(Buffer.from(socket.message(slot)!)));
      });
      socket.queue(new Uint8Array(64), Buffer.from(text));
      assert.is(socket.flush(), 1);
      return socket;
    });
    await until(() => replies.length === 2);
    assert.equal(replies.toSorted(), ['eno', 'owt']);
    for (const socket of [...sockets, server]) socket.close();
  },
  async 'nobody listens: the error of the network, as a negative number'() {
    const taken = BatchSocket.listening(shim(), { address: '127.0.0.1', port: 0 });
    const { port } = taken;
    taken.close();
    const socket = BatchSocket.connected(shim(), { address: '127.0.0.1', port }, new Arena());
    socket.queue(new Uint8Array(64), Buffer.from('x'));
    socket.flush();
    let result = 0;
    await until(() => {
      result = socket.receive();
      return result !== 0;
    });
    assert.is(result, -111); // ECONNREFUSED
    socket.close();
    socket.close();
    assert.equal([socket.receive(), socket.flush()], [0, 0]);
  },
  'an address that is taken, or not of this host, by its name'() {
    const taken = BatchSocket.listening(shim(), { address: '127.0.0.1', port: 0 });
    const codes = ['127.0.0.1', '192.0.2.53'].map((address) => {
      try {
        return BatchSocket.listening(shim(), { address, port: taken.port }) && 'bound';
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    assert.equal(codes, ['EADDRINUSE', 'EADDRNOTAVAIL']);
    taken.close();
  },
  'SO_REUSEPORT: two sockets on one port'() {
    const first = shim().udpOpen('127.0.0.1', 0, UDP_REUSE_PORT, 0);
    const port = shim().udpPort(first);
    const fds = [first, shim().udpOpen('127.0.0.1', port, UDP_REUSE_PORT, 0)];
    assert.ok(fds.every((fd) => fd > 0));
    assert.is(shim().udpOpen('127.0.0.1', port, 0, 0), -98); // EADDRINUSE
    for (const fd of fds) {
      const socket = shim().udpAttach(fd, new ArrayBuffer(2 * 128), new Int32Array(2), 128, 1);
      if (typeof socket === 'number') throw new Error(`errno ${-socket}`);
      shim().udpClose(socket);
    }
  },
  'wrong arguments throw'() {
    const fd = shim().udpOpen('127.0.0.1', 0, 0, 0);
    assert.throws(() => shim().udpAttach(fd, new ArrayBuffer(10), new Int32Array(2), 128, 1), 'arena');
    assert.throws(() => shim().udpAttach(fd, new ArrayBuffer(256), new Int32Array(1), 128, 1), 'arena');
    assert.throws(() => shim().udpReceive({} as never), 'a UDP socket');
    assert.is(shim().udpOpen('no address', 0, 0, 0), -22); // EINVAL
    const socket = shim().udpAttach(fd, new ArrayBuffer(256), new Int32Array(2), 128, 1);
    if (typeof socket === 'number') throw new Error(`errno ${-socket}`);
    assert.throws(() => shim().udpWatch(socket, 'no function' as never), 'a function');
    shim().udpClose(socket);
    assert.equal([shim().udpReceive(socket), shim().udpSend(socket, 1)], [-9, -9]);
    assert.is(
      shim().udpWatch(socket, () => {}),
      -9,
    ); // EBADF
  },
});
