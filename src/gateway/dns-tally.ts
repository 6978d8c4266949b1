/**
 * What DNS46 counts, put into the segment.
 */
import type { DnsCounter, DnsCounters, Family } from '../dns46/counters.ts';
import type { ControlCounters } from '../stats/control-counters.ts';

export class DnsTally implements DnsCounters {
  readonly #counters: ControlCounters;

  constructor(counters: ControlCounters) {
    this.#counters = counters;
  }

  clientQuery(bytes: number, family: Family): void {
    this.#counters.add(`dns${family}Queries`, 1);
    this.#counters.add(`dns${family}QueryBytes`, bytes);
  }

  clientReply(bytes: number, family: Family): void {
    this.#counters.add(`dns${family}Replies`, 1);
    this.#counters.add(`dns${family}ReplyBytes`, bytes);
  }

  upstreamQuery(bytes: number): void {
    this.#counters.add('upstreamQueries', 1);
    this.#counters.add('upstreamQueryBytes', bytes);
  }

  upstreamReply(bytes: number): void {
    this.#counters.add('upstreamReplies', 1);
    this.#counters.add('upstreamReplyBytes', bytes);
  }

  count(name: DnsCounter): void {
    this.#counters.add(`dns.${name}`, 1);
  }
}
