/**
 * UDP datagrams that do not fit into a packet: fragments both ways, in order and out of order.
 * RFC 7915 §4.1 and §5.1 (each fragment translated on its own), RFC 6146 §3.4 (ports of the first fragment).
 */
import { once } from 'node:events';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests, withGateway } from '../helpers/lab-suite.ts';

const PYTHON = '/usr/bin/python3';
const ORDERS = ['0,1,2', '2,1,0', '1,2,0', '2,0,1'];

const probe = (lab: Lab, address: string, size: number, port = 7) =>
  lab.ok('cl1', [PYTHON, 'test/helpers/udp-probe.py', address, String(port), String(size), '--tries', '3']);

/** Answers one datagram with fragments in this order; resolves once it listens. */
async function fragmentingEcho(lab: Lab, port: number, order: string): Promise<void> {
  const echo = lab.spawn('srv', [PYTHON, 'test/helpers/fragments.py', 'echo6', String(port), order]);
  assert.ok(echo.stdout);
  await once(echo.stdout, 'data');
}

labTests('fragments of a 3000-byte datagram', withGateway, {
  '[9] [23] there and back, as the kernels fragment it': async (lab) => {
    const address = await lab.lookup('web');
    for (const size of [1473, 3000, 9000, 60_000]) await probe(lab, address, size);
  },

  '[45] [57] IPv4 fragments out of order reach the server': async (lab) => {
    const address = await lab.lookup('web');
    for (const order of ORDERS) {
      const argv = [PYTHON, 'test/helpers/fragments.py', 'send4', address, '7', '3000', order];
      assert.is((await lab.ok('cl1', argv)).trim(), 'echoed', `order ${order}`);
    }
  },

  '[45] [57] IPv6 fragments out of order reach the client': async (lab) => {
    const address = await lab.lookup('web');
    for (const [i, order] of ORDERS.entries()) {
      await fragmentingEcho(lab, 9000 + i, order);
      await lab.ok('cl1', [
        PYTHON,
        'test/helpers/udp-probe.py',
        address,
        String(9000 + i),
        '3000',
        '--tries',
        '1',
      ]);
    }
  },
});
