/**
 * The upper layer of the twin: ports, MSS and checksums, summed from scratch, and the virtio header.
 */
import { concat, internetChecksum, type Pair, pseudoHeader, sum, u16, virtio } from '../helpers/packets.ts';
import * as parse from './twin-parse.ts';

/** From one pair of addresses to another. */
interface Change {
  from: Pair;
  to: Pair;
}

/** New ports, a lower MSS, and the checksum of the new whole: as wrong as the old one was. */
export function retarget(
  upper: Uint8Array,
  protocol: number,
  change: Change & { ports: parse.Ports; mss: number },
  device: parse.Virtio,
  isFragment: boolean,
): Uint8Array {
  const { from, to, ports } = change;
  const at = protocol === 6 ? 16 : 6;
  const out = concat(u16(ports.source, ports.destination), upper.slice(4));
  const before = parse.word(upper, at);
  if (isFragment) {
    // The rest of the datagram is not here: what goes and what comes is counted.
    const gone = sum(concat(from.source, from.destination, upper.slice(0, 4)));
    const come = sum(concat(to.source, to.destination, out.slice(0, 4)));
    out.set(u16(field(before + gone - come, protocol)), at);
    return out;
  }
  const wrong = before - rightChecksum(upper, protocol, from, at);
  if (protocol === 6 && (upper[13]! & 2) !== 0) lowerMss(out, change.mss);
  if (device.needsChecksum) {
    out.set(u16(sum(pseudoHeader(to, protocol, out.length))), at);
  } else {
    const right = rightChecksum(out, protocol, to, at);
    out.set(u16(field(before === 0 && protocol === 17 ? right : right + wrong, protocol)), at);
  }
  return out;
}

/** An echo of the other family. */
export function echo(
  received: Uint8Array,
  change: Change & { type: number; id: number },
  device: parse.Virtio,
): Uint8Array {
  const upper = complete(received, device);
  const wrong = parse.word(upper, 2) - rightEcho(upper, change.from);
  const out = concat(Uint8Array.of(change.type, 0), u16(0, change.id), upper.slice(6));
  out.set(u16(field(rightEcho(out, change.to) + wrong, 58)), 2);
  return out;
}

/** A partial checksum becomes a whole one. */
export function complete(upper: Uint8Array, device: parse.Virtio): Uint8Array {
  if (!device.needsChecksum) return upper;
  const out = upper.slice();
  const right = internetChecksum(upper);
  out.set(u16(device.sumOffset === 6 && right === 0 ? 0xffff : right), device.sumOffset);
  return out;
}

/** The virtio header of a packet whose headers grew. @param tcpType of the new family */
export function moved(device: parse.Virtio, grown: number, segment: number, tcpType: number): Uint8Array {
  if (!device.needsChecksum && device.gsoType === 0) return virtio({});
  const isTcp = device.gsoType === 1 || device.gsoType === 4;
  return virtio({
    needsChecksum: device.needsChecksum,
    gsoType: isTcp ? tcpType | device.ecn : device.gsoType,
    headers: device.headers === 0 ? 0 : device.headers + grown,
    segment,
    sumStart: device.needsChecksum ? device.sumStart + grown : 0,
    sumOffset: device.needsChecksum ? device.sumOffset : 0,
  });
}

/** Ones' complement arithmetic is arithmetic modulo 65535; 0 of UDP is sent as ffff. */
function field(value: number, protocol: number): number {
  const residue = ((value % 65535) + 65535) % 65535;
  return residue === 0 && protocol === 17 ? 0xffff : residue;
}

function rightChecksum(upper: Uint8Array, protocol: number, pair: Pair, at: number): number {
  const blank = concat(upper.slice(0, at), u16(0), upper.slice(at + 2));
  const length = protocol === 17 ? parse.word(upper, 4) : upper.length;
  return internetChecksum(pseudoHeader(pair, protocol, length), blank.slice(0, length));
}

function rightEcho(message: Uint8Array, pair: Pair): number {
  const pseudo = pair.source.length === 16 ? pseudoHeader(pair, 58, message.length) : new Uint8Array(0);
  return internetChecksum(pseudo, message.slice(0, 2), u16(0), message.slice(4));
}

/** In place: the first MSS option, if it is larger. */
function lowerMss(segment: Uint8Array, limit: number): void {
  for (let at = 20; at + 1 < parse.tcpHeader(segment); ) {
    const kind = segment[at]!;
    if (kind === 0) return;
    if (kind === 2) {
      segment.set(u16(Math.min(parse.word(segment, at + 2), limit)), at + 2);
      return;
    }
    at += kind === 1 ? 1 : segment[at + 1]!;
  }
}
