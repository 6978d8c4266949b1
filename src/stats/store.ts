/**
 * `nat46_store_stat`: what passes between the gateway and the store of mapping records.
 */
import { ControlCounters } from './control-counters.ts';
import { count, type StatTable } from './stat-table.ts';

export const storeStat: StatTable = {
  name: 'nat46_store_stat',
  meaning: 'what passes between the gateway and the store of mapping records',
  isInternal: false,
  columns: [
    count('lost', 'times that the store could not be reached any more'),
    count('resumed', 'times that it could be reached again; one less than lost while it cannot'),
    count('asked', 'addresses that a packet asked for and the table did not have'),
    count('followed', 'records read because somebody wrote or deleted them'),
    count('rewritten', 'records written again because the store had lost them'),
    count('malformed', 'records that cannot be read'),
    count('outside', 'records of addresses that are not translated'),
  ],
  rows: ({ segment }) => {
    const counters = new ControlCounters(segment);
    const value = (
      event: 'lost' | 'resumed' | 'asked' | 'followed' | 'rewritten' | 'malformed' | 'outside',
    ): number => counters.value(`mapping.${event}`);
    return [
      {
        lost: value('lost'),
        resumed: value('resumed'),
        asked: value('asked'),
        followed: value('followed'),
        rewritten: value('rewritten'),
        malformed: value('malformed'),
        outside: value('outside'),
      },
    ];
  },
};
