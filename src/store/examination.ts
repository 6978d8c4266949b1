/**
 * A Redis store, step by step: is it there, does TLS work, may we in, is it a master. For `nat46 doctor`, for the log when
 * the store is lost, and to learn the name of the master.
 */
import { endpoint, Probe, ProbeFailure } from './probe.ts';
import type { HostPort, RedisAddress, TlsOptions } from './redis-address.ts';
import { type Reply, RespError } from './resp.ts';

export interface Finding {
  /** `tcp`, `tls`, `login`, `master`, `role` */
  readonly step: string;
  readonly server: string;
  /** Null when the step succeeded. */
  readonly problem: string | null;
  /** Whether the problem may pass by itself: nobody answers. */
  readonly isPassing: boolean;
}

type Step = readonly [step: string, run: (probe: Probe) => Promise<unknown>];

/** Every step that was taken; those behind a failed one are not. */
export async function examine(address: RedisAddress, tls: TlsOptions | null): Promise<Finding[]> {
  const { hosts, sentinel } = address;
  if (!sentinel) return examineServer(hosts, address, tls);
  const findings: Finding[] = [];
  let master: HostPort | null = null;
  for (const host of hosts) {
    const run = async (probe: Probe): Promise<void> => {
      master = (await masterFrom(probe, address)).server;
    };
    findings.push(...(await walk(host, address, [...entry(address, host, tls, true), ['master', run]])));
  }
  return master === null ? findings : [...findings, ...(await examineServer([master], address, tls))];
}

/** What keeps the store from working, or null. A Sentinel that fails is no obstacle as long as another knows the master. */
export function obstacle(findings: readonly Finding[]): Finding | null {
  const last = findings.at(-1);
  if (!last || last.problem === null) return null;
  const knowsMaster = findings.some(({ step, problem }) => step === 'master' && problem === null);
  return (
    (knowsMaster ? null : findings.find(({ problem, isPassing }) => problem !== null && !isPassing)) ?? last
  );
}

/**
 * The name of the master that the Sentinels know, when the address has none.
 * @throws ProbeFailure of the last Sentinel when none says it
 */
export async function masterName(address: RedisAddress, tls: TlsOptions | null): Promise<string> {
  let failure: unknown = new ProbeFailure(`${address.label}: no Sentinel is named`);
  for (const host of address.hosts) {
    const probe = new Probe(host, address);
    try {
      for (const [, run] of entry(address, host, tls, true)) await run(probe);
      return (await masterFrom(probe, address)).name;
    } catch (error) {
      failure = error;
    } finally {
      probe.close();
    }
  }
  throw failure;
}

async function examineServer(
  hosts: readonly HostPort[],
  address: RedisAddress,
  tls: TlsOptions | null,
): Promise<Finding[]> {
  const [host] = hosts;
  if (!host) return [];
  return walk(host, address, [
    ...entry(address, host, tls, false),
    ['role', (probe) => checkRole(probe, host)],
  ]);
}

function entry(
  address: RedisAddress,
  host: HostPort,
  tls: TlsOptions | null,
  isSentinelHost: boolean,
): Step[] {
  return [
    ['tcp', (probe) => probe.tcp(host)],
    ...(tls === null ? [] : ([['tls', (probe) => probe.tls(host.host, tls)]] satisfies Step[])),
    ['login', (probe) => probe.login(isSentinelHost ? null : address.username, address.password)],
  ];
}

async function walk(host: HostPort, address: RedisAddress, steps: readonly Step[]): Promise<Finding[]> {
  const probe = new Probe(host, address);
  const findings: Finding[] = [];
  try {
    for (const [step, run] of steps) {
      const failure = await run(probe).then(
        () => null,
        (error: unknown) => error,
      );
      const isPassing = failure instanceof ProbeFailure && failure.isPassing;
      const problem = failure === null ? null : failure instanceof Error ? failure.message : String(failure);
      findings.push({ step, server: endpoint(host), problem, isPassing });
      if (failure !== null) break;
    }
  } finally {
    probe.close();
  }
  return findings;
}

/** @throws ProbeFailure when the Sentinel knows no such master, or several and none was named */
async function masterFrom(probe: Probe, address: RedisAddress): Promise<{ name: string; server: HostPort }> {
  const reply = await probe.ask(['SENTINEL', 'MASTERS']);
  if (!Array.isArray(reply)) {
    const said = reply instanceof RespError ? reply.text : 'something else';
    throw new ProbeFailure(
      `it is not a Sentinel (${said}); use redis:// for a server, or name its Sentinels`,
    );
  }
  const masters = reply.map(fieldsOf);
  const wanted = address.sentinel?.master ?? null;
  const names = masters.map((fields) => fields.get('name') ?? '').sort();
  const found = wanted === null ? masters : masters.filter((fields) => fields.get('name') === wanted);
  const [fields] = found;
  if (!fields || found.length > 1) {
    const known = names.length === 0 ? 'none' : names.join(', ');
    throw new ProbeFailure(
      wanted === null
        ? `the Sentinels know ${names.length} masters: ${known}; name one in the address, as in sentinel://HOST:PORT/MASTER`
        : `the Sentinels do not know master ${wanted}; they know ${known}; correct the end of the address`,
    );
  }
  return {
    name: fields.get('name') ?? '',
    server: { host: fields.get('ip') ?? '', port: Number(fields.get('port')) },
  };
}

async function checkRole(probe: Probe, host: HostPort): Promise<void> {
  const reply = await probe.ask(['ROLE']);
  if (reply instanceof RespError) {
    throw new ProbeFailure(
      `${endpoint(host)} does not say its role (${reply.text}); allow this user ROLE, INFO and the keys`,
    );
  }
  const [role, masterHost, masterPort] = Array.isArray(reply) ? reply : [];
  if (role === 'master') return;
  throw new ProbeFailure(
    role === 'slave'
      ? `${endpoint(host)} is a read-only replica of ${masterHost}:${masterPort}; name the master, or its Sentinels`
      : `${endpoint(host)} is no server of records but a ${String(role)}; use sentinel:// for Sentinels`,
  );
}

/** name, value, name, value, … */
function fieldsOf(reply: Reply): Map<string, string> {
  const fields = new Map<string, string>();
  const list = Array.isArray(reply) ? reply : [];
  for (let i = 0; i + 1 < list.length; i += 2) fields.set(String(list[i]), String(list[i + 1]));
  return fields;
}
