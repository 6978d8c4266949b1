/**
 * One packet, both ways: which family, which direction, and the answer to its sender when it is dropped.
 */

import type { NatState } from '../nat/nat-state.ts';
import { Nat46Resolver, type ResolverOptions } from '../nat/nat46-resolver.ts';
import { Answers } from './answers.ts';
import type { Batch } from './batch.ts';
import { Flows } from './flows.ts';
import { FourToSix } from './four-to-six.ts';
import { FragmentBindings } from './fragment-bindings.ts';
import { IcmpErrors46 } from './icmp-errors-46.ts';
import { IcmpErrors64 } from './icmp-errors-64.ts';
import { Identifications } from './identifications.ts';
import type { Settings } from './settings.ts';
import { SixToFour } from './six-to-four.ts';
import { FIRST_DROP, Verdict } from './verdict.ts';

export class Translator {
  readonly answers: Answers;
  readonly fragments: FragmentBindings;
  readonly resolver: Nat46Resolver;
  readonly #batch: Batch;
  readonly #fourToSix: FourToSix;
  readonly #sixToFour: SixToFour;

  constructor(batch: Batch, state: NatState, options: ResolverOptions, settings: Settings) {
    this.#batch = batch;
    const ids = new Identifications(settings.idSecret);
    this.answers = new Answers(batch, ids, settings);
    this.fragments = new FragmentBindings(state, batch.view);
    this.resolver = new Nat46Resolver(state, batch.view, options);
    const flows = new Flows(state, this.resolver, batch.view);
    const errors46 = new IcmpErrors46(batch, flows, settings);
    const errors64 = new IcmpErrors64(batch, flows, ids, settings);
    this.#fourToSix = new FourToSix(batch, flows, this.fragments, errors46, settings);
    this.#sixToFour = new SixToFour(batch, flows, this.fragments, errors64, ids, settings);
  }

  /**
   * Never throws, whatever the bytes are. Output, if any, is appended to the batch.
   * @param at IP header, virtio header before it @param length bytes @param now ms
   */
  translate(at: number, length: number, now: number): Verdict {
    if (length === 0) return Verdict.DropMalformed;
    const version = this.#batch.view.getUint8(at) >>> 4;
    if (version === 4) return this.#from4(at, length, now);
    return version === 6 ? this.#from6(at, length, now) : Verdict.DropMalformed;
  }

  #from4(at: number, length: number, now: number): Verdict {
    const verdict = this.#fourToSix.translate(at, length, now);
    if (verdict < FIRST_DROP) return verdict;
    const { packet } = this.#fourToSix;
    if (verdict === Verdict.DropOwnAddress && this.answers.echoV4(packet)) return Verdict.Reply;
    this.answers.errorV4(verdict, packet, now);
    return verdict;
  }

  #from6(at: number, length: number, now: number): Verdict {
    const verdict = this.#sixToFour.translate(at, length, now);
    if (verdict < FIRST_DROP) return verdict;
    const { packet, chain } = this.#sixToFour;
    if (verdict === Verdict.DropOwnAddress && this.answers.echoV6(packet)) return Verdict.Reply;
    this.answers.errorV6(verdict, packet, chain, now);
    return verdict;
  }
}
