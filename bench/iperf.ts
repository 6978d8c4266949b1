/**
 * TCP through a contender, by iperf3: one run from the client to the server that the lab has.
 */
import type { Lab } from '../test/helpers/lab.ts';

export interface Transfer {
  /** What the receiver got. */
  bitsPerSecond: number;
  bytes: number;
}

/** The server closes its port for a moment after every run. */
const ATTEMPTS = 5;
const RETRY_MS = 200;

interface Output {
  error?: string;
  end?: { sum_received?: { bits_per_second: number; bytes: number } };
}

/** @param target address that the client dials @param argv more of iperf3's flags */
export async function transfer(lab: Lab, target: string, argv: readonly string[]): Promise<Transfer> {
  let output: Output = {};
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { stdout } = await lab.exec('cl1', ['iperf3', '--client', target, '--json', ...argv]);
    output = JSON.parse(stdout) as Output;
    if (!/refused|busy/.test(output.error ?? '')) break;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  const received = output.end?.sum_received;
  if (received === undefined) throw new Error(`iperf3 to ${target}: ${output.error ?? 'no figures'}`);
  return { bitsPerSecond: received.bits_per_second, bytes: received.bytes };
}
