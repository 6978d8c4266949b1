/**
 * What can stand between client and server in the lab: the kernel, TAYGA, the reference in C, nat46. All of them run in
 * the gateway's namespace at once, each with addresses of its own, and are idle but for the one that is measured.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Gateway } from '../test/helpers/gateway.ts';
import type { Lab } from '../test/helpers/lab.ts';

/** A contender that is up. */
export interface Running {
  /** IPv4 address that the client dials to reach the server. */
  readonly target: string;
  /** Process of the translator; null for the kernel. */
  readonly pid: number | null;
}

export interface Contender {
  readonly name: string;
  readonly what: string;
  start(lab: Lab): Promise<Running>;
}

export const REFERENCE = 'dist/bench/reference';

export const KERNEL: Contender = {
  name: 'kernel',
  what: 'IPv4 forwarding, no translation',
  async start(lab) {
    await lab.ok('gw', ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    return { target: lab.name('DIRECT4'), pid: null };
  },
};

export const TAYGA: Contender = {
  name: 'TAYGA',
  what: 'Debian package 0.9.2',
  async start(lab) {
    await lab.script('tayga');
    return { target: lab.name('TAYGA_DIRECT'), pid: await pidOf(lab, /^tayga\0.*tayga\/tayga[.]conf/) };
  },
};

/** @param source folder with the sources, built in a copy, or an executable */
export function newestTayga(source: string): Contender {
  return {
    name: 'TAYGA new',
    what: source,
    async start(lab) {
      const program = statSync(source).isDirectory() ? buildTayga(lab, source) : path.resolve(source);
      const folder = path.join(lab.name('LAB_DIR'), 'tayga-new');
      const config = path.join(folder, 'new.conf');
      mkdirSync(folder, { recursive: true });
      const client = '2001::10:244:100:210';
      const target = '10.244.55.20';
      const lines = ['tun-device tayganew', 'ipv4-addr 10.244.55.1', 'ipv6-addr 2001::10:244:100:211'];
      lines.push(
        `map ${lab.name('CL1')} ${client}`,
        `map ${target} ${lab.name('DIRECT6')}`,
        `data-dir ${folder}`,
      );
      writeFileSync(config, `${lines.join('\n')}\n`);
      await lab.ok('gw', ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
      await lab.ok('gw', [program, '-c', config, '--mktun']);
      await route(lab, 'tayganew', target, client);
      lab.spawn('gw', [program, '-c', config, '--nodetach'], { stdio: 'ignore' });
      await untilUp(lab, 'tayganew');
      return { target, pid: await pidOf(lab, /tayga-new\/new[.]conf/) };
    },
  };
}

export const C_REFERENCE: Contender = {
  name: 'C reference',
  what: 'bench/reference/translator.c: one thread, no coalescing, no state',
  async start(lab) {
    const target = '10.244.53.20';
    const client = '2001::10:244:100:230';
    const addresses = [lab.name('CL1'), client, target, lab.name('DIRECT6')];
    await lab.ok('gw', ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
    const child = lab.spawn('gw', [path.resolve(REFERENCE, 'translator'), 'reference', ...addresses]);
    await ready(child);
    await route(lab, 'reference', target, client);
    return { target, pid: child.pid ?? null };
  },
};

/** @param number tells gateways apart @param flags on top of the lab's */
export function nat46(name: string, number: number, flags: NatFlags = {}): Contender {
  return {
    name,
    what: 'this tree',
    async start(lab) {
      const { gateway, target } = await startNat46(lab, number, flags);
      return { target, pid: gateway.pid };
    },
  };
}

type NatFlags = Readonly<Record<string, string>>;

/** A gateway beside others of its kind, and the state file that it has. */
export async function startNat46(
  lab: Lab,
  number: number,
  flags: NatFlags,
): Promise<{ gateway: Gateway; target: string; state: string }> {
  const subnet = `10.244.5${2 * number}`;
  const target = `${subnet}.20`;
  const state = `${lab.name('LAB_STATE')}.${number}`;
  const gateway = await lab.startGateway({
    role: 'data',
    tun: `nat46-${number}`,
    subnet: `${subnet}.0/24`,
    'snat-pool': `2001::10:244:100:24${number}`,
    store: 'mem:',
    state,
    control: `${lab.name('LAB_CONTROL')}-${number}`,
    map: `${target}=${lab.name('DIRECT6')}`,
    ...flags,
  });
  return { gateway, target, state };
}

/** Resolves when a program of bench/reference says that it is ready. */
export function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.stdout?.once('data', () => resolve());
    child.once('close', (code) =>
      reject(new Error(`${child.spawnargs.slice(4).join(' ')}: exit ${code}\n${said}`)),
    );
  });
}

/** CPU time that all threads of a process have had, ns: utime + stime before the kernel rounds them to ticks. */
export function cpuNs(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return total;
}

async function route(lab: Lab, device: string, target: string, client: string): Promise<void> {
  await lab.ok('gw', ['ip', 'link', 'set', device, 'up']);
  await lab.ok('gw', ['ip', 'route', 'add', `${target}/32`, 'dev', device]);
  await lab.ok('gw', ['ip', '-6', 'route', 'add', `${client}/128`, 'dev', device]);
}

async function untilUp(lab: Lab, device: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if ((await lab.ok('gw', ['ip', 'link', 'show', device])).includes('LOWER_UP')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${device} does not come up`);
}

async function pidOf(lab: Lab, commandLine: RegExp): Promise<number> {
  const pids = execFileSync('ip', ['netns', 'pids', lab.ns('gw')], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const found = pids.find((pid) => commandLine.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
  if (found === undefined) throw new Error(`no process ${commandLine} in ${lab.ns('gw')}`);
  return Number(found);
}

/** @returns the program */
function buildTayga(lab: Lab, source: string): string {
  const copy = path.join(lab.name('LAB_DIR'), 'tayga-source');
  cpSync(source, copy, { recursive: true });
  try {
    execFileSync('sh', ['-c', '[ ! -x configure ] || ./configure; make'], { cwd: copy, stdio: 'pipe' });
  } catch (cause) {
    throw new Error(`TAYGA does not build from ${source} (BENCH_TAYGA)`, { cause });
  }
  return path.join(copy, 'tayga');
}
