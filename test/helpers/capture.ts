/**
 * Packets captured in the lab, and tshark as an independent judge of every checksum in them.
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab, Namespace } from './lab.ts';

const LAYERS = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'] as const;
type Layer = (typeof LAYERS)[number];

/** Checksums seen, by layer; headers quoted inside ICMP errors are counted too, where they are whole. */
export interface Checksums {
  packets: number;
  good: Record<Layer, number>;
  /** Numbers of the packets with a wrong checksum, and where. */
  bad: string[];
}

export class Capture {
  readonly #tcpdump: ChildProcess;
  readonly file: string;

  private constructor(tcpdump: ChildProcess, file: string) {
    this.#tcpdump = tcpdump;
    this.file = file;
  }

  /** Starts a capture of what arrives at an interface. Resolves once it captures. */
  static async start(lab: Pick<Lab, 'spawn'>, ns: Namespace, device: string, file: string): Promise<Capture> {
    const how = '-Q in -s 0 -B 65536 --immediate-mode -U'.split(' '); // immediate: nothing waits for a full block
    const argv = ['tcpdump', '-ni', device, ...how, '-w', file, 'ip or ip6'];
    const tcpdump = lab.spawn(ns, argv);
    if (tcpdump.stderr !== null) await once(tcpdump.stderr, 'data'); // listening on …
    return new Capture(tcpdump, file);
  }

  /** Ends it; what has arrived is in the file. */
  async stop(): Promise<void> {
    await pause(300); // what is still on its way
    const closed = once(this.#tcpdump, 'close');
    this.#tcpdump.kill('SIGINT');
    await closed;
  }
}

/** Lets tshark check every checksum in a capture file. */
export function checksums(file: string): Checksums {
  const options = ['ip', 'tcp', 'udp'].flatMap((layer) => ['-o', `${layer}.check_checksum:TRUE`]);
  const fields = LAYERS.flatMap((layer) => ['-e', `${layer}.checksum.status`]);
  const lengths = ['-e', 'ip.len', '-e', 'ipv6.plen'];
  const tcp = ['-e', 'tcp.checksum', '-e', 'tcp.checksum_calculated'];
  const argv = [
    '-n',
    '-r',
    file,
    ...options,
    '-T',
    'fields',
    '-e',
    'frame.number',
    ...lengths,
    ...tcp,
    ...fields,
  ];
  const out = execFileSync('tshark', argv, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const result: Checksums = { packets: 0, good: { ip: 0, tcp: 0, udp: 0, icmp: 0, icmpv6: 0 }, bad: [] };
  for (const line of out.split('\n').filter((text) => text !== '')) {
    const [frame, ipLengths, ipv6Lengths, written, calculated, ...columns] = line.split('\t');
    result.packets++;
    const isCut = quotesMore(ipLengths, ipv6Lengths);
    for (const [i, layer] of LAYERS.entries()) {
      let statuses = (columns[i] ?? '').split(',');
      if (layer === 'tcp' && isOtherZero(written, calculated)) statuses = ['1'];
      result.good[layer] += statuses.filter((status) => status === '1').length;
      if (isCut && UPPER.includes(layer)) continue; // of a quote that was cut, tshark sums what is there
      if (statuses.includes('0')) result.bad.push(`${layer} in packet ${frame}`);
    }
  }
  return result;
}

/** Linux writes the zero of a checksum that it completes as ffff, for TCP too; receivers take it, tshark calls it wrong. */
function isOtherZero(written: string | undefined, calculated: string | undefined): boolean {
  return written === '0xffff' && calculated === '0x0000';
}

const UPPER: readonly Layer[] = ['tcp', 'udp'];

/** Whether a packet quotes one that is longer than itself. @param lengths of the packet and of its quote, by family */
function quotesMore(...lengths: readonly (string | undefined)[]): boolean {
  return lengths.some((text) => {
    const [outer = 0, inner = 0] = (text ?? '').split(',').map(Number);
    return inner > outer;
  });
}

const WARNING = 0x600000; // tshark's severities: chat, note, warning, error
/** Warnings that are none about the packet: the other half of a ping is elsewhere, a port is closed, TCP sent something twice, a zero is written as ffff. */
const HARMLESS = /^No response seen|^Connection reset|^D-SACK|^TCP Checksum 0xffff instead of 0x0000/;

/**
 * What tshark finds wrong in a capture file: malformed packets, protocol errors, checksums. Fragments are judged one by one.
 * @returns a line each, `7: Malformed Packet (Exception occurred)`
 */
export function faults(file: string): string[] {
  const options = [
    ...['ip', 'tcp', 'udp'].map((layer) => `${layer}.check_checksum:TRUE`),
    ...['ip', 'ipv6'].map((layer) => `${layer}.defragment:FALSE`),
    // what is lost and sent again is no fault of a packet
    ...['analyze_sequence_numbers', 'desegment_tcp_streams'].map((what) => `tcp.${what}:FALSE`),
  ].flatMap((option) => ['-o', option]);
  const fields = ['frame.number', '_ws.expert.message', '_ws.expert.severity'].flatMap((field) => [
    '-e',
    field,
  ]);
  const how = ['--disable-protocol', 'http', '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|'];
  const out = execFileSync('tshark', ['-n', '-r', file, ...options, ...how, ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return out.split('\n').flatMap((line) => {
    const [frame, messages = '', severities = ''] = line.split('\t');
    const severity = severities.split('|').map(Number);
    const found = messages
      .split('|')
      .filter((text, i) => (severity[i] ?? 0) >= WARNING && !HARMLESS.test(text));
    return found.map((text) => `${frame}: ${text}`);
  });
}

const PCAP_HEADER = 24;
const RECORD_HEADER = 16;

/** A copy of a capture file in which the last byte of the longest packet is another: one checksum is wrong. */
export function plantWrongChecksum(file: string, copy: string): void {
  const pcap = readFileSync(file);
  let longest = 0;
  let lastByte = 0;
  for (let at = PCAP_HEADER; at < pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    at += RECORD_HEADER + length;
    if (length > longest) [longest, lastByte] = [length, at - 1];
  }
  pcap[lastByte] = (pcap[lastByte] ?? 0) ^ 0x55;
  writeFileSync(copy, pcap);
}
