/**
 * An IPv4-only client reaches an IPv6-only server by name: DNS, HTTP, ping, UDP, refusals, traceroute.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests, withGateway } from '../helpers/lab-suite.ts';
import { writePayload } from '../helpers/payload.ts';

const SYNTHETIC = /^10\.244\.50\.\d+$/;
const POOL_MEMBER = /^2001::10:244:100:25[0-3]$/;

/** Lines of the web server's log whose request matches: [address, port]. */
function seenByServer(lab: Lab, request: string): [string, string][] {
  const log = readFileSync(path.join(lab.name('LAB_DIR'), 'web/access.log'), 'utf8');
  return log
    .split('\n')
    .filter((line) => line.includes(request))
    .map((line) => line.split(' ').slice(0, 2) as [string, string]);
}

const probe = (address: string, size: number, ...more: string[]) => [
  '/usr/bin/python3',
  'test/helpers/udp-probe.py',
  address,
  '7',
  String(size),
  ...more,
];

labTests('reach: an IPv4-only client and an IPv6-only server', withGateway, {
  'a name with AAAA only becomes an address of the subnet, the same for both clients': async (lab) => {
    const address = await lab.lookup('web');
    assert.match(address, SYNTHETIC);
    assert.is(await lab.lookup('web', 'cl2'), address);
    assert.is(await lab.lookup('alias'), address, 'through CNAMEs');
    assert.match(await lab.lookup(lab.name('EXAMPLE_NAME')), SYNTHETIC);
  },

  'a name with an A record keeps it': async (lab) => {
    assert.is(await lab.lookup('v4only'), lab.name('SORRY'));
    assert.is(await lab.lookup('dual'), lab.name('SORRY'));
  },

  'curl http://name/ gets the page, and the server logs an address of the SNAT pool': async (lab) => {
    const page = await lab.ok('cl1', ['curl', '-sS', '--max-time', '10', 'http://web.nat46.example/?reach']);
    assert.is(page, 'Hello from the IPv6-only server.\n');
    const [seen] = seenByServer(lab, '/?reach');
    assert.match(seen?.[0] ?? '', POOL_MEMBER);
  },

  '[10] ping by name, nothing lost': async (lab) => {
    const out = await lab.ok('cl1', ['ping', '-c', '5', '-i', '0.1', '-W', '2', 'web.nat46.example']);
    assert.match(out, '5 received');
    const big = ['ping', '-c', '2', '-i', '0.1', '-W', '2', '-s', '1400', 'host1.nat46.example'];
    assert.match(await lab.ok('cl1', big), '2 received');
    assert.match(
      await lab.ok('cl1', ['ping', '-c', '1', '-W', '2', '10.244.50.1']),
      '1 received',
      'the gateway',
    );
  },

  '[18] UDP echo, 0 to 1400 bytes': async (lab) => {
    const address = await lab.lookup('web');
    for (const size of [0, 1, 512, 1400]) await lab.ok('cl1', probe(address, size, '--count', '10'));
  },

  '[27] [35] a closed port is refused at once, TCP and UDP': async (lab) => {
    const begin = performance.now();
    const { code } = await lab.exec('cl1', [
      'curl',
      '-sS',
      '--max-time',
      '5',
      'http://web.nat46.example:81/',
    ]);
    assert.is(code, 7, 'curl: could not connect');
    assert.ok(performance.now() - begin < 1000, 'within a second');
    const address = await lab.lookup('web');
    const udp = ['/usr/bin/python3', 'test/helpers/udp-probe.py', address, '9', '10', '--tries', '2'];
    assert.match((await lab.exec('cl1', udp)).stderr, 'ConnectionRefusedError');
  },

  '[53] two clients use the same source port at the same time': async (lab) => {
    const url = 'http://web.nat46.example/upload/same-port';
    writeWebFile(lab, 'upload/same-port', 3_000_000);
    const curl = ['curl', '-sS', '--local-port', '40000', '--limit-rate', '2M', '--max-time', '20', url];
    const sum = ['sh', '-c', `${curl.join(' ')} | wc -c`];
    const sizes = await Promise.all([lab.ok('cl1', sum), lab.ok('cl2', sum)]);
    assert.equal(sizes.map(Number), [3_000_000, 3_000_000]);
    const seen = new Set(seenByServer(lab, '/upload/same-port').map((pair) => pair.join(' ')));
    assert.is(seen.size, 2, 'two transport addresses outside');
    const address = await lab.lookup('web');
    const argv = probe(address, 600, '--bind', '40001', '--count', '200');
    await Promise.all([lab.ok('cl1', argv), lab.ok('cl2', argv)]);
  },

  '[1] [33] [35] traceroute shows every hop, the server last': async (lab) => {
    const address = await lab.lookup('web');
    for (const method of [[], ['-I'], ['-T', '-p', '80']]) {
      const out = await lab.ok('cl1', ['traceroute', '-n', '-q', '1', '-w', '2', ...method, address]);
      const hops = out.trim().split('\n').slice(1);
      assert.match(hops[0] ?? '', lab.name('CL1_GW'), out);
      assert.match(hops.at(-1) ?? '', address, out);
      assert.ok(hops.length >= 4, out);
      assert.not.match(out, '*', 'no hop is silent');
    }
  },
});

function writeWebFile(lab: Lab, name: string, bytes: number): void {
  writePayload(path.join(lab.name('LAB_DIR'), 'web/www', name), bytes);
}
