/**
 * Replies that may be used again, as wire images: a hit copies the image and patches id, letters of the question and
 * TTLs. Bounded by bytes, the least recently used goes first.
 *
 *     stored                       life                        a day later
 *     | fresh …………………………… due | stale: only when the upstream fails | forgotten
 *
 * A reply that names synthetic addresses counts only as long as each still stands for the real address it was made for
 * (checklist 80): a mapping that was removed meanwhile is noticed by the next hit. Hits keep the mapping alive as well.
 */
import { LRUCache } from 'lru-cache';
import { fullRcode } from './judgement.ts';
import { AA, HEADER_LENGTH, NOERROR, NXDOMAIN, readMessage, TC, TYPE_OPT, viewOf } from './message.ts';
import type { Synthetic, SyntheticAddresses } from './synthetic-addresses.ts';

export interface CachedReply {
  /** AA is cleared: it came from here. */
  readonly image: Uint8Array;
  /** With the upper bits of its OPT record. */
  readonly rcode: number;
  readonly questionEnd: number;
  /** Where TTLs stand, as they were. */
  readonly ttlAt: readonly number[];
  readonly storedMs: number;
  readonly lifeSec: number;
  readonly synthetic: readonly Synthetic[];
  /** Somebody asks upstream again already. */
  refreshing: boolean;
  /** Until then the upstream is not asked again, RFC 8767 §5. */
  failedUntilMs: number;
  /** When its addresses were found valid last: whole seconds, and the removals until then. */
  validSec: number;
  validRemovals: number;
}

/** Time after its life in which a reply helps when the upstream fails: RFC 8767 §5, one to three days. */
const MAX_STALE_MS = 86_400_000;
/** TTL of what is past its life, RFC 8767 §4. */
const STALE_TTL_SEC = 30;
/** After a failure, a stale reply is given without asking, RFC 8767 §5. */
const FAILURE_RECHECK_MS = 30_000;
/** The last tenth of a life is when a reply that is still asked for is fetched again; short lives are not worth it. */
const PREFETCH_SHARE = 0.1;
const PREFETCH_LEAST_SEC = 10;
/** What a reply costs besides its bytes: objects and their share of the maps 490, what is behind an ArrayBuffer 170. Measured, Node 20. */
const OVERHEAD_BYTES = 660;
const BYTES_A_TTL = 8;
/** An object and the view of its real v6. */
const BYTES_A_SYNTHETIC = 320;
const MAX_MESSAGE_LENGTH = 0xffff;

type ValidAddresses = Pick<SyntheticAddresses, 'answered' | 'removals'>;

export class ReplyCache {
  readonly #replies: LRUCache<string, CachedReply>;
  readonly #addresses: ValidAddresses;
  readonly #scratch = new Uint8Array(MAX_MESSAGE_LENGTH);
  readonly #scratchView = viewOf(this.#scratch);

  /** @param maxBytes of memory, about; 0 keeps nothing */
  constructor(maxBytes: number, addresses: ValidAddresses) {
    this.#addresses = addresses;
    this.#replies = new LRUCache({
      maxSize: Math.max(maxBytes, 1),
      sizeCalculation: (reply, key) =>
        reply.image.length +
        key.length +
        reply.ttlAt.length * BYTES_A_TTL +
        reply.synthetic.length * BYTES_A_SYNTHETIC +
        OVERHEAD_BYTES,
    });
  }

  /** Replies kept. */
  get size(): number {
    return this.#replies.size;
  }

  /** @returns a reply within its life whose addresses are valid, or undefined */
  fresh(key: string, nowMs: number): CachedReply | undefined {
    const reply = this.#replies.get(key);
    if (reply === undefined || ageSec(reply, nowMs) >= reply.lifeSec) return undefined;
    return this.#valid(key, reply, nowMs, reply.lifeSec - ageSec(reply, nowMs)) ? reply : undefined;
  }

  /** @returns a reply past its life that may still serve, or undefined; failures never do */
  stale(key: string, nowMs: number): CachedReply | undefined {
    const reply = this.#replies.get(key);
    if (reply === undefined || isFailure(reply.rcode)) return undefined;
    const pastMs = nowMs - reply.storedMs - reply.lifeSec * 1000;
    if (pastMs < 0 || pastMs >= MAX_STALE_MS) return undefined;
    return this.#valid(key, reply, nowMs, STALE_TTL_SEC) ? reply : undefined;
  }

  /**
   * What is there gives way to it, unless it is a failure and that still serves.
   * @param image as it goes to a client, copied here
   * @param lifeSec 0 = not kept; what it has overtaken goes all the same
   */
  keep(
    key: string,
    image: Uint8Array,
    nowMs: number,
    lifeSec: number,
    synthetic: readonly Synthetic[],
  ): void {
    const message = readMessage(image);
    if (message === null) return;
    const rcode = fullRcode(message);
    if (isFailure(rcode) && this.#serves(key, nowMs)) return;
    if (lifeSec <= 0) {
      if (!isFailure(rcode) && (message.flags & TC) === 0) this.#replies.delete(key);
      return;
    }
    const records = message.records.filter((record) => record.type !== TYPE_OPT);
    const copy = new Uint8Array(image);
    const view = viewOf(copy);
    view.setUint16(2, message.flags & ~AA);
    for (const record of records) view.setUint32(record.fixed + 4, record.ttl);
    const kept: CachedReply = {
      image: copy,
      rcode,
      questionEnd: message.question.end,
      ttlAt: records.map((record) => record.fixed + 4),
      storedMs: nowMs,
      lifeSec,
      synthetic,
      refreshing: false,
      failedUntilMs: 0,
      validSec: -1,
      validRemovals: -1,
    };
    this.#replies.set(key, kept);
  }

  /** The upstream failed: what is there serves for a while without asking it. */
  failed(key: string, nowMs: number): void {
    const reply = this.#replies.peek(key);
    if (reply === undefined) return;
    reply.failedUntilMs = nowMs + FAILURE_RECHECK_MS;
    reply.refreshing = false;
  }

  /** Whether a reply in use should be fetched again before its life ends. */
  due(reply: CachedReply, nowMs: number): boolean {
    const left = reply.lifeSec - ageSec(reply, nowMs);
    const worth = reply.lifeSec >= PREFETCH_LEAST_SEC && nowMs >= reply.failedUntilMs;
    return worth && left <= reply.lifeSec * PREFETCH_SHARE && !reply.refreshing;
  }

  /**
   * The reply to one query: its id and its question, letters as sent, TTLs less their age.
   * @param query plain, of the key of this reply
   * @returns a view that is valid until the next call
   */
  render(reply: CachedReply, query: Uint8Array, nowMs: number): Uint8Array {
    const out = this.#scratch;
    out.set(reply.image);
    out[0] = query[0] ?? 0;
    out[1] = query[1] ?? 0;
    for (let at = HEADER_LENGTH; at < reply.questionEnd; at++) out[at] = query[at] ?? 0;
    const age = ageSec(reply, nowMs);
    const stale = age >= reply.lifeSec;
    const view = this.#scratchView;
    for (const at of reply.ttlAt) view.setUint32(at, stale ? STALE_TTL_SEC : view.getUint32(at) - age);
    return out.subarray(0, reply.image.length);
  }

  /** Whether there is something else than a failure for a client, within its life or past it. */
  #serves(key: string, nowMs: number): boolean {
    const reply = this.fresh(key, nowMs) ?? this.stale(key, nowMs);
    return reply !== undefined && !isFailure(reply.rcode);
  }

  /** Asks the mapping table, once a second as long as nothing was removed from it. */
  #valid(key: string, reply: CachedReply, nowMs: number, ttlSec: number): boolean {
    if (reply.synthetic.length === 0) return true;
    const nowSec = Math.floor(nowMs / 1000);
    const { removals } = this.#addresses;
    if (reply.validSec === nowSec && reply.validRemovals === removals) return true;
    for (const { v4, v6 } of reply.synthetic) {
      if (this.#addresses.answered(v4, v6, ttlSec)) continue;
      this.#replies.delete(key);
      return false;
    }
    reply.validSec = nowSec;
    reply.validRemovals = removals;
    return true;
  }
}

/** Whether a reply says that a name does not exist. */
export function isNegative(reply: CachedReply): boolean {
  return reply.rcode === NXDOMAIN;
}

function isFailure(rcode: number): boolean {
  return rcode !== NOERROR && rcode !== NXDOMAIN;
}

function ageSec(reply: CachedReply, nowMs: number): number {
  return Math.floor((nowMs - reply.storedMs) / 1000);
}
