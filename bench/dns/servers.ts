/**
 * What takes part in the DNS bench, each a process on a core of its own choice: the upstream both contenders ask, unbound with
 * its dns64 module, and DNS46.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Server {
  readonly port: number;
  /** Seconds of CPU that it has used, all threads. */
  cpuSec(): number;
  stop(): Promise<void>;
}

/** Names with only AAAA records, for DNS46, and with only A records, for DNS64: the same work mirrored. */
export const ZONE_6 = 'six.example';
export const ZONE_4 = 'four.example';
const READY_TRIES = 100;

/** Authoritative for both zones. @param names n0 … in each */
export function startUpstream(folder: string, port: number, names: number, core: string): Promise<Server> {
  const zones = [
    [ZONE_6, (n: number) => `AAAA 2001:db8::${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`],
    [ZONE_4, (n: number) => `A 198.${18 + (n >>> 16)}.${(n >>> 8) & 255}.${n & 255}`],
  ] as const;
  const settings = zones.map(([zone, record]) => {
    const rows = Array.from({ length: names }, (_, n) => `n${n} ${record(n)}`);
    const head = `$ORIGIN ${zone}.\n$TTL 3600\n@ SOA ns admin 1 3600 600 86400 600\n@ NS ns\nns A 192.0.2.1\n`;
    writeFileSync(path.join(folder, zone), `${head}${rows.join('\n')}\n`);
    return `auth-zone:\n  name: "${zone}."\n  zonefile: "${folder}/${zone}"\n  for-upstream: no\n  for-downstream: yes\n`;
  });
  return startUnbound(folder, 'upstream', port, core, 'module-config: "iterator"', settings.join(''));
}

/** @param upstream port of the one to forward to */
export function startDns64(folder: string, port: number, upstream: number, core: string): Promise<Server> {
  const own = `module-config: "dns64 iterator"
  dns64-prefix: 64:ff9b::/96
  do-not-query-localhost: no
  msg-cache-size: 64m
  rrset-cache-size: 128m
  outgoing-range: 4096
  num-queries-per-thread: 2048`;
  const forward = `forward-zone:\n  name: "."\n  forward-addr: 127.0.0.1@${upstream}\n`;
  return startUnbound(folder, 'dns64', port, core, own, forward);
}

async function startUnbound(
  folder: string,
  name: string,
  port: number,
  core: string,
  own: string,
  clauses: string,
): Promise<Server> {
  const file = path.join(folder, `${name}.conf`);
  writeFileSync(
    file,
    `server:
  interface: 127.0.0.1@${port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/${name}.pid"
  use-syslog: no
  do-daemonize: no
  ${own}
remote-control:
  control-enable: no
${clauses}`,
  );
  return started(spawn('taskset', ['-c', core, 'unbound', '-c', file], { stdio: 'ignore' }), port);
}

/** `nat46 run --role dns` with its store on disk. */
export function startDns46(folder: string, port: number, upstream: number, core: string): Promise<Server> {
  const own = path.join(folder, 'nat46');
  mkdirSync(own, { recursive: true });
  const flags = {
    role: 'dns',
    subnet: '10.244.0.0/15',
    'snat-pool': '2001:db8:ffff::1',
    store: `lmdb:${own}/store`,
    state: `${own}/state`,
    control: `${own}/sock`,
    'dns-listen': `127.0.0.1:${port}`,
    'dns-upstream': `127.0.0.1:${upstream}`,
    'max-ttl': '3600',
    'max-sessions': '1000',
    'log-level': 'warn',
  };
  const argv = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  const command = ['-c', core, process.execPath, 'dist/src/main.js', 'run', '--no-setup', ...argv];
  return started(spawn('taskset', command, { stdio: ['ignore', 'ignore', 'inherit'] }), port);
}

/** User and system time of a process, in ticks of a hundredth of a second: proc(5). */
function cpuSec(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function started(child: ChildProcess, port: number): Promise<Server> {
  await once(child, 'spawn');
  const question = ['+timeout=1', '+retry=0', `n0.${ZONE_6}`, 'AAAA'];
  for (let tries = 0; tries < READY_TRIES && child.exitCode === null; tries++) {
    const asked = spawnSync('kdig', ['@127.0.0.1', '-p', String(port), ...question], { encoding: 'utf8' });
    if (asked.stdout.includes('status: NOERROR'))
      return { port, cpuSec: () => cpuSec(child.pid ?? 0), stop: () => stopped(child) };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stopped(child);
  throw new Error(`${child.spawnargs.join(' ')} does not answer on port ${port}`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
