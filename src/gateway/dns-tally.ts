/**
 * What DNS46 counts, put into the segment.
 */
import { DNS_COUNTERS, type DnsCounter, type DnsCounters, type Family } from '../dns46/counters.ts';
import type { ControlCounter, ControlCounters } from '../stats/control-counters.ts';

/** Slots of one family: queries, their bytes, replies, their bytes. */
type Traffic = readonly [queries: number, queryBytes: number, replies: number, replyBytes: number];

export class DnsTally implements DnsCounters {
  readonly #counters: ControlCounters;
  /** Slots are looked up once: a name costs more than the count itself. */
  readonly #events: ReadonlyMap<DnsCounter, number>;
  readonly #families: Readonly<Record<Family, Traffic>>;
  readonly #upstream: Traffic;

  constructor(counters: ControlCounters) {
    const traffic = (from: string): Traffic =>
      [`${from}Queries`, `${from}QueryBytes`, `${from}Replies`, `${from}ReplyBytes`].map((name) =>
        counters.slot(name as ControlCounter),
      ) as unknown as Traffic;
    this.#counters = counters;
    this.#events = new Map(DNS_COUNTERS.map((name) => [name, counters.slot(`dns.${name}`)]));
    this.#families = { 4: traffic('dns4'), 6: traffic('dns6') };
    this.#upstream = traffic('upstream');
  }

  clientQuery(bytes: number, family: Family): void {
    this.#counters.addAt(this.#families[family][0], 1);
    this.#counters.addAt(this.#families[family][1], bytes);
  }

  clientReply(bytes: number, family: Family): void {
    this.#counters.addAt(this.#families[family][2], 1);
    this.#counters.addAt(this.#families[family][3], bytes);
  }

  upstreamQuery(bytes: number): void {
    this.#counters.addAt(this.#upstream[0], 1);
    this.#counters.addAt(this.#upstream[1], bytes);
  }

  upstreamReply(bytes: number): void {
    this.#counters.addAt(this.#upstream[2], 1);
    this.#counters.addAt(this.#upstream[3], bytes);
  }

  count(name: DnsCounter): void {
    this.#counters.addAt(this.#events.get(name) ?? 0, 1);
  }
}
