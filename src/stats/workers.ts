/**
 * `tmm_stat`: one row a data-plane thread that runs, or ran last.
 */
import { FIRST_DROP, VERDICTS, Verdict } from '../datapath/verdict.ts';
import { BATCHES, BYTES, CREATED, ICMP_LIMITED, ICMP_SENT, PACKETS, WRITE_FAILED } from '../nat/counters.ts';
import { type Segment, WORKERS_USED_AT } from '../nat/segment.ts';
import { count, type Row, type StatTable } from './stat-table.ts';
import { ofWorker } from './worker-counters.ts';

/** Sum over all drop reasons. @param first PACKETS or BYTES */
function dropped(segment: Segment, worker: number, first: number): number {
  let sum = 0;
  for (let verdict = FIRST_DROP; verdict < VERDICTS.length; verdict++) {
    sum += ofWorker(segment, worker, first + verdict);
  }
  return sum;
}

function row(segment: Segment, worker: number): Row {
  const value = (slot: number): number => ofWorker(segment, worker, slot);
  return {
    worker,
    pkts_46: value(PACKETS + Verdict.Forward46),
    bytes_46: value(BYTES + Verdict.Forward46),
    pkts_64: value(PACKETS + Verdict.Forward64),
    bytes_64: value(BYTES + Verdict.Forward64),
    echo_replied: value(PACKETS + Verdict.Reply),
    punted: value(PACKETS + Verdict.Punt),
    held: value(PACKETS + Verdict.Hold),
    dropped: dropped(segment, worker, PACKETS),
    dropped_bytes: dropped(segment, worker, BYTES),
    created: value(CREATED),
    icmp_sent: value(ICMP_SENT),
    icmp_limited: value(ICMP_LIMITED),
    write_failed: value(WRITE_FAILED),
    batches: value(BATCHES),
  };
}

export const workerStat: StatTable = {
  name: 'tmm_stat',
  meaning: 'what each data-plane thread did',
  isInternal: false,
  rowNames: ['worker'],
  columns: [
    count('worker', 'number of the thread and of its queue'),
    count('pkts_46', 'packets translated from IPv4 to IPv6'),
    count('bytes_46', 'their bytes as they came'),
    count('pkts_64', 'packets translated from IPv6 to IPv4'),
    count('bytes_64', 'their bytes as they came'),
    count('echo_replied', 'pings to an address of the gateway, answered'),
    count('punted', 'packets that waited for the store; counted again when it answered'),
    count('held', 'fragments that waited for the first of their datagram; counted again then'),
    count('dropped', 'packets dropped, for whatever reason'),
    count('dropped_bytes', 'their bytes as they came'),
    count('created', 'sessions made'),
    count('icmp_sent', 'ICMP errors originated'),
    count('icmp_limited', 'ICMP errors withheld by the rate limit'),
    count('write_failed', 'packets that the device refused'),
    count('batches', 'reads that brought packets'),
  ],
  rows: ({ segment }) =>
    Array.from({ length: segment.words[WORKERS_USED_AT] ?? 0 }, (_, worker) => row(segment, worker)),
};
