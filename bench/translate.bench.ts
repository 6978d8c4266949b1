/**
 * What does it cost to translate one packet that has a session, of 50 000, both ways?
 *
 * A call lays packets out as the device does, dense in the arena, each of another session in random order, and translates
 * them. What laying out costs alone is the first line of each table, and is taken off the others.
 * `npm run bench -- translate`; BENCH_SECONDS (0.5) a line.
 */
import { cpus } from 'node:os';
import { HEADROOM, READ_BYTES } from '../src/datapath/batch.ts';
import { Verdict } from '../src/datapath/verdict.ts';
import { bytes } from '../test/helpers/hex.ts';
import * as build from '../test/helpers/packets.ts';
import { REAL, SNAT, SYNTHETIC, World } from '../test/helpers/world.ts';
import { measure } from './measure.ts';

const SESSIONS = 50_000;
const PORTS_A_HOST = 16;
const SERVER_PORT = 443;
/** Packets a call, if the read region holds so many. */
const PACKETS = 256;
const SUPER_BYTES = 65_000;
/** Room for the headers of one packet among the templates: the largest is 60 bytes. */
const TEMPLATE = 64;
const NAMES: Record<number, string> = { 6: 'TCP', 17: 'UDP' };
const SUPER: Record<number, build.VirtioHeader> = {
  4: { needsChecksum: true, gsoType: 1, segment: 1400, headers: 40, sumStart: 20, sumOffset: 16 },
  6: { needsChecksum: true, gsoType: 4, segment: 1400, headers: 60, sumStart: 40, sumOffset: 16 },
};

/** Headers of one packet a session, and how long the packets are. */
interface Load {
  readonly headers: Int32Array;
  readonly length: number;
  readonly virtio: Uint8Array;
}

class Bench {
  readonly protocol: number;
  readonly #world: World;
  readonly #outsidePorts = new Uint16Array(SESSIONS);
  readonly #words: Int32Array;
  readonly #random = Int32Array.from({ length: 1 << 15 }, () => Math.floor(Math.random() * SESSIONS));
  #next = 0;

  constructor(protocol: number) {
    this.protocol = protocol;
    const geometry = { sessions: SESSIONS + 8, clients: SESSIONS / PORTS_A_HOST + 8 };
    this.#world = new World({ mtu4: 9000, mtu6: 9000, lowestIpv6Mtu: 9000, geometry });
    this.#words = new Int32Array(this.#world.batch.arena);
    for (let i = 0; i < SESSIONS; i++) this.#open(i);
  }

  /** @param size bytes of the IPv4 packet, either way */
  load(version: 4 | 6, size: number): Load {
    const isSuper = size > 9000;
    const length = version === 4 ? size : size + 20;
    const all = new Uint8Array(SESSIONS * TEMPLATE);
    for (let i = 0; i < SESSIONS; i++) {
      all.set(
        version === 4 ? this.#headers4(i, size, isSuper) : this.#headers6(i, size, isSuper),
        i * TEMPLATE,
      );
    }
    const virtio = build.virtio(isSuper ? SUPER[version]! : {});
    return { headers: new Int32Array(all.buffer), length, virtio };
  }

  /** Lay packets out, without translation. @returns something of them */
  layOut({ headers, length, virtio }: Load, count: number): number {
    const { batch } = this.#world;
    batch.clear();
    let slot = 0;
    for (let k = 0; k < count; k++) {
      const at = slot + HEADROOM;
      const from = (this.#random[this.#next]! * TEMPLATE) >> 2;
      this.#next = (this.#next + 1) & (this.#random.length - 1);
      const to = at >> 2;
      for (let i = 0; i < TEMPLATE / 4; i++) this.#words[to + i] = headers[from + i]!;
      for (let i = 0; i < 10; i++) batch.bytes[at - 10 + i] = virtio[i]!;
      batch.reads[2 * k] = at;
      slot = (at + length + 63) & ~63;
    }
    return slot;
  }

  /** @returns a sum of verdicts */
  translate(load: Load, count: number, want: number): number {
    this.layOut(load, count);
    const { batch, translator, now } = this.#world;
    let verdicts = 0;
    for (let k = 0; k < count; k++) verdicts += translator.translate(batch.reads[2 * k]!, load.length, now);
    if (verdicts !== want * count) throw new Error(`${verdicts} of ${want * count}`);
    return verdicts + batch.writes[0]!;
  }

  #client(i: number): Uint8Array {
    return build.u32(0x0a000000 + Math.floor(i / PORTS_A_HOST));
  }

  #insidePort(i: number): number {
    return 10_000 + i;
  }

  #open(i: number): void {
    const { outputs, verdict } = this.#world.translate(this.#headers4(i, 40, false, 2));
    if (verdict !== 'Forward46') throw new Error(`session ${i}: ${verdict}`);
    const { packet } = outputs[0]!;
    this.#outsidePorts[i] = packet[40]! * 256 + packet[41]!;
  }

  /** The first 40 bytes, or less of UDP. */
  #headers4(i: number, size: number, isSuper: boolean, flags = 0x10): Uint8Array {
    const pair = { source: this.#client(i), destination: bytes(SYNTHETIC) };
    const upper = this.#upper(pair, [this.#insidePort(i), SERVER_PORT], size - 20, isSuper, flags);
    const packet = build.v4({ ...pair, protocol: this.protocol, df: true }, upper);
    // The payload is not built: Total Length and the header checksum are put right.
    packet.set(build.u16(size), 2);
    packet.set([0, 0], 10);
    packet.set(build.u16(build.internetChecksum(packet.slice(0, 20))), 10);
    return packet;
  }

  #headers6(i: number, size: number, isSuper: boolean): Uint8Array {
    const pair = { source: bytes(REAL), destination: bytes(SNAT) };
    const upper = this.#upper(pair, [SERVER_PORT, this.#outsidePorts[i]!], size - 20, isSuper, 0x10);
    const packet = build.v6({ ...pair, next: this.protocol }, upper);
    packet.set(build.u16(size - 20), 4);
    return packet;
  }

  #upper(
    pair: build.Pair,
    ports: [number, number],
    length: number,
    isSuper: boolean,
    flags: number,
  ): Uint8Array {
    if (this.protocol === 17) return build.udp(pair, ports, new Uint8Array(12)).slice(0, 20);
    const pseudo = build.sum(build.pseudoHeader(pair, 6, length));
    return build.tcp(pair, ports, new Uint8Array(0), isSuper ? { flags, checksum: pseudo } : { flags });
  }
}

function batchOf(length: number): number {
  return Math.min(PACKETS, Math.floor(READ_BYTES / (HEADROOM + length + 64)));
}

const MPPS = 1000;
console.log(`${cpus()[0]?.model ?? 'CPU'}, Node ${process.version}, ${SESSIONS} sessions`);
for (const protocol of [6, 17]) {
  const bench = new Bench(protocol);
  const sizes = protocol === 6 ? [40, 576, 1500, SUPER_BYTES] : [40, 576, 1500];
  for (const version of [4, 6] as const) {
    const want = version === 4 ? Verdict.Forward46 : Verdict.Forward64;
    const title = `translate ${version === 4 ? '46' : '64'}, ${NAMES[protocol]}`;
    for (const size of sizes) {
      const load = bench.load(version, size);
      const count = batchOf(load.length);
      const bare = measure(`  laying out (${size} B)`, count, () => bench.layOut(load, count));
      const all = measure(`${title} (${size} B)`, count, () => bench.translate(load, count, want));
      const ns = all.nsPerOperation - bare.nsPerOperation;
      const bitsPerNs = (size * 8) / ns;
      console.log(`    ${ns.toFixed(1)} ns, ${(MPPS / ns).toFixed(2)} Mpps, ${bitsPerNs.toFixed(1)} Gbit/s`);
    }
  }
}
