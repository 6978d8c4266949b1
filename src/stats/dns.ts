/**
 * `dns46_stat`: what became of the queries, one row. A column for each event that DNS46 counts.
 */
import { ControlCounters, DNS_EVENTS, type DnsEvent } from './control-counters.ts';
import { count, type StatTable } from './stat-table.ts';

const events = Object.entries(DNS_EVENTS) as [DnsEvent, string][];

/** `upstreamTimeout` → `upstream_timeout` */
function columnName(event: DnsEvent): string {
  return event.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export const dnsStat: StatTable = {
  name: 'dns46_stat',
  meaning: 'DNS queries by what became of them',
  isInternal: false,
  columns: [
    count('queries', 'queries of inside hosts'),
    count('replies', 'replies to them'),
    count('upstream_queries', 'queries sent upstream'),
    count('upstream_replies', 'replies received from upstream'),
    ...events.map(([event, meaning]) => count(columnName(event), meaning)),
  ],
  rows: ({ segment }) => {
    const counters = new ControlCounters(segment);
    return [
      {
        queries: counters.value('dns4Queries') + counters.value('dns6Queries'),
        replies: counters.value('dns4Replies') + counters.value('dns6Replies'),
        upstream_queries: counters.value('upstreamQueries'),
        upstream_replies: counters.value('upstreamReplies'),
        ...Object.fromEntries(events.map(([event]) => [columnName(event), counters.value(`dns.${event}`)])),
      },
    ];
  },
};
