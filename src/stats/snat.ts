/**
 * `nat46_snat_stat`: ports and ICMP identifiers of every SNAT pool member.
 */
import { PROTOCOL_COLUMN_NAMES } from '../nat/port-pool.ts';
import { addressAt } from './description.ts';
import { count, type StatTable, text } from './stat-table.ts';

export const snatStat: StatTable = {
  name: 'nat46_snat_stat',
  meaning: 'ports and ICMP identifiers of each SNAT pool member',
  isInternal: false,
  rowNames: ['address', 'protocol'],
  columns: [
    text('address', 'SNAT pool member'),
    text('protocol', 'tcp, udp or icmp'),
    count('in_use', 'ports (identifiers) that inside hosts hold'),
    count('free', 'ports that can be given out now: neither in use nor resting'),
    count('alloc_fail', 'times that no port was free when one was wanted'),
  ],
  rows: ({ pool, segment }) =>
    Array.from({ length: pool.size() }, (_, member) =>
      PROTOCOL_COLUMN_NAMES.map((protocol, column) => ({
        address: addressAt(segment, pool.addressAt(member)),
        protocol,
        in_use: pool.inUse(member, column),
        free: pool.free(member, column),
        alloc_fail: pool.allocFail(member, column),
      })),
    ).flat(),
};
