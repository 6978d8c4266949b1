/**
 * A uvu suite of exact packets: a lab of its own, one translator after another in it, and at the end tshark's opinion of
 * all that came out.
 */
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { faults } from './capture.ts';
import type { Exchange, ExchangeRow } from './exchange.ts';
import type { Flags, Gateway } from './gateway.ts';
import { EXACT, SiitLab } from './siit-lab.ts';

/** Rows that one translator answers. */
export interface Setup {
  /** On top of EXACT. */
  flags: Flags;
  rows: readonly ExchangeRow[];
}

export function exactTests(title: string, setups: readonly Setup[]): void {
  const it = suite(title);
  let lab: SiitLab;
  let exchange: Exchange;
  let translator: Gateway | undefined;
  let pcap = '';
  it.before(async () => {
    try {
      lab = await SiitLab.up();
      pcap = path.join(lab.folder, 'out.pcap');
      exchange = await lab.exchange(pcap);
    } catch (error) {
      console.error(error); // uvu counts the cases as not passed, but does not say why
      throw error;
    }
  });
  it.after(async () => {
    await exchange?.end();
    await lab?.down();
  });
  for (const { flags, rows } of setups) {
    for (const [i, row] of rows.entries()) {
      it(row.name, async () => {
        if (i === 0) {
          await translator?.kill('SIGKILL');
          translator = lab.translator({ ...EXACT, ...flags });
          await translator.ready();
        }
        await exchange.check(row);
      });
    }
  }
  it('tshark finds nothing wrong with what came out', () => {
    assert.equal(faults(pcap), []);
  });
  it.run();
}
