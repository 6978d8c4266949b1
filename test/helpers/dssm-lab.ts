/**
 * The lab with many gateways and one store: DNS46 in `gwdns`, data gateways in `gw` and `gw2`, Redis and its Sentinels
 * over TLS in `db`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite } from 'uvu';
import { type Flags, Gateway } from './gateway.ts';
import { type Finished, flagsOf, Lab } from './lab.ts';
import { until } from './redis.ts';

export type GatewayName = 'gw' | 'gw2' | 'gwdns';
const PORTS = [6379, 6380] as const;
const SENTINEL = 26379;

export class DssmLab {
  readonly lab: Lab;
  readonly #env: readonly string[];

  private constructor(lab: Lab, env: readonly string[]) {
    this.lab = lab;
    this.#env = env;
  }

  static async up(): Promise<DssmLab> {
    const lab = await Lab.up();
    await lab.script('dssm');
    return new DssmLab(lab, (await lab.script('dssm-env')).trim().split('\n'));
  }

  /** @param flags on top of the lab's, as in `Lab.startGateway` */
  async start(name: GatewayName, flags: Flags = {}): Promise<Gateway> {
    const own = flagsOf(await this.lab.script('dssm-flags', name));
    const wrap = ['ip', 'netns', 'exec', this.lab.ns(name), 'env', ...this.#env];
    const gateway = this.lab.adopt(new Gateway(wrap, { ...own, ...flags }));
    await gateway.ready();
    return gateway;
  }

  /** `nat46 <argv> --control <that of a gateway>`, with `input` as its standard input. */
  control(name: GatewayName, argv: readonly string[], input?: string): Promise<Finished> {
    const control = path.join(this.lab.name('LAB_DIR'), `${name}.sock`);
    const command = [process.execPath, 'dist/src/main.js', ...argv, '--control', control];
    return this.lab.exec(name, command, input === undefined ? {} : { input });
  }

  /** redis-cli as the documentation types it, to the master. */
  async cli(...argv: string[]): Promise<string> {
    return this.#cli(await this.masterPort(), argv);
  }

  async masterPort(): Promise<number> {
    const reply = await this.#cli(SENTINEL, ['SENTINEL', 'get-master-addr-by-name', 'dssm']);
    return Number(reply.split('\n')[1]);
  }

  /** SIGKILL to the master. @returns its port */
  async killMaster(): Promise<number> {
    const port = await this.masterPort();
    const pid = readFileSync(path.join(this.lab.name('LAB_DIR'), `dssm/${port}/pid`), 'utf8');
    process.kill(Number(pid), 'SIGKILL');
    return port;
  }

  /** Resolves when another server than that of this port is the master. */
  async promoted(old: number): Promise<void> {
    const other = PORTS.find((port) => port !== old) ?? 0;
    await until('another master', 30_000, async () => {
      if ((await this.masterPort()) !== other) return null;
      return (await this.#cli(other, ['ROLE'])).startsWith('master') || null;
    });
  }

  /** Start a server that was killed again; it becomes a replica. */
  async revive(port: number): Promise<void> {
    await this.lab.ok('db', ['redis-server', path.join(this.lab.name('LAB_DIR'), `dssm/${port}/conf`)]);
    await until('the revived server a replica', 20_000, async () => {
      const role = await this.#cli(port, ['ROLE']).catch(() => '');
      return (role.startsWith('slave') && role.includes('connected')) || null;
    });
  }

  /** Packets from cl1 to the subnet go through this gateway. */
  async route(name: 'gw' | 'gw2', snat: readonly string[] = []): Promise<void> {
    await this.lab.script('dssm-route', name, ...snat);
  }

  /** A counter of `nat46_store_stat`, read from the state file. */
  async storeCounter(name: GatewayName, column: string): Promise<number> {
    const state = `${this.lab.name('LAB_STATE')}.${name}`;
    const argv = ['tmctl', '-f', state, 'nat46_store_stat', '-c', '-q', '-s', column];
    const { stdout } = await this.lab.nat46(...argv);
    return Number(stdout.trim().split('\n').at(-1));
  }

  curl(url: string, ...more: string[]): Promise<Finished> {
    return this.lab.exec('cl1', ['curl', '-sS', '--max-time', '5', ...more, url]);
  }

  async #cli(port: number, argv: readonly string[]): Promise<string> {
    const command = [path.resolve('scripts/lab/lab'), 'dssm-cli', ...argv];
    const { code, stdout, stderr } = await this.lab.shell(command, { DSSM_PORT: String(port) });
    if (code !== 0) throw new Error(`redis-cli ${argv.join(' ')}: ${stderr || stdout}`);
    return stdout.replace(/\n$/, '');
  }
}

/** Cases on one lab, in order. @param prepare starts the gateways */
export function dssmTests(
  title: string,
  prepare: (lab: DssmLab) => Promise<void>,
  cases: Record<string, (lab: DssmLab) => Promise<void>>,
): void {
  const it = suite(title);
  let dssm: DssmLab;
  it.before(async () => {
    try {
      if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run as root');
      dssm = await DssmLab.up();
      await prepare(dssm);
    } catch (error) {
      console.error(error);
      throw error;
    }
  });
  it.after(() => dssm?.lab.down());
  for (const [name, check] of Object.entries(cases)) it(name, () => check(dssm));
  it.run();
}
