/**
 * EDNS(0), RFC 6891: reading an OPT record, and the one we send upstream. OPT is hop-by-hop (§6.1.1), so for the
 * queries we take part in, size and transport options are our own; what is meant for the resolver goes on.
 */
import { ADDITIONAL, type Message, TYPE_OPT } from './message.ts';

/** What we can take by UDP, and send whatever the client claims: fits one IPv6 packet of the minimum MTU, so no reply is fragmented. */
export const UDP_SIZE = 1232;
/** What a client without EDNS can take, RFC 1035 §4.2.1. */
export const PLAIN_UDP_SIZE = 512;

const DO = 0x8000;

/** Options between two neighbours only: COOKIE (RFC 7873), TCP keepalive (RFC 7828), padding (RFC 7830). */
export const HOP_BY_HOP: ReadonlySet<number> = new Set([10, 11, 12]);

export interface Edns {
  /** UDP payload the sender can take, bytes, as written. */
  readonly size: number;
  /** Upper eight bits of the response code. */
  readonly extendedRcode: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  /** The 16 flag bits, DO included. */
  readonly flags: number;
  /** Offset of the record and of its options, and where it ends. */
  readonly at: number;
  readonly options: number;
  readonly end: number;
}

/** @returns the OPT record, null without one, 'malformed' for two of them or a wrong owner or section (RFC 6891 §6.1.1) */
export function readEdns(message: Message): Edns | null | 'malformed' {
  const found = message.records.filter((record) => record.type === TYPE_OPT);
  const record = found[0];
  if (record === undefined) return null;
  // The owner is the root in full: a pointer to one would lead elsewhere once the record is moved.
  const rooted = record.fixed === record.owner + 1;
  if (found.length > 1 || record.section !== ADDITIONAL || !rooted) return 'malformed';
  const ttl = message.view.getUint32(record.fixed + 4);
  return {
    size: record.klass,
    extendedRcode: ttl >>> 24,
    version: (ttl >>> 16) & 0xff,
    dnssecOk: (ttl & DO) !== 0,
    flags: ttl & 0xffff,
    at: record.owner,
    options: record.rdata,
    end: record.end,
  };
}

/** Bytes a UDP reply to this client may have (checklist 74). */
export function udpLimit(edns: Edns | null): number {
  return edns === null ? PLAIN_UDP_SIZE : udpSize(edns.size);
}

/** The same for the size that an OPT record claims. */
export function udpSize(claimed: number): number {
  return Math.min(UDP_SIZE, Math.max(PLAIN_UDP_SIZE, claimed));
}

/**
 * The OPT record to ask upstream with: our size, the client's flags and version, its options but the hop-by-hop ones.
 * @returns null when the options are malformed
 */
export function forwardedOpt(message: Message, edns: Edns): Uint8Array | null {
  const kept: Uint8Array[] = [];
  let at = edns.options;
  while (at < edns.end) {
    if (at + 4 > edns.end) return null;
    const next = at + 4 + message.view.getUint16(at + 2);
    if (next > edns.end) return null;
    if (!HOP_BY_HOP.has(message.view.getUint16(at))) kept.push(message.bytes.subarray(at, next));
    at = next;
  }
  const options = Buffer.concat(kept);
  const opt = Buffer.alloc(11 + options.length);
  opt.writeUInt16BE(TYPE_OPT, 1);
  opt.writeUInt16BE(UDP_SIZE, 3);
  opt.writeUInt8(edns.version, 6);
  opt.writeUInt16BE(edns.flags, 7);
  opt.writeUInt16BE(options.length, 9);
  options.copy(opt, 11);
  return opt;
}
