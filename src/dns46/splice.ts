/**
 * Building a reply out of another one: records are taken over byte for byte, some are left out, some of ours come
 * between. Bytes that move would break the compression pointers to them (RFC 1035 §4.1.4), so every pointer is
 * rewritten: to where its target went, or, when the target was left out, to nothing, the labels written in full.
 *
 *     source  | header | question | CNAME       | AAAA | NS  |
 *     image   | header | question | CNAME | A A | AAAA | NS' |      NS': pointers moved
 */
import {
  ANSWER,
  CLASS_IN,
  HEADER_LENGTH,
  type Message,
  type Section,
  TYPE_A,
  TYPE_CNAME,
  type WireRecord,
} from './message.ts';
import { pointerAt } from './name.ts';
import { rdataNames } from './rdata-names.ts';

const MAX_MESSAGE_LENGTH = 0xffff;
const POINTER = 0xc000;
const MAX_POINTER_TARGET = 0x3fff;
/** Any name fits, and the fixed fields of a record. */
const ROOM = 512;

/** One image under construction. Sections must be written in their order. */
export class Splicer {
  readonly #source: Message;
  #image: Buffer;
  #length = 0;
  readonly #counts = [0, 0, 0];
  /** Where a label of the source stands in the image, followed by the same rest of the name. */
  readonly #moved = new Map<number, number>();
  readonly #typeAt: number;

  /** Starts with the header of `source`, and its question. @param question to put in its place: name, type, class */
  constructor(source: Message, question: Uint8Array | null = null) {
    this.#source = source;
    this.#image = Buffer.alloc(source.bytes.length + ROOM);
    this.#copy(0, HEADER_LENGTH);
    if (question === null) {
      this.#name(HEADER_LENGTH);
      this.#copy(source.question.end - 4, source.question.end);
    } else {
      this.#append(question);
    }
    this.#typeAt = this.#length - 4;
  }

  /** Takes a record over. @param section where it goes, its own section unless told */
  record(record: WireRecord, section: Section = record.section): void {
    const { view } = this.#source;
    this.#name(record.owner);
    this.#copy(record.fixed, record.rdata);
    const lengthAt = this.#length - 2;
    let at = record.rdata;
    for (const name of rdataNames(view, record)) {
      this.#copy(at, name);
      at = this.#name(name);
    }
    this.#copy(at, record.end);
    this.#image.writeUInt16BE((this.#length - lengthAt - 2) & 0xffff, lengthAt);
    this.#counted(section);
  }

  /** Takes a record over with other rdata, which must have no compressed names. */
  replaced(record: WireRecord, rdata: Uint8Array, ttlSec: number): void {
    this.#name(record.owner);
    this.#copy(record.fixed, record.rdata);
    this.#image.writeUInt32BE(ttlSec, this.#length - 6);
    this.#image.writeUInt16BE(rdata.length, this.#length - 2);
    this.#append(rdata);
    this.#counted(record.section);
  }

  /** Writes a CNAME record from the question of the image to that of the source. */
  alias(ttlSec: number): void {
    this.#reserve(12);
    this.#length = this.#image.writeUInt16BE(POINTER | HEADER_LENGTH, this.#length);
    this.#length = this.#image.writeUInt16BE(TYPE_CNAME, this.#length);
    this.#length = this.#image.writeUInt16BE(CLASS_IN, this.#length);
    this.#length = this.#image.writeUInt32BE(ttlSec, this.#length);
    const lengthAt = this.#length;
    this.#length += 2;
    this.#name(HEADER_LENGTH);
    this.#image.writeUInt16BE(this.#length - lengthAt - 2, lengthAt);
    this.#counted(ANSWER);
  }

  /** Writes an A record. @param owner offset in the source of the name it belongs to @param v4 host order */
  address(owner: number, v4: number, ttlSec: number, section: Section): void {
    this.#target(owner);
    this.#reserve(14);
    this.#length = this.#image.writeUInt16BE(TYPE_A, this.#length);
    this.#length = this.#image.writeUInt16BE(CLASS_IN, this.#length);
    this.#length = this.#image.writeUInt32BE(ttlSec, this.#length);
    this.#length = this.#image.writeUInt16BE(4, this.#length);
    this.#length = this.#image.writeUInt32BE(v4, this.#length);
    this.#counted(section);
  }

  /** @param flags second header word @param type of the question @returns the image, or null when it grew beyond what a message can be */
  finish(flags: number, type: number): Uint8Array | null {
    if (this.#length > MAX_MESSAGE_LENGTH) return null;
    this.#image.writeUInt16BE(flags, 2);
    for (const [index, count] of this.#counts.entries()) this.#image.writeUInt16BE(count, 6 + 2 * index);
    this.#image.writeUInt16BE(type, this.#typeAt);
    return this.#image.subarray(0, this.#length);
  }

  #counted(section: Section): void {
    const index = section - 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Writes the name at `at` of the source, labels where it has labels. @returns where it ends in place in the source */
  #name(at: number): number {
    const { view } = this.#source;
    while (pointerAt(view, at) < 0) {
      const length = view.getUint8(at);
      this.#label(at, length);
      at += length + 1;
      if (length === 0) return at;
    }
    this.#target(pointerAt(view, at));
    return at + 2;
  }

  /** Writes the name at `at` of the source, as a pointer when it is in the image already. */
  #target(at: number): void {
    const moved = this.#moved.get(at);
    if (moved === undefined) {
      this.#name(at);
      return;
    }
    this.#reserve(2);
    this.#length = this.#image.writeUInt16BE(POINTER | moved, this.#length);
  }

  #label(at: number, length: number): void {
    if (length > 0 && this.#length <= MAX_POINTER_TARGET && !this.#moved.has(at))
      this.#moved.set(at, this.#length);
    this.#copy(at, at + length + 1);
  }

  #copy(from: number, to: number): void {
    this.#append(this.#source.bytes.subarray(from, to));
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#image.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#image.length) return;
    const larger = Buffer.alloc(2 * (this.#length + bytes));
    this.#image.copy(larger, 0, 0, this.#length);
    this.#image = larger;
  }
}
