/**
 * Composition root of the stateless translator: device, counters, host, workers; no store, no DNS, no sessions.
 */
import { rmSync } from 'node:fs';
import type { Logger } from 'pino';
import { formatPrefix } from '../config/address-pairs.ts';
import { type Pairs, readPairs, type SiitConfig } from '../config/siit-config.ts';
import type { Settings } from '../datapath/settings.ts';
import { FIRST_DROP, VERDICTS, Verdict } from '../datapath/verdict.ts';
import { type Segment, STARTED_SEC_AT } from '../nat/segment.ts';
import * as worker from '../stats/worker-counters.ts';
import type { TunDevice } from '../tun/device.ts';
import { HostState } from '../tun/host.ts';
import { readHostFacts } from '../tun/host-facts.ts';
import type { HostSetup } from '../tun/host-plan.ts';
import { shim } from '../tun/shim.ts';
import { Closers } from './closers.ts';
import { DataPlane } from './data-plane.ts';
import { openDevice } from './device.ts';
import { journalPath } from './host-cleanup.ts';
import { TICK_MS } from './housekeeping.ts';
import { openSegment } from './segment-file.ts';
import { flowsOf, siitRoutes, siitSettings } from './siit-plan.ts';

/** Counters alone are of use; the tables are as small as can be. */
const GEOMETRY = { sessions: 1, mappings: 1, clients: 1, fragments: 1, members: 1, workers: 8 };

export class SiitApp {
  readonly #config: SiitConfig;
  readonly #log: Logger;
  readonly #onFailure: (error: Error) => void;
  readonly #closers: Closers;
  #status: () => object = () => ({});
  /** Asked again before there was anything to replace: done once there is. */
  #isAskedEarly = false;
  #reload: () => void = () => {
    this.#isAskedEarly = true;
  };
  #pairs: Pairs = { pairs: [], warnings: [] };

  /** @param onFailure a worker died */
  constructor(config: SiitConfig, log: Logger, onFailure: (error: Error) => void) {
    this.#config = config;
    this.#log = log;
    this.#onFailure = onFailure;
    this.#closers = new Closers((err) => log.error({ err }, 'not taken down as it should be'));
  }

  status(): object {
    return this.#status();
  }

  /** Read the map file again; what is wrong with it is logged, and the old mappings stay. */
  reload(): void {
    this.#reload();
  }

  /** Resolves when packets are carried. @throws Nat46Error; everything is taken down then */
  async start(): Promise<void> {
    try {
      await this.#build();
    } catch (error) {
      await this.stop().catch(() => {}); // the log has it; why there was no start matters more
      throw error;
    }
  }

  /** @throws what the first part said that could not be taken down, after the others */
  async stop(hurry: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#closers.run(hurry);
  }

  async #build(): Promise<void> {
    const config = this.#config;
    const pairs = readPairs(config);
    this.#pairs = pairs;
    this.#warn(pairs);
    const flows = flowsOf(config, pairs);
    const settings = siitSettings(config, readHostFacts(), flows);
    const device = openDevice(config, this.#log);
    this.#closers.push(() => device.release());
    const { segment, fd, setAside } = openSegment(config.statePath, GEOMETRY);
    this.#closers.push(() => rmSync(config.statePath, { force: true })); // nothing in it is for the next start
    if (setAside) this.#log.warn(setAside, 'state file of another version or geometry was set aside');
    segment.words[STARTED_SEC_AT] = Math.floor(Date.now() / 1000);
    const host = this.#setUpHost(pairs, settings, device);
    const dataPlane = new DataPlane({
      device,
      segment,
      segmentFd: fd,
      settings,
      flows: { kind: 'addresses', ...flows },
      onPunts: () => {},
      onCrash: this.#onFailure,
    });
    this.#closers.push(() => dataPlane.stop());
    await dataPlane.start();
    const timer = setInterval(() => dataPlane.adapt(), TICK_MS);
    this.#closers.push(() => clearInterval(timer));
    this.#status = () => counters(segment);
    this.#sayReady(pairs, dataPlane.size, device);
    this.#reload = () => this.#readAgain(dataPlane, host, (wanted) => this.#wanted(wanted, settings, device));
    if (this.#isAskedEarly) this.#reload();
  }

  #sayReady({ pairs }: Pairs, workers: number, device: TunDevice): void {
    shim().sdNotify('READY=1');
    this.#closers.push(() => shim().sdNotify('STOPPING=1'));
    const { tun, pool6, hairpin } = this.#config;
    const prefix = pool6 === null ? null : formatPrefix(pool6, 6);
    const fields = {
      tun,
      workers,
      pool6: prefix,
      mappings: pairs.length,
      hairpin,
      offloads: device.offloads,
    };
    this.#log.info(fields, 'ready');
  }

  #warn({ warnings }: Pairs): void {
    for (const warning of warnings) this.#log.warn({ warning }, 'mapping');
  }

  #setUpHost(pairs: Pairs, settings: Settings, device: TunDevice): HostState | null {
    if (!this.#config.setup) return null;
    const host = HostState.apply(this.#wanted(pairs, settings, device));
    this.#closers.push(() => {
      for (const problem of host.undo()) this.#log.warn({ problem }, 'host not restored');
    });
    return host;
  }

  #wanted({ pairs }: Pairs, settings: Settings, device: TunDevice): HostSetup {
    const { tun, mtu, persist, statePath } = this.#config;
    return {
      tun,
      mtu,
      addresses: [],
      ...siitRoutes(this.#config, pairs, settings),
      neighbourProxies: [],
      journalPath: journalPath(statePath),
      persist,
      created: device.created,
    };
  }

  #readAgain(dataPlane: DataPlane, host: HostState | null, wish: (pairs: Pairs) => HostSetup): void {
    if (this.#config.mapFile === null) {
      this.#log.info({}, 'SIGHUP: no --map-file; there is nothing to read again');
      return;
    }
    const before = this.#pairs;
    try {
      const pairs = readPairs(this.#config);
      this.#exchange(host, [wish(before), wish(pairs)], () => {
        dataPlane.replaceMap({ kind: 'addresses', ...flowsOf(this.#config, pairs) });
      });
      this.#pairs = pairs;
      this.#warn(pairs);
      const [was, now] = [before.pairs.length, pairs.pairs.length];
      this.#log[now < was ? 'warn' : 'info']({ mappings: now, before: was }, 'mappings read again');
    } catch (error) {
      const problems = error instanceof Error ? error.message.split('\n') : [String(error)];
      this.#log.error({ problems }, 'SIGHUP: the old mappings stay');
    }
  }

  /** New routes, then the mappings, then what is not wanted any more: what stays mapped is never without a route. */
  #exchange(host: HostState | null, [before, after]: [HostSetup, HostSetup], replace: () => void): void {
    try {
      host?.widen(after);
    } catch (error) {
      host?.narrow(before);
      throw error;
    }
    replace();
    host?.narrow(after);
  }
}

/** What SIGUSR2 shows: packets translated, and dropped by reason. */
function counters(segment: Segment): object {
  const dropped = VERDICTS.slice(FIRST_DROP)
    .map(({ name }, i) => [name, worker.packets(segment, FIRST_DROP + i)] as const)
    .filter(([, packets]) => packets > 0);
  return {
    forwarded_46: worker.packets(segment, Verdict.Forward46),
    forwarded_64: worker.packets(segment, Verdict.Forward64),
    echo_replied: worker.packets(segment, Verdict.Reply),
    dropped: Object.fromEntries(dropped),
  };
}
