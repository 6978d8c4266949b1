/**
 * tshark checks every checksum of what leaves the gateway on both sides, and of what it quotes in ICMP errors.
 *
 * On veths a checksum is often left for hardware that does not exist, and would look wrong. So the gateway's own
 * interfaces compute it in full, and captures are taken where packets arrive: on the client and on the router. The
 * senders do it both ways: with offloads (the gateway reads super-packets and partial checksums) and without.
 */
import path from 'node:path';
import * as assert from 'uvu/assert';
import { Capture, checksums, plantWrongChecksum } from '../helpers/capture.ts';
import type { Lab, Namespace } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { writePayload } from '../helpers/payload.ts';

const BYTES = 3_000_000;

async function offload(lab: Lab, ns: Namespace, device: string, on: boolean): Promise<void> {
  const state = on ? 'on' : 'off';
  await lab.ok(ns, ['ethtool', '-K', device, 'tx', state, 'tso', state, 'gso', state]);
}

/** Something of everything: TCP both ways, refusals, echo, datagrams whole and in fragments, errors on the way. */
async function traffic(lab: Lab): Promise<void> {
  const address = await lab.lookup('web');
  const dir = lab.name('LAB_DIR');
  writePayload(path.join(dir, 'web/www/file'), BYTES);
  writePayload(path.join(dir, 'file'), BYTES);
  const probe = ['/usr/bin/python3', 'test/helpers/udp-probe.py', address];
  await lab.ok('cl1', ['curl', '-sS', '-o', '/dev/null', '--max-time', '20', `http://${address}/file`]);
  const upload = ['--upload-file', path.join(dir, 'file'), `http://${address}/upload/file`];
  await lab.ok('cl1', ['curl', '-sS', '--max-time', '20', ...upload]);
  await lab.exec('cl1', ['curl', '-sS', '--max-time', '5', `http://${address}:81/`]); // reset
  await lab.exec('cl1', [...probe, '9', '10', '--tries', '2']); // port unreachable
  await lab.ok('cl1', ['ping', '-c', '3', '-i', '0.1', address]);
  for (const size of ['0', '1', '1001', '3000']) await lab.ok('cl1', [...probe, '7', size, '--count', '3']);
  await lab.script('mtu', '1400');
  await lab.exec('cl1', [...probe, '7', '1440', '--df']); // packet too big
  await lab.ok('cl1', ['curl', '-sS', '--max-time', '20', ...upload]);
  await lab.script('mtu', '1500');
}

async function captured(lab: Lab, name: string): Promise<{ inside: string; outside: string }> {
  const file = (side: string) => path.join(lab.name('LAB_DIR'), `${name}-${side}.pcap`);
  const inside = await Capture.start(lab, 'cl1', 'eth0', file('inside'));
  const outside = await Capture.start(lab, 'rt', 'gw', file('outside'));
  await traffic(lab);
  await Promise.all([inside.stop(), outside.stop()]);
  return { inside: inside.file, outside: outside.file };
}

/** No wrong checksum, and enough right ones of each kind for that to mean something. */
function allRight(file: string, atLeast: Record<string, number>): void {
  const seen = checksums(file);
  assert.equal(seen.bad, [], `wrong in ${file}`);
  for (const [layer, count] of Object.entries(atLeast)) {
    assert.ok(seen.good[layer as keyof typeof seen.good] >= count, `${layer}: ${JSON.stringify(seen.good)}`);
  }
}

async function run(lab: Lab, name: string): Promise<void> {
  const { inside, outside } = await captured(lab, name);
  allRight(inside, { ip: 500, tcp: 500, udp: 12, icmp: 5 });
  allRight(outside, { tcp: 500, udp: 12, icmpv6: 3 });
}

const CASES: Parameters<typeof labTests<void>>[2] = {
  '[18] senders with offloads: super-packets and partial checksums': (lab) => run(lab, 'offload'),

  '[18] senders without': async (lab) => {
    await offload(lab, 'cl1', 'eth0', false);
    await offload(lab, 'srv', 'eth0', false);
    await run(lab, 'plain');
  },

  '[15] [18] [29] headers quoted by routers on the way (traceroute)': async (lab) => {
    // without offloads only: what a router quotes of a partial checksum is partial
    const file = path.join(lab.name('LAB_DIR'), 'traceroute.pcap');
    const inside = await Capture.start(lab, 'cl1', 'eth0', file);
    await lab.exec('cl1', ['traceroute', '-n', '-q', '1', '-w', '1', await lab.lookup('web')]);
    await inside.stop();
    allRight(file, { ip: 8, icmp: 4, udp: 4 });
  },

  'one wrong checksum, planted, is found': async (lab) => {
    const file = path.join(lab.name('LAB_DIR'), 'plain-outside.pcap');
    plantWrongChecksum(file, `${file}.planted`);
    assert.is(checksums(`${file}.planted`).bad.length, 1);
  },
};

for (const workers of ['1', '2']) {
  const prepare = async (lab: Lab): Promise<void> => {
    for (const device of ['in1', 'in2', 'out']) await offload(lab, 'gw', device, false);
    await lab.startGateway({ workers });
  };
  labTests(`every checksum on both sides is right, ${workers} workers`, prepare, CASES);
}
