/**
 * `nat46_drop_stat`: why packets were dropped. Names and sentences are those of the verdicts, so a new drop reason is
 * a new row without a change here.
 */
import { FIRST_DROP, VERDICTS } from '../datapath/verdict.ts';
import { count, type StatTable, text } from './stat-table.ts';
import { bytes, packets } from './worker-counters.ts';

export const dropStat: StatTable = {
  name: 'nat46_drop_stat',
  meaning: 'packets that were dropped, by reason',
  isInternal: false,
  rowNames: ['reason'],
  rowMeaning: ({ reason }) => VERDICTS.find(({ name }) => name === reason)?.meaning ?? '',
  columns: [
    text('reason', 'why the packets were dropped'),
    count('packets', 'packets dropped for that reason'),
    count('bytes', 'their bytes, IP headers included'),
  ],
  rows: ({ segment }) =>
    VERDICTS.flatMap(({ name }, verdict) =>
      verdict < FIRST_DROP
        ? []
        : [{ reason: name, packets: packets(segment, verdict), bytes: bytes(segment, verdict) }],
    ),
};
