/**
 * Where compressed names may hide in rdata. Only the types of RFC 1035 §3.3 may be sent compressed, and those of
 * RFC 3597 §4 must be read as if they could be; every newer type is opaque bytes that can be moved as they are.
 */
import type { WireRecord } from './message.ts';
import { nameKey, skipName } from './name.ts';

/** type → [bytes before the first name, number of names]; anything after the names is kept as it is. */
const LAYOUTS = new Map<number, readonly [lead: number, names: number]>([
  [2, [0, 1]], // NS
  [3, [0, 1]], // MD
  [4, [0, 1]], // MF
  [5, [0, 1]], // CNAME
  [6, [0, 2]], // SOA: primary, mailbox, then five numbers
  [7, [0, 1]], // MB
  [8, [0, 1]], // MG
  [9, [0, 1]], // MR
  [12, [0, 1]], // PTR
  [14, [0, 2]], // MINFO
  [15, [2, 1]], // MX
  [17, [0, 2]], // RP
  [18, [2, 1]], // AFSDB
  [21, [2, 1]], // RT
  [24, [18, 1]], // SIG
  [26, [2, 2]], // PX
  [30, [0, 1]], // NXT
  [33, [6, 1]], // SRV
  [36, [2, 1]], // KX
  [39, [0, 1]], // DNAME
]);
const NAPTR = 35;

/** @returns offsets of the names in a record's rdata, in order; none when the type has none or the rdata is malformed */
export function rdataNames(view: DataView, record: WireRecord): number[] {
  const [lead, names] = record.type === NAPTR ? naptr(view, record) : (LAYOUTS.get(record.type) ?? [0, 0]);
  const found: number[] = [];
  let at = record.rdata + lead;
  while (found.length < names) {
    const end = skipName(view, at);
    if (end < 0 || end > record.end || nameKey(view, at) === null) return [];
    found.push(at);
    at = end;
  }
  return found;
}

/** NAPTR, RFC 3403 §4.1: two numbers, three character strings, a name. */
function naptr(view: DataView, record: WireRecord): readonly [number, number] {
  let lead = 4;
  for (let string = 0; string < 3; string++) {
    if (record.rdata + lead >= record.end) return [0, 0];
    lead += 1 + view.getUint8(record.rdata + lead);
  }
  return [lead, 1];
}
