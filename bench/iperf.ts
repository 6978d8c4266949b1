/**
 * TCP through a contender, by iperf3: one run from the client to the server that the lab has.
 */
import type { Lab } from '../test/helpers/lab.ts';

export interface Transfer {
  /** What the receiver got. */
  bitsPerSecond: number;
  bytes: number;
}

/** @param target address that the client dials @param argv more of iperf3's flags */
export async function transfer(lab: Lab, target: string, argv: readonly string[]): Promise<Transfer> {
  const { stdout } = await lab.exec('cl1', ['iperf3', '--client', target, '--json', ...argv]);
  const report = JSON.parse(stdout) as {
    error?: string;
    end?: { sum_received?: { bits_per_second: number; bytes: number } };
  };
  const received = report.end?.sum_received;
  if (received === undefined) throw new Error(`iperf3 to ${target}: ${report.error ?? stdout}`);
  return { bitsPerSecond: received.bits_per_second, bytes: received.bytes };
}
