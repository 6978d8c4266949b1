/**
 * A lab of its own for `nat46 siit`: the translator between an IPv4 and an IPv6 namespace. Names of the namespaces are the
 * lab's, so that whatever a crash leaves is removed with it.
 *
 *     cl1 198.51.100.2 ── 198.51.100.1 gw 2001:db8:6::ff ── 2001:db8:6::7, ::8 srv
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Exchange } from './exchange.ts';
import { type Flags, Gateway } from './gateway.ts';
import { type Finished, run } from './lab.ts';

const NAMESPACES = ['cl1', 'gw', 'srv'] as const;
type Namespace = (typeof NAMESPACES)[number];

export const DEVICE = 'siit';
export const POOL6 = '2001:db8:64::/96';
export const CLIENT = { v4: '198.51.100.2', v6: '2001:db8:64::c633:6402' };
export const SERVER = { v4: '192.0.2.7', v6: '2001:db8:6::7' };
export const OTHER = { v4: '192.0.2.8', v6: '2001:db8:6::8' };
export const OWN = { v4: '192.0.2.1', v6: '2001:db8:46::1' };
const CLIENT_GW = '198.51.100.1';
const SERVER_GW = '2001:db8:6::ff';

/** Flags of a translator whose every packet can be foretold: one queue, MTUs given, host left alone. */
export const EXACT: Flags = {
  tun: DEVICE,
  attach: true,
  'no-setup': true,
  workers: '1',
  mtu4: '1500',
  mtu6: '1500',
  self4: OWN.v4,
  self6: OWN.v6,
  pool6: POOL6,
  eam: [`${SERVER.v4}=${SERVER.v6}`, `${OTHER.v4}=${OTHER.v6}`],
};

export class SiitLab {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'nat46-siit-'));
  readonly #prefix = process.env.LAB_PREFIX ?? `nat46test${process.pid}-`;
  readonly #gateways = new Set<Gateway>();
  readonly #children = new Set<ChildProcess>();

  /** Namespaces and links, no translator. */
  static async up(): Promise<SiitLab> {
    if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run as root');
    const lab = new SiitLab();
    for (const name of NAMESPACES) {
      await lab.#ip('netns', 'add', lab.ns(name));
      await lab.ok(name, ['ip', 'link', 'set', 'lo', 'up']);
      await lab.ok(name, 'sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0'.split(' '));
      await lab.ok(name, 'sysctl -qw net.ipv6.conf.default.accept_dad=0'.split(' '));
    }
    await lab.#link('cl1', 'in', [`${CLIENT.v4}/24`], [`${CLIENT_GW}/24`]);
    await lab.#link('srv', 'out', [`${SERVER.v6}/64`], [`${SERVER_GW}/64`]);
    const unasked = ['preferred_lft', '0', 'nodad']; // nobody's choice of a source
    await lab.ok('srv', ['ip', 'address', 'add', `${OTHER.v6}/64`, 'dev', 'eth0', ...unasked]);
    await lab.ok('cl1', ['ip', 'route', 'add', 'default', 'via', CLIENT_GW]);
    await lab.ok('srv', ['ip', '-6', 'route', 'add', 'default', 'via', SERVER_GW]);
    return lab;
  }

  ns(name: Namespace): string {
    return `${this.#prefix}${name}`;
  }

  exec(name: Namespace, argv: readonly string[]): Promise<Finished> {
    return run('ip', ['netns', 'exec', this.ns(name), ...argv]);
  }

  /** As `exec`, and throws unless it exits with 0. @returns its standard output */
  async ok(name: Namespace, argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec(name, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')} in ${name}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a command; the caller ends it, or `down` does. */
  spawn(name: Namespace, argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn('ip', ['netns', 'exec', this.ns(name), ...argv], { stdio: [...stdio], ...options });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  /** A translator; the caller waits for it to be ready, or to end. */
  translator(flags: Flags): Gateway {
    const state = path.join(this.folder, 'state');
    const gateway = new Gateway(['ip', 'netns', 'exec', this.ns('gw')], { state, ...flags }, 'siit');
    this.#gateways.add(gateway);
    return gateway;
  }

  /** A device made by hand, larger than any packet of a row, and what exchanges packets with whoever attaches to it. */
  async exchange(pcap: string): Promise<Exchange> {
    await this.ok('gw', `ip tuntap add dev ${DEVICE} mode tun multi_queue vnet_hdr`.split(' '));
    await this.ok('gw', ['ip', 'link', 'set', DEVICE, 'up', 'mtu', '9000']);
    const argv = ['/usr/bin/python3', 'test/helpers/exchange.py', DEVICE, POOL6, pcap];
    return Exchange.over(this.spawn('gw', argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** Ends what was started (SIGKILL) and removes everything. */
  async down(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all([...this.#gateways].map((gateway) => gateway.kill('SIGKILL')));
    for (const name of NAMESPACES) await run('ip', ['netns', 'delete', this.ns(name)]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #link(far: Namespace, near: string, theirs: string[], ours: string[]): Promise<void> {
    const veth = ['link', 'add', 'eth0', 'netns', this.ns(far), 'type', 'veth'];
    await this.#ip(...veth, 'peer', 'name', near, 'netns', this.ns('gw'));
    for (const [name, device, addresses] of [
      [far, 'eth0', theirs],
      ['gw', near, ours],
    ] as const) {
      await this.ok(name, ['ip', 'link', 'set', device, 'up']);
      for (const address of addresses) {
        const nodad = address.includes(':') ? ['nodad'] : [];
        await this.ok(name, ['ip', 'address', 'add', address, 'dev', device, ...nodad]);
      }
    }
  }

  async #ip(...argv: string[]): Promise<void> {
    const { code, stderr } = await run('ip', argv);
    if (code !== 0) throw new Error(`ip ${argv.join(' ')}: ${stderr}`);
  }
}
