/**
 * An ICMPv4 error becomes an ICMPv6 error (RFC 7915 §4.2, §4.3). It quotes a packet that was translated from IPv6, so
 * the quoted pair is that of a flow, far to near.
 *
 * The quote is translated where it lies, then copied behind headers of its own into the spare region.
 */

import { portPair, type SessionId, swapPorts } from '../nat/session.ts';
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import { Parts, V4_FAMILY, V6_FAMILY } from '../xlat/icmp-extension.ts';
import * as icmpTypes from '../xlat/icmp-types.ts';
import * as mtu from '../xlat/mtu.ts';
import * as originate from '../xlat/originate.ts';
import { mark } from '../xlat/traffic-class.ts';
import * as v4ToV6 from '../xlat/v4-to-v6.ts';
import type { Batch } from './batch.ts';
import { type Flows, refusalVerdict } from './flows.ts';
import { Packet } from './packet.ts';
import type { Settings } from './settings.ts';
import * as transport from './transport.ts';
import { Verdict } from './verdict.ts';

export class IcmpErrors46 {
  private readonly quoted = new Packet();
  private readonly parts = new Parts();
  private readonly batch: Batch;
  private readonly flows: Flows;
  private readonly settings: Settings;

  constructor(batch: Batch, flows: Flows, settings: Settings) {
    this.batch = batch;
    this.flows = flows;
    this.settings = settings;
  }

  /** @param packet an ICMPv4 error, its header whole */
  translate(packet: Packet, now: number): Verdict {
    const { view } = this.batch;
    const typeCode = icmp.typeCode(view, packet.upper);
    const target = icmpTypes.toV6(typeCode);
    if (target === icmpTypes.NONE) return Verdict.DropIcmpType;
    if (checksum.sum(view, packet.upper, packet.upperLength) !== 0xffff) return Verdict.DropIcmpChecksum;
    const isWhole = this.parts.read(view, packet.upper, packet.upperLength, V4_FAMILY, true);
    if (!isWhole) return Verdict.DropIcmpQuote;
    const rest = this.rest(packet.upper, target);
    if (rest === icmpTypes.NONE) return Verdict.DropIcmpType;
    if (!this.parseQuote(packet)) return Verdict.DropIcmpQuote;
    const id = this.flows.findQuoted4(this.quoted, packet, now);
    if (id < 0) return refusalVerdict(id);
    return this.build(packet, id as SessionId, target, rest) ? Verdict.Forward46 : Verdict.DropUnmapped;
  }

  /** The word after the checksum: MTU, pointer, or 0. */
  private rest(message: number, target: number): number {
    const { view } = this.batch;
    if (target === TOO_BIG) {
      const innerTotal = this.parts.quote >= 4 ? ipv4.totalLength(view, message + icmp.HEADER_LENGTH) : 0;
      return mtu.toV6(view.getUint16(message + 6), innerTotal, this.settings);
    }
    if (target !== ERRONEOUS_FIELD) return target === UNKNOWN_NEXT_HEADER ? NEXT_HEADER_POINTER : 0;
    return icmpTypes.pointerToV6(view.getUint8(message + icmp.REST));
  }

  /** Fill the quoted packet's pair, near being its destination. @returns false when it was never translated */
  private parseQuote(packet: Packet): boolean {
    const { view } = this.batch;
    const quoted = this.quoted;
    const at = packet.upper + icmp.HEADER_LENGTH;
    if (this.parts.quote < ipv4.MIN_HEADER_LENGTH || view.getUint8(at) >>> 4 !== 4) return false;
    const header = ipv4.headerLength(view, at);
    const length = Math.min(ipv4.totalLength(view, at), this.parts.quote);
    if (header < ipv4.MIN_HEADER_LENGTH || header > length) return false;
    quoted.at = at;
    quoted.upper = at + header;
    quoted.end = at + length;
    quoted.protocol = ipv4.protocol(view, at);
    quoted.fragment = ipv4.flagsOffset(view, at);
    quoted.near = ipv4.destination(view, at);
    quoted.far = ipv4.source(view, at);
    return this.parsePorts();
  }

  private parsePorts(): boolean {
    const { view } = this.batch;
    const quoted = this.quoted;
    quoted.ports = 0;
    if (quoted.protocol === icmp.V4) {
      if (ipv4.isFragment(quoted.fragment) || !transport.isQuotedEcho(view, quoted, V4_ECHOES)) return false;
      if (quoted.upperLength >= icmp.HEADER_LENGTH)
        quoted.ports = portPair(icmp.identifier(view, quoted.upper), 0);
    } else if (transport.quotesPorts(quoted, (quoted.fragment & ipv4.OFFSET_MASK) === 0)) {
      quoted.ports = swapPorts(tcp.ports(view, quoted.upper));
    }
    return true;
  }

  /** @returns false when the error has nowhere to go */
  private build(packet: Packet, id: SessionId, target: number, rest: number): boolean {
    const { view, bytes } = this.batch;
    const parts = this.parts;
    const hops = packet.hops - 1;
    const tos = mark(ipv4.tos(view, packet.at), this.settings);
    const from = this.translateQuote(id);
    const length = this.quoted.end - from;
    const mayExtend = target >>> 8 === icmp.V6_UNREACHABLE || target >>> 8 === icmp.V6_TIME_EXCEEDED;
    const quote = parts.fit(length, originate.MAX_V6 - originate.V6_OVERHEAD, V6_FAMILY, mayExtend);
    const out = this.batch.reserve(originate.V6_OVERHEAD + quote + parts.extension);
    const quoteAt = out + originate.V6_OVERHEAD;
    const copied = Math.min(length, quote);
    bytes.copyWithin(quoteAt, from, from + copied);
    bytes.fill(0, quoteAt + copied, quoteAt + quote);
    bytes.copyWithin(quoteAt + quote, parts.extensionAt, parts.extensionAt + parts.extension);
    if (!this.flows.writeErrorAddresses6(id, packet, this.quoted, out + ipv6.SOURCE)) return false;
    const lengthWord = parts.extension > 0 ? (quote / V6_FAMILY.unit) << 24 : rest;
    const message = originate.writeErrorV6(view, out, target, lengthWord, quote + parts.extension);
    ipv6.write(view, out, tos, message, icmp.V6, hops);
    this.batch.push(out, ipv6.HEADER_LENGTH + message);
    return true;
  }

  /** Header, ports and checksum of the quote, in place; its TTL stays. @returns offset of its IPv6 header */
  private translateQuote(id: SessionId): number {
    const { view } = this.batch;
    const quoted = this.quoted;
    const { sessions } = this.flows;
    const upperLength = ipv4.totalLength(view, quoted.at) - (quoted.upper - quoted.at);
    const hops = ipv4.ttl(view, quoted.at);
    const out = v4ToV6.translateHeader(view, quoted.at, quoted.upper - quoted.at, hops);
    sessions.writeOutsideReversed(id, view, out + ipv6.SOURCE);
    if (quoted.protocol === icmp.V4) {
      const delta = checksum.fold(sessions.delta(id) + upperLength);
      const isRequest = icmp.type(view, quoted.upper) === icmp.V4_ECHO_REQUEST;
      const type = isRequest ? icmp.V6_ECHO_REQUEST : icmp.V6_ECHO_REPLY;
      transport.translateQuotedEcho(view, quoted, type, sessions.outsidePorts(id) >>> 16, delta);
    } else if (transport.quotesPorts(quoted, (quoted.fragment & ipv4.OFFSET_MASK) === 0)) {
      tcp.setPorts(view, quoted.upper, swapPorts(sessions.outsidePorts(id)));
      transport.updateQuoted(view, quoted, sessions.delta(id));
    }
    return out;
  }
}

const V4_ECHOES = { request: icmp.V4_ECHO_REQUEST, reply: icmp.V4_ECHO_REPLY };
const TOO_BIG = icmp.V6_PACKET_TOO_BIG << 8;
const ERRONEOUS_FIELD = (icmp.V6_PARAMETER_PROBLEM << 8) | icmp.V6_ERRONEOUS_FIELD;
const UNKNOWN_NEXT_HEADER = (icmp.V6_PARAMETER_PROBLEM << 8) | icmp.V6_UNKNOWN_NEXT_HEADER;
/** RFC 7915 §4.2: protocol unreachable points at the Next Header field. */
const NEXT_HEADER_POINTER = 6;
