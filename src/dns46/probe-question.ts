/**
 * What the gateway asks a DNS server itself, to see whether it answers at all.
 */
import { CLASS_IN, HEADER_LENGTH, RD, TYPE_A, TYPE_NS, TYPE_SOA } from './message.ts';
import { keyOf } from './name.ts';

export interface ProbeQuestion {
  /** Without a final dot; empty for the root. */
  readonly name: string;
  readonly type: number;
}

const TYPE_NAMES: Readonly<Record<number, string>> = { [TYPE_A]: 'A', [TYPE_NS]: 'NS', [TYPE_SOA]: 'SOA' };

/**
 * Who keeps silent about one may answer the other: not everybody knows the root.
 * @param zone text of one that the server answers for; null: every name
 */
export function probeQuestions(zone: string | null): readonly [ProbeQuestion, ProbeQuestion] {
  if (zone === null)
    return [
      { name: '', type: TYPE_NS },
      { name: 'localhost', type: TYPE_A },
    ];
  return [
    { name: zone, type: TYPE_SOA },
    { name: zone, type: TYPE_NS },
  ];
}

/** `SOA? corp.example.` */
export function questionText({ name, type }: ProbeQuestion): string {
  return `${TYPE_NAMES[type] ?? type}? ${name}.`;
}

/** RFC 1035 §4.1. */
export function probeQuery({ name, type }: ProbeQuestion, id: number): Uint8Array {
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RD, 2);
  header.writeUInt16BE(1, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(CLASS_IN, 2);
  return Buffer.concat([header, Buffer.from(keyOf(name), 'latin1'), tail]);
}
