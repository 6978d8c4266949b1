/**
 * An ICMPv6 error becomes an ICMPv4 error (RFC 7915 §5.2, §5.3). It quotes a packet that was translated from IPv4, so
 * the quoted pair is that of a flow, near to far.
 *
 * Its source is rarely a host that has an IPv4 address: a router on the way has none, and appears as the configured
 * address (RFC 6791 §3).
 */

import { portPair, type SessionId } from '../nat/session.ts';
import * as checksum from '../wire/checksum.ts';
import * as icmp from '../wire/icmp.ts';
import * as ipv4 from '../wire/ipv4.ts';
import * as ipv6 from '../wire/ipv6.ts';
import * as tcp from '../wire/tcp.ts';
import { ChainResult, HeaderChain } from '../xlat/header-chain.ts';
import { Parts, V4_FAMILY, V6_FAMILY } from '../xlat/icmp-extension.ts';
import * as icmpTypes from '../xlat/icmp-types.ts';
import * as mtu from '../xlat/mtu.ts';
import * as originate from '../xlat/originate.ts';
import { mark } from '../xlat/traffic-class.ts';
import * as v6ToV4 from '../xlat/v6-to-v4.ts';
import type { Batch } from './batch.ts';
import { type Flows, refusalVerdict } from './flows.ts';
import type { Identifications } from './identifications.ts';
import { Packet } from './packet.ts';
import type { Settings } from './settings.ts';
import * as transport from './transport.ts';
import { Verdict } from './verdict.ts';

export class IcmpErrors64 {
  private readonly quoted = new Packet();
  private readonly chain = new HeaderChain();
  private readonly parts = new Parts();
  private readonly header = v6ToV4.newHeader();
  /** Addresses of the error itself. */
  private readonly outer = v6ToV4.newHeader();
  private readonly batch: Batch;
  private readonly flows: Flows;
  private readonly identifications: Identifications;
  private readonly settings: Settings;

  constructor(batch: Batch, flows: Flows, identifications: Identifications, settings: Settings) {
    this.batch = batch;
    this.flows = flows;
    this.identifications = identifications;
    this.settings = settings;
  }

  /** @param packet an ICMPv6 error, its header whole */
  translate(packet: Packet, now: number): Verdict {
    const { view } = this.batch;
    const typeCode = icmp.typeCode(view, packet.upper);
    const target = icmpTypes.toV4(typeCode);
    if (target === icmpTypes.NONE) return Verdict.DropIcmpType;
    const { upper, upperLength } = packet;
    if (originate.sumV6(view, packet.at, upper, upperLength) !== 0xffff) return Verdict.DropIcmpChecksum;
    const type = typeCode >>> 8;
    const carries = type === icmp.V6_UNREACHABLE || type === icmp.V6_TIME_EXCEEDED;
    if (!this.parts.read(view, upper, upperLength, V6_FAMILY, carries)) return Verdict.DropIcmpQuote;
    const rest = this.rest(upper, target);
    if (rest === icmpTypes.NONE) return Verdict.DropIcmpType;
    if (!this.parseQuote(packet)) return Verdict.DropIcmpQuote;
    const id = this.flows.findQuoted6(this.quoted, packet, now);
    if (id < 0) return refusalVerdict(id);
    const flow = id as SessionId;
    if (target === FRAGMENTATION_NEEDED) this.learn(flow, view.getUint32(upper + icmp.REST), now);
    return this.build(packet, flow, target, rest) ? Verdict.Forward64 : Verdict.DropUnmapped;
  }

  /** Less than every IPv6 link carries is a claim that nobody has to believe (RFC 8201 §4). */
  private learn(id: SessionId, reported: number, now: number): void {
    this.flows.learnPathMtu(id, Math.min(Math.max(reported, ipv6.MIN_MTU), MAX_MTU), now);
  }

  /** The word after the checksum: MTU in the low half, pointer in the high byte, or 0. */
  private rest(message: number, target: number): number {
    const { view } = this.batch;
    const value = view.getUint32(message + icmp.REST);
    if (target === FRAGMENTATION_NEEDED) return mtu.toV4(value, this.settings);
    if (target !== PARAMETER_PROBLEM) return 0;
    const pointer = icmpTypes.pointerToV4(value);
    return pointer === icmpTypes.NONE ? icmpTypes.NONE : pointer << 24;
  }

  /** Fill the quoted packet's pair, near being its source. @returns false when it was never translated */
  private parseQuote(packet: Packet): boolean {
    const { view } = this.batch;
    const quoted = this.quoted;
    const chain = this.chain;
    const at = packet.upper + icmp.HEADER_LENGTH;
    if (this.parts.quote < ipv6.HEADER_LENGTH || view.getUint8(at) >>> 4 !== 6) return false;
    const total = ipv6.HEADER_LENGTH + ipv6.payloadLength(view, at);
    quoted.at = at;
    quoted.end = at + Math.min(total, this.parts.quote);
    if (chain.walk(view, at, quoted.end) !== ChainResult.Ok) return false;
    quoted.upper = chain.upper;
    quoted.protocol = v6ToV4.protocolOf(chain);
    quoted.fragment = chain.fragment !== 0 && ipv6.isAtomic(view, chain.fragment) ? 0 : chain.fragment;
    quoted.near = at + ipv6.SOURCE;
    quoted.far = at + ipv6.DESTINATION;
    return this.parsePorts();
  }

  private parsePorts(): boolean {
    const { view } = this.batch;
    const quoted = this.quoted;
    quoted.ports = 0;
    if (quoted.protocol === icmp.V4) {
      if (quoted.fragment !== 0 || !transport.isQuotedEcho(view, quoted, V6_ECHOES)) return false;
      if (quoted.upperLength >= icmp.HEADER_LENGTH)
        quoted.ports = portPair(icmp.identifier(view, quoted.upper), 0);
    } else if (transport.quotesPorts(quoted, this.isFirst())) {
      quoted.ports = tcp.ports(view, quoted.upper);
    }
    return true;
  }

  /** Whether the quote has the upper layer's header. */
  private isFirst(): boolean {
    const { fragment } = this.quoted;
    return fragment === 0 || ipv6.fragmentOffset(this.batch.view, fragment) === 0;
  }

  /** @returns false when the error has nowhere to go */
  private build(packet: Packet, id: SessionId, target: number, rest: number): boolean {
    const { view, bytes } = this.batch;
    const parts = this.parts;
    const outer = this.outer;
    if (!this.flows.setErrorAddresses4(id, packet, this.quoted, outer)) return false;
    packet.turnsBack = this.flows.turnsBack(id);
    const tos = mark(ipv6.trafficClass(view, packet.at), this.settings);
    const from = this.translateQuote(id);
    const length = this.quoted.end - from;
    const mayExtend = target !== FRAGMENTATION_NEEDED && target !== PARAMETER_PROBLEM;
    const quote = parts.fit(length, originate.MAX_V4 - originate.V4_OVERHEAD, V4_FAMILY, mayExtend);
    const out = this.batch.reserve(originate.V4_OVERHEAD + quote + parts.extension);
    const quoteAt = out + originate.V4_OVERHEAD;
    const copied = Math.min(length, quote);
    bytes.copyWithin(quoteAt, from, from + copied);
    bytes.fill(0, quoteAt + copied, quoteAt + quote);
    bytes.copyWithin(quoteAt + quote, parts.extensionAt, parts.extensionAt + parts.extension);
    const lengthWord = parts.extension > 0 ? (quote / V4_FAMILY.unit) << 16 : rest;
    const message = originate.writeErrorV4(view, out, target, lengthWord, quote + parts.extension);
    ipv4.write(view, out, tos, ipv4.MIN_HEADER_LENGTH + message, this.identifications.next(), 0);
    ipv4.setTtlProtocol(view, out, packet.turnsBack ? packet.hops : packet.hops - 1, icmp.V4);
    ipv4.setAddresses(view, out, outer.source, outer.destination);
    ipv4.setChecksum(view, out);
    this.batch.push(out, ipv4.MIN_HEADER_LENGTH + message);
    return true;
  }

  /** Header, ports and checksum of the quote, in place; its hop limit stays. @returns offset of its IPv4 header */
  private translateQuote(id: SessionId): number {
    const { view } = this.batch;
    const quoted = this.quoted;
    const { sessions } = this.flows;
    const header = this.header;
    header.source = sessions.insideNear(id);
    header.destination = sessions.insideFar(id);
    header.hops = ipv6.hopLimit(view, quoted.at);
    header.wireLength = v6ToV4.totalLength(view, quoted.at, this.chain);
    const delta = sessions.delta(id);
    if (quoted.protocol === icmp.V4) {
      const upperLength = header.wireLength - ipv4.MIN_HEADER_LENGTH;
      const change = checksum.negate(checksum.fold(delta + upperLength));
      const isRequest = icmp.type(view, quoted.upper) === icmp.V6_ECHO_REQUEST;
      const type = isRequest ? icmp.V4_ECHO_REQUEST : icmp.V4_ECHO_REPLY;
      transport.translateQuotedEcho(view, quoted, type, sessions.insidePorts(id) >>> 16, change);
    } else if (transport.quotesPorts(quoted, this.isFirst())) {
      tcp.setPorts(view, quoted.upper, sessions.insidePorts(id));
      transport.updateQuoted(view, quoted, checksum.negate(delta));
    }
    return v6ToV4.translateHeader(view, quoted.at, this.chain, header);
  }
}

const V6_ECHOES = { request: icmp.V6_ECHO_REQUEST, reply: icmp.V6_ECHO_REPLY };
/** Largest MTU that a link of ours can have. */
const MAX_MTU = 65535;
const FRAGMENTATION_NEEDED = (icmp.V4_UNREACHABLE << 8) | icmp.V4_FRAGMENTATION_NEEDED;
const PARAMETER_PROBLEM = icmp.V4_PARAMETER_PROBLEM << 8;
