/**
 * Says in the log that new sessions are being refused because something has run out: once a minute for each reason, however
 * many packets it is about. Packets themselves are never logged.
 */
import { VERDICTS, Verdict } from '../datapath/verdict.ts';
import { isPast } from '../nat/lifetimes.ts';
import type { Segment } from '../nat/segment.ts';
import { packets } from '../stats/worker-counters.ts';

const REASONS = [Verdict.DropPoolExhausted, Verdict.DropClientQuota, Verdict.DropTableFull];
const QUIET_MS = 60_000;

/** @param count refused since the last notice about this reason */
export type SayRefusal = (reason: string, meaning: string, count: number) => void;

export class RefusalNotices {
  readonly #segment: Segment;
  readonly #say: SayRefusal;
  /** By reason: packets when it was said last, and from when on it may be said again. */
  readonly #said: { verdict: Verdict; packets: number; quietUntil: number | null }[];

  constructor(segment: Segment, say: SayRefusal) {
    this.#segment = segment;
    this.#say = say;
    this.#said = REASONS.map((verdict) => ({
      verdict,
      packets: packets(segment, verdict),
      quietUntil: null,
    }));
  }

  /** Call about once a second. @param now ms */
  check(now: number): void {
    for (const said of this.#said) {
      if (said.quietUntil !== null && !isPast(said.quietUntil, now)) continue;
      const total = packets(this.#segment, said.verdict);
      const count = total - said.packets;
      said.quietUntil = null;
      if (count === 0) continue;
      said.packets = total;
      said.quietUntil = (now + QUIET_MS) | 0;
      const { name, meaning } = VERDICTS[said.verdict] ?? { name: '', meaning: '' };
      this.#say(name, meaning, count);
    }
  }
}
