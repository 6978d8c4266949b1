/**
 * What the binding log is to say: BIB entries, and sessions if that is wanted, that came or went (RFC 6888 §4). Written
 * under the lock by whoever made or ended them, read by the main thread. A full ring loses the newest and counts them.
 *
 * A record, 16 words:
 *
 *   | seconds, kind and protocol, inside v4, inside and outside port, SNAT address 4 |
 *   | synthetic v4, the server's port, real v6 4, spare 2 |                              of a session only
 *
 * Its contents outlive the process, and a record stays until it is in the file: a gateway that was killed loses no line, and
 * at worst tells one twice.
 */
import type { BibTable } from './bib.ts';
import type { PortPool } from './port-pool.ts';
import {
  BINDING_LOG_AT,
  BINDING_RECORD_WORDS,
  BINDING_RING_HEAD,
  bindingRecords,
  type Segment,
  STAMP_AT,
} from './segment.ts';
import { portPair, type SessionId, type SessionTable } from './session.ts';

/** What is recorded; a word of the segment. */
export const BindingLogMode = { Off: 0, Bibs: 1, BibsAndSessions: 2 } as const;
export type BindingLogMode = (typeof BindingLogMode)[keyof typeof BindingLogMode];

export const BindingEvent = { Add: 1, Remove: 2 } as const;
export type BindingEvent = (typeof BindingEvent)[keyof typeof BindingEvent];

const WRITTEN = 0;
const LOST = 1;
/** Stamp of the session that was told last. */
const TOLD_STAMP = 2;
const READ = 16; // a cache line away from what workers write
const LOST_TOLD = 17;

/** Fields of a record. */
const TIME = 0;
const KIND = 1; // protocol, event << 8, session << 16
const INSIDE = 2;
const PORTS = 3;
const OUTSIDE = 4;
const SYNTHETIC = 8;
const FAR_PORT = 9;
const REAL = 10;

/** One record as the reader gets it; the object is filled anew for each. */
export interface BindingRecord {
  event: BindingEvent;
  /** Seconds since the Unix epoch. */
  timeSec: number;
  /** 6, 17 or 1. */
  protocol: number;
  /** Unsigned. */
  inside: number;
  insidePort: number;
  outsidePort: number;
  /** Four words. */
  readonly outside: Int32Array;
  /** What follows is of a session; a BIB entry is for every destination. */
  isSession: boolean;
  /** Unsigned. */
  synthetic: number;
  farPort: number;
  readonly real: Int32Array;
}

export class BindingRing {
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly mask: number;
  private readonly segment: Segment;
  private readonly bibs: BibTable;
  private readonly sessions: SessionTable;
  private readonly pool: PortPool;
  private readonly record: BindingRecord = {
    event: BindingEvent.Add,
    timeSec: 0,
    protocol: 0,
    inside: 0,
    insidePort: 0,
    outsidePort: 0,
    outside: new Int32Array(4),
    isSession: false,
    synthetic: 0,
    farPort: 0,
    real: new Int32Array(4),
  };

  /** Where the last `read` ended. */
  private seen = 0;
  private seenLost = 0;

  constructor(segment: Segment, bibs: BibTable, sessions: SessionTable, pool: PortPool) {
    this.segment = segment;
    this.bibs = bibs;
    this.sessions = sessions;
    this.pool = pool;
    this.words = segment.words;
    this.at = segment.layout.bindingRing;
    this.mask = bindingRecords(segment.geometry.sessions) - 1;
  }

  get capacity(): number {
    return this.mask + 1;
  }

  get mode(): BindingLogMode {
    return this.words[BINDING_LOG_AT]! as BindingLogMode;
  }

  /** Under the lock. A BIB entry is whole, or about to go. */
  noteBib(event: BindingEvent, bib: number): void {
    if (this.mode === BindingLogMode.Off) return;
    const at = this.next();
    if (at < 0) return;
    const bibs = this.bibs;
    const words = this.words;
    words[at + KIND] = (event << 8) | bibs.protocol(bib);
    words[at + INSIDE] = bibs.insideAddress(bib);
    words[at + PORTS] = portPair(bibs.insidePort(bib), bibs.outsidePort(bib));
    this.copy(at + OUTSIDE, this.pool.addressAt(bibs.member(bib)));
    this.publish(at);
  }

  /** The same of a session. */
  noteSession(event: BindingEvent, id: SessionId): void {
    if (this.mode !== BindingLogMode.BibsAndSessions) return;
    const at = this.next();
    if (at < 0) return;
    const sessions = this.sessions;
    const words = this.words;
    const ports = sessions.insidePorts(id);
    words[at + KIND] = (1 << 16) | (event << 8) | sessions.protocol(id);
    words[at + INSIDE] = sessions.insideNear(id);
    words[at + PORTS] = portPair(ports >>> 16, sessions.outsidePorts(id) >>> 16);
    words[at + SYNTHETIC] = sessions.insideFar(id);
    words[at + FAR_PORT] = ports & 0xffff;
    this.copy(at + OUTSIDE, sessions.outsideAt(id));
    this.copy(at + REAL, sessions.outsideAt(id) + 4);
    this.publish(at);
    if (event === BindingEvent.Add) words[this.at + TOLD_STAMP] = sessions.stamp(id);
  }

  /** At start, a session that lives on: who made it last may have been killed before it was told. */
  noteSurvivor(id: SessionId): void {
    const stamp = this.sessions.stamp(id);
    if (stamp !== this.words[STAMP_AT] || stamp === this.words[this.at + TOLD_STAMP]) return;
    this.noteSession(BindingEvent.Add, id);
  }

  /**
   * Main thread: look at what is there, oldest first. It stays until `release`.
   * @param most records to look at @param take gets a record that is its own during the call only
   * @returns how many were lost since the last release
   */
  read(most: number, take: (record: BindingRecord) => void): number {
    const words = this.words;
    const written = Atomics.load(words, this.at + WRITTEN);
    let read = words[this.at + READ]!;
    for (let n = 0; n < most && read !== written; n++, read = (read + 1) | 0) {
      this.fill(this.at + BINDING_RING_HEAD + (read & this.mask) * BINDING_RECORD_WORDS);
      take(this.record);
    }
    this.seen = read;
    this.seenLost = words[this.at + LOST]!;
    return (this.seenLost - words[this.at + LOST_TOLD]!) | 0;
  }

  isHalfFull(): boolean {
    const words = this.words;
    return ((words[this.at + WRITTEN]! - words[this.at + READ]!) | 0) > this.mask >>> 1;
  }

  /** What was read last is in the file: its room is free. */
  release(): void {
    Atomics.store(this.words, this.at + READ, this.seen);
    this.words[this.at + LOST_TOLD] = this.seenLost;
  }

  /** Word offset of the next record, or -1 when there is no room for it. */
  private next(): number {
    const words = this.words;
    const written = words[this.at + WRITTEN]!;
    if (((written - Atomics.load(words, this.at + READ)) | 0) > this.mask) {
      words[this.at + LOST]!++;
      return -1;
    }
    return this.at + BINDING_RING_HEAD + (written & this.mask) * BINDING_RECORD_WORDS;
  }

  private copy(to: number, from: number): void {
    for (let i = 0; i < 4; i++) this.words[to + i] = this.words[from + i]!;
  }

  /** The record is whole but for its time. */
  private publish(at: number): void {
    const words = this.words;
    words[at + TIME] = this.segment.nowSec();
    Atomics.store(words, this.at + WRITTEN, (words[this.at + WRITTEN]! + 1) | 0);
  }

  private fill(at: number): void {
    const words = this.words;
    const record = this.record;
    const kind = words[at + KIND]!;
    record.timeSec = words[at + TIME]! >>> 0;
    record.protocol = kind & 0xff;
    record.event = ((kind >>> 8) & 0xff) as BindingEvent;
    record.isSession = kind >>> 16 === 1;
    record.inside = words[at + INSIDE]! >>> 0;
    record.insidePort = words[at + PORTS]! >>> 16;
    record.outsidePort = words[at + PORTS]! & 0xffff;
    record.synthetic = words[at + SYNTHETIC]! >>> 0;
    record.farPort = words[at + FAR_PORT]!;
    for (let i = 0; i < 4; i++) {
      record.outside[i] = words[at + OUTSIDE + i]!;
      record.real[i] = words[at + REAL + i]!;
    }
  }
}
