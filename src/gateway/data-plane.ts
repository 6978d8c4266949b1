/**
 * The worker threads, seen from the main thread: started together, woken in whatever they wait for, stopped through the
 * segment. A worker that dies takes the gateway down: half a data plane would lose every second flow silently.
 */
import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Settings } from '../datapath/settings.ts';
import { PuntRing } from '../nat/punt-ring.ts';
import { MAP_EDITION_AT, type Segment, STOP_AT, WORKERS_USED_AT } from '../nat/segment.ts';
import type { TunDevice } from '../tun/device.ts';
import { shim, type Watch } from '../tun/shim.ts';
import type { FlowsInput, WorkerInput } from './worker.ts';
import { WorkerSlices } from './worker-slices.ts';

export interface DataPlaneOptions {
  readonly device: TunDevice;
  readonly segment: Segment;
  readonly segmentFd: number;
  readonly settings: Settings;
  readonly flows: FlowsInput;
  /** Workers want to know these synthetic addresses. */
  readonly onPunts: (addresses: ReadonlySet<number>) => void;
  readonly onCrash: (error: Error) => void;
}

/** How a worker is woken: one that has packets parked waits for its eventfd too, one that has none in a read. */
interface Sleeper {
  readonly tunFd: number;
  readonly wakeFd: number;
  /** 0 until it has said which it is. */
  thread: number;
}

export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #sleepers: Sleeper[] = [];
  readonly #rings: PuntRing[] = [];
  #workers: Worker[] = [];
  #puntFd = -1;
  #watch: Watch | null = null;
  readonly #slices = new WorkerSlices((ns) => this.#setSlices(ns), shim().nowMs());

  constructor(options: DataPlaneOptions) {
    this.#options = options;
  }

  /** Worker threads. */
  get size(): number {
    return this.#workers.length;
  }

  /** Resolves when every worker reads its queue. */
  async start(): Promise<void> {
    const { device, segment } = this.#options;
    segment.words[STOP_AT] = 0;
    process.on('exit', this.#endThreads);
    segment.words[WORKERS_USED_AT] = device.queues.length;
    this.#puntFd = shim().eventFd();
    const watch = shim().watchFd(this.#puntFd, () => this.#drain());
    if (typeof watch !== 'number') this.#watch = watch;
    await Promise.all(device.queues.map((tunFd, number) => this.#startWorker(tunFd, number)));
  }

  /** Looks how much there is to do, and lets the workers run as that asks for; a few times a second, once it is started. */
  adapt(): void {
    const cpuNs = this.#sleepers.map(({ thread }) => (thread > 0 ? shim().threadNs(thread) : -1));
    const isKnown = cpuNs.every((ns) => ns >= 0);
    this.#slices.look(shim().nowMs(), isKnown ? cpuNs.reduce((sum, ns) => sum + ns, 0) : Number.NaN);
  }

  /** A punted question is answered: wake those who have packets parked. */
  wake(): void {
    for (const { wakeFd } of this.#sleepers) shim().signalFd(wakeFd);
  }

  /** Translate by other mappings from now on. Workers take them between two batches, and are woken for it. */
  replaceMap(flows: FlowsInput): void {
    for (const worker of this.#workers) worker.postMessage(flows);
    Atomics.add(this.#options.segment.words, MAP_EDITION_AT, 1);
    this.#interrupt();
  }

  /** Resolves when every thread has ended. Calling it twice is harmless. */
  async stop(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    this.#endThreads();
    process.off('exit', this.#endThreads);
    await Promise.all(workers.map((worker) => ended(worker)));
    if (this.#watch) shim().unwatchFd(this.#watch);
    this.#watch = null;
    for (const { wakeFd } of this.#sleepers) closeSync(wakeFd);
    if (this.#puntFd >= 0) closeSync(this.#puntFd);
    this.#sleepers.length = 0;
    this.#puntFd = -1;
  }

  /** Also when the process ends by an error: Node waits for its threads, and they for packets. */
  readonly #endThreads = (): void => {
    Atomics.store(this.#options.segment.words, STOP_AT, 1);
    this.#interrupt();
  };

  /** What the kernel refuses stays as it is: a matter of waiting times alone. */
  #setSlices(ns: number): void {
    for (const { thread } of this.#sleepers) if (thread > 0) shim().threadSlice(thread, ns);
  }

  #interrupt(): void {
    for (const sleeper of this.#sleepers) interrupt(sleeper);
  }

  #startWorker(tunFd: number, number: number): Promise<void> {
    const { device, segment, segmentFd, settings, flows } = this.#options;
    const wakeFd = shim().eventFd();
    const sleeper: Sleeper = { tunFd, wakeFd, thread: 0 };
    this.#sleepers.push(sleeper);
    this.#rings.push(new PuntRing(segment, number));
    const input: WorkerInput = {
      number,
      tunFd,
      vnet: device.vnet,
      coalesceUdp: device.hasUso,
      segmentFd,
      geometry: segment.geometry,
      wakeFd,
      puntFd: this.#puntFd,
      settings,
      flows,
    };
    const worker = new Worker(new URL('./worker.cjs', import.meta.url), { workerData: input });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.once('message', (thread: number) => {
        sleeper.thread = thread;
        interrupt(sleeper); // it may have been to before it was known
        resolve();
      });
      worker.once('error', (error) => {
        reject(error);
        this.#options.onCrash(error);
      });
    });
  }

  #drain(): void {
    const addresses = new Set<number>();
    for (const ring of this.#rings) ring.drain(addresses);
    if (addresses.size > 0) this.#options.onPunts(addresses);
  }
}

function interrupt({ tunFd, wakeFd, thread }: Sleeper): void {
  shim().signalFd(wakeFd);
  if (thread > 0) shim().wakeReader(tunFd, thread);
}

function ended(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return Promise.resolve();
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}
