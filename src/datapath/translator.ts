/**
 * One packet, both ways: which family, which direction, and the answer to its sender when it is dropped.
 */

import { Answers } from './answers.ts';
import type { Batch } from './batch.ts';
import type { Flows } from './flows.ts';
import { FourToSix } from './four-to-six.ts';
import { IcmpErrors46 } from './icmp-errors-46.ts';
import { IcmpErrors64 } from './icmp-errors-64.ts';
import { Identifications } from './identifications.ts';
import type { Settings } from './settings.ts';
import { SixToFour } from './six-to-four.ts';
import { FIRST_DROP, Verdict } from './verdict.ts';

export class Translator {
  readonly answers: Answers;
  readonly flows: Flows;
  private readonly batch: Batch;
  private readonly fourToSix: FourToSix;
  private readonly sixToFour: SixToFour;

  constructor(batch: Batch, flows: Flows, settings: Settings) {
    this.flows = flows;
    this.batch = batch;
    const ids = new Identifications(settings.idSecret);
    this.answers = new Answers(batch, ids, settings);
    const errors46 = new IcmpErrors46(batch, flows, settings);
    const errors64 = new IcmpErrors64(batch, flows, ids, settings);
    this.fourToSix = new FourToSix(batch, flows, errors46, settings);
    this.sixToFour = new SixToFour(batch, flows, errors64, ids, settings);
  }

  /**
   * Never throws, whatever the bytes are. Output, if any, is appended to the batch.
   * @param at IP header, virtio header before it @param length bytes @param now ms
   */
  translate(at: number, length: number, now: number): Verdict {
    if (length === 0) return Verdict.DropMalformed;
    const version = this.batch.view.getUint8(at) >>> 4;
    if (version === 4) return this.from4(at, length, now);
    return version === 6 ? this.from6(at, length, now) : Verdict.DropMalformed;
  }

  private from4(at: number, length: number, now: number): Verdict {
    const verdict = this.fourToSix.translate(at, length, now);
    if (verdict < FIRST_DROP) return verdict;
    const { packet } = this.fourToSix;
    if (verdict === Verdict.DropOwnAddress && this.answers.echoV4(packet)) return Verdict.Reply;
    this.answers.errorV4(verdict, packet, now);
    return verdict;
  }

  private from6(at: number, length: number, now: number): Verdict {
    const verdict = this.sixToFour.translate(at, length, now);
    const { packet, chain } = this.sixToFour;
    if (verdict < FIRST_DROP) return packet.turnsBack ? this.again(now) : verdict;
    if (verdict === Verdict.DropOwnAddress && this.answers.echoV6(packet)) return Verdict.Reply;
    this.answers.errorV6(verdict, packet, chain, now);
    return verdict;
  }

  /**
   * The IPv4 packet that was just made turns back (RFC 7757 §4.2.2): it is translated instead of written. What is
   * refused now is dropped in silence: an error would quote addresses that its sender never used.
   */
  private again(now: number): Verdict {
    const at = this.batch.pop();
    this.flows.turning = true;
    const verdict = this.fourToSix.translate(at, this.batch.writes[2 * this.batch.count + 1]!, now);
    this.flows.turning = false;
    return verdict;
  }
}
