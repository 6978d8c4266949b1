/**
 * Composition root of the main thread: builds every part in order, and takes all down again in the opposite order,
 * whether it came up whole or not.
 *
 *   host facts → plan → device → segment → store and mappings → host → workers → control → DNS46 → ready
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { formatV4, formatV6 } from '../address.ts';
import type { Config } from '../config/config.ts';
import { ControlServer } from '../control/server.ts';
import { Dns46 } from '../dns46/dns46.ts';
import { textOf } from '../dns46/upstream-question.ts';
import { Nat46Error } from '../error.ts';
import type { BindingLogMode } from '../nat/binding-ring.ts';
import { toWords } from '../nat/mapping.ts';
import { NatState } from '../nat/nat-state.ts';
import { recover } from '../nat/recovery.ts';
import { BINDING_LOG_AT, NOW_SEC_AT, STARTED_SEC_AT } from '../nat/segment.ts';
import { ControlCounters } from '../stats/control-counters.ts';
import { describe } from '../stats/description.ts';
import { MappingDirectory } from '../store/directory.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { TunDevice } from '../tun/device.ts';
import { HostState } from '../tun/host.ts';
import { readHostFacts } from '../tun/host-facts.ts';
import { shim } from '../tun/shim.ts';
import { BindingLog } from './binding-log.ts';
import { Closers } from './closers.ts';
import { DataPlane } from './data-plane.ts';
import { openDevice } from './device.ts';
import { DnsTally } from './dns-tally.ts';
import { foreignMappings } from './foreign-mappings.ts';
import { Handover } from './handover.ts';
import { journalPath } from './host-cleanup.ts';
import { hostConflicts } from './host-conflicts.ts';
import { Housekeeping } from './housekeeping.ts';
import { machineId } from './machine.ts';
import { makePlan, type Plan } from './plan.ts';
import { RefusalNotices } from './refusal-notices.ts';
import { reloadFiles } from './reload.ts';
import { routeConflicts } from './route-conflicts.ts';
import { openSegment, type SegmentFile } from './segment-file.ts';
import { controlRoutes, status, type ViewSources } from './views.ts';

/** How long the end of a gateway may take for what others are to go on with. */
const HANDOVER_MS = 2000;
const SYSTEM_CLOCK = { nowSec: () => Math.floor(Date.now() / 1000), nowMs: () => shim().nowMs() };

export class App {
  readonly #config: Config;
  readonly #log: Logger;
  readonly #onFailure: (error: Error) => void;
  #status: () => object = () => ({});
  #isStateNew = false;
  #bindingLog: BindingLog | null = null;
  #store: Store | null = null;
  #dns: Dns46 | null = null;
  readonly #closers: Closers;

  /** @param onFailure a part died that the gateway cannot do without */
  constructor(config: Config, log: Logger, onFailure: (error: Error) => void) {
    this.#config = config;
    this.#log = log;
    this.#onFailure = onFailure;
    this.#closers = new Closers((err) => log.error({ err }, 'not taken down as it should be'));
  }

  /** What `nat46 status` shows; empty until there is something. */
  status(): object {
    return this.#status();
  }

  /** Resolves when packets are carried and names answered. @throws Nat46Error; everything is taken down then */
  async start(): Promise<void> {
    try {
      await this.#build();
    } catch (error) {
      await this.stop().catch(() => {}); // the log has it; why there was no start matters more
      if (this.#isStateNew) rmSync(this.#config.statePath, { force: true }); // no session is in it
      throw error;
    }
  }

  /** SIGHUP: files are opened and read again. What cannot be used changes nothing. */
  reload(): void {
    const store = {
      done: 'certificates of the store read again',
      failed: 'the certificates of the store stay as they were',
      run: () => this.#store?.reload() ?? false,
    };
    const bindings = {
      done: 'binding log opened again',
      failed: 'the binding log stays the file it was',
      run: () => this.#bindingLog?.reopen() ?? false,
    };
    reloadFiles([store, bindings], this.#log);
  }

  /**
   * Take everything down. Calling it twice is harmless.
   * @param hurry then nothing is waited for any more @throws what the first part said that could not be taken down
   */
  async stop(hurry: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#closers.run(hurry);
  }

  async #build(): Promise<void> {
    const config = this.#config;
    const facts = readHostFacts();
    const conflicts = hostConflicts(config, facts);
    if (conflicts.length > 0) throw new Nat46Error('NAT46_CONFIG', conflicts.join('\n'));
    const plan = makePlan(config, facts, machineId());
    const { dnsUpstreamOwn: own } = config;
    if (own.length > 0)
      this.#log.warn({ upstreams: own }, 'name servers of the host left out: DNS46 listens there');
    const device = this.#openDevice(); // first: it needs the capability, and says so best
    const taken = device && config.setup ? routeConflicts(config, plan, facts) : [];
    if (taken.length > 0) throw new Nat46Error('NAT46_RUNTIME', taken.join('\n'));
    const file = this.#openSegment(plan);
    const foreign = foreignMappings(config, plan.taken, file.segment);
    if (foreign !== null) throw new Nat46Error('NAT46_CONFIG', foreign);
    const state = new NatState(file.segment, () => shim().yieldThread());
    const sessions = this.#recover(state, plan);
    const counters = new ControlCounters(file.segment);
    const directory = await this.#openDirectory(plan, state, counters);
    describe(file.segment, { ...config, reserved: plan.taken });
    const host = this.#setUpHost(plan, device);
    const handover = await this.#startHandover(plan, state, directory, host);
    const dataPlane = await this.#startDataPlane(plan, file, device, directory);
    this.#keepHouse(state, directory, counters, dataPlane);
    await this.#startControl({ plan, state, directory, handover, workers: dataPlane?.size ?? 0 });
    await this.#startDns(plan, directory, counters);
    this.#sayAutomap(plan);
    shim().sdNotify('READY=1');
    this.#closers.push(() => shim().sdNotify('STOPPING=1'));
    this.#log.info(
      {
        tun: device?.name ?? null,
        workers: dataPlane?.size ?? 0,
        subnet: `${formatV4(config.subnet.base)}/${config.subnet.length}`,
        snat_pool: plan.members.map((member) => formatV6(member)),
        dns: config.role === 'data' ? [] : config.dnsListen.map((at) => `${at.address}:${at.port}`),
        upstreams: (this.#dns?.upstreams ?? []).map(({ zone, endpoint }) =>
          zone === null ? textOf(endpoint) : `${zone}=${textOf(endpoint)}`,
        ),
        sessions,
        offloads: device?.offloads ?? 0,
      },
      'ready',
    );
    void this.#dns?.examineUpstreams();
  }

  #sayAutomap(plan: Plan): void {
    const [member] = plan.members;
    if (plan.automap === null || !member) return;
    const fields = { snat: formatV6(member), from: plan.automap };
    if (plan.automap !== 'ula') this.#log.info(fields, 'no --snat-pool: one SNAT address chosen');
    else
      this.#log.warn(
        fields,
        'no --snat-pool and no IPv6 prefix on a link: replies need a route to this address',
      );
  }

  #openSegment(plan: Plan): SegmentFile {
    const file = openSegment(this.#config.statePath, plan.geometry);
    this.#isStateNew = file.fresh;
    if (file.setAside)
      this.#log.warn(file.setAside, 'state file of another version or geometry was set aside');
    return file;
  }

  /** @returns sessions that live on */
  #recover(state: NatState, plan: Plan): number {
    const { words } = state.segment;
    const path = this.#config.bindingLog;
    const log = path === null ? null : this.#openBindingLog(path, state); // before anything is changed
    const former = words[BINDING_LOG_AT] as BindingLogMode;
    words[STARTED_SEC_AT] = SYSTEM_CLOCK.nowSec();
    words[NOW_SEC_AT] = SYSTEM_CLOCK.nowSec(); // of what ends here
    const members = plan.members.map(toFourWords);
    const sessions = recover(state, members, plan.filtering, plan.bindingLogMode);
    log?.catchUp(former);
    log?.start();
    return sessions;
  }

  #openBindingLog(path: string, state: NatState): BindingLog {
    const log = new BindingLog(path, state, {
      failed: (err) => this.#log.error({ err, path }, 'binding log cannot be written'),
      worksAgain: () => this.#log.info({ path }, 'binding log is written again'),
    });
    this.#bindingLog = log;
    state.relieve = () => log.write();
    this.#closers.push(() => {
      this.#bindingLog = null;
      log.close();
    });
    return log;
  }

  async #openDirectory(plan: Plan, state: NatState, counters: ControlCounters): Promise<MappingDirectory> {
    const { statePath, subnet: network } = this.#config;
    const prefix = `${formatV4(network.base)}/${network.length}`;
    const store = await openStore(this.#config.store, gatewayName(statePath), prefix);
    this.#store = store;
    this.#closers.push(() => store.close());
    const directory = new MappingDirectory({
      store,
      table: state.mappings,
      locked: (job) => state.locked(job),
      endSessions: (row) => state.endSessionsOf(row),
      clock: SYSTEM_CLOCK,
      subnet: network,
      reservedStatic: this.#config.reservedStatic,
      reserved: plan.taken,
      maps: this.#config.maps,
      count: (event, n) => counters.add(`mapping.${event}`, n),
      log: this.#log,
    });
    await directory.loadAll();
    return directory;
  }

  /** Role `dns` has no data path. */
  #openDevice(): TunDevice | null {
    if (this.#config.role === 'dns') return null;
    const device = openDevice(this.#config, this.#log);
    this.#closers.push(() => device.release());
    return device;
  }

  #setUpHost(plan: Plan, device: TunDevice | null): HostState | null {
    const { tun, persist, mtu, statePath, setup } = this.#config;
    if (!device || !setup) return null;
    const host = HostState.apply({
      tun,
      mtu,
      addresses: plan.addresses,
      routes4: plan.routes4,
      routes6: plan.routes6,
      // Who shares a store may share the pool: an address is answered for when it is leased
      neighbourProxies: this.#store?.group ? [] : plan.neighbourProxies,
      journalPath: journalPath(statePath),
      persist,
      created: device.created,
    });
    this.#closers.push(() => {
      for (const problem of host.undo()) this.#log.warn({ problem }, 'host not restored');
    });
    return host;
  }

  /** Between gateways of one store, before any packet. */
  async #startHandover(
    plan: Plan,
    state: NatState,
    directory: MappingDirectory,
    host: HostState | null,
  ): Promise<Handover | null> {
    const group = this.#store?.group;
    if (!group || this.#config.role === 'dns') return null;
    const handover = new Handover({
      group,
      state,
      directory,
      members: plan.members,
      inside: plan.resolver.inside,
      attract: (address) => host?.attract(address),
      repel: (address) => host?.repel(address),
      nowMs: SYSTEM_CLOCK.nowMs,
      log: this.#log,
    });
    directory.onStoreResumed((isSame) => handover.storeResumed(isSame));
    await handover.start();
    this.#closers.push((hurry) => handover.stop(within(HANDOVER_MS, hurry)));
    return handover;
  }

  async #startDataPlane(
    plan: Plan,
    { segment, fd }: SegmentFile,
    device: TunDevice | null,
    directory: MappingDirectory,
  ): Promise<DataPlane | null> {
    if (!device) return null;
    const dataPlane = new DataPlane({
      device,
      segment,
      segmentFd: fd,
      settings: plan.settings,
      flows: { kind: 'sessions', resolver: plan.resolver },
      onPunts: (addresses) => {
        for (const v4 of addresses) directory.resolve(v4).finally(() => dataPlane.wake());
      },
      onCrash: this.#onFailure,
    });
    this.#closers.push(() => dataPlane.stop());
    await dataPlane.start();
    return dataPlane;
  }

  #keepHouse(
    state: NatState,
    directory: MappingDirectory,
    counters: ControlCounters,
    dataPlane: DataPlane | null,
  ): void {
    const refusals = new RefusalNotices(state.segment, (reason, meaning, count) =>
      this.#log.warn({ reason, meaning, packets: count }, 'new sessions are refused'),
    );
    const house = new Housekeeping(state, {
      nowMs: SYSTEM_CLOCK.nowMs,
      sessionExpired: () => counters.add('sessionsExpired', 1),
      everyTick: () => dataPlane?.adapt(),
      everySecond: () => {
        refusals.check(SYSTEM_CLOCK.nowMs());
        void directory.expire();
      },
    });
    house.start();
    this.#closers.push(() => house.stop());
  }

  async #startControl(
    parts: Pick<ViewSources, 'plan' | 'state' | 'directory' | 'handover' | 'workers'>,
  ): Promise<void> {
    const config = this.#config;
    const facts = { config, version: packageVersion(), nowMs: SYSTEM_CLOCK.nowMs };
    const sources = { ...parts, ...facts, dns: () => this.#dns };
    this.#status = () => status(sources);
    const routes = controlRoutes(sources);
    const server = new ControlServer({ path: config.controlPath, routes, log: this.#log });
    await server.start();
    this.#closers.push(() => server.stop());
  }

  async #startDns(plan: Plan, directory: MappingDirectory, counters: ControlCounters): Promise<void> {
    if (this.#config.role === 'data') return;
    const options = { ...this.#config, snatPool: plan.members };
    const tally = new DnsTally(counters);
    const dns = new Dns46(options, { addresses: directory, counters: tally, log: this.#log, udp: shim() });
    await dns.start();
    this.#dns = dns;
    this.#closers.push(() => dns.stop());
  }
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Of this gateway among those of one store: the same after a restart, and for nobody else. */
function gatewayName(statePath: string): string {
  const name = createHash('sha256').update(`${machineId()} ${hostname()} ${statePath}`).digest('hex');
  return name.slice(0, 16);
}

function toFourWords(address: Uint8Array): Int32Array {
  const out = new Int32Array(4);
  toWords(address, out);
  return out;
}

/** Not `AbortSignal.any` with `AbortSignal.timeout`: only weak references would hold the latter, and a collection ends it unfired. */
function within(ms: number, hurry: AbortSignal): AbortSignal {
  const limit = new AbortController();
  setTimeout(() => limit.abort(), ms).unref();
  if (hurry.aborted) limit.abort();
  hurry.addEventListener('abort', () => limit.abort());
  return limit.signal;
}
