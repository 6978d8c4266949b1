/**
 * Messages for tests: built by dns-packet, an independent codec, or by the small compressing writer below, and read back.
 */
import dnsPacket, { type Answer, type DecodedPacket } from 'dns-packet';

const QUERY_FLAGS = 0x0100; // RD

export interface QueryShape {
  name: string;
  type?: string;
  id?: number;
  flags?: number;
  /** UDP size of the OPT record; none without. */
  edns?: number;
  dnssecOk?: boolean;
  version?: number;
  options?: { code: number; data: Buffer }[];
}

export function query(shape: QueryShape): Buffer {
  const { name, type = 'A', id = 0x1234, flags = QUERY_FLAGS } = shape;
  const additionals = shape.edns === undefined ? [] : [opt(shape)];
  return dnsPacket.encode({
    type: 'query',
    id,
    flags,
    questions: [{ name, type: type as 'A' }],
    additionals,
  });
}

function opt(shape: QueryShape): Answer {
  return {
    name: '.',
    type: 'OPT',
    udpPayloadSize: shape.edns ?? 1232,
    ednsVersion: shape.version ?? 0,
    extendedRcode: 0,
    flags: shape.dnssecOk ? 0x8000 : 0,
    options: shape.options ?? [],
  } as unknown as Answer;
}

export function ednsRecord(shape: Partial<QueryShape> & { extendedRcode?: number } = {}): Answer {
  return { ...opt({ name: '.', ...shape }), extendedRcode: shape.extendedRcode ?? 0 } as Answer;
}

export interface ReplyShape {
  rcode?: number;
  flags?: number;
  answers?: Answer[];
  authorities?: Answer[];
  additionals?: Answer[];
}

/** A reply to `asked`: its id and question, compressed as servers do. */
export function reply(asked: Uint8Array, shape: ReplyShape = {}): Buffer {
  const bytes = Buffer.from(asked);
  const { questions } = dnsPacket.decode(bytes);
  const writer = new CompressingWriter(bytes.subarray(12, 12 + questionLength(bytes)));
  const sections = [shape.answers ?? [], shape.authorities ?? [], shape.additionals ?? []];
  for (const section of sections) for (const record of section) writer.record(record);
  const image = writer.finish();
  const flags = 0x8000 | (bytes.readUInt16BE(2) & 0x0110) | (shape.flags ?? 0x0080) | (shape.rcode ?? 0);
  image.writeUInt16BE(bytes.readUInt16BE(0), 0);
  image.writeUInt16BE(flags, 2);
  image.writeUInt16BE(questions?.length ?? 0, 4);
  for (const [index, section] of sections.entries()) image.writeUInt16BE(section.length, 6 + 2 * index);
  return image;
}

export function a(name: string, data: string, ttl = 300): Answer {
  return { name, type: 'A', class: 'IN', ttl, data };
}

export function aaaa(name: string, data: string, ttl = 300): Answer {
  return { name, type: 'AAAA', class: 'IN', ttl, data };
}

export function cname(name: string, data: string, ttl = 300): Answer {
  return { name, type: 'CNAME', class: 'IN', ttl, data };
}

export function soa(name: string, ttl: number, minimum: number): Answer {
  const data = {
    mname: `ns.${name}`,
    rname: `admin.${name}`,
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum,
  };
  return { name, type: 'SOA', class: 'IN', ttl, data };
}

export function decode(bytes: Uint8Array): DecodedPacket {
  return dnsPacket.decode(Buffer.from(bytes));
}

export function rcode(bytes: Uint8Array): number {
  return (bytes[3] ?? 0) & 15;
}

export function hasFlag(bytes: Uint8Array, flag: number): boolean {
  return (Buffer.from(bytes).readUInt16BE(2) & flag) !== 0;
}

/** Answer section as lines `name type ttl data`, names in lower case. */
export function lines(records: Answer[] | undefined): string[] {
  return (records ?? []).map((record) => {
    const { name, type, ttl, data } = record as { name: string; type: string; ttl: number; data: unknown };
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return `${name.toLowerCase()} ${type} ${ttl} ${text}`;
  });
}

/** Code and text of the extended DNS error in a reply. */
export function extendedError(bytes: Uint8Array): { code: number; text: string } | null {
  const opts = decode(bytes).additionals?.filter((record) => record.type === 'OPT') ?? [];
  for (const record of opts) {
    const { options } = record as unknown as { options: { code: number; data: Buffer }[] };
    const found = options.find((option) => option.code === 15);
    if (found) return { code: found.data.readUInt16BE(0), text: found.data.toString('utf8', 2) };
  }
  return null;
}

/** Bytes of hex text; `#` starts a comment. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text.replace(/#.*/g, '').replace(/\s+/g, ''), 'hex');
}

function questionLength(bytes: Buffer): number {
  let at = 12;
  while (bytes[at] !== 0) at += (bytes[at] ?? 0) + 1;
  return at + 5 - 12;
}

/** Writes records with every name compressed against everything before, as RFC 1035 §4.1.4 allows. */
class CompressingWriter {
  #image = Buffer.alloc(0x20000);
  #length = 12;
  readonly #known = new Map<string, number>();

  constructor(question: Buffer) {
    let at = 0;
    const labels: [string, number][] = [];
    while (question[at] !== 0) {
      const length = question[at] ?? 0;
      labels.push([question.toString('latin1', at + 1, at + 1 + length), 12 + at]);
      at += length + 1;
    }
    for (const [index, [, offset]] of labels.entries()) {
      const suffix = labels.slice(index).map(([label]) => label);
      this.#known.set(suffix.join('.').toLowerCase(), offset);
    }
    question.copy(this.#image, this.#length);
    this.#length += question.length;
  }

  record(answer: Answer): void {
    const { name, type, data } = answer as { name: string; type: string; data: unknown };
    const plain = dnsPacket.encode({ answers: [answer] }).subarray(12);
    const fixed = name === '.' ? 1 : Buffer.byteLength(name) + 2;
    this.#name(name);
    this.#copy(plain.subarray(fixed, fixed + 10));
    const lengthAt = this.#length - 2;
    if (['CNAME', 'NS', 'PTR', 'DNAME'].includes(type)) this.#name(data as string);
    else if (type === 'MX') this.#mx(data as { preference: number; exchange: string });
    else if (type === 'SOA') this.#soa(data as { mname: string; rname: string }, plain);
    else this.#copy(plain.subarray(fixed + 10));
    this.#image.writeUInt16BE(this.#length - lengthAt - 2, lengthAt);
  }

  finish(): Buffer {
    return this.#image.subarray(0, this.#length);
  }

  #mx(data: { preference: number; exchange: string }): void {
    this.#copy(Buffer.from([data.preference >>> 8, data.preference & 255]));
    this.#name(data.exchange);
  }

  #soa(data: { mname: string; rname: string }, plain: Buffer): void {
    this.#name(data.mname);
    this.#name(data.rname);
    this.#copy(plain.subarray(plain.length - 20));
  }

  #name(name: string): void {
    const labels = name.split('.').filter(Boolean);
    for (const [index, label] of labels.entries()) {
      const suffix = labels.slice(index).join('.').toLowerCase();
      const known = this.#known.get(suffix);
      if (known !== undefined) {
        this.#copy(Buffer.from([0xc0 | (known >>> 8), known & 255]));
        return;
      }
      if (this.#length < 0x4000) this.#known.set(suffix, this.#length);
      this.#copy(Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
    }
    this.#copy(Buffer.from([0]));
  }

  #copy(bytes: Buffer): void {
    bytes.copy(this.#image, this.#length);
    this.#length += bytes.length;
  }
}
