/**
 * Two kernels talk through `nat46 siit` in the stateless set-up that TAYGA is known for: pairs of addresses and a prefix. The
 * translator sets up the host itself. tshark looks at what arrives at both ends.
 */
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Capture, checksums, faults, plantWrongChecksum } from '../helpers/capture.ts';
import { hashOf, writePayload } from '../helpers/payload.ts';
import { CLIENT, DEVICE, OTHER, OWN, POOL6, SERVER, SiitLab } from '../helpers/siit-lab.ts';

const PYTHON = '/usr/bin/python3';
const BYTES = 20_000_000;
const ROUTER4 = '203.0.113.8'; // stands for routers outside, RFC 6791
const byPrefix = (v4: string): string =>
  `${POOL6.replace('/96', '')}${Buffer.from(v4.split('.').map(Number))
    .toString('hex')
    .replace(/(.{4})(.{4})/, '$1:$2')}`;

const FLAGS = {
  tun: DEVICE,
  pool6: POOL6,
  eam: [`${SERVER.v4}=${SERVER.v6}`, `${OTHER.v4}=${OTHER.v6}`],
  self4: OWN.v4,
  self6: OWN.v6,
  'rfc6791-v4': ROUTER4,
};

const it = suite('siit traffic');
let lab: SiitLab;

it.before(async () => {
  try {
    lab = await SiitLab.up();
    await lab.translator(FLAGS).ready();
    // every probe of a traceroute is to be answered
    for (const name of ['gw', 'srv'] as const) {
      await lab.ok(name, ['sysctl', '-qw', 'net.ipv6.icmp.ratelimit=0', 'net.ipv4.icmp_ratelimit=0']);
    }
  } catch (error) {
    console.error(error); // uvu counts the cases as not passed, but does not say why
    throw error;
  }
});
it.after(() => lab?.down());

type End = 'cl1' | 'srv';

const ping = (from: End, address: string, ...more: string[]): Promise<string> =>
  lab.ok(from, ['ping', '-c', '2', '-i', '0.05', '-W', '2', ...more, address]);

/** Serves a folder over HTTP; resolves once it listens. */
async function serve(at: End, address: string, folder: string): Promise<void> {
  lab.spawn(at, [PYTHON, '-m', 'http.server', '8000', '--bind', address, '--directory', folder]);
  for (let tries = 0; tries < 100; tries++) {
    if ((await lab.ok(at, ['ss', '-Htln', 'sport = 8000'])) !== '') return;
    await pause(50);
  }
  throw new Error(`no web server at ${address}`);
}

/** The hash of what a client receives. */
async function fetched(from: End, host: string, file: string): Promise<string> {
  const curl = lab.spawn(from, ['curl', '-sS', '--max-time', '30', `http://${host}:8000/${file}`]);
  assert.ok(curl.stdout);
  return hashOf(curl.stdout);
}

/** Bytes received of what was sent. */
async function iperf3(address: string, ...more: string[]): Promise<number> {
  const server = lab.spawn('srv', ['iperf3', '-s', '-1', '-B', SERVER.v6, '--forceflush']);
  const ended = once(server, 'close');
  if (server.stdout !== null) await once(server.stdout, 'data'); // listening
  const out = await lab.ok('cl1', ['iperf3', '-c', address, '-J', ...more]);
  await ended;
  const { end } = JSON.parse(out) as {
    end: { sum_received?: { bytes: number }; sum: { bytes: number; lost_packets: number } };
  };
  return end.sum_received?.bytes ?? end.sum.bytes;
}

it('pings both ways', async () => {
  await ping('cl1', SERVER.v4);
  await ping('cl1', SERVER.v4, '-s', '1400', '-M', 'do');
  await ping('srv', byPrefix(CLIENT.v4), '-s', '1000');
});

it('[88] the own addresses answer from both sides', async () => {
  for (const address of [OWN.v4]) await ping('cl1', address);
  for (const address of [OWN.v6, byPrefix(OWN.v4)]) await ping('srv', address);
});

it('a web server outside, and one inside', async () => {
  const hash = writePayload(path.join(lab.folder, 'file'), BYTES);
  await serve('srv', SERVER.v6, lab.folder);
  await serve('cl1', CLIENT.v4, lab.folder);
  assert.is(await fetched('cl1', SERVER.v4, 'file'), hash);
  assert.is(await fetched('srv', `[${byPrefix(CLIENT.v4)}]`, 'file'), hash);
});

it('iperf3: TCP up and down, UDP', async () => {
  assert.ok((await iperf3(SERVER.v4, '-n', '100M')) > 50_000_000);
  assert.ok((await iperf3(SERVER.v4, '-n', '100M', '-R')) > 50_000_000);
  assert.ok((await iperf3(SERVER.v4, '-u', '-b', '50M', '-l', '1200', '-n', '2M')) > 0);
});

it('[36] two hosts outside reach each other by their IPv4 addresses', async () => {
  await ping('srv', byPrefix(OTHER.v4), '-I', SERVER.v6);
});

it('[33] traceroute shows every hop: the kernel, the translator, a router outside, the server', async () => {
  const out = await lab.ok('cl1', ['traceroute', '-n', '-q', '1', '-w', '2', '-m', '6', SERVER.v4]);
  const hops = [...out.matchAll(/^ *\d+ +(\S+)/gm)].map(([, address]) => address);
  assert.equal(hops, ['198.51.100.1', OWN.v4, ROUTER4, SERVER.v4]);
});

it('[28] a path MTU of 1280 outside is learnt inside', async () => {
  await lab.ok('gw', ['ip', 'link', 'set', 'out', 'mtu', '1280']); // the server still takes 1500 bytes
  const hash = writePayload(path.join(lab.folder, 'file'), BYTES);
  assert.is(await fetched('srv', `[${byPrefix(CLIENT.v4)}]`, 'file'), hash);
  const route = await lab.ok('cl1', ['ip', 'route', 'get', SERVER.v4]);
  assert.match(route, /mtu 1260/);
});

it('tshark finds nothing wrong at either end', async () => {
  await lab.ok('gw', ['ip', 'link', 'set', 'out', 'mtu', '1500']);
  for (const [name, device] of [
    ['gw', 'in'],
    ['gw', 'out'],
    ['cl1', 'eth0'],
    ['srv', 'eth0'],
  ] as const) {
    await lab.ok(name, ['ethtool', '-K', device, 'tx', 'off', 'tso', 'off', 'gso', 'off']);
  }
  const inside = await Capture.start(lab, 'cl1', 'eth0', path.join(lab.folder, 'inside.pcap'));
  const outside = await Capture.start(lab, 'srv', 'eth0', path.join(lab.folder, 'outside.pcap'));
  const hash = writePayload(path.join(lab.folder, 'small'), 300_000);
  assert.is(await fetched('cl1', SERVER.v4, 'small'), hash);
  assert.is(await fetched('srv', `[${byPrefix(CLIENT.v4)}]`, 'small'), hash);
  await ping('cl1', SERVER.v4, '-s', '1000');
  await lab.exec('cl1', ['curl', '-sS', `http://${SERVER.v4}:81/`]); // reset
  await lab.exec('cl1', [PYTHON, 'test/helpers/udp-probe.py', SERVER.v4, '9', '3000', '--tries', '1']); // unreachable
  await lab.exec('cl1', ['traceroute', '-n', '-q', '1', '-w', '1', '-m', '6', SERVER.v4]);
  await Promise.all([inside.stop(), outside.stop()]);
  for (const { file } of [inside, outside]) {
    assert.equal(faults(file), []);
    assert.ok(checksums(file).good.tcp > 100);
    plantWrongChecksum(file, `${file}.planted`);
    assert.ok(faults(`${file}.planted`).length > 0, 'a wrong checksum, planted, is found');
  }
});

it.run();
