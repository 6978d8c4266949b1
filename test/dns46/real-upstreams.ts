/**
 * unbound and dnsmasq on loopback with one small zone, for tests against upstreams that we did not write. Each runs in a
 * temporary folder and is ended by its pid.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';

export const ZONE = 'corp.example';

const MANY_V6 = Array.from({ length: 10 }, (_, i) => `2001:db8::a:${i + 1}`);
const LARGE = Array.from({ length: 60 }, (_, i) => `192.0.2.${i + 1}`);

/** Names bulk0 … with an AAAA record each. */
export const BULK_NAMES = 1_000;
const BULK = Array.from({ length: BULK_NAMES }, (_, i) => `bulk${i} AAAA 2001:db8::b:${i.toString(16)}`);

const ZONE_FILE = `
$ORIGIN ${ZONE}.
$TTL 300
@      SOA ns admin 1 3600 600 86400 40
@      NS ns
ns     A 192.0.2.53
v4     A 192.0.2.10
v6     AAAA 2001:db8::10
both   A 192.0.2.11
both   AAAA 2001:db8::11
text   TXT "hello world"
mapped AAAA ::ffff:192.0.2.1
to-v4  CNAME v4
to-v6  CNAME hop
hop    CNAME v6
to-no  CNAME missing
many   AAAA ${MANY_V6.join('\nmany AAAA ')}
large  A ${LARGE.join('\nlarge A ')}
twin1  AAAA 2001:db8::77
twin2  AAAA 2001:db8::77
old    DNAME new
x.new  AAAA 2001:db8::88
web    AAAA 2001:db8::10
web    HTTPS 1 . alpn=h2 port=8443 ipv4hint=192.0.2.99 ipv6hint=2001:db8::10
native A 192.0.2.12
native HTTPS 1 . alpn=h2 ipv4hint=192.0.2.12
${BULK.join('\n')}
`;

const REVERSE_ZONE = '8.b.d.0.1.0.0.2.ip6.arpa';
const REVERSE_FILE = `
$ORIGIN ${REVERSE_ZONE}.
$TTL 300
@ SOA ns.${ZONE}. admin.${ZONE}. 1 3600 600 86400 40
@ NS ns.${ZONE}.
0.1.${'0.'.repeat(21)}0 PTR v6.${ZONE}.
`;

/** A zone whose server does not listen: SERVFAIL. */
export const BROKEN_ZONE = 'broken.example';

const unboundConf = (port: number, folder: string): string => `
server:
  interface: 127.0.0.1@${port}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/pid"
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "${REVERSE_ZONE}." nodefault
remote-control:
  control-enable: no
auth-zone:
  name: "${ZONE}."
  zonefile: "${folder}/zone"
  for-upstream: yes
  for-downstream: no
auth-zone:
  name: "${REVERSE_ZONE}."
  zonefile: "${folder}/reverse"
  for-upstream: no
  for-downstream: yes
forward-zone:
  name: "${BROKEN_ZONE}."
  forward-addr: 127.0.0.1@1
`;

/** dnsmasq knows no zone files; what it can say of the zone. */
const dnsmasqArguments = (port: number): string[] => [
  '--no-daemon',
  '--conf-file=/dev/null',
  '--no-resolv',
  '--no-hosts',
  `--port=${port}`,
  '--listen-address=127.0.0.1',
  '--bind-interfaces',
  '--pid-file=',
  `--local=/${ZONE}/`,
  `--host-record=v4.${ZONE},192.0.2.10,300`,
  `--host-record=v6.${ZONE},2001:db8::10,300`,
  `--host-record=both.${ZONE},192.0.2.11,2001:db8::11,300`,
  `--cname=to-v4.${ZONE},v4.${ZONE},300`,
  `--cname=to-v6.${ZONE},v6.${ZONE},300`,
  `--txt-record=text.${ZONE},hello world`,
];

/** A running server. */
export class RealUpstream {
  readonly endpoint: Endpoint;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(endpoint: Endpoint, child: ChildProcess, folder: string) {
    this.endpoint = endpoint;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(program: 'unbound' | 'dnsmasq'): Promise<RealUpstream> {
    const folder = await mkdtemp(path.join(tmpdir(), 'nat46-dns-'));
    const port = await freePort();
    await writeFile(path.join(folder, 'zone'), ZONE_FILE);
    await writeFile(path.join(folder, 'reverse'), REVERSE_FILE);
    await writeFile(path.join(folder, 'conf'), unboundConf(port, folder));
    const args = program === 'unbound' ? ['-c', path.join(folder, 'conf')] : dnsmasqArguments(port);
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
    const upstream = new RealUpstream({ address: '127.0.0.1', port }, child, folder);
    await once(child, 'spawn');
    await upstream.#answering().catch(async (error: unknown) => {
      await upstream.stop();
      throw error;
    });
    return upstream;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true });
  }

  /** Asks until there is an answer; kdig itself waits a second for each. */
  async #answering(): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      const found = await kdig(this.endpoint, `v4.${ZONE}`, 'A', '+timeout=1', '+retry=0').catch(() => null);
      if (found?.status === 'NOERROR') return;
    }
    throw new Error(`${this.#child.spawnfile} does not answer on port ${this.endpoint.port}`);
  }
}

export interface Dug {
  readonly status: string;
  readonly flags: string[];
  /** `owner ttl type data`, blanks squeezed, sections as kdig prints them. */
  readonly answer: string[];
  readonly authority: string[];
  /** All of the text. */
  readonly text: string;
}

/** Asks with kdig, a client we did not write. */
export async function kdig(endpoint: Endpoint, ...args: string[]): Promise<Dug> {
  const { stdout } = await promisify(execFile)('kdig', [
    `@${endpoint.address}`,
    '-p',
    String(endpoint.port),
    ...args,
  ]);
  const section = (title: string) => {
    const body = new RegExp(`;; ${title} SECTION:\\n([^;]*)\\n\\n`).exec(`${stdout}\n\n`)?.[1] ?? '';
    const rows = body.split('\n').filter((row) => row.trim() !== '');
    return rows.map((row) =>
      row
        .split(/\s+/)
        .filter((_, column) => column !== 2)
        .join(' '),
    );
  };
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? '',
    flags: (/;; Flags: ([^;]*);/.exec(stdout)?.[1] ?? '').split(' '),
    answer: section('ANSWER'),
    authority: section('AUTHORITY'),
    text: stdout,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}
