/**
 * The figures of bench/compare: which load gives them, in which unit, and how far ahead nat46 is to be.
 */
import type { Running } from '../contenders.ts';
import * as loads from './loads.ts';
import { FEW, MANY } from './population.ts';

/** A contender in its place on the bed. */
export interface Entrant extends Running {
  readonly name: string;
  /** Whether it is the gateway with a million sessions. */
  readonly isFull: boolean;
}

export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Ratio to each other contender that issue and README promise: at least, or at most when lower is better. */
  readonly goals?: Readonly<Record<string, number>>;
}

export interface Load {
  readonly metrics: readonly Metric[];
  /** Whether the gateway with a million sessions takes part as well, or only it and the one that it is compared with. */
  readonly scale?: 'too' | 'only';
  run(bed: loads.Bed, at: Entrant): Promise<loads.Figures | null>;
}

const BULK_1 = { TAYGA: 3, 'TAYGA new': 3, 'C reference': 0.95, kernel: 0.7 };
const BULK_8 = { ...BULK_1, TAYGA: 5, 'TAYGA new': 5 };
const UDP = { TAYGA: 2, 'TAYGA new': 2, 'C reference': 1.8, kernel: 0.8 };

function bulk(name: string, argv: readonly string[], goals: Metric['goals'] & object): Load {
  return {
    metrics: [{ name, unit: 'Gbit/s', better: 'higher', goals }],
    run: async (bed, at) => ({ [name]: await loads.tcp(bed, at, argv) }),
  };
}

function datagrams(bytes: number): Load {
  const overload = `UDP ${bytes} B, overload`;
  const offered = `UDP ${bytes} B, offered`;
  const lossless = `UDP ${bytes} B, loss < 0.5 %`;
  return {
    metrics: [
      { name: overload, unit: 'kpps', better: 'higher', goals: UDP },
      { name: offered, unit: 'kpps', better: 'higher' },
      { name: lossless, unit: 'kpps', better: 'higher' },
    ],
    async run(bed, at) {
      await loads.cutTrains(bed, 'early');
      const most = await loads.udpOverload(bed, at, bytes, { verb: 'send-trains' });
      const found = await loads.udpLossless(bed, at, bytes, most.received * 1.3);
      return { [overload]: most.received, [offered]: most.offered, [lossless]: found };
    },
  };
}

/** Each datagram goes through the client's stack alone: such a sender can be slower than the path. */
function sentSingly(bytes: number): Load {
  const received = `UDP ${bytes} B, sent singly`;
  const offered = `UDP ${bytes} B, singly offered`;
  return {
    metrics: [
      { name: received, unit: 'kpps', better: 'higher' },
      { name: offered, unit: 'kpps', better: 'higher' },
    ],
    async run(bed, at) {
      const most = await loads.udpOverload(bed, at, bytes);
      return { [received]: most.received, [offered]: most.offered };
    },
  };
}

/** As QUIC sends. */
function trains(bytes: number): Load {
  const name = `UDP ${bytes} B, trains`;
  return {
    metrics: [{ name, unit: 'kpps', better: 'higher' }],
    async run(bed, at) {
      await loads.cutTrains(bed, 'late');
      return { [name]: (await loads.udpOverload(bed, at, bytes, { verb: 'send-trains' })).received };
    },
  };
}

function cpu(name: string, goals: Metric['goals'] & object, measure: typeof loads.cpuPerByte): Load {
  return {
    metrics: [{ name, unit: 'ns', better: 'lower', goals }],
    run: async (bed, at) => (at.pid === null ? null : { [name]: await measure(bed, at, at.pid) }),
  };
}

function roundTrip(name: string, beside: 'idle' | 'bulk'): Load {
  const p99 = `${name} p99`;
  const goals = beside === 'bulk' ? { goals: { TAYGA: 0.7, 'TAYGA new': 0.7, 'C reference': 1.2 } } : {};
  return {
    metrics: [
      { name: `${name} p50`, unit: 'µs', better: 'lower' },
      { name: p99, unit: 'µs', better: 'lower', ...goals },
    ],
    async run(bed, at) {
      const flow = (on: loads.Bed) => loads.tcp(on, at, []);
      const found = await (beside === 'bulk'
        ? loads.roundTrip(loads.longer(bed), at, flow)
        : loads.roundTrip(bed, at));
      return { [`${name} p50`]: found.p50, [p99]: found.p99 };
    },
  };
}

/** Datagrams of many flows: a lookup each, somewhere else in the table than the one before. */
function manyFlows(name: string, sources: loads.Sources): Load {
  return {
    metrics: [{ name, unit: 'kpps', better: 'higher' }],
    scale: 'only',
    run: async (bed, at) => {
      if (sources.sockets > 1 && !at.isFull) return null; // it would become as full as the other
      return { [name]: (await loads.udpOverload(bed, at, 64, { verb: 'send', sources })).received };
    },
  };
}

const NEW_CONNECTIONS: Load = {
  metrics: [{ name: 'TCP connections', unit: '1000/s', better: 'higher' }],
  run: async (bed, at) => ({ 'TCP connections': await loads.connections(bed, at) }),
};

export const LOADS: readonly Load[] = [
  { ...bulk('TCP 1 flow, up', [], BULK_1), scale: 'too' },
  bulk('TCP 1 flow, down', ['--reverse'], BULK_1),
  bulk('TCP 8 flows, up', ['--parallel', '8'], BULK_8),
  bulk('TCP 8 flows, down', ['--parallel', '8', '--reverse'], BULK_8),
  { ...datagrams(64), scale: 'too' },
  datagrams(1200),
  sentSingly(64),
  trains(1200),
  cpu('CPU per packet', { TAYGA: 1, 'TAYGA new': 1, 'C reference': 1.1 }, loads.cpuPerPacket),
  cpu('CPU per byte', { TAYGA: 0.3, 'TAYGA new': 0.3, 'C reference': 1.1 }, loads.cpuPerByte),
  roundTrip('RTT idle', 'idle'),
  roundTrip('RTT under bulk', 'bulk'),
  NEW_CONNECTIONS,
  manyFlows('UDP 64 B, 10 flows', FEW),
  manyFlows('UDP 64 B, 10⁶ flows', MANY),
];

export const METRICS: readonly Metric[] = LOADS.flatMap((load) => load.metrics);
