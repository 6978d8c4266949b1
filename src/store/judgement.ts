/**
 * What a record of the store means to this gateway: a mapping, or one of the reasons why it is not translated. A
 * record that is not is kept in the store, and logged and counted once.
 */
import { formatV4, formatV6 } from '../address.ts';
import { type MappingRecord, parseKey, parseRecord } from './record.ts';
import type { Slots } from './slots.ts';
import type { StoredRecord } from './store.ts';

/** A record of the store and what it means. */
export interface RecordLine extends StoredRecord {
  readonly v4: string | null;
  readonly v6: string | null;
  /** Seconds of inactivity, 0 = never; null when malformed. */
  readonly timeout_sec: number | null;
  /** Why it is not translated, or null. */
  readonly problem: string | null;
}

export type Judgement =
  | { readonly v4: number; readonly record: MappingRecord }
  | { readonly problem: string; readonly counter: 'malformed' | 'outside' };

interface JudgeOptions {
  readonly slots: Slots;
  readonly isConfigured: (v4: number) => boolean;
  readonly count: (counter: 'malformed' | 'outside', n: number) => void;
  readonly warn: (fields: object, message: string) => void;
}

/** Records complained about are remembered, so that each is logged and counted once; that many at most. */
const MAX_COMPLAINTS = 10_000;

export class RecordJudge {
  readonly #options: JudgeOptions;
  readonly #complaints = new Set<string>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  judge(stored: StoredRecord): Judgement {
    const { slots, isConfigured } = this.#options;
    const v4 = parseKey(stored.key);
    if (v4 === null)
      return { problem: 'malformed key: no IPv4 address behind the prefix', counter: 'malformed' };
    const parsed = parseRecord(stored.value);
    if ('problem' in parsed) return { problem: `malformed: ${parsed.problem}`, counter: 'malformed' };
    if (isConfigured(v4)) return { problem: '--map decides about this address', counter: 'outside' };
    if (slots.isReserved(v4)) return { problem: 'an address that no mapping may have', counter: 'outside' };
    if (!slots.isMappable(v4)) return { problem: 'outside the subnet', counter: 'outside' };
    return { v4, record: parsed.record };
  }

  describe(stored: StoredRecord): RecordLine {
    const v4 = parseKey(stored.key);
    const parsed = parseRecord(stored.value);
    const judgement = this.judge(stored);
    return {
      ...stored,
      v4: v4 === null ? null : formatV4(v4),
      v6: 'record' in parsed ? formatV6(parsed.record.v6) : null,
      timeout_sec: 'record' in parsed ? parsed.record.timeoutSec : null,
      problem: 'problem' in judgement ? judgement.problem : null,
    };
  }

  /** The same as `judge`, and a record that is not translated is logged and counted when it is met first. */
  admit(stored: StoredRecord): { readonly v4: number; readonly record: MappingRecord } | null {
    const judgement = this.judge(stored);
    if ('record' in judgement) return judgement;
    const name = `${stored.key}=${stored.value}`;
    if (!this.#complaints.has(name) && this.#complaints.size < MAX_COMPLAINTS) {
      this.#complaints.add(name);
      this.#options.count(judgement.counter, 1);
      this.#options.warn({ ...stored, problem: judgement.problem }, 'record is not translated');
    }
    return null;
  }
}
