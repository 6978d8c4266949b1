/**
 * What is said when ports, quotas or tables have run out: enough to be noticed, never a line a packet.
 */
import * as assert from 'uvu/assert';
import { Verdict } from '../../src/datapath/verdict.ts';
import { RefusalNotices } from '../../src/gateway/refusal-notices.ts';
import { PACKETS } from '../../src/nat/counters.ts';
import type { Segment } from '../../src/nat/segment.ts';
import { tests } from '../helpers/table.ts';
import { freshState } from '../nat/fresh-state.ts';

const QUIET_MS = 60_000;

class Watched {
  readonly segment: Segment = freshState().segment;
  readonly said: string[] = [];
  #notices = this.#start();

  #start(): RefusalNotices {
    return new RefusalNotices(this.segment, (reason, _, count) => this.said.push(`${reason} ${count}`));
  }

  /** Packets of a worker that got this verdict. */
  refuse(verdict: Verdict, count: number, worker = 0): void {
    this.segment.floats[this.segment.counters(worker) + PACKETS + verdict]! += count;
  }

  at(now: number): string[] {
    this.said.length = 0;
    this.#notices.check(now | 0);
    return [...this.said];
  }

  restart(): void {
    this.#notices = this.#start();
  }
}

tests('notices of refusals', {
  '[62] each reason once a minute, with what came together since': () => {
    const start = 2 ** 31 - 1000; // the clock wraps meanwhile
    const w = new Watched();
    assert.equal(w.at(start), [], 'nothing was refused');
    w.refuse(Verdict.DropPoolExhausted, 5);
    w.refuse(Verdict.DropPoolExhausted, 2, 1);
    w.refuse(Verdict.DropUnmapped, 9);
    assert.equal(w.at(start), ['pool_exhausted 7']);
    w.refuse(Verdict.DropPoolExhausted, 100);
    w.refuse(Verdict.DropClientQuota, 1);
    assert.equal(w.at(start + 1000), ['client_quota 1']);
    assert.equal(w.at(start + QUIET_MS - 1), []);
    assert.equal(w.at(start + QUIET_MS), ['pool_exhausted 100']);
    assert.equal(w.at(start + QUIET_MS + 1), []);
    assert.equal(w.at(start + 3 * QUIET_MS), [], 'nothing since');
    w.refuse(Verdict.DropTableFull, 3);
    assert.equal(w.at(start + 3 * QUIET_MS + 1), ['table_full 3']);
  },

  '[62] what was refused before a restart is not said again': () => {
    const w = new Watched();
    w.refuse(Verdict.DropClientQuota, 5);
    w.restart();
    assert.equal(w.at(0), []);
  },
});
