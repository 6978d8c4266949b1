/**
 * Composition root of a data-plane thread: one TUN queue, one arena, and the loop until the segment says stop.
 */
import { setFlagsFromString } from 'node:v8';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { AddressFlows, type AddressFlowsInput } from '../datapath/address-flows.ts';
import { Batch, READ_BYTES } from '../datapath/batch.ts';
import { Coalescer } from '../datapath/coalescer.ts';
import type { Flows } from '../datapath/flows.ts';
import { Loop, type Queue } from '../datapath/loop.ts';
import { SessionFlows } from '../datapath/session-flows.ts';
import type { Settings } from '../datapath/settings.ts';
import { Translator } from '../datapath/translator.ts';
import { NatState } from '../nat/nat-state.ts';
import type { ResolverOptions } from '../nat/nat46-resolver.ts';
import { PuntRing } from '../nat/punt-ring.ts';
import {
  byteLength,
  COUNTER_SLOTS,
  type Geometry,
  MAP_EDITION_AT,
  Segment,
  STOP_AT,
} from '../nat/segment.ts';
import {
  EXCHANGE_WORDS,
  type Exchange,
  NOW_MS,
  READ_COUNT,
  REFUSED,
  shim,
  TIMEOUT_MS,
  WRITE_COUNT,
  WRITE_ONLY,
} from '../tun/shim.ts';

/** Where flows come from: sessions in the segment, or a function of addresses. */
export type FlowsInput =
  | { readonly kind: 'sessions'; readonly resolver: ResolverOptions }
  | ({ readonly kind: 'addresses' } & AddressFlowsInput);

/** What the main thread hands over; file descriptors are those of the process. */
export interface WorkerInput {
  readonly number: number;
  readonly tunFd: number;
  readonly vnet: boolean;
  /** Whether UDP super-packets may be written. */
  readonly coalesceUdp: boolean;
  readonly segmentFd: number;
  readonly geometry: Geometry;
  /** Signalled by the main thread to wake this worker. */
  readonly wakeFd: number;
  /** Signalled by workers when they have asked something. */
  readonly puntFd: number;
  readonly settings: Settings;
  readonly flows: FlowsInput;
}

class TunQueue implements Queue {
  private readonly native = shim();
  private readonly words = new Int32Array(EXCHANGE_WORDS);
  private readonly input: WorkerInput;
  private readonly call: Exchange;
  private readonly coalescer: Coalescer | null;

  constructor(input: WorkerInput, batch: Batch) {
    const { coalesceUdp, tunFd, vnet, wakeFd } = input;
    const { arena, reads, writes } = batch;
    this.input = input;
    const exchange = this.native.queueAttach(
      tunFd,
      vnet,
      wakeFd,
      arena,
      READ_BYTES,
      reads,
      writes,
      this.words,
    );
    if (typeof exchange === 'number')
      throw new Error(`queue ${input.number} cannot be used: errno ${-exchange}`);
    this.call = exchange;
    this.coalescer = coalesceUdp ? new Coalescer(batch) : null;
    this.words[NOW_MS] = this.native.nowMs();
  }

  /** @throws when the device is gone: waiting for it would return at once, for ever */
  exchange(count: number, timeoutMs: number): number {
    this.coalescer?.merge();
    const words = this.words;
    words[WRITE_COUNT] = count;
    words[TIMEOUT_MS] = timeoutMs;
    this.call();
    const read = words[READ_COUNT] ?? 0;
    if (read < 0)
      throw new Error(`queue ${this.input.number} cannot be read, is the device gone? errno ${-read}`);
    return read;
  }

  write(count: number): void {
    this.exchange(count, WRITE_ONLY);
  }

  takeRefused(): number {
    const refused = this.words[REFUSED] ?? 0;
    this.words[REFUSED] = 0;
    return refused;
  }

  now(): number {
    return this.words[NOW_MS] ?? 0;
  }

  signal(): void {
    this.native.signalFd(this.input.puntFd);
  }
}

/** Other mappings, when the main thread has sent some and counted them in the segment. */
class MapEditions {
  private readonly flows: AddressFlows;
  private readonly words: Int32Array;
  private readonly port: MessagePort;
  private edition: number;

  constructor(flows: AddressFlows, words: Int32Array, port: MessagePort) {
    this.flows = flows;
    this.words = words;
    this.port = port;
    this.edition = Atomics.load(words, MAP_EDITION_AT);
  }

  /** Take the newest; one comparison when there is none. A plain read: whoever counts on wakes this thread after it. */
  look(): void {
    const edition = this.words[MAP_EDITION_AT] ?? 0;
    if (edition === this.edition) return;
    this.edition = edition;
    let newest: AddressFlowsInput | null = null;
    for (let got = receiveMessageOnPort(this.port); got; got = receiveMessageOnPort(this.port)) {
      newest = got.message as AddressFlowsInput;
    }
    if (newest) this.flows.replace(newest);
  }
}

function openFlows(input: WorkerInput, batch: Batch, segment: Segment, settings: Settings): Flows {
  if (input.flows.kind === 'addresses') return new AddressFlows(batch.view, input.flows, settings);
  const state = new NatState(segment, () => shim().yieldThread());
  return new SessionFlows(state, batch.view, input.flows.resolver, settings);
}

/**
 * The way of a packet is some hundred small functions. When other programs had the caches meanwhile it is as slow as its
 * code is long, so V8 may make one function of them: no calls, and every check once. For the process, there
 * is no other way: for the main thread, too, and for a worker that has seen less.
 */
function inlineAll(): void {
  setFlagsFromString('--max-inlined-bytecode-size=1000'); // of one function
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=40000'); // of all that one takes in
  setFlagsFromString('--max-inlined-bytecode-size-absolute=40000');
}

function main(input: WorkerInput, port: MessagePort): void {
  const native = shim();
  const buffer = native.mapFd(input.segmentFd, byteLength(input.geometry), true);
  if (typeof buffer === 'number') throw new Error(`segment cannot be mapped: errno ${-buffer}`);
  const segment = new Segment(buffer, input.geometry);
  const batch = new Batch();
  const idSecret = (input.settings.idSecret + Math.imul(input.number, 0x9e3779b1)) | 0;
  const settings = { ...input.settings, idSecret };
  const flows = openFlows(input, batch, segment, settings);
  const first = segment.counters(input.number);
  const counters = segment.floats.subarray(first, first + COUNTER_SLOTS);
  const punts = new PuntRing(segment, input.number);
  const translator = new Translator(batch, flows, settings);
  const loop = new Loop(new TunQueue(input, batch), batch, translator, punts, counters);
  const editions = flows instanceof AddressFlows ? new MapEditions(flows, segment.words, port) : null;
  const thread = native.interruptible();
  if (thread < 0) throw new Error(`this thread could never be stopped: errno ${-thread}`);
  port.postMessage(thread);
  const stopped = (): boolean => {
    editions?.look();
    return segment.words[STOP_AT] !== 0; // plain: the call costs, and a wake follows
  };
  loop.run(stopped, inlineAll);
}

if (parentPort) main(workerData as WorkerInput, parentPort);
