/**
 * What the gateway does to a host, seen with the host's own tools: afterwards everything is as it was, byte for byte,
 * however the gateway ended.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { parseV6 } from '../../src/address.ts';
import { TunDevice } from '../../src/tun/device.ts';
import { cleanup, HostState } from '../../src/tun/host.ts';
import { defaultMtu, isLocal, onLinkDevice, readHostFacts } from '../../src/tun/host-facts.ts';
import type { HostSetup } from '../../src/tun/host-plan.ts';
import { shim } from '../../src/tun/shim.ts';
import { sysctls } from '../../src/tun/sysctl.ts';
import { tests } from '../helpers/table.ts';
import { child, kill } from '../tun/child-process.ts';
import { TUN } from '../tun/mirror.ts';
import { insideNamespace, ip, output } from '../tun/namespace.ts';

const FOLDER = `/run/tunt-${process.pid}`;
const SETUP: HostSetup = {
  tun: TUN,
  mtu: 1400,
  addresses: ['10.99.0.1/32', '1.2.3.4/32'],
  routes4: ['10.99.0.0/24', '203.0.113.7/32'],
  routes6: ['2001:db8:98::46/128', '2001:db8:99::46/128'],
  neighbourProxies: ['2001:db8:98::46', '2001:db8:99::46'],
  journalPath: `${FOLDER}/t46h0.undo`,
  persist: false,
};

/** Everything a gateway may touch. */
function snapshot(): string {
  const settings = output('sysctl', '-a', '--pattern', '^net.ipv(4.ip_forward|[46].(conf|neigh))')
    .split('\n')
    .filter((line) => !/stable_secret/.test(line));
  return [
    output('ip', 'addr'),
    output('ip', '-4', 'route', 'show', 'table', 'all'),
    output('ip', '-6', 'route', 'show', 'table', 'all').replace(/ expires \d+sec/g, ''),
    output('ip', '-6', 'neigh', 'show', 'proxy'),
    ...settings,
  ].join('\n');
}

/** Lines that only one of two snapshots has. */
function changed(before: string, after: string): string[] {
  const [one, other] = [before.split('\n'), after.split('\n')];
  return [
    ...one.filter((line) => !other.includes(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !one.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** A host with a past: an interface that forwards already, a default route from an advertisement, a proxy. */
function furnish(): void {
  const tree = sysctls();
  tree.write('net/ipv4/conf/lo/forwarding', '1');
  tree.write('net/ipv6/conf/lo/forwarding', '1');
  ip('-6 route add default via fe80::1 dev a0 proto ra expires 1800 mtu 1480');
  ip('-6 neigh add proxy 2001:db8:98::77 dev a0');
}

function apply(change: Partial<HostSetup> = {}): { device: TunDevice; host: HostState } {
  const setup = { ...SETUP, ...change };
  const device = TunDevice.open({ name: setup.tun, queues: 1, persist: setup.persist });
  return { device, host: HostState.apply({ ...setup, created: device.created }) };
}

function isSetUp(): void {
  assert.match(output('ip', 'addr', 'show', TUN), /mtu 1400 .*inet 10.99.0.1\/32 .*inet 1.2.3.4\/32 /s);
  assert.not.match(output('ip', 'addr', 'show', TUN), 'inet6');
  assert.match(output('ip', 'route'), `10.99.0.0/24 dev ${TUN}`);
  assert.match(output('ip', '-6', 'route'), `2001:db8:98::46 dev ${TUN}`);
  assert.match(output('ip', '-6', 'route'), 'default via fe80::1 dev a0 proto ra');
  assert.match(output('ip', '-6', 'neigh', 'show', 'proxy'), '2001:db8:98::46 dev a0 proxy');
  assert.not.match(output('ip', '-6', 'neigh', 'show', 'proxy'), '2001:db8:99::46');
  assert.is(sysctls().read('net/ipv4/ip_forward'), '1');
  assert.is(sysctls().read('net/ipv6/conf/all/forwarding'), '1');
  assert.is(sysctls().read(`net/ipv4/conf/${TUN}/accept_local`), '1');
}

/** How often `ip` runs meanwhile. */
function countingIp(run: () => void): number {
  const { PATH = '' } = process.env;
  const real = output('sh', '-c', 'command -v ip').trim();
  const folder = mkdtempSync(`${tmpdir()}/tunt-`);
  writeFileSync(`${folder}/ip`, `#!/bin/sh\necho >>${folder}/runs\nexec ${real} "$@"\n`, { mode: 0o755 });
  process.env.PATH = `${folder}:${PATH}`;
  try {
    run();
    return readFileSync(`${folder}/runs`, 'utf8').length;
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
}

/** The check leaves the host as it found it, and no journal. */
function restored(check: () => void | Promise<void>): () => Promise<void> {
  return async () => {
    const before = snapshot();
    await check();
    assert.equal(changed(before, snapshot()), []);
    assert.equal(existsSync(FOLDER) ? readdirSync(FOLDER) : [], []);
  };
}

const gone = () => !output('ip', 'link').includes(TUN);

/** IPv6 groups that the kernel tells about on the device: those of all nodes it never does. */
const reported = () => output('ip', 'maddr', 'show', 'dev', TUN).match(/inet6 (?!ff0[12]::1\b)\S+/g) ?? [];

if (insideNamespace(fileURLToPath(import.meta.url))) {
  process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
  furnish();

  tests('the device says nothing by itself', {
    'no multicast group is joined, whether forwarding is on before or not': restored(() => {
      for (const forwarding of ['0', '1']) {
        sysctls().write('net/ipv6/conf/default/forwarding', forwarding);
        const { device, host } = apply();
        assert.equal(reported(), [], `forwarding ${forwarding}`);
        assert.match(output('ip', 'link', 'show', TUN), 'mtu 1400');
        host.undo();
        device.release();
      }
      sysctls().write('net/ipv6/conf/default/forwarding', '0');
    }),
  });

  tests('the host is restored', {
    'at the end; undoing twice is harmless': restored(() => {
      const { device, host } = apply();
      isSetUp();
      assert.equal(host.proxies, [{ kind: 'proxy', device: 'a0', address: '2001:db8:98::46' }]);
      assert.equal(host.undo(), []);
      assert.equal(host.undo(), []);
      device.release();
    }),
    'with SNAT addresses that came, went and came again while it ran': restored(() => {
      const { device, host } = apply();
      const proxies = () => output('ip', '-6', 'neigh', 'show', 'proxy');
      for (const address of ['2001:db8:98::47', '2001:db8:99::47']) host.attract(address);
      host.attract('2001:db8:98::47');
      assert.match(output('ip', '-6', 'route'), `2001:db8:98::47 dev ${TUN}`);
      assert.match(output('ip', '-6', 'route'), `2001:db8:99::47 dev ${TUN}`);
      assert.match(proxies(), '2001:db8:98::47 dev a0 proxy');
      assert.not.match(proxies(), '2001:db8:99::47');
      host.repel('2001:db8:98::47');
      assert.not.match(proxies(), '2001:db8:98::47');
      assert.match(output('ip', '-6', 'route'), `2001:db8:98::47 dev ${TUN}`, 'its old sessions go on');
      host.attract('2001:db8:98::47');
      assert.match(proxies(), '2001:db8:98::47 dev a0 proxy');
      host.repel('2001:db8:98::47');
      assert.equal(host.undo(), []);
      device.release();
    }),
    'a pool that is taken over: the host is read once, not for each of 64 addresses': restored(() => {
      const { device, host } = apply();
      const pool = Array.from({ length: 64 }, (_, n) => `2001:db8:98::1:${(n + 1).toString(16)}`);
      const runs = countingIp(() => {
        for (const address of pool) host.attract(address);
        for (const address of pool) host.attract(address);
      });
      const count = (text: string): number => text.match(/2001:db8:98::1:/g)?.length ?? 0;
      assert.is(count(output('ip', '-6', 'route', 'show', 'dev', TUN)), 64);
      assert.is(count(output('ip', '-6', 'neigh', 'show', 'proxy')), 64);
      assert.ok(runs <= 64 + 5 * 10, `${runs} runs of ip`); // ten bursts, on a slow machine
      const away = countingIp(() => {
        for (const address of pool) host.repel(address);
      });
      assert.is(away, 2 * 64, 'the proxies, and the change');
      assert.is(count(output('ip', '-6', 'neigh', 'show', 'proxy')), 0);
      assert.equal(host.undo(), []);
      device.release();
    }),
    'when the device went first': restored(() => {
      const { device, host } = apply();
      device.release();
      assert.equal(host.undo(), []);
    }),
    'after SIGKILL, by cleanup; a second one finds nothing': restored(async () => {
      const killed = await child('setup', JSON.stringify(SETUP));
      assert.is(killed.said, 'ready\n');
      isSetUp();
      await kill(killed.process);
      assert.ok(gone());
      const { found, problems } = cleanup(SETUP.journalPath);
      assert.ok(found > 10);
      assert.equal(problems, []);
      assert.equal(cleanup(SETUP.journalPath), { found: 0, problems: [] });
    }),
    'after SIGKILL, by the next gateway, which wants something else': restored(async () => {
      const killed = await child('setup', JSON.stringify(SETUP));
      await kill(killed.process);
      const { device, host } = apply({ neighbourProxies: [], routes6: ['2001:db8:97::/64'] });
      assert.not.match(output('ip', '-6', 'neigh', 'show', 'proxy'), '2001:db8:98::46');
      assert.is(sysctls().read('net/ipv6/conf/a0/proxy_ndp'), '0');
      assert.equal(host.undo(), []);
      device.release();
    }),
    'after SIGKILL in the midst of the set-up: the journal is ahead of the host': restored(async () => {
      const killed = await child('setup', JSON.stringify(SETUP));
      await kill(killed.process);
      ip('-6 neigh del proxy 2001:db8:98::46 dev a0');
      assert.equal(cleanup(SETUP.journalPath).problems, []);
    }),
    'when the set-up fails': restored(() => {
      ip('route add 10.99.0.0/24 dev a0');
      const device = TunDevice.open({ name: TUN, queues: 1 });
      assert.throws(() => HostState.apply(SETUP), /route add 10.99.0.0\/24.*File exists.*another/);
      device.release();
      ip('route del 10.99.0.0/24 dev a0');
    }),
    'a device of somebody else too': restored(() => {
      ip(
        `tuntap add ${TUN} mode tun multi_queue`,
        `addr add 10.7.7.7/24 dev ${TUN}`,
        `link set ${TUN} mtu 1300 up`,
      );
      ip(`link set ${TUN} down addrgenmode random`); // as a device that was in use: the kernel changes a new one
      const before = snapshot();
      const { device, host } = apply();
      assert.not(device.created);
      assert.match(output('ip', 'addr', 'show', TUN), '10.99.0.1/32');
      assert.equal(host.undo(), []);
      device.release();
      assert.equal(changed(before, snapshot()), []);
      ip(`link del ${TUN}`);
    }),
  });

  tests('kept and shared', {
    'persist: all stays for the next start; cleanup removes all': restored(async () => {
      const killed = await child('setup', JSON.stringify({ ...SETUP, persist: true }));
      await kill(killed.process);
      isSetUp();
      const { device, host } = apply({ persist: true });
      assert.not(device.created);
      assert.equal(host.undo(), []);
      device.release();
      isSetUp();
      assert.equal(cleanup(SETUP.journalPath).problems, []);
      assert.ok(gone());
    }),
    'persist ends with the first gateway that runs without it': restored(() => {
      const kept = apply({ persist: true });
      kept.host.undo();
      kept.device.release();
      const { device, host } = apply();
      assert.equal(host.undo(), []);
      device.release();
      assert.ok(gone());
    }),
    'cleanup does not touch a running gateway': restored(async () => {
      const running = await child('setup', JSON.stringify(SETUP));
      assert.throws(() => cleanup(SETUP.journalPath), /a gateway is running/);
      isSetUp();
      await kill(running.process);
      cleanup(SETUP.journalPath);
    }),
    'two gateways: the last to leave switches forwarding off': restored(() => {
      const one = apply();
      const other = apply({
        tun: 't46h1',
        addresses: [],
        routes4: ['10.97.0.0/24'],
        routes6: [],
        neighbourProxies: ['2001:db8:98::47'],
        journalPath: `${FOLDER}/t46h1.undo`,
      });
      assert.equal(one.host.undo(), []);
      one.device.release();
      assert.is(sysctls().read('net/ipv4/ip_forward'), '1');
      assert.is(sysctls().read('net/ipv6/conf/a0/proxy_ndp'), '1');
      assert.equal(other.host.undo(), []);
      other.device.release();
    }),
    'a thousand SNAT addresses are set up and taken back in batches': restored(() => {
      const neighbourProxies = Array.from(
        { length: 1000 },
        (_, k) => `2001:db8:98::46:${(k + 1).toString(16)}`,
      );
      const begin = performance.now();
      const { device, host } = apply({
        neighbourProxies,
        routes6: neighbourProxies.map((one) => `${one}/128`),
      });
      assert.equal(host.undo(), []);
      assert.ok(performance.now() - begin < 5000);
      device.release();
    }),
  });

  tests('facts of a real host', {
    'addresses, on-link prefixes, MTU of the default route': () => {
      const facts = readHostFacts();
      const [own, neighbour] = [parseV6('2001:db8:98::1'), parseV6('2001:db8:98::2')];
      assert.ok(own && neighbour);
      assert.equal(
        [isLocal(facts, own), isLocal(facts, neighbour), isLocal(facts, '127.8.8.8')],
        [true, false, true],
      );
      assert.is(onLinkDevice(facts, neighbour), 'a0');
      assert.is(defaultMtu(facts, 6), 1480);
      assert.is(defaultMtu(facts, 4), null);
    },
    'a namespace in which nothing was ever configured': () => {
      const module = JSON.stringify(new URL('../../src/tun/host-facts.js', import.meta.url));
      const code = `import(${module}).then((facts) => console.log(facts.readHostFacts().routes.length))`;
      execFileSync('ip', ['netns', 'add', 'tunt-empty']);
      try {
        const args = ['netns', 'exec', 'tunt-empty', process.execPath, '-e', code];
        assert.is(execFileSync('ip', args, { encoding: 'utf8' }).trim(), '0');
      } finally {
        execFileSync('ip', ['netns', 'del', 'tunt-empty']);
      }
    },
    'a service manager is told': async () => {
      const script =
        'import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("\\0tunt-notify"); ' +
        'print("bound", flush=True); print(s.recv(99).decode(), flush=True)';
      const receiver = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      receiver.stdout.on('data', (text) => {
        printed += text;
      });
      await once(receiver.stdout, 'data');
      process.env.NOTIFY_SOCKET = '@tunt-notify';
      assert.is(shim().sdNotify('READY=1\nSTATUS=run'), 1);
      await once(receiver, 'close');
      assert.is(printed, 'bound\nREADY=1\nSTATUS=run\n');
    },
  });
}
